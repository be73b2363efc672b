"""A watcher over informers that a test moves by hand: the whole timeline it writes, and how late its news are."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from fixtures.kubernetes.lag import REMEMBERED_NS, UNKNOWN_NS, Lag
from fixtures.kubernetes.watcher import Watcher, dated, role_of
from fixtures.stack.map import StackMap

Item = dict[str, Any]
SCALING = {"hpa": "scales-web", "min": 2, "max": 5, "target_percent": 60, "stabilisation_s": 60, "metrics_s": 1,
           "sync_s": 1, "start_s": 1}  # fmt: skip
ABOUT = {"replicas": 2, "recovery_s": 30}
STACK = StackMap.model_validate({"roles": {
    "db": {"name": "db", "kind": "StatefulSet", "workload": "base", "namespace": "acd",
           "selector": {"app": "db"}} | ABOUT,
    "web": {"name": "web", "kind": "Deployment", "workload": "web-1", "namespace": "acd", "service": "front",
            "selector": {"app": "web", "tier": "1"}, "scaling": SCALING} | ABOUT,
    "far": {"name": "far", "kind": "Deployment", "workload": "web-1", "namespace": "cdn", "service": "front",
            "selector": {"app": "web"}} | ABOUT,
}})  # fmt: skip
SECOND = 1_000_000_000
KINDS = ["nodes", "deployments", "statefulsets", "horizontalpodautoscalers", "pods", "endpointslices"]


class Hand:
    """An informer that a test moves."""

    def __init__(self, name: str, trace: list[str]) -> None:
        self.name, self.trace, self.last_contact_ns = name, trace, 0
        self.listeners: list[Any] = []
        self.contacts: list[Any] = []
        self.items: list[Item] = []
        self.refuses, self.error = False, tuple[object, ...]()

    def listen(self, listener: Any) -> None:
        self.listeners.append(listener)

    def listen_contact(self, listener: Any) -> None:
        self.contacts.append(listener)

    def objects(self) -> list[Item]:
        return self.items

    def __enter__(self) -> Hand:
        if self.refuses:
            raise OSError("away")
        self.trace.append(f"enter {self.name} {len(self.listeners)} {len(self.contacts)}")
        return self

    def __exit__(self, *error: object) -> None:
        self.trace.append(f"exit {self.name} {error[0]}")
        self.error = error

    def tell(self, change: str, item: Item, now: int) -> None:
        (listener,) = self.listeners
        listener(change, item, now)


class Stage:
    """A cluster of such informers, and the timeline that is written."""

    def __init__(self) -> None:
        self.trace: list[str] = []
        self.hands: dict[str, Hand] = {}
        self.told: list[tuple[Any, ...]] = []
        self.watcher = Watcher(self, STACK, self)  # type: ignore[arg-type]

    def informer(self, kind: str, namespace: str | None = None) -> Hand:
        assert namespace == ("kube-node-lease" if kind == "leases" else None)
        self.hands[kind] = Hand(kind, self.trace)
        return self.hands[kind]

    def event(self, source: str, kind: str, subject: str, *, at_ns: int, err_s: float, **more: Any) -> None:
        assert source == "watch"
        self.told.append((kind, subject, at_ns, err_s, more))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def pod(uid: str = "u", *, ready: bool = False, **labels: str) -> Item:
    about = {"name": "web-1", "namespace": "acd", "uid": uid, "labels": labels or {"app": "web", "tier": "1"}}
    status = {"conditions": [{"type": "Ready", "status": str(ready)}]}
    return {"kind": "Pod", "metadata": about, "spec": {"nodeName": "w1"}, "status": status}


def test_it_enters_each_informer_with_its_listeners_and_leaves_them_backwards(stage: Stage) -> None:
    with stage.watcher as watcher:
        assert watcher is stage.watcher
        entered = ["enter leases 1 0", *(f"enter {kind} 1 1" for kind in KINDS)]
        assert stage.trace == entered
        hands = [watcher.nodes, watcher.deployments, watcher.statefulsets, watcher.hpas, watcher.pods,
                 watcher.endpointslices]  # fmt: skip
        assert hands == [stage.hands[kind] for kind in KINDS]
    assert stage.trace[len(entered) :] == [f"exit {kind} None" for kind in (*reversed(KINDS), "leases")]


def test_it_leaves_those_that_it_entered_when_another_cannot_begin(stage: Stage) -> None:
    stage.hands["statefulsets"].refuses = True
    with pytest.raises(OSError, match="away"), stage.watcher:
        pass
    assert [line for line in stage.trace if line.startswith("exit")] == [
        f"exit {kind} <class 'OSError'>" for kind in ("deployments", "nodes", "leases")
    ]


def test_an_error_of_the_block_is_told_to_the_informers(stage: Stage) -> None:
    with pytest.raises(KeyError) as raised, stage.watcher:
        raise KeyError
    assert {(hand.error[1], hand.error[2] is not None) for hand in stage.hands.values()} == {(raised.value, True)}
    assert stage.trace[7:] == [f"exit {kind} <class 'KeyError'>" for kind in (*reversed(KINDS), "leases")]


def test_the_first_look_is_initial_and_what_comes_later_is_dated_within_what_news_are_late_by(stage: Stage) -> None:
    late: list[int] = []
    stage.watcher.lag.bound_ns = lambda now: late.append(now) or 4  # type: ignore[method-assign,func-returns-value]
    data = {"role": "web", "node": "w1"}
    with stage.watcher as watcher:
        pods = stage.hands["pods"]
        pods.tell("ADDED", pod(), 1000)
        pods.tell("ADDED", pod("o", app="other"), 1000)
        assert late == []
        pods.last_contact_ns = 2000
        pods.tell("MODIFIED", pod(ready=True), 2000)
        pods.tell("MODIFIED", pod(ready=True), 2500)
        pods.tell("DELETED", pod(ready=True), 2 * SECOND + 1996)
        pods.tell("ADDED", pod(), 2000)
        for role, uids in (("web", ["b", "a"]), ("db", ["c"])):
            pods.items = [pod("b"), pod("c", app="db"), pod("a")]
            assert [item["metadata"]["uid"] for item in watcher.pods_of(role)] == uids
    assert stage.told == [
        ("pod.added", "acd/pod/web-1", 1000, 0.0, {"uid": "u", **data, "initial": True}),
        ("pod.scheduled", "acd/pod/web-1", 1000, 0.0, {"uid": "u", **data, "initial": True}),
        ("pod.ready", "acd/pod/web-1", 1998, 2e-9, {"uid": "u", **data}),
        ("pod.not_ready", "acd/pod/web-1", SECOND + 1996, 1.0, {"uid": "u", **data}),
        ("pod.deleted", "acd/pod/web-1", SECOND + 1996, 1.0, {"uid": "u", **data}),
        ("pod.added", "acd/pod/web-1", 1998, 2e-9, {"uid": "u", **data}),
        ("pod.scheduled", "acd/pod/web-1", 1998, 2e-9, {"uid": "u", **data}),
    ]
    assert late == [2000, 2500, 2 * SECOND + 1996, 2000]


def test_nodes_are_of_no_role_and_an_outage_is_told_by_kind(stage: Stage) -> None:
    node = {"kind": "Node", "metadata": {"name": "w1", "uid": "n"}, "spec": {}, "status": {}}
    with stage.watcher:
        nodes, hpas = stage.hands["nodes"], stage.hands["horizontalpodautoscalers"]
        nodes.tell("ADDED", node, 7)
        hpas.last_contact_ns = 10
        (contact,) = hpas.contacts
        contact(False, 2 * SECOND + 10)
        contact(True, 3 * SECOND)
        told, stage.told = stage.told, []
        for kind in KINDS:
            stage.hands[kind].contacts[0](True, 9)
    names = ["nodes", "deployments", "statefulsets", "hpas", "pods", "endpointslices"]
    assert stage.told == [("watch.resumed", name, 9, 0.0, {}) for name in names]
    assert told == [
        ("node.not_ready", "node/w1", 7, 0.0, {"uid": "n", "initial": True}),
        ("watch.lost", "hpas", SECOND + 10, 1.0, {}),
        ("watch.resumed", "hpas", 3 * SECOND, 0.0, {}),
    ]


def test_each_change_wakes_whoever_waits(stage: Stage) -> None:
    woken: list[bool] = []
    held = threading.Event()

    def waits() -> None:
        with stage.watcher.changed:
            held.set()
            woken.append(stage.watcher.changed.wait(5))

    waiters = [threading.Thread(target=waits)]
    with stage.watcher:
        waiters[0].start()
        assert held.wait(5)
        stage.hands["pods"].tell("ADDED", pod("x", app="nobody"), 1)  # takes the lock only once the other waits
        waiters[0].join(5)
    assert woken == [True]


def lease(renewed_s: float | None) -> Item:
    renewed = None if renewed_s is None else datetime.fromtimestamp(renewed_s, UTC).isoformat()
    return {"metadata": {"name": "w1"}, "spec": {} if renewed is None else {"renewTime": renewed}}


def test_only_a_renewal_that_came_by_the_watch_measures_how_late_news_are(stage: Stage) -> None:
    heard: list[tuple[Item, int]] = []
    stage.watcher.lag.heard = lambda item, now: heard.append((item, now))  # type: ignore[method-assign]
    with stage.watcher:
        leases = stage.hands["leases"]
        leases.last_contact_ns = 50
        for change, now in (("ADDED", 50), ("MODIFIED", 51), ("MODIFIED", 50), ("DELETED", 50)):
            leases.tell(change, lease(1), now)
    assert heard == [(lease(1), 50)]


def test_the_latest_of_the_last_minute_bounds_the_others_and_clocks_apart_only_widen() -> None:
    lag = Lag(wall_ns=lambda: 1000 * SECOND, monotonic_ns=lambda: 400 * SECOND)  # 600 s apart
    assert lag.bound_ns(0) == UNKNOWN_NS == 250_000_000
    lag.heard(lease(1000.0), 400 * SECOND + 7)
    assert lag.bound_ns(400 * SECOND) == 7
    lag.heard(lease(1000.5), 400 * SECOND)  # from the future
    lag.heard(lease(None), 400 * SECOND + 9)
    lag.heard({}, 400 * SECOND + 9)
    assert lag.bound_ns(460 * SECOND) == SECOND // 2
    assert lag.bound_ns(400 * SECOND + REMEMBERED_NS + 7) == SECOND // 2, "in the order in which they came"
    assert lag.bound_ns(460 * SECOND + 8) == UNKNOWN_NS


def test_a_change_is_dated_in_the_middle_of_what_is_not_known() -> None:
    assert dated(10, 13) == (11, 1.5e-9)
    assert dated(5, 5) == (5, 0.0)


def item(kind: str, name: str, namespace: str | None = "acd", **labels: str) -> Item:
    place = {"namespace": namespace} if namespace else {}
    return {"kind": kind, "metadata": {"name": name} | place | ({"labels": labels} if labels else {})}


SERVICE = {"kubernetes.io/service-name": "front"}


@pytest.mark.parametrize(
    ("found", "role"),
    [
        (pod(), "web"), (pod(app="db"), "db"), (pod(app="web"), None), (item("Pod", "web-1"), None),
        (item("Pod", "x", "cdn", app="web", tier="2"), "far"), (item("Pod", "x", "else", app="db"), None),
        (item("EndpointSlice", "x", **SERVICE), "web"), (item("EndpointSlice", "x", "cdn", **SERVICE), "far"),
        (item("EndpointSlice", "x", app="web"), None), (item("EndpointSlice", "front"), None),
        (item("HorizontalPodAutoscaler", "scales-web"), "web"), (item("HorizontalPodAutoscaler", "web-1"), None),
        (item("HorizontalPodAutoscaler", "scales-web", "cdn"), None),
        (item("Deployment", "web-1"), "web"), (item("Deployment", "web-1", "cdn"), "far"),
        (item("StatefulSet", "base"), "db"), (item("StatefulSet", "web-1"), None), (item("Deployment", "base"), None),
        (item("Node", "web-1", None), None), (item("Deployment", "web"), None),
    ],
)  # fmt: skip
def test_an_object_is_of_the_role_whose_it_is(found: Item, role: str | None) -> None:
    assert role_of(found, STACK) == role
