"""Whether everything is as it was, and whether every role has what it promises: hand-made states, one rule each."""

from __future__ import annotations

import copy
import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.cluster.ready import RoleState, hopeless, reasons, role_state, role_states
from fixtures.cluster.state import _is_unhealthy, above_floor, diff, open_entries, read_snapshot, settling
from fixtures.ledger import Entry, Ledger
from fixtures.stack.map import load_stack_map

MAP = load_stack_map()
STATE: dict[str, Any] = {
    "nodes": {
        "w1": {
            "ready": True,
            "unschedulable": False,
            "taints": [],
            "labels": {"zone": "a"},
            "annotations": {},
            "finalizers": [],
            "owners": [],
            "leaving": False,
        }
    },
    "containers": {"w1": "running"},
    "inside": {"w1": {"qdisc": [], "iptables rule": ["-A F"], "sysctl": {"net.core": "1"}, "stopped process": []}},
    "topics": {"selection_input": "1 partitions, 3 replicas"},
    "groups": {"worker": ""},
    "behind": [],
    "kafka": "",
    "workloads": {
        "acd/deployment/gateway": {"spec": "g", "ready": 2, "desired": 2, "owned": None},
        "acd/deployment/acd-manager": {"spec": "m", "ready": 2, "desired": 2, "owned": [2, 5]},
    },
    "objects": {"service": {"acd/gateway": "s"}, "configmap": {"acd/plant-1": "c"}, "namespace": {"acd": "n"}},
    "endpoints": {"acd/gateway": {"endpoints": 2, "pods": 2, "stray": 0}},
    "not_ready": [],
    "of_runs": [],
    "ledger": [],
}


def changed(change: Callable[[dict[str, Any]], object]) -> list[str]:
    after = copy.deepcopy(STATE)
    change(after)
    return diff(STATE, after)


def test_the_same_is_no_difference() -> None:
    assert changed(lambda s: None) == []


def test_what_the_autoscaler_may_do_is_no_difference() -> None:
    assert changed(lambda s: s["workloads"]["acd/deployment/acd-manager"].update(ready=4, desired=4)) == []


MANAGER = "acd/deployment/acd-manager"
GATEWAY = "acd/deployment/gateway"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda s: s["nodes"].clear(), "node w1: gone"),
        (lambda s: s["nodes"].update(w2={}), "node w2: not there before"),
        (lambda s: s["nodes"]["w1"].update(ready=False), "node w1: not Ready"),
        (lambda s: s["nodes"]["w1"].update(annotations={"x": "y"}), 'node w1: annotations {} -> {"x": "y"}'),
        (lambda s: s["nodes"]["w1"].update(unschedulable=True), "node w1: unschedulable false -> true"),
        (lambda s: s["nodes"]["w1"].update(taints=["x=:NoExecute"]), 'node w1: taints [] -> ["x=:NoExecute"]'),
        (lambda s: s["nodes"]["w1"].update(labels={}), 'node w1: labels {"zone": "a"} -> {}'),
        (lambda s: s["containers"].update(w1="paused"), "node container w1: running -> paused"),
        (lambda s: s["containers"].clear(), "node container w1: gone"),
        (lambda s: s["objects"]["namespace"].update(left="n"), "namespace left: not there before"),
        (lambda s: s["objects"].update(clusterrole={"left": "r"}), "clusterrole left: not there before"),
        (lambda s: s["objects"].pop("namespace"), "namespace acd: gone"),
        (lambda s: s["objects"].update(pod={"acd/bare": "p"}), "pod acd/bare: not there before"),
        (lambda s: s["inside"]["w1"]["qdisc"].append("netem"), "node w1: qdisc not there before: netem"),
        (lambda s: s["inside"]["w1"]["iptables rule"].clear(), "node w1: iptables rule gone: -A F"),
        (lambda s: s["inside"]["w1"]["sysctl"].update({"net.core": "2"}), "node w1: sysctl net.core changed"),
        (
            lambda s: s["inside"]["w1"]["stopped process"].append("nginx"),
            "node w1: stopped process not there before: nginx",
        ),
        (
            lambda s: s["inside"].update(w1={"asked": "docker exec failed"}),
            "node w1: nobody could look inside now: docker exec failed",
        ),
        (lambda s: s["topics"].clear(), "Kafka topic selection_input: gone"),
        (
            lambda s: s["topics"].update(selection_input="2 partitions, 3 replicas"),
            "Kafka topic selection_input: 1 partitions, 3 replicas -> 2 partitions, 3 replicas",
        ),
        (
            lambda s: s["behind"].append("selection_input/0: 2 of 3 replicas in sync"),
            "Kafka topic selection_input/0: 2 of 3 replicas in sync",
        ),
        (lambda s: s["groups"].update(left=""), "Kafka group left: not there before"),
        (lambda s: s.update(topics=None, groups=None, kafka="no broker answers"), "Kafka: no broker answers"),
        (lambda s: s["workloads"].pop(GATEWAY), f"workload {GATEWAY}: gone"),
        (lambda s: s["workloads"][GATEWAY].update(spec="other"), f"workload {GATEWAY}: spec g -> other"),
        (lambda s: s["workloads"][GATEWAY].update(ready=3, desired=3), f"workload {GATEWAY}: desired 2 -> 3"),
        (lambda s: s["workloads"][GATEWAY].update(ready=1), f"workload {GATEWAY}: 1 of 2 replicas Ready"),
        (lambda s: s["workloads"][MANAGER].update(ready=2, desired=3), f"workload {MANAGER}: 2 of 3 replicas Ready"),
        (
            lambda s: s["workloads"][MANAGER].update(ready=6, desired=6),
            f"workload {MANAGER}: 6 replicas, its autoscaler may have [2, 5]",
        ),
        (lambda s: s["workloads"][MANAGER].update(spec="other"), f"workload {MANAGER}: spec m -> other"),
        (lambda s: s["objects"]["service"].update({"acd/gateway": "t"}), "service acd/gateway: changed"),
        (lambda s: s["objects"]["configmap"].clear(), "configmap acd/plant-1: gone"),
        (
            lambda s: s["objects"].update(networkpolicy={"acd/cut": "n"}),
            "networkpolicy acd/cut: not there before",
        ),
        (
            lambda s: s["endpoints"]["acd/gateway"].update(endpoints=1),
            "service acd/gateway: 1 ready endpoints for 2 Ready pods",
        ),
        (
            lambda s: s["endpoints"]["acd/gateway"].update(stray=1),
            "service acd/gateway: 1 endpoints lead to no Ready pod",
        ),
        (lambda s: s["not_ready"].append("acd/x"), "pod acd/x: not Ready"),
        (lambda s: s["of_runs"].append("pod acd/x"), "pod acd/x: left over from a run"),
        (lambda s: s["ledger"].append("f1"), "ledger: f1 is not undone"),
    ],
)
def test_each_thing_a_fault_may_leave_is_told_in_one_line(
    change: Callable[[dict[str, Any]], object], line: str
) -> None:
    assert changed(change) == [line]


