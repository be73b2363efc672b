"""What a person reads of a run in a terminal and what a CI system reads of it, word for word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reports.junit import junit
from reports.run import Judged, Run, TestRecord
from reports.text import anchor, failure_text, fault_text, load_text, repeat, summary
from reports.verdict import Verdict

START = datetime(2026, 11, 7, 1, 2, 3, 456, tzinfo=UTC)
ID = "suites/recovery/test_a.py::test_b"
FAULT = {"fault": "KillPod", "victims": [{"name": "web-a", "uid": "0123456789"}, {"name": "b"}],
         "effective": {"t": 10.0625}, "healed": {"t": 12.5}}  # fmt: skip


def judged(verdict: str, reason: str, measured: str = "", budget: str = "", *evidence: str) -> Judged:
    return Judged(checker="a.b", verdict=Verdict(verdict), reason=reason, measured=measured, budget=budget,
                  evidence=evidence)  # fmt: skip


def test_a_fault_and_a_load_in_one_line() -> None:
    hit = "KillPod -> web-a (uid 01234567), b (uid None)"
    assert fault_text(FAULT) == f"{hit}; effective at 10.062 s, healed after 2.4 s"
    assert fault_text(FAULT | {"healed": None}) == f"{hit}; effective at 10.062 s, healing not proven"
    assert fault_text({"fault": "Cut"}) == "Cut -> nothing; effect not proven"
    assert load_text({"sent": 3, "planned": 4, "missing": 1, "ok": 2, "x": 9}) == (
        "3 of 4 planned requests sent: 2 ok, 1 missing"
    )  # fmt: skip
    assert load_text({}) == "? of ? planned requests sent"


def test_why_a_test_failed() -> None:
    claims = [judged("PASS", "well", "1", "2", "p.txt"), judged("FAIL", "too late", "9 s", "5 s", "a.txt", "b.txt"),
              judged("INCONCLUSIVE", "unseen", "?", "", "a.txt"), judged("SKIPPED", "s", "m")]  # fmt: skip
    test = TestRecord(id=ID, promise="it is fast", claims=claims, error="and broke", certificates=[FAULT],
                      load={"sent": 1, "planned": 1})  # fmt: skip
    run = Run(run_id="r1", profile="quick", seed=0)
    place = "reports/out/r1/report.html#recovery-test-a-py--test-b"
    assert failure_text(test, run).splitlines() == [
        "FAIL: too late",
        "  promise   it is fast",
        "  measured  9 s; promised 5 s",
        "  measured  ?",
        "  also      INCONCLUSIVE: unseen",
        "  also      INCONCLUSIVE: and broke",
        f"  fault     {fault_text(FAULT)}",
        "  load      1 of 1 planned requests sent",
        f"  look at   {place}  a.txt  b.txt",
        f"  repeat    crucible run {ID} --profile quick --seed 0",
    ]
    bare = TestRecord(id=ID, promise="", error="broke", claims=[judged("PASS", "well", "", "", "p.txt")])
    assert failure_text(bare, Run(run_id="r1")).splitlines() == [
        "INCONCLUSIVE: broke", f"  promise   {ID}", f"  look at   {place}  p.txt", f"  repeat    crucible run {ID}",
    ]  # fmt: skip
    assert repeat(TestRecord(id="a b", promise=""), Run(run_id="r", seed=7)) == "crucible run 'a b' --seed 7"
    assert anchor("suites/x/té_s.py::a[b]") == "x-t--s-py--a-b-"


@pytest.fixture
def run() -> Run:
    tests = [
        TestRecord(id=ID, promise="a\x00 <promise>", seconds=1.25, claims=[judged("PASS", "well")]),
        TestRecord(id="suites/b.py::c", promise="b", seconds=61.5, claims=[judged("FAIL", "one\ntwo")]),
        TestRecord(id="d", promise="", skipped="no zones"),
    ]
    return Run(run_id="r1", profile="quick", seed=7, started=START, finished=START + timedelta(seconds=90),
               tests=tests, planned=[ID, "e"])  # fmt: skip


def test_how_a_run_ended(run: Run) -> None:
    pad = " " * 24
    assert summary(run, Path("out/r1")).splitlines() == [
        "FAIL            61.5 s  b", f"{pad}one", f"{pad}two", "SKIPPED          0.0 s  d", f"{pad}no zones",
        "PASS             1.2 s  a\x00 <promise>", "INCONCLUSIVE            e did not run", "", "FAIL: one", "two",
        "1 FAIL, 1 SKIPPED, 1 PASS; seed 7, profile quick", "report  out/r1/report.html",
        "again   crucible recheck out/r1",
    ]  # fmt: skip
    none = summary(Run(run_id="r", finished=START, started=START)).splitlines()
    assert none == ["", "INCONCLUSIVE: no test ran, so nothing was proven", "no test ran; seed None, profile ?"]


def properties(indent: str, **values: Any) -> list[str]:
    lines = [f'{indent}  <property name="{name}" value="{value}" />' for name, value in values.items()]
    return [f"{indent}<properties>", *lines, f"{indent}</properties>"]


def test_a_run_for_ci_systems(run: Run) -> None:
    found = junit(run)
    head, _, rest = found.partition("    <testcase ")
    assert head.splitlines() == [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<testsuites>",
        '  <testsuite name="crucible" timestamp="2026-11-07T01:02:03+00:00" time="90.000" tests="4" failures="1" '
        'errors="1" skipped="1">',
        *properties("    ", verdict="FAIL", run_id="r1", seed="7", profile="quick"),
    ]
    cases = rest.split("    <testcase ")
    assert cases[0].splitlines() == [
        'classname="suites.recovery.test_a" name="test_b" time="1.250">',
        *properties("      ", verdict="PASS", promise="a\ufffd &lt;promise&gt;", reason="well"),
        "    </testcase>",
    ]
    failure = failure_text(run.tests[1], run)
    assert cases[1].splitlines() == [
        'classname="suites.b" name="c" time="61.500">',
        *properties("      ", verdict="FAIL", promise="b", reason="one&#10;two"),
        '      <failure message="FAIL: one&#10;two" type="FAIL">' + failure.splitlines()[0],
        *[*failure.splitlines()[1:-1], failure.splitlines()[-1] + "</failure>"],
        "    </testcase>",
    ]
    assert cases[2].startswith('classname="d" name="d" time="0.000">')
    assert '<skipped message="SKIPPED: no zones" type="SKIPPED">' in cases[2]
    assert cases[3].startswith('classname="e" name="e" time="0.000">')
    assert '<error message="INCONCLUSIVE: it did not run" type="INCONCLUSIVE">' in cases[3]
    assert found.endswith("    </testcase>\n  </testsuite>\n</testsuites>\n")
