"""What became of a sabotage: was it seen, and by the promise that it was made for?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum

from chaos.sabotages.sabotage import Sabotage
from reports.verdict import Verdict


def red(sabotage: Sabotage) -> tuple[Verdict, ...]:
    """The verdicts by which a promise has seen a sabotage.

    INVALID says that nothing was learnt about the stack: a fault that could not take effect under a sabotage is no
    sight of it. Only where the healing of the run itself is sabotaged is that the right answer, to a fault that took
    effect and was not healed.
    """
    return (Verdict.FAIL, Verdict.INVALID) if sabotage.is_of_the_harness else (Verdict.FAIL,)


NONE, OF_RUN, BEFORE, AFTER = "none", "the run before", "before", "before and after"
"""What a result says of its control: when its promises were seen kept without the sabotage."""


class Outcome(StrEnum):
    """Best first."""

    CAUGHT = "caught by the right promise"
    ANOTHER = "caught by another"
    INCONCLUSIVE = "INCONCLUSIVE only"
    ESCAPED = "escaped"
    HARNESS = "harness failed"


def outcome_of(
    sabotage: Sabotage, verdicts: Mapping[str, Verdict], own: Mapping[str, Verdict],
    by: Mapping[str, Sequence[str]] | None = None, unhealed: Collection[str] = (),
) -> tuple[Outcome, str]:  # fmt: skip
    """The outcome, and why in one sentence.

    Every promise of `must_turn_red` has to be FAIL by its own claims, and every one of `must_stay_green` PASS; a
    sentinel that could not tell is no sentinel.

    Args:
        sabotage: what stood planted.
        verdicts: by promise id; the worst where a promise was judged more than once.
        own: the same without what the harness claims of every test.
        by: the checkers that turned a promise red, for people to see whether it was for the right reason.
        unhealed: promises one of whose faults took effect and was not healed.
    """
    reds = red(sabotage)
    if missing := [promise for promise in sabotage.promises if promise not in verdicts]:
        return Outcome.HARNESS, f"{_list(missing)} did not run"
    unseen = {
        promise: own[promise]
        for promise in sabotage.must_turn_red
        if own[promise] not in reds or (own[promise] is Verdict.INVALID and promise not in unhealed)
    }
    blamed = {p: verdicts[p] for p in sabotage.must_stay_green if verdicts[p] is not Verdict.PASS}
    if not unseen and not blamed:
        seen = [f"{promise} turned red{_by(by, promise)}" for promise in sabotage.must_turn_red]
        return Outcome.CAUGHT, _list(seen)
    said = _list(f"{promise} {verdict}" for promise, verdict in {**unseen, **blamed}.items())
    why = f"expected {_list(sabotage.must_turn_red)} to turn red and no other; found {said}"
    if any(verdict is Verdict.FAIL for verdict in (*verdicts.values(), *own.values())):
        return Outcome.ANOTHER, why
    unsure = {Verdict.INCONCLUSIVE, Verdict.INVALID} & set(unseen.values())
    return (Outcome.INCONCLUSIVE if unsure else Outcome.ESCAPED), why


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """0 when each was caught by the right promise, 1 when one was not, 3 when the harness failed or none ran."""
    seen = set(outcomes)
    if seen - {Outcome.CAUGHT, Outcome.HARNESS}:
        return 1
    return 3 if Outcome.HARNESS in seen or not seen else 0


def _by(by: Mapping[str, Sequence[str]] | None, promise: str) -> str:
    names = (by or {}).get(promise)
    return f" by {', '.join(names)}" if names else ""


def _list(promises: Iterable[str]) -> str:
    return ", ".join(promises)
