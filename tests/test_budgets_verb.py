"""`crucible budgets`: a figure that is exceeded, or lax after ten runs, fails; too few runs are said."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_checker_autoscaling import stage
from todays_run import told

from fixtures.errors import HarnessError, UsageError
from fixtures.stack.map import load_stack_map
from reports import dossier as dossiers
from reports.checkers import autoscaling
from reports.claim import Claim
from reports.judging import judge_test
from suites import budgets as verb
from suites import estimates
from suites.budgets import budgets, gather, said_of
from suites.measurements import Measured, Measurements
from suites.measuring import add
from suites.promised import Figure
from suites.promised import figures as budgets_of


@pytest.mark.parametrize(
    ("measured", "trouble"),
    [
        ([4.0] * 10, ""),
        ([4.0] * 9 + [11.0], "exceeded"),
        ([11.0], "exceeded"),
        ([float("inf")], "exceeded"),
        ([1.0] * 10, "more than 2 times the worst"),
        ([1.0] * 9, ""),
        ([0.0] * 10, "more than 2 times the worst"),
        ([], ""),
    ],
)
def test_a_figure_stands_or_not(measured: list[float], trouble: str) -> None:
    assert Figure("recovery.x", "x recovers", "a", 8.0, measured=measured).trouble() == trouble


def test_less_than_one_request_cannot_be_asked_of_a_share() -> None:
    assert not Figure("recovery.x", "reads", "a", 0.05, least=0.05, measured=[0.0] * 10).trouble()


def test_twice_the_worst_is_twice_though_it_was_kept_rounded() -> None:
    seen = round(1 - 57 / 59, 6)
    assert not Figure("recovery.x", "writes", "a", 4 / 59, least=1 / 59, measured=[seen] * 10).trouble()
    assert Figure("recovery.x", "writes", "a", 5 / 59, least=1 / 59, measured=[seen] * 10).trouble()


def test_two_requests_of_the_thinnest_window_are_twice_the_smallest_harm() -> None:
    figure = budgets_of(load_stack_map())["recovery.manager-pod-kill", "reads"]
    figure.measured = [0.0] * 10
    assert figure.least == 1 / 19, "two a second, ten seconds, and one less where a window falls between them"
    assert not figure.trouble()


@pytest.mark.parametrize(
    ("formula", "facts", "said"),
    [
        ("1 - 0.5", {}, "expected one of brief_window_s, window_s in it, found none: 1 - 0.5"),
        ("1 - 1 / brief_window_s / window_s", {}, "found brief_window_s and window_s"),
        ("1 - 1 / window_s", {"reads_per_s": 0.1}, "a window_s holds 0 requests of reads for sure"),
    ],
)
def test_a_share_of_no_known_requests_is_a_wrong_map(formula: str, facts: dict[str, float], said: str) -> None:
    """It was a StopIteration, a division by zero, or the share of another window than the author meant."""
    stack = load_stack_map()
    budgets = stack.budgets | {"recovery.manager-pod-kill": {"reads": formula}}
    wrong = stack.model_copy(update={"budgets": budgets, "facts": stack.facts | facts})
    with pytest.raises(UsageError, match=re.escape(said)):
        budgets_of(wrong)


def test_a_role_that_a_suite_breaks_recovers_by_a_formula() -> None:
    """A number would have no row on the page, so that no run was ever compared with it."""
    stack = load_stack_map()
    role = stack.role("gateway").model_copy(update={"recovery_s": 600.0, "recovery_formula": ""})
    with pytest.raises(UsageError, match="role gateway: expected a formula for recovery_s"):
        budgets_of(stack.model_copy(update={"roles": stack.roles | {"gateway": role}}))


def test_what_a_dossier_measured_is_on_the_page(tmp_path: Path) -> None:
    folder, _ = told(tmp_path / "20261121-034500-ab12")
    page = tmp_path / "budgets.md"
    done = CliRunner().invoke(budgets, [str(folder), "--page", str(page)])
    assert done.exit_code == 1, "it lost a fifth of a window, and took 6.5 s"
    assert "| gateway recovers |" in page.read_text()
    assert "exceeded" in page.read_text()
    assert CliRunner().invoke(budgets, [str(tmp_path / "none"), "--page", str(tmp_path / "none.md")]).exit_code == 3
    assert "| gateway started | `start_s + startup_period_s + readiness_period_s` |" in page.read_text()


@pytest.mark.parametrize(
    ("measured", "said", "code"),
    [
        ([[4.0] * 10, [5.0] * 11], "recovery.x: stands", 0),
        ([[4.0] * 10, [5.0] * 9], "recovery.x: cannot be told: 9 of 10 runs", 3),
        ([[4.0] * 10, []], "recovery.x: cannot be told: 0 of 10 runs", 3),
        ([[4.0] * 10, [1.0] * 10], "recovery.x: b recovers more than 2 times the worst", 1),
        ([[9.0], [1.0] * 10], "recovery.x: a recovers exceeded; b recovers more than 2 times the worst", 1),
    ],
)
def test_each_promise_is_told_and_too_few_runs_are_no_green(measured: list[list[float]], said: str, code: int) -> None:
    figures = [
        Figure("recovery.x", f"{name} recovers", "f", 8.0, measured=one)
        for name, one in zip("ab", measured, strict=True)
    ]
    assert said_of("recovery.x", figures) == (said, code)


def _judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, harm: float, runs: int) -> int:
    """Exit code when each figure was measured so many times at a share of what it allows."""

    def measured(*_: object) -> object:
        found = gather([], load_stack_map())[0]
        for figure in found.values():
            figure.measured = [harm * figure.allowed] * runs
        return found, []

    monkeypatch.setattr(verb, "gather", measured)
    return CliRunner().invoke(budgets, ["x", "--page", str(tmp_path / "p.md")]).exit_code


@pytest.mark.parametrize(
    ("harm", "runs", "code"), [(0.8, 10, 0), (0.8, 9, 3), (0.0, 0, 3), (1.1, 1, 1), (0.3, 10, 1), (0.3, 9, 3)]
)
def test_the_exit_code_is_that_of_the_worst_promise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, harm: float, runs: int, code: int
) -> None:
    assert _judged(monkeypatch, tmp_path, harm, runs) == code


def test_a_run_under_sabotage_measures_nothing(tmp_path: Path) -> None:
    folder, run = told(tmp_path / "20261121-034500-ab12")
    dossiers.save(folder, run.model_copy(update={"sabotage": "gateway-of-one"}))
    found, left_out = gather([folder], load_stack_map())
    assert not any(figure.measured for figure in found.values())
    assert left_out == [f"{folder}: it ran under sabotage gateway-of-one"]


def test_estimates_are_what_pods_and_phases_took_in_the_tests_that_break_something(tmp_path: Path) -> None:
    folder, run = told(tmp_path / "20261121-034500-ab12")
    record = next(test for test in run.tests if "gateway" in test.id)
    seen = dict(estimates.seen(folder, record, "recovery.gateway-pod-kill"))
    assert seen["gateway placed"] == pytest.approx(6.2 * 0.02)
    assert seen["gateway started"] == pytest.approx(6.2 * 0.98)
    assert "manager started" not in seen, "those came up in another test"
    assert "endpoint of a dead pod gone" in seen
    allowed = estimates.allowed(load_stack_map())
    assert set(seen) <= set(allowed)


def test_what_runs_measured_is_kept_when_their_dossiers_are_gone(tmp_path: Path) -> None:
    folder, _ = told(tmp_path / "20261121-034500-ab12")
    page, shell = tmp_path / "budgets.md", CliRunner()
    shell.invoke(budgets, [str(folder), "--page", str(page)])
    text, kept = page.read_text(), (tmp_path / "budgets.json").read_text()
    shutil.rmtree(folder)
    shell.invoke(budgets, ["--page", str(page)])
    assert page.read_text() == text
    again, _ = told(tmp_path / "20261121-034500-ab12")
    shell.invoke(budgets, [str(again), "--page", str(page)])
    assert (page.read_text(), (tmp_path / "budgets.json").read_text()) == (text, kept), "a run counts once"


def test_what_was_measured_for_another_formula_counts_no_more(tmp_path: Path) -> None:
    stack = load_stack_map()
    (key, figure), *_ = budgets_of(stack).items()
    kept = Measurements(runs={
        "a": [Measured(promise_id=key[0], name=key[1], formula=figure.formula, allowed=figure.allowed,
                       window_s=figure.window_s, deadline_s=figure.deadline_s, harm=(0.5, float("inf")))],
        "b": [Measured(promise_id=key[0], name=key[1], formula="1", harm=(0.25,))],
    })  # fmt: skip
    kept.write(tmp_path / "kept.json")
    found, _ = gather([], stack, Measurements.read(tmp_path / "kept.json"))
    assert found[key].measured == [0.5, float("inf")]


def test_what_is_kept_and_cannot_be_read_is_told_and_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "budgets.json").write_text("{")
    done = CliRunner().invoke(budgets, ["--page", str(tmp_path / "budgets.md")])
    assert isinstance(done.exception, HarnessError)
    assert (tmp_path / "budgets.json").read_text() == "{"


def test_where_there_is_no_place_for_the_page_nothing_is_measured_and_it_is_the_call_that_was_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(budgets, [])
    assert isinstance(done.exception, UsageError)
    assert done.exception.exit_code == 2, "1 would say that a figure was exceeded"
    assert str(done.exception) == (
        "expected a folder docs/reference for the page of budgets, but it is not there\n"
        "  next: cd to the checkout, or crucible budgets --page budgets.md"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_cannot_be_written_is_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "page").mkdir()
    done = CliRunner().invoke(budgets, ["--page", str(tmp_path / "page")])
    assert isinstance(done.exception, UsageError)
    assert f"the page of budgets cannot be written: [Errno 21] Is a directory: '{tmp_path}/page'" in str(done.exception)


def test_how_long_the_autoscaler_took_is_measured_beside_its_formula(tmp_path: Path) -> None:
    stage(tmp_path).write()
    common = {"role": "manager", "load": "manager_load", "floor": 2}
    up = Claim.of(autoscaling.scaled_up, **common, within_s=45, ceiling=5, target_percent=70)
    down = Claim.of(autoscaling.scaled_down, **common, stabilisation_s=30, reaction_s=35)
    record = judge_test(tmp_path, test="t", promise="s", promise_id="autoscaling.manager-scales", claims=[up, down])
    found = budgets_of(load_stack_map())
    assert add(found, tmp_path, record) == ([], [])
    of_scaling = {key[1]: figure for key, figure in found.items() if key[0] == "autoscaling.manager-scales"}
    assert {name: (figure.allowed, figure.measured) for name, figure in of_scaling.items()} == {
        "up": (45.0, [36.0]), "down": (35.0, [15.0])
    }  # fmt: skip
    assert of_scaling["up"].formula == "metrics_s + sync_s + start_s"
