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
    """The run as one JUnit test suite; tests that never ran are errors in it."""
    done = {test.id for test in run.tests}
    lost = [TestRecord(id=test, promise="", error="it did not run") for test in run.planned if test not in done]
    tests = [*run.tests, *lost]
    kinds = [_ELEMENT.get(test.verdict) for test in tests]
    suite = ET.Element(
        "testsuite",
        name="crucible",
        timestamp=run.started.isoformat(timespec="seconds"),
        time=f"{run.seconds:.3f}",
        tests=str(len(tests)),
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
        found = ET.SubElement(case, _ELEMENT[test.verdict], message=_clean(f"{test.verdict}: {test.reason}"))
        found.set("type", test.verdict)
        found.text = _clean(failure_text(test, run))


def _properties(parent: ET.Element, values: Mapping[str, object]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=_clean(str(value)))


def _clean(text: str) -> str:
    """Without the characters that XML cannot carry; log lines and pod names are not ours to trust."""
    return _NOT_XML.sub("�", text)
