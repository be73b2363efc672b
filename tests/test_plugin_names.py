"""Promises have ids and profiles: one without its own is refused, and runs choose by them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import reports.plots  # noqa: F401 - numpy cannot be loaded twice, and pytester forgets what a run inside has loaded
from fixtures.settings import ROOT
from suites.cli import exit_code, run
from suites.plugin.fixtures import seed_of

pytest_plugins = ["pytester"]

TWO = """
import pytest

@pytest.mark.promise("shop.opens")
def test_opens(promise):
    '''The shop opens.'''

@pytest.mark.promise("shop.closes", profiles=["nightly", "certify"])
def test_closes(promise):
    '''The shop closes.'''

def test_plain():
    '''No promise at all.'''
"""


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.Pytester:
    monkeypatch.setenv("CRUCIBLE_RUN_DIR", str(tmp_path / "dossier"))
    monkeypatch.setenv("CRUCIBLE_HOME", str(tmp_path / "home"))
    plugins = [f"suites.plugin.{name}" for name in ("options", "choosing", "job", "fixtures")]
    pytester.makeconftest(f"pytest_plugins = {plugins!r}\n")
    return pytester


def collected(inner: pytest.Pytester, *words: str) -> set[str]:
    lines = inner.runpytest("--collect-only", "-q", *words).outlines
    return {line.split("::")[1] for line in lines if "::" in line}


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("", "has no id"),
        ("@pytest.mark.promise()", "expected one id"),
        ("@pytest.mark.promise('Recovery of the gateway')", "expected one id"),
        ("@pytest.mark.promise('a.b', 'c.d')", "expected one id"),
        ("@pytest.mark.promise('a.b', profile='quick')", "has no profile"),
        ("@pytest.mark.promise('a.b', profiles='quick')", "expected profiles out of"),
        ("@pytest.mark.promise('a.b', profiles=['fast'])", "expected profiles out of"),
        ("@pytest.mark.promise('a.b', profiles=[])", "expected profiles out of"),
    ],
)
def test_a_promise_without_a_proper_name_is_refused(inner: pytest.Pytester, marker: str, said: str) -> None:
    inner.makepyfile(f"import pytest\n{marker}\ndef test_it(promise):\n    '''X.'''\n")
    result = inner.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in result.stderr.str() + result.stdout.str()


def test_two_promises_of_one_name_are_refused(inner: pytest.Pytester) -> None:
    inner.makepyfile(TWO.replace("shop.closes", "shop.opens"))
    result = inner.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "two tests call themselves shop.opens" in result.stderr.str() + result.stdout.str()


def test_rounds_of_one_promise_share_its_name(inner: pytest.Pytester) -> None:
    inner.makepyfile("import pytest\n@pytest.mark.promise('a.b')\ndef test_it(promise, experiment):\n    '''X.'''\n")
    assert len(collected(inner, "--profile", "nightly")) == 3


def test_a_profile_judges_its_own_promises(inner: pytest.Pytester) -> None:
    inner.makepyfile(TWO)
    assert collected(inner, "--profile", "quick") == {"test_opens", "test_plain"}
    assert collected(inner, "--profile", "nightly") == {"test_opens", "test_closes", "test_plain"}


def test_promises_are_chosen_by_id(inner: pytest.Pytester) -> None:
    inner.makepyfile(TWO)
    assert collected(inner, "--promise", "shop.opens") == {"test_opens"}
    both = ["--promise", "shop.opens", "--promise", "shop.closes", "--profile", "nightly"]
    assert collected(inner, *both) == {"test_opens", "test_closes"}


@pytest.mark.parametrize(("wanted", "said"), [("shop.open", "perhaps shop.opens"), ("shop.closes", "not part of")])
def test_a_choice_that_cannot_be_had_is_refused(inner: pytest.Pytester, wanted: str, said: str) -> None:
    inner.makepyfile(TWO)
    result = inner.runpytest("--promise", wanted)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in result.stderr.str() + result.stdout.str()


def test_the_list_names_every_promise_and_judges_none(inner: pytest.Pytester, tmp_path: Path) -> None:
    inner.makepyfile(TWO)
    result = inner.runpytest("--list-promises", "-qq")
    assert result.ret == 0
    result.stdout.re_match_lines([r"shop.opens +all +The shop opens", r"shop.closes +nightly,certify +The shop"])
    assert not (tmp_path / "dossier").exists()


def test_the_record_carries_the_id(inner: pytest.Pytester, tmp_path: Path) -> None:
    inner.makepyfile(TWO)
    inner.runpytest("--promise", "shop.opens")
    (test,) = json.loads((tmp_path / "dossier" / "run.json").read_text())["tests"]
    assert test["promise_id"] == "shop.opens"


@pytest.mark.parametrize(
    ("pytest_said", "judged", "ours"),
    [
        (0, True, 0),
        (0, False, 3),
        (1, True, 1),
        (1, False, 3),
        (2, False, 3),
        (3, False, 3),
        (4, False, 2),
        (5, False, 2),
    ],
)
def test_a_run_that_judged_nothing_never_ends_well(pytest_said: int, judged: bool, ours: int) -> None:
    assert exit_code(pytest_said, judged=judged) == ours


def test_the_suites_name_every_promise_after_their_folder() -> None:
    ids = re.findall(r'mark\.promise\(\s*"([^"]+)"', "".join(p.read_text() for p in ROOT.glob("suites/*/test_*.py")))
    assert len(ids) == len(set(ids)) >= 9
    for path in ROOT.glob("suites/*/test_*.py"):
        for found in re.findall(r'mark\.promise\(\s*"([^"]+)"', path.read_text()):
            assert found.startswith(path.parent.name + ".")


def test_a_missing_test_is_a_usage_error() -> None:
    result = CliRunner().invoke(run, ["suites/none"])
    assert result.exit_code == 2
    assert "there is no test suites/none" in result.output


def test_rounds_have_seeds_of_their_own_and_no_seed_repeats_its_neighbours() -> None:
    """Round 2 of seed 81 once was round 1 of seed 82, so that two runs made one and a half."""
    drawn = [seed_of(seed, number) for seed in range(81, 91) for number in range(1, 11)]
    assert len(set(drawn)) == 100
    assert drawn == [seed_of(seed, number) for seed in range(81, 91) for number in range(1, 11)]
    assert seed_of(81, 1) == 81
