"""What a fault under load is claimed about, each claim whole, and how long the load flows before and after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from reports.checkers.enough_writes import WRITES
from suites.plugin.promise import Promise
from suites.plugin.stack import Stack
from suites.recovery import under_load
from suites.recovery.under_load import Broken, break_under_load

Claimed = tuple[str, dict[str, Any]]
BROKEN = Broken("f1", "toy-1", "operators", ("writes", "reads"))


def claims(promise: Promise) -> list[Claimed]:
    return [(claim.checker.rpartition("checkers.")[2], claim.args) for claim in promise.claims]


def well(part: str, settled_s: float) -> list[Claimed]:
    """As a sound stack does: of all requests and of each kind."""
    return [
        ("availability.in_windows", {
            "load": "operators", "fault_id": "f1", "at_least": at_least, "window_s": 5, "deadline_s": 1.0,
            "min_requests": enough, "part": part, "settled_s": settled_s, "names": names,
        })
        for at_least, enough, names in (
            (0.98, 20, None), (0.88, 10, list(WRITES)), (0.88, 3, ["GET selection_input"]),
        )
    ]  # fmt: skip


HIT = ("restarts.only_of_those_hit", {"fault_id": "f1", "load": "operators"})


def test_proof_and_health_before_are_claimed_whole() -> None:
    promise = Promise("t", "It holds.")
    BROKEN.is_proven(promise)
    BROKEN.was_well_before(promise)
    assert claims(promise) == [
        ("certificate.experiment_completed", {"experiment": "toy-1"}),
        ("certificate.proven", {"fault_id": "f1"}),
        *well("before", 0.0),
    ]
    assert promise.experiment is None
    assert Broken("f1", "toy-1", "viewers").kinds == ()


@pytest.mark.parametrize("given", [{}, {"names": ["GET /"], "deadline_s": 2.0, "may_stall": True}])
def test_serving_is_claimed_whole(given: dict[str, Any]) -> None:
    promise = Promise("t", "It holds.")
    BROKEN.keeps_serving(promise, at_least=0.8, window_s=7, min_requests=9, **given)
    names = given.get("names")
    assert claims(promise) == [
        ("progress.during_fault", {
            "load": "operators", "fault_id": "f1", "at_least": 1 if names else 9, "names": names,
            "even_later": given.get("may_stall", False),
        }),
        ("availability.in_windows", {
            "load": "operators", "fault_id": "f1", "at_least": 0.8, "window_s": 7, "names": names, "min_requests": 9,
            "deadline_s": given.get("deadline_s", 5.0),
        }),
    ]  # fmt: skip


def test_recovery_is_claimed_whole() -> None:
    promise = Promise("t", "It holds.")
    BROKEN.recovers(promise, "gateway", budget_s=15)
    BROKEN.all_hit_recover(promise, {"gateway": 11, "manager": 30, "kafka": 12})
    assert claims(promise) == [
        ("recovery.within", {"fault_id": "f1", "role": "gateway", "budget_s": 15, "load": "operators"}),
        *well("after", 15),
        HIT,
        ("recovery.of_all_hit", {"fault_id": "f1", "budgets": {"gateway": 11, "manager": 30, "kafka": 12},
                                 "load": "operators"}),
        *well("after", 30),
        HIT,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("effective", "after_s", "held_s"),
    [
        (({"t": 90.0}, {"t": 80.0}), 1.0, 90.0 + 9.0 + 8.0 - 100.0),
        (({"t": 90.0}, {"t": 80.0}), 7.5, 7.5),
        ((), 1.0, 9.0 + 8.0),
    ],
)
def test_a_load_flows_before_the_fault_and_until_its_effects_can_be_seen_to_be_over(
    monkeypatch: pytest.MonkeyPatch, effective: tuple[Any, ...], after_s: float, held_s: float
) -> None:
    did: list[Any] = []

    class Traffic:
        """A load that is steady at once."""

        name = "operators-1"

        def wait_until_steady(self, within_s: float, *, hold_for_s: float) -> None:
            did.append(("steady", within_s, hold_for_s))

    @contextmanager
    def load(name: str, rate_per_s: float) -> Iterator[Traffic]:
        did.append(("load", name, rate_per_s))
        yield Traffic()
        did.append("load ends")

    def experiment(name: str) -> Any:
        did.append(("experiment", name))
        return SimpleNamespace(fault_id="f1", folder="toy-1", effective=effective)

    monkeypatch.setattr(under_load, "time", SimpleNamespace(monotonic_ns=lambda: 107_000_000_000))
    stack: Any = SimpleNamespace(
        effort=SimpleNamespace(after_s=after_s), try_wait=Stack.try_wait, timeline=SimpleNamespace(start_ns=7 * 10**9)
    )
    broken = [
        break_under_load(
            stack, cast(Any, load), cast(Any, experiment), name="toy", under=under, rate_per_s=5, settles_in_s=9.0
        )
        for under in ("operators", "viewers")
    ]
    assert broken == [
        Broken("f1", "toy-1", "operators-1", ("writes", "reads", "keys")), Broken("f1", "toy-1", "operators-1", ()),
    ]  # fmt: skip
    assert did[:5] == [
        ("load", "operators", 5), ("steady", 15.0, 6.0), ("experiment", "toy"), ("steady", 30.0, held_s), "load ends",
    ]  # fmt: skip
    assert did[5:] == [("load", "viewers", 5), *did[1:5]]
