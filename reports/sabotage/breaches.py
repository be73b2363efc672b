"""The worst that some entries of a timeline could have told: a judge who rests on them must turn when they do."""

from __future__ import annotations

import json
from typing import Any

from reports.sabotage.differences import Entry

Lines = list[Entry]
_TELLS = {"pods": ("pod", "container"), "deployments": ("workload",), "statefulsets": ("workload",), "hpas": ("hpa",),
          "nodes": ("node",), "endpointslices": ("endpoint",)}  # fmt: skip
NEVER = 99
"""Replicas that no promise allows."""


def breached(raw: bytes, entries: tuple[Entry, ...]) -> bytes:
    """A good timeline in which what these entries are about goes wrong when they tell of it, and stays so.

    Args:
        raw: the good timeline.
        entries: events that were lost, changed or put in.
    """
    lines: Lines = [json.loads(line) for line in raw.splitlines()]
    done: set[tuple[str, str]] = set()
    for entry in sorted((entry for entry in entries if "kind" in entry), key=lambda entry: float(entry["t"])):
        family, about = entry["kind"].partition(".")[0], str(entry["data"].get("role") or entry["subject"])
        if (family, about) in done and family in _BREACHES:
            continue
        done.add((family, about))
        if family in _BREACHES:
            lines = _BREACHES[family](lines, entry)
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _put(lines: Lines, new: Lines, t: float) -> Lines:
    """With these events where their time is."""
    at = next((n for n, line in enumerate(lines) if line["t"] + line.get("err", 0) > t and n), len(lines))
    return [*lines[:at], *new, *lines[at:]]


def _after(line: Entry, entry: Entry, families: tuple[str, ...]) -> bool:
    """Whether a line tells, later than an entry, of the same role."""
    same = line["data"].get("role") == entry["data"].get("role")
    return same and line["t"] >= entry["t"] and line["kind"].partition(".")[0] in families


def _pods(lines: Lines, entry: Entry) -> Lines:
    """All pods of the role fall, and none comes back."""
    ready: dict[str, Entry] = {}
    for line in lines:
        if line["t"] < entry["t"] and line["data"].get("role") == entry["data"].get("role"):
            if line["kind"] == "pod.ready":
                ready[line["uid"]] = line
            elif line["kind"] == "pod.not_ready":
                ready.pop(line["uid"], None)
    left = [line for line in lines if not _after(line, entry, ("pod", "container"))]
    fallen = [line | {"t": entry["t"], "err": 0.0, "kind": "pod.not_ready"} for line in ready.values()]
    return _put(left, fallen, entry["t"])


def _changed(family: str, **worst: Any) -> Any:
    def change(lines: Lines, entry: Entry) -> Lines:
        left = [line for line in lines if not _after(line, entry, (family,))]
        data = {key: value for key, value in entry["data"].items() if key != "initial"} | worst
        return _put(left, [entry | {"err": 0.0, "data": data}], entry["t"])

    return change


def _lost(lines: Lines, entry: Entry) -> Lines:
    """The watch is lost for good, and tells nothing any more."""
    told = _TELLS.get(entry["subject"], ())
    left = [
        line
        for line in lines
        if (line["kind"] != "watch.resumed" or line["subject"] != entry["subject"])
        and (line["t"] < entry["t"] or line["kind"].partition(".")[0] not in told)
    ]
    return _put(left, [entry | {"kind": "watch.lost"}], entry["t"])


def _bad_answer(lines: Lines, entry: Entry) -> Lines:
    """What was asked answered wrong."""
    data = entry["data"] | {"ok": False, "measured": {"status": 0}, "settings": {"nothing": "as promised"}}
    return _put([line for line in lines if line != entry], [entry | {"data": data}], entry["t"])


def _unproven(lines: Lines, entry: Entry) -> Lines:
    """The fault never took effect."""
    gone, mine = {"fault.effective", "fault.healing", "fault.healed"}, entry["data"].get("fault_id")
    return [line for line in lines if line["kind"] not in gone or line["data"].get("fault_id") != mine]


def _endless(lines: Lines, entry: Entry) -> Lines:
    """Nobody saw it end."""
    return [line for line in lines if not (line["kind"].endswith(".finished") and line["subject"] == entry["subject"])]


_BREACHES: dict[str, Any] = {
    "fault": _unproven, "load": _endless, "test": _endless,
    "pod": _pods, "container": _pods,
    "workload": _changed("workload", spec=NEVER, ready=0),
    "hpa": _changed("hpa", desired=NEVER, current=NEVER, min=0, max=NEVER),
    "watch": _lost,
    "probe": _bad_answer, "settings": _bad_answer,
}  # fmt: skip
