"""Events outside a claim where times and names are close: an earlier test, a later pod, a kind of three words."""

from __future__ import annotations

from typing import Any

import pytest
from test_sabotage_outside_whole import COPIES, RESTARTS, SEEN_BESIDE, UP, VICTIMS, entry, replicas

from reports.claim import Claim
from reports.event import Event
from reports.sabotage.scopes import outside
from reports.timeline import Timeline


def told(t: float, kind: str, subject: str, uid: str | None = None, **data: Any) -> Event:
    return Event(t, 0.0, "watch", kind, subject, uid, data)


SEEN = Timeline(
    (
        told(0.1, "pod.ready", "acd/pod/web-a", "u-wa", role="web", node="w2"),
        told(0.1, "pod.ready", "acd/pod/db-a", "u-da", role="db", node="w2"),
        told(0.1, "pod.ready", "acd/pod/cache-a", "u-ca", role="cache", node="w1"),
        replicas(0.2, "w-web", "web"),
        told(1.0, "test.started", "earlier"), told(2.0, "load.started", "viewers"),
        told(4.0, "load.finished", "viewers"), told(5.0, "test.finished", "earlier"),
        told(8.0, "test.started", "t"), told(10.0, "load.started", "ops"),
        told(15.0, "fault.planned", "zone-1", fault_id="f1", fault="KillNode", victims=VICTIMS),
        told(17.0, "pod.terminating", "acd/pod/web-old", "u-wo", role="web"),
        told(18.0, "pod.deleted", "acd/pod/web-old", "u-wo", role="web"),
        told(20.0, "pod.deleted", "acd/pod/web-at", "u-at", role="web"),
        told(20.0, "fault.injecting", "zone-1", fault_id="f1", fault="KillNode", victims=VICTIMS),
        told(30.0, "pod.deleted", "acd/pod/cache-a", "u-ca", role="cache", node="w1"),
        told(31.0, "pod.ready", "acd/pod/db-b", "u-db", role="db", node="w1"),
        replicas(32.0, "w-web", "web"),
        told(35.0, "pod.deleted", "acd/pod/web-b", "u-wb", role="web"),
        told(40.0, "load.finished", "ops"), told(42.0, "load.late", "ops"),
        told(45.0, "test.finished", "t"), told(50.0, "test.finished", "t2"),
    ),
    torn=False, start_ns=0, unix_ns=0,
)  # fmt: skip


BACK = Claim("recovery.of_all_hit", {"budgets": {"web": 9, "cache": 9, "db": 9}, "fault_id": "f1", "load": "ops"})
ROLES = Claim("conformance.roles_ready", {"roles": [{"role": "web"}], "test": "t"})
GONE_BEFORE_FAULT = "of a pod that was deleted before the fault"
NOT_HIT = "of a role that the fault did not hit"


@pytest.mark.parametrize(
    ("claim", "line", "why"),
    [
        # a fault begins when it is injected, not when it is planned
        (BACK, entry("pod.ready", 16, uid="u-wo", role="web"), GONE_BEFORE_FAULT),
        (BACK, entry("pod.deleted", 18, uid="u-wo", role="web"),
         "that a pod that was on its way out before the fault is gone"),
        (BACK, entry("pod.ready", 34, uid="u-wb", role="web"), ""),
        (BACK, entry("pod.ready", 16, uid="u-at", role="web"), ""),
        # whom it hits is told by the pods that stood then, whatever came or went afterwards
        (BACK, entry("workload.replicas", 1, uid="w", role="cache"), ""),
        (BACK, entry("workload.replicas", 1, uid="w", role="db"), NOT_HIT),
        (BACK, entry("workload.replicas", 0.2, uid="w-web", role="web"), ""),
        # the end of an earlier test is no end of this one
        (BACK, entry("pod.ready", 25, role="web"), ""),
        (BACK, entry("pod.ready", 45.1, role="web"), "after the end of the test"),
        (RESTARTS, entry("test.finished", 45, "t"), ""),
        (RESTARTS, entry("test.finished", 5, "earlier"), "not the end of its test"),
        (COPIES, entry("test.finished", 5, "earlier"), "not the end of its test"),
        (COPIES, entry("pod.ready", 6, role="web"), ""),
        (COPIES, entry("pod.ready", 45.1, role="web"), "after the end of the test"),
        (UP, entry("workload.replicas", 6, role="web"), ""),
        (UP, entry("workload.replicas", 45.1, role="web"), "after the end of the test"),
        # a load ends when it finished, whatever else was told of it afterwards
        (RESTARTS, entry("container.restarted", 41, role="web"), "after the end of the load"),
        (COPIES, entry("watch.lost", 41, "pods"), "of a watch of no pods, or afterwards"),
        # a pod that went during the test was there at its begin
        (ROLES, entry("pod.ready", 9, uid="u-wo", role="web"), ""),
    ],
)  # fmt: skip
def test_a_moment_is_that_of_the_fault_the_load_and_the_test_of_the_claim(
    claim: Claim, line: dict[str, Any], why: str
) -> None:
    assert outside(claim, line, SEEN) == why


@pytest.mark.parametrize(
    ("claim", "line", "why"),
    [
        (BACK, entry("pod.ready.again", 25, role="other"), "of another role"),
        (BACK, entry("pod.ready.again", 16, uid="u-wo", role="web"), GONE_BEFORE_FAULT),
        (RESTARTS, entry("load.user.left", 25, "viewers"), "of another load"),
        (RESTARTS, entry("container.restarted.again", 12, role="web"), ""),
        (COPIES, entry("load.user.left", 25, "viewers"), "of another load"),
        (COPIES, entry("pod.ready.again", 25, role="db"), "of no pod of the role"),
        (COPIES, entry("pod.ready.again", 25, role="web"), ""),
        (ROLES, entry("pod.ready.again", 25, role="web"), ""),
        (UP, entry("load.user.left", 25, "viewers"), "of another load"),
        (UP, entry("hpa.replicas.again", 25, role="web"), ""),
    ],
)
def test_the_family_of_a_kind_is_its_first_word(claim: Claim, line: dict[str, Any], why: str) -> None:
    assert outside(claim, line, SEEN) == why


def test_a_pod_that_was_seen_only_after_the_load_is_none_beside_which_another_was_seen() -> None:
    events = (told(40.0, "load.finished", "ops"), told(41.0, "pod.ready", "acd/pod/b", "u-b", role="web"))
    seen = Timeline((*events, told(45.0, "test.finished", "t")), torn=False, start_ns=0, unix_ns=0)
    assert outside(RESTARTS, entry("pod.ready", 9, uid="u-a", role="web"), seen) == ""
    later = (told(40.0, "pod.ready", "acd/pod/b", "u-b", role="web"), *events)
    assert outside(
        RESTARTS, entry("pod.ready", 9, uid="u-a", role="web"), Timeline(later, torn=False, start_ns=0, unix_ns=0)
    ) == SEEN_BESIDE  # fmt: skip
