"""A campaign's promises are seen kept before it and after it; what is red by itself has caught nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from test_sabotage_run import FAIL, PASS, TOY, result

from chaos.sabotages.catalogue import catalogue
from chaos.sabotages.sabotage import Sabotage
from fixtures.errors import UsageError
from fixtures.settings import Settings
from suites.sabotage.campaign import alone, chosen, run_all
from suites.sabotage.child import Ended
from suites.sabotage.control import Control
from suites.sabotage.outcome import Outcome
from suites.sabotage.results import Result, Results

B = TOY.model_copy(update={"id": "b", "must_turn_red": ("recovery.b",)})
A = TOY.model_copy(update={"id": "a", "must_turn_red": ("recovery.a",)})


def kept(promises: Sequence[str], *red: str) -> Ended:
    own = {promise: FAIL if promise in red else PASS for promise in promises}
    return Ended(own, own, 1.0)


def campaign(
    folder: Path, after: Ended, *entries: Sabotage, outcome: Outcome = Outcome.CAUGHT
) -> tuple[int, list[str]]:
    """A campaign whose closing control says this; the promises that each control was asked for."""
    asked: list[str] = []

    def alone(promises: Sequence[str]) -> Ended:
        asked.append(" ".join(promises))
        return after if len(planted) == len(entries) else kept(promises)

    planted: list[str] = []

    def one(entry: Sabotage) -> object:
        planted.append(entry.id)
        return result(entry, outcome)

    code = run_all(
        entries, Results(folder), minutes=None, seed=7, tell=lambda _: None, settings=Settings(),
        control=Control(alone), one=one,  # type: ignore[arg-type]
    )  # fmt: skip
    return code, asked


def test_a_stack_that_is_red_by_itself_at_the_end_unproves_what_was_caught_by_that(tmp_path: Path) -> None:
    code, asked = campaign(tmp_path, kept([*A.promises, *B.promises], "recovery.b"), A, B)
    assert asked[-1] == "recovery.a conformance.c recovery.b", "all at once, each once"
    found = Results(tmp_path).of
    assert [(one.outcome, one.control) for one in found["a"]] == [(Outcome.CAUGHT, "before and after")]
    assert [one.outcome for one in found["b"]] == [Outcome.HARNESS], "in place of what was kept at first"
    assert found["b"][0].reason.startswith("unproven: after the last sabotage, without any sabotage recovery.b is FAIL")
    assert code == 3


@pytest.mark.parametrize("after", [Ended(trouble="the run did not end"), kept(A.promises[:1])])
def test_a_closing_control_that_says_nothing_proves_nothing(tmp_path: Path, after: Ended) -> None:
    assert campaign(tmp_path, after, A)[0] == 3
    assert Results(tmp_path).of["a"][0].outcome is Outcome.HARNESS


def test_what_escaped_has_escaped_whatever_comes_after(tmp_path: Path) -> None:
    code, asked = campaign(tmp_path, kept(A.promises, "recovery.a"), A, outcome=Outcome.ESCAPED)
    assert (code, len(asked)) == (1, 1), "nothing was caught, so nothing can be unproven"
    assert Results(tmp_path).of["a"][0].control == "before"


def test_a_promise_that_the_control_did_not_run_is_not_taken_for_kept() -> None:
    assert Control(lambda promises: kept(promises[:1])).trouble(A) == "without any sabotage conformance.c did not run"


def test_a_promise_that_the_run_before_did_not_run_is_not_taken_for_kept() -> None:
    """A run of a part of the promises, as `--promise` makes one: what it left out was never seen kept."""
    part = Control(None, kept(A.promises[:1]))
    assert part.trouble(A) == "without any sabotage conformance.c did not run"
    asked: list[str] = []

    def alone(promises: Sequence[str]) -> Ended:
        asked.extend(promises)
        return kept(promises)

    assert Control(alone, kept(A.promises[:1])).trouble(A) == ""
    assert asked == ["conformance.c"], "what the run before said is not run again"


def test_what_the_run_before_saw_kept_is_seen_kept_after_the_last_sabotage_too() -> None:
    """Without it what one sabotage left behind would turn every later promise red, and look like sight."""
    closing = Control(lambda promises: kept(promises, "recovery.a"), kept(A.promises)).closing([A])
    assert closing is not None
    assert closing.trouble(A) == "without any sabotage recovery.a is FAIL"


def test_a_control_that_was_interrupted_is_asked_again() -> None:
    """What it had judged until then was believed the second time."""
    answers = iter([replace(kept(A.promises), trouble="the run was interrupted: SIGTERM"), kept(A.promises)])
    control = Control(lambda _: next(answers))
    assert "SIGTERM" in control.trouble(A)
    assert control.trouble(A) == ""
    assert next(answers, None) is None


def test_two_campaigns_do_not_write_the_same_results(tmp_path: Path) -> None:
    """Each wrote all that it knew, so that what had escaped in the one was gone with the next result of the other."""

    def one(entry: Sabotage) -> Result:
        with pytest.raises(UsageError, match="another campaign"):
            begin()
        return result(entry)

    def begin() -> int:
        return run_all([A], Results(tmp_path), minutes=None, seed=7, tell=lambda _: None, settings=Settings(), one=one)

    assert begin() == 0
    with alone(tmp_path):
        pass


def test_an_adopted_cluster_is_refused_before_anything_runs_on_it(tmp_path: Path) -> None:
    adopted = Settings(adopt_context="customer")
    with pytest.raises(UsageError, match="never on an adopted one"):
        run_all(
            [A], Results(tmp_path), minutes=None, seed=7, tell=lambda _: None, settings=adopted,
            control=Control(lambda _: pytest.fail("it is another's")),
        )  # fmt: skip


def test_a_sabotage_named_twice_is_planted_once(tmp_path: Path) -> None:
    first, second = list(catalogue())[:2]
    found = chosen([second, first, second], Results(tmp_path), missing=False, share=None, seed=7)
    assert [entry.id for entry in found] == [second, first]


def test_a_result_without_a_control_says_so(tmp_path: Path) -> None:
    for control, said in ((Control(None), "none"), (None, "none"), (Control(None, kept(A.promises)), "the run before")):
        run_all(
            [A], Results(tmp_path), minutes=None, seed=7, tell=lambda _: None, settings=Settings(), control=control,
            one=result,
        )  # fmt: skip
        assert Results(tmp_path).of["a"][-1].control == said
