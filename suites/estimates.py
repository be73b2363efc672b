"""What formulas take for given and nothing configures (how long placing and starting takes), beside what runs measured.

Taken from the timeline of each test that breaks something for a promise with a budget: pods that were made meanwhile,
from made to placed, and from placed to Ready; and from the phases that its claims stated.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fixtures.stack.formula import value_of
from fixtures.stack.map import Role, StackMap
from reports import timeline as timelines
from reports.run import TestRecord

PROBES = ("startup_period_s", "initial_delay_s", "readiness_period_s")
Seen = tuple[str, float]
"""Name of an estimate, and the seconds that one pod or one recovery took at most."""


def allowed(stack: StackMap) -> dict[str, tuple[str, float]]:
    """Formula and seconds of each estimate, as budgets add them up."""
    found = {}
    for role in stack.roles.values():
        if "start_s" in role.timing:
            placed, started = f"{role.name} placed", f"{role.name} started"
            found[placed] = "place_s", role.timing["place_s"]
            found[started] = _of_start(role)
    facts = {
        "endpoint of a dead pod gone": "endpoints_s",
        "lost node noticed": "node_grace_s + 2 * node_monitor_s",
        "pods of a lost node made anew": "node_monitor_s + taint_s + eviction_s",  # tainted one look after NotReady
    }
    return found | {name: (formula, value_of(formula, stack.facts)) for name, formula in facts.items()}


def _of_start(role: Role) -> tuple[str, float]:
    formula = " + ".join(["start_s", *(fact for fact in PROBES if fact in role.timing)])
    return formula, value_of(formula, role.timing)


def seen(folder: Path, record: TestRecord, promise_id: str) -> Iterator[Seen]:
    """What one test of one dossier measured.

    Raises:
        TimelineError: the dossier's timeline cannot be read.
    """
    timeline = timelines.read(folder)
    began = timeline.query("test.started", subject=record.id)
    ended = timeline.query("test.finished", subject=record.id)
    if not began or not ended:
        return
    made = {event.uid: event for event in timeline.query("pod.added", since=began[0].t, until=ended[0].t)}
    placed = {event.uid: event for event in timeline.query("pod.scheduled") if event.uid in made}
    ready = {event.uid: event for event in reversed(timeline.query("pod.ready")) if event.uid in placed}
    for uid, event in placed.items():
        yield f"{event.role} placed", event.t + event.err - made[uid].t
        if uid in ready:
            yield f"{event.role} started", ready[uid].t + ready[uid].err - event.t
    for entry in record.recovery:
        phases = entry["phases"]
        if promise_id.endswith("pod-kill") and "endpoint_removed" in phases:
            yield "endpoint of a dead pod gone", phases["endpoint_removed"][1]
        if promise_id.endswith("node-kill") and "detected" in phases:
            yield "lost node noticed", phases["detected"][1]
            if "rescheduled" in phases:
                yield "pods of a lost node made anew", max(0.0, phases["rescheduled"][1] - phases["detected"][0])
