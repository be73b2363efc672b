"""Breaking the stack while load flows, and the claims that every recovery test makes about it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from reports.checkers import availability, certificate, progress, recovery, restarts
from reports.checkers.enough_writes import WRITES
from suites.plugin.types import Experiment, LoadFactory, Promise, Stack

OPERATIONS = {
    "writes": list(WRITES),
    "reads": ["GET selection_input"],
    "keys": ["POST datastore", "GET datastore", "PUT datastore", "DELETE datastore"],
}
"""What operators do, by what must work for it: the log; the applied state; the Data Store."""

ENOUGH = {"writes": 10, "reads": 3, "keys": 3}
"""Requests of a kind in a part of the load, below which nothing can be said of it."""

BEFORE_S = 6.0
"""Seconds of load before the fault: a whole window of 5 s."""

SETTLED_S = 8.0
"""Seconds of load when all had to be settled: a whole window of 5 s, and what the end of a load cuts off."""

QUICK_S, IN_TIME_S = 1.0, 5.0
"""Seconds from its planned start after which an answer is not quick, and after which it is none at all."""

WELL, KIND_WELL = 0.98, 0.88
"""Of all requests, and of each kind of operation: of the nine or ten in 5 s at the lowest rate, one may be lost."""

STEADY_WITHIN_S = 15.0
"""A load reaches its planned rate in a few seconds."""

AGAIN_WITHIN_S = 30.0
"""More than twice what any role has to recover: long enough to see how late it is, or that it does not come back."""


@dataclass(frozen=True)
class Broken:
    """One fault under one load, as evidence.

    Args:
        fault_id: the fault on the timeline.
        folder: the experiment's folder in the dossier.
        load: the load's name in the dossier.
        kinds: the kinds of its requests that must be well each for itself; a kind that fails hides in a share of all.
    """

    fault_id: str
    folder: str
    load: str
    kinds: tuple[str, ...] = ()

    def is_proven(self, promise: Promise) -> None:
        """Claim that the fault took effect and was healed, each with its own evidence."""
        promise.claim(certificate.experiment_completed, experiment=self.folder)
        promise.claim(certificate.proven, fault_id=self.fault_id)

    def was_well_before(self, promise: Promise) -> None:
        """Claim that the stack did not limp already: in every 5 s before the fault, 98 % had an answer within 1 s.

        Of each kind of operation 88 %.
        """
        self._is_well(promise, part="before")

    def keeps_serving(
        self, promise: Promise, *, at_least: float, window_s: float, min_requests: int,
        names: list[str] | None = None, deadline_s: float = IN_TIME_S, may_stall: bool = False,
    ) -> None:  # fmt: skip
        """Claim the share of planned requests answered in every window of the load, before the fault and after it too.

        Args:
            promise: what is claimed.
            at_least: the share.
            window_s: seconds.
            min_requests: requests from the fault's beginning to the load's end, below which nothing can be said; and
                good answers to all names during the fault that are progress.
            names: only requests of these names; one good answer of them during the fault is progress.
            deadline_s: seconds from its planned start after which an answer comes too late.
            may_stall: an election may outlast the fault; answers after it count when they are in time.
        """
        # of one kind few fall by chance into a fault of three seconds; how many of them are well, windows tell
        promise.claim(
            progress.during_fault, load=self.load, fault_id=self.fault_id, at_least=1 if names else min_requests,
            names=names, even_later=may_stall,
        )  # fmt: skip
        promise.claim(
            availability.in_windows, load=self.load, fault_id=self.fault_id, at_least=at_least, window_s=window_s,
            names=names, min_requests=min_requests, deadline_s=deadline_s,
        )  # fmt: skip

    def recovers(self, promise: Promise, role: str, *, budget_s: float) -> None:
        """Claim that a role is whole again within its budget, counted from the fault's effect, and serves as before."""
        promise.claim(recovery.within, fault_id=self.fault_id, role=role, budget_s=budget_s, load=self.load)
        self._is_well_again(promise, settled_s=budget_s)

    def all_hit_recover(self, promise: Promise, budgets: dict[str, float]) -> None:
        """Claim that each of these roles that the fault hit, at least one, is whole again within its budget.

        When all their time is over, they serve as before.
        """
        promise.claim(recovery.of_all_hit, fault_id=self.fault_id, budgets=budgets, load=self.load)
        self._is_well_again(promise, settled_s=max(budgets.values()))

    def _is_well_again(self, promise: Promise, *, settled_s: float) -> None:
        """Claim that the stack limps no more: as before the fault, in every 5 s from when it had to be settled.

        Served within the deadline of a fault is not served as before it, and each kind of operation is as before. A
        container that dies now and then by itself is nothing that users notice while its like stand in for it, so that
        none does is claimed as well.

        Args:
            promise: what is claimed.
            settled_s: seconds from the fault's effect that what it hit was promised to need.
        """
        self._is_well(promise, part="after", settled_s=settled_s)
        promise.claim(restarts.only_of_those_hit, fault_id=self.fault_id, load=self.load)

    def _is_well(self, promise: Promise, *, part: Literal["before", "after"], settled_s: float = 0.0) -> None:
        """Claim in every 5 s of a part of the load what a sound stack does, of all requests and of each kind."""
        of_all: tuple[float, int, list[str] | None] = WELL, 20, None
        for at_least, enough, names in (of_all, *((KIND_WELL, ENOUGH[kind], OPERATIONS[kind]) for kind in self.kinds)):
            promise.claim(
                availability.in_windows, load=self.load, fault_id=self.fault_id, at_least=at_least, window_s=5,
                deadline_s=QUICK_S, min_requests=enough, part=part, settled_s=settled_s, names=names,
            )  # fmt: skip


def break_under_load(
    stack: Stack, load: LoadFactory, experiment: Experiment, *, name: str, under: str, rate_per_s: float,
    settles_in_s: float,
) -> Broken:  # fmt: skip
    """Run an experiment while a load flows, and go on loading until its effects can be seen to be over.

    A fault that is healed soon leaves as much of what was promised to come after it as one that is healed late.

    Args:
        stack: what is broken.
        load: starts loads.
        experiment: runs experiments.
        name: the experiment.
        under: the load.
        rate_per_s: planned requests per second.
        settles_in_s: seconds from the fault's effect that what it hits is promised to need; then a window is judged.
    """
    with load(under, rate_per_s) as traffic:
        # a stack that never serves what was planned has failed, and its claims must say so: no reason to stop here
        stack.try_wait(lambda: traffic.wait_until_steady(STEADY_WITHIN_S, hold_for_s=BEFORE_S))
        fault = experiment(name)
        now_s = (time.monotonic_ns() - stack.timeline.start_ns) / 1e9
        settled_s = max((proof["t"] for proof in fault.effective), default=now_s) + settles_in_s
        hold_s = max(stack.effort.after_s, settled_s + SETTLED_S - now_s)
        stack.try_wait(lambda: traffic.wait_until_steady(AGAIN_WITHIN_S, hold_for_s=hold_s))
    return Broken(fault.fault_id, fault.folder, traffic.name, tuple(OPERATIONS) if under == "operators" else ())
