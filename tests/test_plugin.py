"""The main job's plugin: what a test does wrong never becomes a pass."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import reports.plots  # noqa: F401 - numpy cannot be loaded twice, and pytester forgets what a run inside has loaded
from reports.cli import recheck

pytest_plugins = ["pytester"]

INNER = """
def test_promise(promise):
    '''Nothing is left behind.'''
    promise_looks(promise_dossier(promise), {diff!r})
    promise.claim(conformance.as_it_was, test="x")
    {then}
"""


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.Pytester:
    monkeypatch.setenv("CRUCIBLE_RUN_DIR", str(tmp_path / "dossier"))
    monkeypatch.setenv("CRUCIBLE_HOME", str(tmp_path / "home"))
    pytester.makeconftest(
        "import builtins, pathlib, sys\n"
        f"sys.path.append({str(Path(__file__).parent)!r})\n"
        "from dossier_maker import looks\n"
        "builtins.promise_looks = lambda folder, change: looks(folder, 'x', node_label=change)\n"
        f"pytest_plugins = {[f'suites.plugin.{name}' for name in ('options', 'choosing', 'job', 'fixtures')]!r}\n"
        f"builtins.promise_dossier = lambda promise: pathlib.Path({str(tmp_path / 'dossier')!r})\n"
    )
    return pytester


def write(inner: pytest.Pytester, source: str) -> None:
    """A test file in which each promise has an id."""
    named = re.sub(r"^def (test_(\w+))\((promise)", r"@pytest.mark.promise('inner.\2')\ndef \1(\3", source, flags=re.M)
    inner.makepyfile(
        "import pytest\nfrom reports.checkers import conformance\n"
        + re.sub(r"(?<=inner\.)\w+", lambda m: m[0].replace("_", "-"), named)
    )


def run_json(tmp_path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((tmp_path / "dossier" / "run.json").read_text())
    return found


def test_a_kept_promise_passes(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(inner, INNER.format(diff="", then=""))
    result = inner.runpytest("--seed", "81", "-p", "no:randomly")
    assert result.ret == 0
    run = run_json(tmp_path)
    assert run["verdict"] == "PASS"
    assert run["seed"] == 81
    assert (tmp_path / "dossier" / "junit.xml").exists()
    assert (tmp_path / "dossier" / "report.html").exists()


def test_a_broken_promise_fails_with_its_word_first(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(inner, INNER.format(diff="node a: cordoned\n", then=""))
    result = inner.runpytest()
    assert result.ret == 1
    result.stdout.re_match_lines([r"FAIL: .*", r".*promise +Nothing is left behind\..*"])
    assert "Traceback" not in result.stdout.str()
    assert run_json(tmp_path)["verdict"] == "FAIL"


def test_a_test_that_claims_nothing_is_inconclusive(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(inner, "def test_promise(promise):\n    '''Nothing is claimed.'''\n")
    assert inner.runpytest().ret == 3
    assert run_json(tmp_path)["verdict"] == "INCONCLUSIVE"


def test_an_error_in_the_body_is_never_a_pass(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(inner, INNER.format(diff="", then="raise RuntimeError('the load never started')"))
    result = inner.runpytest()
    assert result.ret == 3
    result.stdout.fnmatch_lines(["*INCONCLUSIVE: RuntimeError: the load never started*"])


def test_a_broken_claim_outweighs_an_error(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(inner, INNER.format(diff="node a: gone\n", then="raise RuntimeError('too late')"))
    assert inner.runpytest().ret == 1
    assert run_json(tmp_path)["verdict"] == "FAIL"


def test_a_claim_that_its_checker_cannot_take_is_refused_at_collection(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(inner, INNER.format(diff="", then="promise.claim(conformance.as_it_was, tset='x')"))
    result = inner.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = result.stderr.str() + result.stdout.str()
    assert "conformance.as_it_was has no tset; it takes test" in said
    assert not (tmp_path / "dossier").exists()


def test_one_that_is_worked_out_while_the_test_runs_is_no_pass(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(inner, INNER.format(diff="", then="args = {'tset': 'x'}; promise.claim(conformance.as_it_was, **args)"))
    assert inner.runpytest().ret == 3
    assert run_json(tmp_path)["verdict"] == "INCONCLUSIVE"


def test_a_skipped_promise_is_on_record_with_its_reason(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(
        inner,
        "import pytest\n@pytest.fixture\ndef netem():\n    pytest.skip('needs netem: modprobe sch_netem')\n"
        "def test_promise(promise, netem):\n    '''X.'''\n",
    )
    inner.runpytest()
    tests = run_json(tmp_path)["tests"]
    assert isinstance(tests, list)
    assert tests[0]["verdict"] == "SKIPPED"
    assert "modprobe" in tests[0]["skipped"]


def test_an_interrupted_run_is_inconclusive_and_names_what_did_not_run(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(
        inner, INNER.format(diff="", then="raise KeyboardInterrupt") + "\ndef test_later(promise):\n    '''Later.'''\n"
    )
    result = inner.runpytest_subprocess()  # in the same process the interrupt would end this run too
    assert result.ret == 3
    run = run_json(tmp_path)
    assert run["verdict"] == "INCONCLUSIVE"
    assert run["interrupted"]
    result.stdout.fnmatch_lines(["*test_later did not run*"])


def test_a_run_without_promises_makes_no_dossier(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(inner, "def test_plain():\n    assert True\n")
    assert inner.runpytest().ret == 0
    assert not (tmp_path / "dossier").exists()


def test_an_unknown_setting_is_a_usage_error(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRUCIBLE_COLOUR", "blue")
    write(inner, "def test_plain():\n    assert True\n")
    result = inner.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "unknown setting CRUCIBLE_COLOUR" in result.stderr.str() + result.stdout.str()


@pytest.mark.parametrize(
    ("sabotage", "profile", "said"),
    [
        ("no-such-sabotage", "smoke", "*no sabotage is called 'no-such-sabotage'*"),
        ("no-heal", "certify", "*a run under sabotage no-heal certifies nothing*"),
    ],
)
def test_a_run_under_a_sabotage_that_says_nothing_is_refused(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, sabotage: str, profile: str, said: str
) -> None:
    """Any word in CRUCIBLE_SABOTAGE lifted the condition of a certificate."""
    monkeypatch.setenv("CRUCIBLE_SABOTAGE", sabotage)
    write(inner, "def test_promise(promise):\n    pass\n")
    ended = inner.runpytest("--profile", profile)
    assert ended.ret == pytest.ExitCode.USAGE_ERROR
    ended.stderr.fnmatch_lines([said])


@pytest.mark.parametrize(("profile", "rounds"), [("smoke", 1), ("nightly", 3)])
def test_a_profile_decides_how_often_something_is_broken(inner: pytest.Pytester, profile: str, rounds: int) -> None:
    write(inner, "def test_broken(promise, experiment):\n    pass\ndef test_whole(promise):\n    pass\n")
    result = inner.runpytest("--profile", profile, "--collect-only", "-q")
    assert sum("test_broken" in line for line in result.outlines) == rounds
    assert sum("test_whole" in line for line in result.outlines) == 1


BROKEN_FOR_GOOD = """
import pytest
from fixtures.wait import WaitTimeout
from suites.plugin.session import session_key


