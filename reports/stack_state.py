"""The difference between two looks at a stack (`state/<test>/before.json` and `after.json`): pure, so it can be redone.

`fixtures.cluster.state` takes the looks.
"""

from __future__ import annotations

import json
from typing import Any

State = dict[str, Any]

BY_FIELDS = ("nodes", "workloads")
BY_MEMBER = {"containers": "node container", "topics": "Kafka topic", "groups": "Kafka group"}
UNSEEN = "nobody could look inside"


def diff(before: State, after: State) -> list[str]:
    """What is not as it was, one line each; nothing when all is.

    Besides, `after` must be whole in itself: every workload has the replicas it asks for, every Service reaches
    its Ready pods, no pod is stuck or left over from a run, and the ledger has no open entry. What a sabotage that
    stands already kept from being whole before is not held against what came in between.

    Args:
        before: the earlier look.
        after: the later one.
    """
    lines = []
    for what in BY_FIELDS:
        noun = what.removesuffix("s")
        lines += _members(noun, before[what], after[what])
        for name in sorted(before[what].keys() & after[what].keys()):
            lines += _fields(f"{noun} {name}", before[what][name], after[what][name])
    for kind in sorted(before["objects"].keys() | after["objects"].keys()):
        old, new = before["objects"].get(kind, {}), after["objects"].get(kind, {})
        lines += _members(kind, old, new)
        lines += [f"{kind} {name}: changed" for name in sorted(old.keys() & new.keys()) if old[name] != new[name]]
    for what, noun in BY_MEMBER.items():
        lines += _of_members(noun, before[what], after[what])
    for node in sorted(before["inside"].keys() & after["inside"].keys()):
        lines += _inside(node, before["inside"][node], after["inside"][node])
    standing = settling(before) if before.get("sabotage") else []
    return lines + [line for line in unhealthy(after) if line not in standing]


def is_seen(state: State) -> bool:
    """Whether somebody could look inside each node; without that, what is in there cannot be compared."""
    return not any("asked" in look for look in state.get("inside", {}).values())


def unhealthy(state: State) -> list[str]:
    """What is wrong with a state in itself, whatever it was before; one line each."""
    lines = settling(state) + [f"{item}: left over from a run" for item in state["of_runs"]]
    return lines + [f"ledger: {entry} is not undone" for entry in state["ledger"]]


def settling(state: State) -> list[str]:
    """What is wrong with a state and may end by itself, since a controller is at work on it; one line each."""
    lines = [f"node {name}: not Ready" for name, node in sorted(state["nodes"].items()) if not node.get("ready", True)]
    lines += [
        f"workload {name}: {w['ready']} of {w['desired']} replicas Ready"
        for name, w in sorted(state["workloads"].items())
        if w["ready"] != w["desired"]
    ]
    for name, w in sorted(state["workloads"].items()):
        if w["owned"] and not w["owned"][0] <= w["desired"] <= w["owned"][1]:
            lines.append(f"workload {name}: {w['desired']} replicas, its autoscaler may have {w['owned']}")
    for name, e in sorted(state["endpoints"].items()):
        if e["endpoints"] != e["pods"]:
            lines.append(f"service {name}: {e['endpoints']} ready endpoints for {e['pods']} Ready pods")
        elif e["stray"]:
            lines.append(f"service {name}: {e['stray']} endpoints lead to no Ready pod")
    if state["kafka"]:
        lines.append(f"Kafka: {state['kafka']}")
    lines += [f"Kafka topic {partition}" for partition in state["behind"]]
    return lines + [f"pod {name}: not Ready" for name in state["not_ready"]]


def above_floor(state: State) -> list[str]:
    """What an autoscaler has not brought back to its floor yet, as it does at rest; one line each."""
    return [
        f"workload {name}: {w['desired']} replicas, {w['owned'][0]} at rest"
        for name, w in sorted(state["workloads"].items())
        if w["owned"] and w["desired"] > w["owned"][0]
    ]


def _members(kind: str, before: Any, after: Any) -> list[str]:
    gone = [f"{kind} {name}: gone" for name in sorted(set(before) - set(after))]
    return gone + [f"{kind} {name}: not there before" for name in sorted(set(after) - set(before))]


def _of_members(noun: str, before: State | None, after: State | None) -> list[str]:
    """Members with one value each; None means that nobody could be asked, which is told elsewhere."""
    if before is None or after is None:
        return []
    both = sorted(name for name in before.keys() & after.keys() if before[name] != after[name])
    changed = [f"{noun} {name}: {_show(before[name])} -> {_show(after[name])}" for name in both]
    return _members(noun, before, after) + changed


def _inside(node: str, before: State, after: State) -> list[str]:
    for when, look in (("before", before), ("now", after)):
        if "asked" in look:
            return [f"node {node}: {UNSEEN} {when}: {look['asked']}"]
    lines = []
    for what in sorted(before.keys() | after.keys()):
        old, new = before.get(what, []), after.get(what, [])
        if isinstance(old, dict) and isinstance(new, dict):
            changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
            lines += [f"node {node}: {what} {name} changed" for name in changed]
        elif isinstance(old, list) and isinstance(new, list):
            lines += [f"node {node}: {what} not there before: {item}" for item in new if item not in old]
            lines += [f"node {node}: {what} gone: {item}" for item in old if item not in new]
        elif old != new:
            lines.append(f"node {node}: {what} {_show(old)} -> {_show(new)}")
    return lines


def _fields(what: str, before: State, after: State) -> list[str]:
    skip = {"ready", "desired"} if before.get("owned") else {"ready"}
    return [
        f"{what}: {field} {_show(before.get(field))} -> {_show(after.get(field))}"
        for field in {**before, **after}
        if field not in skip and before.get(field) != after.get(field)
    ]


def _show(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
