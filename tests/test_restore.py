"""After a test: the stack is waited for, compared with before, and mended; what cannot be healed is no secret."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from dossier_maker import small_look

from chaos.heal import Healed
from chaos.sabotages.standing import missing
from fixtures.errors import HarnessError, UsageError
from fixtures.ledger import Entry, Ledger
from fixtures.settings import Settings
from reports.claim import judge
from reports.verdict import Verdict
from suites.plugin import restore, standing
from suites.plugin.restore import Restorer

TEST = "suites/recovery/test_x.py::test_x"
WHOLE, CHANGED = small_look(), small_look(new="")


class Looks:
    """What each look at the cluster shows; the last one again and again."""

    def __init__(self, *shown: Any) -> None:
        self.shown = list(shown)

    def __call__(self, *_: object) -> Any:
        now = self.shown.pop(0) if len(self.shown) > 1 else self.shown[0]
        if isinstance(now, Exception):
            raise now
        return now


@pytest.fixture
def stack(tmp_path: Path) -> Any:
    return SimpleNamespace(settings=Settings(home=tmp_path), cluster=None, map=None, dossier=tmp_path / "dossier")


def restorer(stack: Any, monkeypatch: pytest.MonkeyPatch, *looks: Any) -> Restorer:
    monkeypatch.setattr(restore, "snapshot", Looks(*looks))
    made = Restorer(stack)
    made.remember(TEST)
    return made


def test_what_differs_is_kept_and_claimed(stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restore, "BACK_WITHIN_S", 0.1)
    made = restorer(stack, monkeypatch, WHOLE, CHANGED)
    made.restore(TEST)
    (claim,) = made.claims(TEST)
    found = judge(stack.dossier, claim)
    assert (found.verdict, "worker" in found.reason) == (Verdict.FAIL, True)
    assert "worker" in (stack.dossier / found.evidence[0]).read_text()


def test_a_change_that_goes_away_is_waited_for(stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = restorer(stack, monkeypatch, WHOLE, HarnessError("away"), CHANGED, WHOLE)
    made.restore(TEST)
    assert judge(stack.dossier, made.claims(TEST)[0]).verdict is Verdict.PASS


def test_before_anything_was_compared_the_claim_cannot_tell(stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = restorer(stack, monkeypatch, WHOLE)
    assert judge(stack.dossier, made.claims(TEST)[0]).verdict is Verdict.INCONCLUSIVE
    assert json.loads((stack.dossier / "state" / "recovery-test-x-py--test-x" / "before.json").read_text()) == WHOLE


def opened(stack: Any) -> Entry:
    entry = Entry("toy-1-abc", {"module": "m", "type": "T", "args": {}}, [])
    Ledger(stack.settings.cluster_home).open(entry)
    return entry


def test_a_fault_that_cannot_be_healed_is_told_at_once(stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ninety seconds of waiting for a stack that nobody mends would end in words that name no fault."""
    made = restorer(stack, monkeypatch, WHOLE)
    entry = opened(stack)
    monkeypatch.setattr("chaos.heal.heal_open", lambda settings: [Healed(entry, "docker start: no such container")])
    with pytest.raises(HarnessError, match="toy-1-abc: docker start: no such container"):
        made.mend()


def test_no_promise_is_judged_under_a_fault_that_a_dead_run_left(stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be in the look before the test too, so that no difference would tell of it."""
    from contextlib import ExitStack

    monkeypatch.setattr("chaos.heal.heal_open", lambda settings: [Healed(opened(stack), "no such container")])
    monkeypatch.setattr(standing, "up", lambda *a: pytest.fail("the stack is not stood up"))
    timeline: Any = None
    with ExitStack() as keep, pytest.raises(HarnessError, match="toy-1-abc: no such container"):
        standing.stand_up(keep, stack.settings, stack.dossier, timeline)


def under(stack: Any, sabotage: str, *kinds: str) -> Any:
    """The settings of a run under a sabotage, of which the ledger holds these faults open."""
    settings = stack.settings.model_copy(update={"sabotage": sabotage})
    for kind in kinds:
        fault = {"module": "m", "type": kind, "args": {"sabotage": sabotage}}
        Ledger(settings.cluster_home).open(Entry(f"{kind}-1", fault, []))
    return settings


@pytest.mark.parametrize(
    ("sabotage", "kinds", "stands"),
    [
        ("drop-write", (), False),
        ("drop-write", ("Data",), False),  # remembered and not planted, or undone but for the data
        ("drop-write", ("Data", "Planted"), True),
        ("no-heal", (), False),
        ("no-heal", ("Data",), True),  # nothing of the stack is changed
    ],
)
def test_a_sabotage_that_was_undone_before_the_first_test_is_not_judged(
    stack: Any, monkeypatch: pytest.MonkeyPatch, sabotage: str, kinds: tuple[str, ...], stands: bool
) -> None:
    """Somebody's `crucible heal` between planting and judging made it "escaped"."""
    from contextlib import ExitStack

    settings, timeline = under(stack, sabotage, *kinds), cast(Any, None)

    class Reached(Exception):
        pass

    def reached(*_: object) -> None:
        raise Reached

    monkeypatch.setattr(standing, "Cluster", reached)
    with ExitStack() as keep, pytest.raises(Reached if stands else UsageError) as caught:
        standing.stand_up(keep, settings, stack.dossier, timeline)
    assert stands or f"sabotage {sabotage} does not stand" in str(caught.value)


def test_of_another_sabotage_that_stands_nothing_is_learnt(stack: Any) -> None:
    under(stack, "dup-apply", "Data", "Planted")
    assert "does not stand" in missing(under(stack, "drop-write"))
    assert missing(stack.settings) == ""