class Broken:
    restore = remember = lambda self, _: None
    claims = lambda self, _: []

    def mend(self):
        raise WaitTimeout("waited 90 s for the stack to be as it was", last="node a: down")


def test_one(promise, request):
    '''One thing holds.'''
    request.config.stash[session_key].restorer = Broken()
    promise_looks(promise_dossier(promise), "")
    promise.claim(conformance.as_it_was, test="x")


def test_two(promise, stack):
    '''Another holds.'''
    raise AssertionError("the stack is broken, so this must not run")
"""


def test_after_a_stack_that_cannot_be_mended_nothing_more_is_judged(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(inner, BROKEN_FOR_GOOD)
    result = inner.runpytest()
    assert result.ret == 3
    one, two = run_json(tmp_path)["tests"]  # type: ignore[misc]
    assert (one["verdict"], two["verdict"]) == ("PASS", "INCONCLUSIVE")
    assert "test_one left the stack broken, and it could not be mended" in two["reason"]
    assert "must not run" not in result.stdout.str()


@pytest.mark.parametrize(
    "other",
    [
        "def test_other():\n    assert False, 'no door'\n",
        "@pytest.fixture\ndef door():\n    raise OSError('no door')\ndef test_other(door):\n    pass\n",
        "@pytest.fixture\ndef door():\n    yield\n    raise OSError('no door')\ndef test_other(door):\n    pass\n",
    ],
    ids=["body", "set-up", "teardown"],
)
def test_a_failing_test_that_promises_nothing_is_never_exit_0_nor_is_its_recheck(
    inner: pytest.Pytester, tmp_path: Path, other: str
) -> None:
    write(inner, INNER.format(diff="", then="") + "\n" + other)
    assert inner.runpytest().ret == 3
    run = run_json(tmp_path)
    assert run["verdict"] == "INCONCLUSIVE"
    assert "test_other" in str(run["reason"])
    assert "no door" in str(run["reason"])
    again = CliRunner().invoke(recheck, [str(tmp_path / "dossier")])
    assert again.exit_code == 3
    assert "test_other" in again.output


def test_one_that_fails_before_any_promise_is_on_record_too(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(inner, "def test_other():\n    assert False, 'no door'\n" + INNER.format(diff="", then=""))
    assert inner.runpytest().ret == 3
    assert "no door" in str(run_json(tmp_path)["reason"])


@pytest.mark.parametrize("left", ["run.json", "timeline.jsonl"])
def test_a_folder_of_an_earlier_run_is_refused(inner: pytest.Pytester, tmp_path: Path, left: str) -> None:
    (tmp_path / "dossier").mkdir()
    (tmp_path / "dossier" / left).write_text("{}\n")
    write(inner, INNER.format(diff="", then=""))
    result = inner.runpytest()
    assert result.ret == 2
    assert f"holds {left} of an earlier run" in result.stdout.str() + result.stderr.str()
    assert (tmp_path / "dossier" / left).read_text() == "{}\n"


RESTORER = '''
from suites.plugin.session import session_key

class Away:
    def remember(self, test): pass
    def claims(self, test): return []
    def restore(self, test): raise {error}
    def mend(self): {mend}

def test_promise(promise, request):
    """Nothing is left behind."""
    promise_looks(promise_dossier(promise), {diff!r})
    promise.claim(conformance.as_it_was, test="x")
    request.config.stash[session_key].restorer = Away()
'''


def test_an_api_server_that_is_away_after_the_test_loses_no_fail(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(inner, RESTORER.format(error="OSError('read timed out')", mend="pass", diff="node a: cordoned"))
    assert inner.runpytest().ret == 1
    assert run_json(tmp_path)["verdict"] == "FAIL"


def test_nor_does_it_make_a_pass(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(inner, RESTORER.format(error="OSError('read timed out')", mend="pass", diff=""))
    assert inner.runpytest().ret == 3
    assert "read timed out" in json.dumps(run_json(tmp_path))


def test_a_stack_that_cannot_be_mended_keeps_the_record(inner: pytest.Pytester, tmp_path: Path) -> None:
    write(inner, RESTORER.format(error="OSError('away')", mend="raise OSError('still away')", diff="node a: cordoned"))
    assert inner.runpytest().ret == 1
    assert run_json(tmp_path)["verdict"] == "FAIL"


@pytest.mark.parametrize("end", ["pytest.fail('Timeout > 600 s')", "pytest.skip('no netem')", "pytest.exit('enough')"])
def test_however_a_body_ends_its_fail_stays(inner: pytest.Pytester, tmp_path: Path, end: str) -> None:
    write(inner, INNER.format(diff="node a: cordoned", then=end))
    assert inner.runpytest_subprocess().ret == 1
    assert run_json(tmp_path)["verdict"] == "FAIL"


def test_a_body_that_gives_up_is_skipped_with_its_reason_and_never_green(
    inner: pytest.Pytester, tmp_path: Path
) -> None:
    write(inner, INNER.format(diff="", then="pytest.skip('needs netem: modprobe sch_netem')"))
    assert inner.runpytest().ret == 3
    (test,) = run_json(tmp_path)["tests"]  # type: ignore[misc]
    assert (test["verdict"], test["skipped"]) == ("SKIPPED", "needs netem: modprobe sch_netem")


@pytest.mark.parametrize("where", ["body", "restore"])
def test_an_interruption_loses_no_fail(inner: pytest.Pytester, tmp_path: Path, where: str) -> None:
    if where == "body":
        write(inner, INNER.format(diff="node a: cordoned", then="raise KeyboardInterrupt"))
    else:
        write(inner, RESTORER.format(error="KeyboardInterrupt", mend="pass", diff="node a: cordoned"))
    result = inner.runpytest_subprocess()
    assert result.ret == 1
    run = run_json(tmp_path)
    assert (run["verdict"], bool(run["interrupted"])) == ("FAIL", True)


def test_a_run_that_cannot_begin_ends_with_the_code_of_its_refusal(
    inner: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack that another run holds is a matter of usage (2), not an inconclusive one (3)."""
    import suites.plugin.standing
    from fixtures.errors import UsageError

    def stand_up(*_: object) -> None:
        raise UsageError("cluster 'crucible' is in use by process 1")

    monkeypatch.setattr(suites.plugin.standing, "stand_up", stand_up)
    write(inner, "def test_promise(promise, stack):\n    '''It stands.'''\n")
    result = inner.runpytest()
    assert result.ret == 2
    assert "is in use by process 1" in result.stdout.str() + result.stderr.str()
    assert run_json(tmp_path)["verdict"] == "INCONCLUSIVE"
