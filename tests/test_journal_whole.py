"""Each sentence that a journal of an experiment gives cause for, with one thing at a time not as it should be."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.certificates import Certificate
from reports.event import Event
from reports.journal import JournalError, disagreements, gaps, read

Journal = dict[str, Any]


def at(second: float) -> str:
    return f"2026-11-21T05:{int(second) // 60:02}:{second % 60:06.3f}+00:00"


def ran(name: str, start: float, end: float, **more: Any) -> Journal:
    return {"activity": {"name": name}, "status": "succeeded", "start": at(start), "end": at(end),
            "duration": end - start} | more  # fmt: skip


def look(second: float, *names: str) -> Journal:
    probes = [ran(name, second + 0.125 * n, second + 0.125 * n + 0.125, tolerance_met=True) for n, name in
              enumerate(names or ("up", "fast"))]  # fmt: skip
    return {"steady_state_met": True, "probes": probes}


def journal() -> Journal:
    """Two steps of 2 s from 10 s on, a rollback, and looks at 8, 11, 12.5 and 20 s."""
    names = {"method": [{"name": "kill"}, {"name": "wait"}], "rollbacks": [{"name": "heal"}]}
    hypothesis = {"steady-state-hypothesis": {"probes": [{"name": "up"}, {"name": "fast"}]}}
    return {
        "experiment": names | hypothesis, "run": [ran("kill", 10, 12), ran("wait", 12, 14)],
        "rollbacks": [ran("heal", 14, 15)],
        "steady_states": {"before": look(8), "during": [look(11), look(12.5)], "after": look(20)},
    }  # fmt: skip


def put(value: Any, *path: Any) -> Callable[[Journal], None]:
    def change(found: Journal) -> None:
        for step in path[:-1]:
            found = found[step]
        found[path[-1]] = value

    return change


def drop(*path: Any) -> Callable[[Journal], None]:
    def change(found: Journal) -> None:
        for step in path[:-1]:
            found = found[step]
        del found[path[-1]]

    return change


STATES = "steady_states"
BEFORE, DURING, AFTER = (f"a look at the hypothesis {when} the fault is not whole, or did not find it kept"
                         for when in ("before", "during", "after"))  # fmt: skip
OVERLAP = "a look at the hypothesis during the fault begins before the one told before it has ended"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (put([ran("kill", 10, 14)], "run"), ["its method is kill, wait, and what ran is kill"]),
        (put([ran("kill", 10, 12), ran("wait", 12, 13), ran("more", 13, 14)], "run"),
         ["its method is kill, wait, and what ran is kill, wait, more"]),
        (put([], "rollbacks"), ["its rollbacks is heal, and what ran is nothing"]),
        (put([ran("heal", 14, 15), ran("by-control", 15, 16)], "rollbacks"), []),
        (put([ran("by-control", 14, 15), ran("heal", 15, 16)], "rollbacks"),
         ["its rollbacks is heal, and what ran is by-control, heal"]),
        (put(None, "experiment", "rollbacks"), []),
        (drop("experiment", "rollbacks"), []),
        (put("failed", "run", 1, "status"), ["activity wait did not succeed"]),
        (put("failed", "rollbacks", 0, "status"), ["activity heal did not succeed"]),
        (put(2.5, "run", 0, "duration"), ["activity kill took 2.500 s, and 2.000 s from its start to its end"]),
        (put(2.09, "run", 0, "duration"), []),
        (put(1.91, "run", 0, "duration"), []),
        (put(1.89, "run", 0, "duration"), ["activity kill took 1.890 s, and 2.000 s from its start to its end"]),
        (put(ran("heal", 15, 14.95), "rollbacks", 0),
         ["activity heal took -0.050 s, and -0.050 s from its start to its end"]),
        (put(ran("heal", 15, 15), "rollbacks", 0), []),
        (put(look(8, "up"), STATES, "before"), [BEFORE]),
        (put(False, STATES, "before", "steady_state_met"), [BEFORE]),
        (put(1, STATES, "after", "steady_state_met"), [AFTER]),
        (put(False, STATES, "after", "probes", 1, "tolerance_met"), [AFTER]),
        (put(1, STATES, "after", "probes", 1, "tolerance_met"), [AFTER]),
        (put("failed", STATES, "during", 0, "probes", 0, "status"), [DURING]),
        (put(look(11, "fast", "up"), STATES, "during", 0), [DURING]),
        (put(9.0, STATES, "during", 0, "probes", 0, "duration"),
         ["activity up took 9.000 s, and 0.125 s from its start to its end"]),
        (put([], STATES, "during"), ["nobody looked at the hypothesis during the fault",
                                     "nobody looked at the hypothesis for 4.0 s during the fault"]),
        (put({"steady_state_met": True, "probes": [
            ran("up", 11, 11.125, tolerance_met=True), ran("fast", 11.75, 11.875, tolerance_met=True)]},
            STATES, "during", 0), ["a look at the hypothesis during the fault took a break, so it is made of two"]),
        (put({"steady_state_met": True, "probes": [
            ran("up", 11, 11.125, tolerance_met=True), ran("fast", 11.625, 11.875, tolerance_met=True)]},
            STATES, "during", 0), []),
        (put([look(11), look(11.125)], STATES, "during"),
         [OVERLAP, "nobody looked at the hypothesis for 2.6 s during the fault"]),
        (put([look(11), look(11.25), look(12.5)], STATES, "during"), []),
        (put([look(12), look(13)], STATES, "during"), ["nobody looked at the hypothesis for 2.0 s during the fault"]),
        (put([look(11.875), look(13)], STATES, "during"), []),
        (put([look(11), look(11.75)], STATES, "during"),
         ["nobody looked at the hypothesis for 2.0 s during the fault"]),
        (put([look(11), look(11.875)], STATES, "during"), []),
        (put({"steady_state_met": True, "probes": []}, STATES, "during", 0),
         [DURING, "nobody looked at the hypothesis for 2.5 s during the fault"]),
        (drop("run"), ["it is not whole: KeyError('run')"]),
        (put([], "run"), ["it is not whole: IndexError('list index out of range')"]),
        (put(None, STATES), ["it is not whole: TypeError(\"'NoneType' object is not subscriptable\")"]),
        (put([], "experiment"), ["it is not whole: AttributeError(\"'list' object has no attribute 'get'\")"]),
        (put("soon", "run", 0, "start"), ["it is not whole: ValueError(\"Invalid isoformat string: 'soon'\")"]),
    ],
)  # fmt: skip
def test_what_a_journal_does_not_show(change: Callable[[Journal], None], told: list[str]) -> None:
    found = journal()
    assert gaps(found) == []
    change(found)
    assert gaps(found) == told


def certificate(fault_id: str, *, effective: float | None = 10.5, healed: float | None = 14.5) -> Certificate:
    data = {"fault_id": fault_id, "fault": "KillPod", "victims": [{"uid": "u"}], "evidence": {"seen": 1}}
    times = {"fault.effective": effective, "fault.healed": healed}
    events = {kind: Event(t, 0.0, "fault", kind, "e-1", None, data) for kind, t in times.items() if t is not None}
    return Certificate(fault_id, "e-1", "KillPod", ({"uid": "u"},), events)


def output(fault_id: str, t: Any, **changes: Any) -> Journal:
    told = {"fault_id": fault_id, "t": t, "fault": "KillPod", "victims": [{"uid": "u"}], "evidence": {"seen": 1}}
    return told | changes


def answered(*outputs: Any, rollbacks: tuple[Any, ...] = ()) -> Journal:
    return {"run": [{"output": one} for one in outputs] + [{}], "rollbacks": [{"output": one} for one in rollbacks]}


UNLIKE = "timeline and journal tell different things of when or how fault f1 was"


@pytest.mark.parametrize(
    ("journals", "told"),
    [
        ([answered(output("f1", 10.5), [output("f1", 14.5)])], []),
        ([answered(output("f1", "10.5")), answered(rollbacks=([output("f1", 14.5)],))], []),
        ([answered("done", None, ["x", {}, output("f1", 14.5)], {"t": 1}, output("f1", 10.5))], []),
        ([answered([output("f1", 14.5)])], ["that fault f1 was effective is on the timeline and not in the journal"]),
        ([answered(output("f1", 10.5))], ["that fault f1 was healed is on the timeline and not in the journal"]),
        ([answered(output("f1", 10.5), [output("f1", 14.5)], output("z", 1), [output("a", 1), output("z", 1)])],
         ["fault a is in the journal and not on the timeline", "fault z is in the journal and not on the timeline"]),
        ([answered(output("f1", 10.500002), [output("f1", 14.499998)])], [f"{UNLIKE} effective", f"{UNLIKE} healed"]),
        ([answered(output("f1", 10.5000005), [output("f1", 14.4999995)])], []),
        *(([answered(output("f1", 10.5, **change), [output("f1", 14.5)])], [f"{UNLIKE} effective"])
          for change in ({"fault": "x"}, {"victims": []}, {"evidence": None})),
        ([answered(output("f1", 10.5, more=1), [output("f1", 14.5, fault="x")])], [f"{UNLIKE} healed"]),
    ],
)  # fmt: skip
def test_where_journals_and_the_timeline_disagree(journals: list[Journal], told: list[str]) -> None:
    assert disagreements(copy.deepcopy(journals), [certificate("f1")]) == told


def test_what_is_not_proven_is_told_elsewhere() -> None:
    assert disagreements([answered()], [certificate("f1", effective=None, healed=None)]) == []
    healed = "that fault f1 was healed is on the timeline and not in the journal"
    assert disagreements([answered()], [certificate("f1", effective=None)]) == [healed]
    assert disagreements([], []) == []


def test_a_journal_is_one_json_object_that_names_each_key_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.json"
    for text, why in (
        ("[1]", "it is no object"),
        ('{"a": {"b": 1, "c": 2, "b": 3}}', "a key stands twice among b, c, b"),
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (None, f"[Errno 2] No such file or directory: '{path}'"),
    ):
        path.write_text(text) if text else path.unlink()
        with pytest.raises(JournalError) as error:
            read(path)
        assert str(error.value) == why
    path.write_text(json.dumps(journal()))
    assert read(path) == journal()