def test_what_a_sabotage_keeps_from_being_whole_is_not_held_against_the_test_under_it() -> None:
    """A floor of one leaves one replica where the map says two to five: before the test, and after it."""
    before = copy.deepcopy(STATE)
    before["workloads"][MANAGER].update(ready=1, desired=1)
    said = f"workload {MANAGER}: 1 replicas, its autoscaler may have [2, 5]"
    assert diff(before, before) == [said], "without a sabotage, a stack that was not whole is told"
    before["sabotage"] = "hpa-floor-of-one"
    assert diff(before, before) == []
    after = copy.deepcopy(before)
    after["workloads"][GATEWAY].update(ready=1)
    assert diff(before, after) == [f"workload {GATEWAY}: 1 of 2 replicas Ready"]
    assert diff(STATE, before) == [said], "what came up in between is told"


def test_a_state_survives_its_file() -> None:
    assert diff(json.loads(json.dumps(STATE)), STATE) == []


def pod(*, ready: bool = False, phase: str = "Running", ends_in_s: float | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": "x", "namespace": "acd"}
    if ends_in_s is not None:
        at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=ends_in_s)
        metadata["deletionTimestamp"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"metadata": metadata, "status": {"phase": phase, "conditions": [{"type": "Ready", "status": str(ready)}]}}


def test_a_pod_on_its_orderly_way_out_is_not_unhealthy_but_a_stuck_one_is() -> None:
    assert not _is_unhealthy(pod(ready=True))
    assert not _is_unhealthy(pod(phase="Succeeded"))
    assert not _is_unhealthy(pod(ends_in_s=20))
    assert _is_unhealthy(pod())
    assert _is_unhealthy(pod(ends_in_s=-60))


