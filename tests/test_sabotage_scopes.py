"""What lies outside a claim is said by what was promised: of copies, of restarts, of roles that a fault did not hit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dossier_maker import Story

from reports import timeline
from reports.checkers import autoscaling, copies, recovery, restarts
from reports.claim import Claim
from reports.sabotage.scopes import outside

COPIES = Claim.of(copies.follow_the_log, load="operators", role="director", at_least=2)
RESTARTS = Claim.of(restarts.only_of_those_hit, fault_id="f1", load="operators")
HIT = Claim.of(recovery.of_all_hit, fault_id="f1", budgets={"gateway": 9.0, "manager": 11.5}, load="operators")
SCALED = Claim.of(autoscaling.scaled_up, role="manager", load="operators", within_s=45, floor=2, ceiling=5,
                  target_percent=70)  # fmt: skip
POD = {"kind": "pod.ready", "subject": "acd/pod/x", "uid": "u-x"}
WORKLOAD = {"kind": "workload.replicas", "subject": "acd/deployment/x"}
OF_VICTIM = {"kind": "container.restarted", "subject": "p", "uid": "u-ga", "data": {"role": "gateway", "node": "w1"}}
HPAS = {"kind": "watch.lost", "subject": "hpas", "data": {}}


@pytest.fixture
def seen(tmp_path: Path) -> timeline.Timeline:
    """A load from 10 to 40 s; a worker with a gateway pod on it dies at 20 s; the test ends at 45 s."""
    story = Story(tmp_path)
    story.pod("gateway-a", "u-ga", "gateway", t=0.1, node="w1")
    story.pod("manager-a", "u-ma", "manager", t=0.1, node="w2")
    story.pod("director-a", "u-da", "director", t=0.1, node="w2")
    story.pod("director-old", "u-do", "director", t=0.1, node="w2")
    story.gone("director-old", "u-do", "director", 5.0, "w2")
    story.pod("gateway-old", "u-go", "gateway", t=0.1, node="w2")
    story.gone("gateway-old", "u-go", "gateway", 5.0, "w2")
    for t, spec in ((0.1, 3), (0.2, 2)):
        story.event("watch", "workload.replicas", "acd/deployment/gateway", t, uid="u-w", role="gateway", spec=spec,
                    ready=2)  # fmt: skip
    story.load("operators", start=10, seconds=30)
    story.fault("f1", t=20, victim=("w1", "u-w1"), kind="Node")
    story.watch("pod.not_ready", "manager-a", 29.0, "u-ma", "manager", "w2")
    story.watch("pod.ready", "manager-a", 30.0, "u-ma", "manager", "w2")
    story.event("harness", "test.finished", "t", 45.0)
    story.write()
    return timeline.read(tmp_path)


@pytest.mark.parametrize(
    ("claim", "entry", "why"),
    [
        (COPIES, POD | {"t": 20.0, "data": {"role": "director"}}, ""),
        (COPIES, POD | {"t": 20.0, "data": {"role": "gateway"}}, "of no pod of the role"),
        (COPIES, POD | {"t": 46.0, "data": {"role": "director"}}, "after the end of the test"),
        (COPIES, POD | {"t": 4.0, "uid": "u-do", "data": {"role": "director"}}, "of a pod that was deleted before"),
        (COPIES, {"kind": "load.finished", "subject": "operators", "t": 40.0, "data": {}}, ""),
        (COPIES, {"kind": "load.finished", "subject": "viewers", "t": 40.0, "data": {}}, "of another load"),
        (COPIES, {"kind": "test.finished", "subject": "t", "t": 45.0, "data": {}}, ""),
        (COPIES, {"kind": "test.finished", "subject": "t2", "t": 90.0, "data": {}}, "not the end of its test"),
        (COPIES, {"kind": "watch.lost", "subject": "pods", "t": 39.0, "data": {}}, ""),
        (COPIES, {"kind": "watch.lost", "subject": "pods", "t": 41.0, "data": {}}, "of a watch of no pods, or after"),
        (
            RESTARTS,
            {"kind": "fault.healed", "subject": "e", "t": 28.0, "data": {"fault_id": "f1"}},
            "told after it was",
        ),
        (RESTARTS, {"kind": "fault.injecting", "subject": "e", "t": 20.0, "data": {"fault_id": "f1"}}, ""),
        (RESTARTS, POD | {"t": 0.1, "uid": "u-ma", "data": {"role": "manager"}}, "that a pod was seen, beside others"),
        (RESTARTS, {"kind": "container.restarted", "subject": "p", "t": 15.0, "data": {"role": "director"}}, ""),
        (RESTARTS, {"kind": "container.restarted", "subject": "p", "t": 15.0, "data": {}}, "of no container of a role"),
        (HIT, WORKLOAD | {"t": 15.0, "data": {"role": "manager"}}, "of a role that the fault did not hit"),
        (HIT, WORKLOAD | {"t": 15.0, "data": {"role": "gateway"}}, ""),
        (
            HIT,
            WORKLOAD | {"t": 0.1, "uid": "u-w", "data": {"role": "gateway"}},
            "overtaken by what was asked",
        ),
        (HIT, WORKLOAD | {"t": 0.2, "uid": "u-w", "data": {"role": "gateway"}}, ""),
        (RESTARTS, {"kind": "load.steady", "subject": "operators", "t": 12.0, "data": {}}, "how steady the load was"),
        (RESTARTS, OF_VICTIM | {"t": 25.0}, "of a container that the fault hit"),
        (RESTARTS, OF_VICTIM | {"t": 15.0}, ""),
        (HIT, POD | {"kind": "pod.deleted", "t": 5.9, "uid": "u-go", "data": {"role": "gateway"}}, "on its way out"),
        (HIT, POD | {"kind": "pod.deleted", "t": 5.9, "uid": "u-ga", "data": {"role": "gateway"}}, ""),
        (SCALED, HPAS | {"t": 44.0}, "of a watch that blinked"),
        (SCALED, HPAS | {"t": 42.9}, ""),
    ],
)
def test_an_event_is_outside_a_claim_by_what_the_claim_promises(
    seen: timeline.Timeline, claim: Claim, entry: dict[str, Any], why: str
) -> None:
    found = outside(claim, entry, seen)
    assert (why in found, bool(found)) == (True, bool(why))
