"""What became of a sabotage: was it seen, and by the promise that it was made for?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from chaos.sabotages.sabotage import Sabotage
from reports.verdict import Verdict

RED = (Verdict.FAIL, Verdict.INVALID)


class Outcome(StrEnum):
    """Best first."""

    CAUGHT = "caught by the right promise"
    ANOTHER = "caught by another"
    INCONCLUSIVE = "INCONCLUSIVE only"
    ESCAPED = "escaped"
    HARNESS = "harness failed"


def outcome_of(sabotage: Sabotage, verdicts: Mapping[str, Verdict], own: Mapping[str, Verdict]) -> tuple[Outcome, str]:
    """The outcome, and why in one sentence.

    Every promise of `must_turn_red` has to be FAIL or INVALID by its own claims, and every one of `must_stay_green`
    PASS; a sentinel that could not tell is no sentinel.

    Args:
        sabotage: what stood planted.
        verdicts: by promise id; the worst where a promise was judged more than once.
        own: the same without what the harness claims of every test.
    """
    if missing := [promise for promise in sabotage.promises if promise not in verdicts]:
        return Outcome.HARNESS, f"{_list(missing)} did not run"
    unseen = {promise: own[promise] for promise in sabotage.must_turn_red if own[promise] not in RED}
    blamed = {p: verdicts[p] for p in sabotage.must_stay_green if verdicts[p] is not Verdict.PASS}
    if not unseen and not blamed:
        return Outcome.CAUGHT, f"{_list(sabotage.must_turn_red)} turned red"
    said = _list(f"{promise} {verdict}" for promise, verdict in {**unseen, **blamed}.items())
    why = f"expected {_list(sabotage.must_turn_red)} to turn red and no other; found {said}"
    if any(verdict in RED for verdict in (*verdicts.values(), *own.values())):
        return Outcome.ANOTHER, why
    return (Outcome.INCONCLUSIVE if Verdict.INCONCLUSIVE in unseen.values() else Outcome.ESCAPED), why


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """0 when each was caught by the right promise, 1 when one was not, 3 when the harness failed or none ran."""
    seen = set(outcomes)
    if seen - {Outcome.CAUGHT, Outcome.HARNESS}:
        return 1
    return 3 if Outcome.HARNESS in seen or not seen else 0


def _list(promises: Iterable[str]) -> str:
    return ", ".join(promises)
