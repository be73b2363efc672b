"""JUnit XML from a run, for CI systems: the verdict's word is a property of each test case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from reports.run import Run, TestRecord
from reports.text import failure_text
from reports.verdict import Verdict

_ELEMENT = {
    Verdict.FAIL: "failure",
    Verdict.INVALID: "error",
    Verdict.INCONCLUSIVE: "error",
    Verdict.SKIPPED: "skipped",
}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(run: Run) -> str:
    """The run as one JUnit test suite.

    Tests that never ran are errors in it. Each sabotage that was not caught is a failure, one that nobody judged an
    error.
    """
    done = {test.id for test in run.tests}
    lost = [TestRecord(id=test, promise="", error="it did not run") for test in run.planned if test not in done]
    tests = [*run.tests, *lost]
    planted = _sabotages(run)
    kinds = [_ELEMENT.get(verdict) for verdict in (*(test.verdict for test in tests), *(bad[1] for bad in planted))]
    suite = ET.Element(
        "testsuite",
        name="crucible",
        timestamp=run.started.isoformat(timespec="seconds"),
        time=f"{run.seconds:.3f}",
        tests=str(len(kinds)),
        failures=str(kinds.count("failure")),
        errors=str(kinds.count("error")),
        skipped=str(kinds.count("skipped")),
    )
    _properties(
        suite,
        {"verdict": run.verdict, "run_id": run.run_id, "seed": run.seed, "profile": run.profile}
        | ({"sabotage": run.sabotage} if run.sabotage else {}),
    )
    for test in tests:
        _case(suite, run, test)
    for name, verdict, reason in planted:
        case = ET.SubElement(suite, "testcase", classname="sabotages", name=_clean(name), time="0.000")
        _properties(case, {"verdict": verdict, "reason": reason})
        _found(case, verdict, reason, reason)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, run: Run, test: TestRecord) -> None:
    file, _, name = test.id.partition("::")
    case = ET.SubElement(
        suite,
        "testcase",
        classname=_clean(file.removesuffix(".py").replace("/", ".")),
        name=_clean(name or file),
        time=f"{test.seconds:.3f}",
    )
    _properties(case, {"verdict": test.verdict, "promise": test.promise, "reason": test.reason})
    if test.verdict in _ELEMENT:
        _found(case, test.verdict, test.reason, failure_text(test, run))


def _sabotages(run: Run) -> list[tuple[str, Verdict, str]]:
    """Name, verdict and reason of each sabotage that keeps the run from PASS; of all, when it is none of them alone."""
    if run.sabotages is None or run.sabotages.verdict is Verdict.PASS:
        return []
    bad = [(one["sabotage"], Verdict.FAIL, f"{one['outcome']}: {one['reason']}") for one in run.sabotages.not_caught]
    bad += [(one["sabotage"], Verdict.INCONCLUSIVE, one["reason"]) for one in run.sabotages.not_judged]
    return bad or [("all", run.sabotages.verdict, run.sabotages.reason)]


def _found(case: ET.Element, verdict: Verdict, reason: str, text: str) -> None:
    found = ET.SubElement(case, _ELEMENT[verdict], message=_clean(f"{verdict}: {reason}"))
    found.set("type", verdict)
    found.text = _clean(text)


def _properties(parent: ET.Element, values: Mapping[str, object]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=_clean(str(value)))


def _clean(text: str) -> str:
    """Without the characters that XML cannot carry; log lines and pod names are not ours to trust."""
    return _NOT_XML.sub("�", text)