def test_the_state_reads_the_ledger_as_its_writer_does(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert open_entries(tmp_path) == []
    for name in ("a", "b"):
        ledger.open(Entry(name, {}, []))
    ledger.done("a")
    with ledger.path.open("a") as file:
        file.write('{"id": "c", "st')
    assert open_entries(tmp_path) == ["b"]
    ledger.path.write_text("rubbish\n")
    assert "ledger.jsonl:1 cannot be read" in open_entries(tmp_path)[0]


def test_a_sabotage_that_is_meant_to_stand_is_no_left_over(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.open(Entry("s", {"module": "m", "type": "Planted", "args": {"sabotage": "no-probes"}}, []))
    ledger.open(Entry("f", {"module": "m", "type": "KillPod", "args": {}}, []))
    assert open_entries(tmp_path, sabotage="no-probes") == ["f"]
    assert open_entries(tmp_path, sabotage="another") == open_entries(tmp_path) == ["s", "f"]


def test_what_an_autoscaler_holds_above_its_floor_is_no_difference_and_not_at_rest() -> None:
    after = copy.deepcopy(STATE)
    assert above_floor(after) == []
    after["workloads"][MANAGER].update(ready=3, desired=3)
    assert diff(STATE, after) == []
    assert above_floor(after) == [f"workload {MANAGER}: 3 replicas, 2 at rest"]


def test_what_controllers_are_at_work_on_is_told_from_what_stays() -> None:
    after = copy.deepcopy(STATE)
    after["objects"]["service"].clear()
    after["ledger"].append("f1")
    assert settling(after) == []
    after["workloads"][GATEWAY].update(ready=1)
    after["nodes"]["w1"].update(ready=False)
    assert settling(after) == ["node w1: not Ready", f"workload {GATEWAY}: 1 of 2 replicas Ready"]


def test_a_snapshot_that_says_less_is_none(tmp_path: Path) -> None:
    file = tmp_path / "snapshot.json"
    assert read_snapshot(file) is None
    for text in ("{", '{"nodes": {}}', '{"version": 2}'):
        file.write_text(text)
        assert read_snapshot(file) is None
    file.write_text('{"version": 3}')
    assert read_snapshot(file) == {"version": 3}


def workload(kind: str = "Deployment", *, asks: int = 2, generation: int = 1, **status: Any) -> dict[str, Any]:
    whole = {"observedGeneration": 1, "replicas": 2, "readyReplicas": 2, "updatedReplicas": 2}
    return {
        "kind": kind,
        "metadata": {"name": "gateway", "namespace": "acd", "generation": generation},
        "spec": {"replicas": asks},
        "status": whole | status,
    }


def test_a_role_is_settled_only_when_all_of_it_is_new_ready_and_as_many_as_promised() -> None:
    gateway = MAP.role("gateway")
    assert role_state(gateway, workload()) == RoleState(2, 2, True)
    for unsettled in (
        workload(generation=2),
        workload(readyReplicas=1),
        workload(updatedReplicas=1),
        workload(replicas=3),
        workload(asks=3, replicas=3, readyReplicas=3, updatedReplicas=3),
        None,
    ):
        assert not role_state(gateway, unsettled).is_settled


def test_a_scaled_role_may_be_anywhere_between_floor_and_ceiling() -> None:
    manager = MAP.role("manager")

    def of(count: int) -> dict[str, Any]:
        return workload(asks=count, replicas=count, readyReplicas=count, updatedReplicas=count)

    assert [role_state(manager, of(count)).is_settled for count in (1, 2, 5, 6)] == [False, True, True, False]


def test_a_stateful_set_without_a_roll_out_in_progress_needs_no_updated_replicas() -> None:
    status = {"updatedReplicas": 0, "currentRevision": "r1", "updateRevision": "r1"}
    kafka = MAP.role("kafka").model_copy(update={"replicas": 2})
    assert role_state(kafka, workload("StatefulSet", **status)).is_settled
    assert not role_state(kafka, workload("StatefulSet", **{**status, "updateRevision": "r2"})).is_settled


def test_every_role_of_the_map_has_a_state() -> None:
    states = role_states(MAP, [workload()])
    assert set(states) == set(MAP.roles)
    assert [name for name, state in states.items() if state.is_settled] == ["gateway"]


def crashed(reason: str, restarts: int = 0) -> dict[str, Any]:
    waiting = {"waiting": {"reason": reason, "message": "back-off"}}
    ended = {"terminated": {"reason": "Error", "exitCode": 1}}
    status = {"name": "gateway", "restartCount": restarts, "state": waiting, "lastState": ended}
    metadata = {"name": "gateway-x", "namespace": "acd", "labels": MAP.role("gateway").selector}
    return {"metadata": metadata, "status": {"containerStatuses": [status]}}


def test_what_cannot_come_up_is_told_at_once_and_a_few_crashes_are_not() -> None:
    assert "gateway-x: ErrImageNeverPull" in str(hopeless(MAP, [crashed("ErrImageNeverPull")]))
    assert hopeless(MAP, [crashed("CrashLoopBackOff", restarts=2)]) is None
    assert "CrashLoopBackOff" in str(hopeless(MAP, [crashed("CrashLoopBackOff", restarts=4)]))
    assert hopeless(MAP, [crashed("ContainerCreating")]) is None


def test_the_reasons_name_state_and_exit_code() -> None:
    told = reasons(crashed("CrashLoopBackOff"))
    assert told == [
        "container gateway waiting: CrashLoopBackOff back-off",
        "container gateway terminated: Error exit 1",
    ]


def test_a_role_that_is_waited_for_says_so_in_words() -> None:
    assert str(RoleState(1, 3, False)) == "1 of 3 Ready"
    assert str(RoleState(3, 2, False)) == "3 Ready, 2 wanted"
    assert str(RoleState(2, 2, False)) == "2 of 2 Ready, still changing"
    assert str(RoleState(2, 2, True)) == "2 of 2 Ready"
