"""What follows a test's body, in order: judged and on disk first, whatever kills the run after that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import reports.plots  # noqa: F401 - numpy cannot be loaded twice, and pytester forgets what a run inside has loaded
from reports.dossier import load
from reports.judging import judge_again

pytest_plugins = ["pytester"]

DIES = '''
import os, signal
import pytest
from dossier_maker import looks
from reports.checkers import conformance
from reports.claim import Claim
from suites.plugin.session import session_key

import pathlib
DOSSIER = pathlib.Path({dossier!r})

class Dies:
    def remember(self, test): pass
    def claims(self, test): return [Claim.of(conformance.as_it_was, test="later")]
    def restore(self, test): {restore}
    def mend(self): {mend}

@pytest.mark.promise("inner.promise")
def test_promise(promise, request):
    """Nothing is left behind."""
    looks(DOSSIER, "x", node_label={diff!r})
    promise.claim(conformance.as_it_was, test="x")
    request.config.stash[session_key].restorer = Dies()
'''
KILL = "os.kill(os.getpid(), signal.SIGKILL)"
LATER = 'looks(DOSSIER, "later", node_label={!r})'


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.Pytester:
    monkeypatch.setenv("CRUCIBLE_RUN_DIR", str(tmp_path / "dossier"))
    monkeypatch.setenv("CRUCIBLE_HOME", str(tmp_path / "home"))
    plugins = [f"suites.plugin.{name}" for name in ("options", "choosing", "job", "fixtures")]
    pytester.makeconftest(
        f"import sys\nsys.path.append({str(Path(__file__).parent)!r})\npytest_plugins = {plugins!r}\n"
    )
    return pytester


def run(inner: pytest.Pytester, tmp_path: Path, *, restore: str, mend: str = "pass", diff: str = "") -> int:
    source = DIES.format(dossier=str(tmp_path / "dossier"), restore=restore, mend=mend, diff=diff)
    inner.makepyfile(source)
    return int(inner.runpytest_subprocess().ret)


def record(tmp_path: Path) -> dict[str, Any]:
    (test,) = json.loads((tmp_path / "dossier" / "run.json").read_text())["tests"]
    return dict(test)


def test_a_run_that_is_killed_while_the_stack_is_waited_for_has_judged_what_the_test_claimed(
    inner: pytest.Pytester, tmp_path: Path
) -> None:
    run(inner, tmp_path, restore=KILL, diff="node a: cordoned")
    assert [claim["verdict"] for claim in record(tmp_path)["claims"]] == ["FAIL", "INCONCLUSIVE"]
    assert record(tmp_path)["verdict"] == "FAIL"


def test_what_it_had_no_time_to_judge_is_named_and_never_a_pass(inner: pytest.Pytester, tmp_path: Path) -> None:
    run(inner, tmp_path, restore=KILL)
    own, later = record(tmp_path)["claims"]
    assert (own["verdict"], later["verdict"]) == ("PASS", "INCONCLUSIVE")
    assert "not judged" in later["reason"]
    assert record(tmp_path)["verdict"] == "INCONCLUSIVE"
    again = judge_again(tmp_path / "dossier", load(tmp_path / "dossier"))
    assert again.tests[0].claims[1].verdict == "INCONCLUSIVE"
    assert (again.tests[0].verdict, again.verdict) == ("INCONCLUSIVE", "INCONCLUSIVE")


def test_a_run_that_is_killed_while_it_judges_has_left_its_claims(inner: pytest.Pytester, tmp_path: Path) -> None:
    """Judging a long history takes a while; what was claimed is on disk before it, so a recheck can judge it."""
    dossier = str(tmp_path / "dossier")
    source = DIES.format(dossier=dossier, restore="pass", mend="pass", diff="node a: cordoned")
    dies = f"    import suites.plugin.ending as e\n    e.judge_test = lambda *a, **k: {KILL}\n"
    inner.makepyfile(source + dies)
    inner.runpytest_subprocess()
    assert record(tmp_path)["verdict"] == "INCONCLUSIVE"
    assert judge_again(tmp_path / "dossier", load(tmp_path / "dossier")).tests[0].verdict == "FAIL"


def test_what_is_about_the_time_after_is_judged_after_it(inner: pytest.Pytester, tmp_path: Path) -> None:
    later = LATER.format("node b: cordoned")
    assert run(inner, tmp_path, restore=later) == 1
    assert [claim["verdict"] for claim in record(tmp_path)["claims"]] == ["PASS", "FAIL"]


def test_all_judged_and_the_stack_as_it_was_is_a_pass(inner: pytest.Pytester, tmp_path: Path) -> None:
    later = LATER.format("")
    assert run(inner, tmp_path, restore=later) == 0
    assert [claim["verdict"] for claim in record(tmp_path)["claims"]] == ["PASS", "PASS"]


def test_the_test_ends_on_the_timeline_with_its_body(inner: pytest.Pytester, tmp_path: Path) -> None:
    """What is waited for afterwards is no part of it: its claims are judged from what was seen until then."""
    run(inner, tmp_path, restore=KILL)
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "dossier" / "timeline.jsonl").read_text().splitlines()]
    assert kinds[-1] == "test.finished"


def test_a_run_that_is_killed_while_it_mends_has_judged_all(inner: pytest.Pytester, tmp_path: Path) -> None:
    later = LATER.format("node b: cordoned")
    run(inner, tmp_path, restore=later, mend=KILL)
    assert [claim["verdict"] for claim in record(tmp_path)["claims"]] == ["PASS", "FAIL"]
