"""All the lines that two looks at a stack come to, each kind of difference by itself and many at a time."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from reports.stack_state import State, above_floor, diff, settling, unhealthy


def workload(ready: int = 2, desired: int = 2, owned: list[int] | None = None, **more: Any) -> State:
    return {"ready": ready, "desired": desired, "owned": owned, "image": "web:1"} | more


def look(**more: Any) -> State:
    """A stack that is whole, with one of each kind of thing."""
    sound: State = {
        "nodes": {"w1": {"ready": True, "address": "10.0.0.2"}},
        "workloads": {"acd/web": workload()},
        "objects": {"ConfigMap": {"acd/c": "h1"}},
        "containers": {"w1": "running"},
        "topics": {"log": {"partitions": 1, "configs": {"b": 1, "a": 2}}},
        "groups": {"worker": ["log"]},
        "inside": {"w1": {"qdisc": ["noqueue"], "files": {"/etc/hosts": "h"}, "marks": 3}},
        "endpoints": {"acd/web": {"endpoints": 2, "pods": 2, "stray": 0}},
        "kafka": "", "behind": [], "not_ready": [], "of_runs": [], "ledger": [],
    }  # fmt: skip
    return copy.deepcopy(sound | more)


def test_nothing_is_told_of_two_looks_at_the_same_stack() -> None:
    assert diff(look(), look()) == []
    assert unhealthy(look()) == settling(look()) == above_floor(look()) == []


CHANGES: dict[str, tuple[State, State, list[str]]] = {
    "members gone and new": (
        {"nodes": {"b": {}, "a": {}, "c": {"x": 1}}, "workloads": {"acd/old": workload()}},
        {"nodes": {"e": {}, "c": {"x": 1}, "d": {}}, "workloads": {}},
        [
            "node a: gone", "node b: gone", "node d: not there before", "node e: not there before",
            "workload acd/old: gone",
        ],
    ),
    "fields of a node": (
        {"nodes": {"w1": {"ready": True, "address": "1", "taints": ["a"], "labels": {"b": 1, "a": None}}}},
        {"nodes": {"w1": {"ready": True, "address": "2", "taints": [], "new": 1}}},
        [
            "node w1: address 1 -> 2", 'node w1: taints ["a"] -> []',
            'node w1: labels {"a": null, "b": 1} -> null', "node w1: new null -> 1",
        ],
    ),
    "a node that is not Ready any more": (
        {}, {"nodes": {"w1": {"ready": False, "address": "10.0.0.2"}, "w0": {"ready": False}}},
        ["node w0: not there before", "node w0: not Ready", "node w1: not Ready"],
    ),
    "fields of a workload that nothing scales": (
        {"workloads": {"acd/b": workload(), "acd/a": workload()}},
        {"workloads": {"acd/b": workload(2, 3), "acd/a": workload(image="web:2")}},
        [
            "workload acd/a: image web:1 -> web:2", "workload acd/b: desired 2 -> 3",
            "workload acd/b: 2 of 3 replicas Ready",
        ],
    ),
    "a workload within what its autoscaler may have": (
        {"workloads": {"acd/web": workload(2, 2, [2, 4])}}, {"workloads": {"acd/web": workload(4, 4, [2, 4])}}, [],
    ),
    "one that its autoscaler may not have, and other bounds": (
        {"workloads": {"acd/a": workload(2, 2, [2, 4]), "acd/b": workload(2, 2, [2, 4])}},
        {"workloads": {"acd/a": workload(5, 5, [2, 4]), "acd/b": workload(2, 2, [3, 4])}},
        [
            "workload acd/b: owned [2, 4] -> [3, 4]",
            "workload acd/a: 5 replicas, its autoscaler may have [2, 4]",
            "workload acd/b: 2 replicas, its autoscaler may have [3, 4]",
        ],
    ),
    "objects": (
        {"objects": {"Secret": {"acd/s": "1", "acd/t": "1"}, "Role": {"acd/r": "1"}}},
        {"objects": {"Secret": {"acd/s": "2", "acd/t": "1", "acd/u": "1"}, "Lease": {"acd/l": "1"}}},
        [
            "Lease acd/l: not there before", "Role acd/r: gone",
            "Secret acd/u: not there before", "Secret acd/s: changed",
        ],
    ),
    "containers, topics and groups": (
        {"containers": {"w1": "running", "w2": "running"}, "groups": {"b": ["x"], "a": ["x"]}},
        {"containers": {"w1": "paused", "w3": "running"}, "topics": {}, "groups": {"b": [], "a": ["y"]}},
        [
            "node container w2: gone", "node container w3: not there before", "node container w1: running -> paused",
            "Kafka topic log: gone", 'Kafka group a: ["x"] -> ["y"]', 'Kafka group b: ["x"] -> []',
        ],
    ),
    "a topic's settings": (
        {}, {"topics": {"log": {"configs": {"b": 1, "a": 3}, "partitions": 1}}},
        [
            'Kafka topic log: {"configs": {"a": 2, "b": 1}, "partitions": 1} -> '
            '{"configs": {"a": 3, "b": 1}, "partitions": 1}',
        ],
    ),
    "nobody could be asked before": ({"topics": None, "containers": None}, {"groups": None}, []),
    "nobody could be asked after": ({"groups": None}, {"topics": None, "containers": None}, []),
    "what is inside nodes": (
        {"inside": {
            "w2": {"qdisc": ["a", "b"], "files": {"x": "1", "z": "1", "same": "1"}, "gone": ["g"], "marks": 3},
            "w1": {"qdisc": []}, "w3": {"qdisc": ["a"]},
        }},
        {"inside": {
            "w2": {"qdisc": ["c", "b"], "files": {"x": "2", "y": "1", "same": "1"}, "fresh": ["f"], "marks": 4},
            "w1": {"qdisc": ["a"]}, "w4": {"qdisc": ["a"]},
        }},
        [
            "node w1: qdisc not there before: a",
            "node w2: files x changed", "node w2: files y changed", "node w2: files z changed",
            "node w2: fresh not there before: f", "node w2: gone gone: g", "node w2: marks 3 -> 4",
            "node w2: qdisc not there before: c", "node w2: qdisc gone: a",
        ],
    ),
    "what is of another kind inside": (
        {"inside": {"w1": {"a": {"x": "1"}, "b": ["x"], "c": "old", "d": {"x": "1"}, "same": "s"}}},
        {"inside": {"w1": {"a": ["x"], "b": {"y": 1, "x": 2}, "c": ["x"], "e": {"x": "1"}, "same": "s"}}},
        [
            'node w1: a {"x": "1"} -> ["x"]', 'node w1: b ["x"] -> {"x": 2, "y": 1}', 'node w1: c old -> ["x"]',
            'node w1: d {"x": "1"} -> []', 'node w1: e [] -> {"x": "1"}',
        ],
    ),
    "nobody could look inside before": (
        {"inside": {"w1": {"asked": "it is stopped"}}}, {"inside": {"w1": {"asked": "no such container"}}},
        ["node w1: nobody could look inside before: it is stopped"],
    ),
    "nobody can look inside now": (
        {}, {"inside": {"w1": {"asked": "it is stopped"}}}, ["node w1: nobody could look inside now: it is stopped"],
    ),
    "all that can be wrong by itself": (
        {},
        {
            "endpoints": {
                "acd/c": {"endpoints": 1, "pods": 2, "stray": 1}, "acd/b": {"endpoints": 2, "pods": 2, "stray": 1},
                "acd/a": {"endpoints": 0, "pods": 0, "stray": 0},
            },
            "kafka": "1 of 3 brokers", "behind": ["log/0: 2 of 3 in sync", "log/1: 1 of 3 in sync"],
            "not_ready": ["acd/x", "acd/y"], "of_runs": ["pod acd/probe"], "ledger": ["e2", "e1"],
        },
        [
            "service acd/b: 1 endpoints lead to no Ready pod", "service acd/c: 1 ready endpoints for 2 Ready pods",
            "Kafka: 1 of 3 brokers", "Kafka topic log/0: 2 of 3 in sync", "Kafka topic log/1: 1 of 3 in sync",
            "pod acd/x: not Ready", "pod acd/y: not Ready", "pod acd/probe: left over from a run",
            "ledger: e2 is not undone", "ledger: e1 is not undone",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_each_difference_is_told_in_a_line(change: str) -> None:
    before, after, lines = CHANGES[change]
    assert diff(look(**before), look(**after)) == lines


def test_lines_come_in_the_order_of_what_they_are_about() -> None:
    before = look(nodes={}, objects={}, inside={"w1": {"qdisc": []}})
    after = look(groups={}, workloads={}, containers={}, ledger=["e"], kafka="down")
    assert diff(before, after) == [
        "node w1: not there before", "workload acd/web: gone", "ConfigMap acd/c: not there before",
        "node container w1: gone", "Kafka group worker: gone",
        'node w1: files [] -> {"/etc/hosts": "h"}', "node w1: marks [] -> 3",
        "node w1: qdisc not there before: noqueue", "Kafka: down", "ledger: e is not undone",
    ]  # fmt: skip


def test_what_a_standing_sabotage_already_broke_is_not_told_but_all_else_is() -> None:
    broken = {"not_ready": ["acd/x"], "kafka": "down", "of_runs": ["pod p"], "ledger": ["e"]}
    before, after = look(**broken), look(**broken | {"not_ready": ["acd/x", "acd/y"]})
    rest = ["pod p: left over from a run", "ledger: e is not undone"]
    said = ["Kafka: down", "pod acd/x: not Ready", "pod acd/y: not Ready", *rest]
    assert diff(before, after) == said
    assert diff(before | {"sabotage": ""}, after) == said
    assert diff(before | {"sabotage": "slow"}, after) == ["pod acd/y: not Ready", *rest]


@pytest.mark.parametrize(
    ("ready", "desired", "owned", "lines"),
    [
        (1, 1, [2, 4], ["workload acd/web: 1 replicas, its autoscaler may have [2, 4]"]),
        (2, 2, [2, 4], []),
        (4, 4, [2, 4], []),
        (5, 5, [2, 4], ["workload acd/web: 5 replicas, its autoscaler may have [2, 4]"]),
        (
            3, 5, [2, 4],
            [
                "workload acd/web: 3 of 5 replicas Ready",
                "workload acd/web: 5 replicas, its autoscaler may have [2, 4]",
            ],
        ),
        (5, 5, None, []),
        (3, 2, None, ["workload acd/web: 3 of 2 replicas Ready"]),
    ],
)  # fmt: skip
def test_replicas_are_judged_by_what_is_asked_for(ready: int, desired: int, owned: Any, lines: list[str]) -> None:
    state = look(workloads={"acd/web": workload(ready, desired, owned)})
    assert settling(state) == unhealthy(state) == lines


def test_what_is_above_its_floor_is_told_by_name() -> None:
    workloads = {
        "acd/c": workload(4, 4, [2, 4]), "acd/b": workload(9, 9), "acd/a": workload(3, 3, [2, 4]),
        "acd/d": workload(2, 2, [2, 4]), "acd/e": workload(1, 1, [2, 4]),
    }  # fmt: skip
    assert above_floor(look(workloads=workloads)) == [
        "workload acd/a: 3 replicas, 2 at rest", "workload acd/c: 4 replicas, 2 at rest",
    ]  # fmt: skip
