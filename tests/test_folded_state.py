"""The state in the end is the fold of the log: what is lost, came past the log or came twice is seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dossier_maker import Log
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.stack.services.record import Record, canonical, decode, encode
from fixtures.stack.services.state import State
from reports import layout
from reports.checkers import folded_state
from reports.fold import Fold, Held
from reports.verdict import Finding, Verdict

LOAD = "operators"
PATHS = 5


class Told:
    """A log of merges on five paths, and what the stack says it holds; change `states` before `judge`."""

    def __init__(self, folder: Path, count: int = 40, *, begin: int = 0) -> None:
        self.folder, self.log = folder, Log(folder, count)
        self.log.begin_at(begin)
        state = State()
        self.before: dict[str, Any] = {"what": "before", "offset": begin - 1, "at_ms": 0, "paths": {}}
        for n, row in enumerate(self.log.topic):
            value = {"v": 1, "op": "merge", "path": ["s", str(n % PATHS)], "value": {"slot": n, f"k{n % 3}": n}}
            if n % 11 == 7:
                value |= {"op": "delete", "path": ["s", str(n % PATHS), "slot"], "value": None}
            row["value"] = value | {"ttl_ms": None, "id": f"w{n}"}
            self.log.writes[n]["path"] = "/".join(value["path"])
            state.apply(decode(row["offset"], json.dumps(row["value"]).encode(), row["timestamp"]))
        self.end = begin + count
        held = {path: {key: entry.as_json() for key, entry in keys.items()} for path, keys in state.paths.items()}
        self.whole: dict[str, Any] = {"what": "whole", "offset": self.end - 1, "at_ms": 0, "paths": held}
        self.reads: list[dict[str, Any]] = []
        for path in sorted({row["path"] for row in self.log.writes}):
            above, _, name = path.rpartition("/")
            entry = state.paths.get(above, {}).get(name)
            value = state.read(path, 0) or (entry.value if entry else None)
            self.reads.append({"what": "read", "path": path, "status": 404 if value is None else 200,
                               "offset": self.end - 1, "at_ms": 0, "value": value})  # fmt: skip
        self.last: dict[str, Any] = {"what": "end", "reads": len(self.reads), "log_end": self.end}

    def judge(self, **args: Any) -> Finding:
        self.log.write()
        lines = [self.before, self.whole, *self.reads, self.last]
        (self.folder / layout.states(LOAD)).write_text("".join(json.dumps(line) + "\n" for line in lines))
        return folded_state.is_fold_of_log(self.folder, load=LOAD, **args)


@pytest.mark.parametrize("begin", [0, 1000])
def test_what_the_log_comes_to_is_a_pass(tmp_path: Path, begin: int) -> None:
    told = Told(tmp_path, begin=begin)
    finding = told.judge(min_paths=PATHS)
    assert (finding.verdict, "40 records come to" in finding.reason) == (Verdict.PASS, True), finding.reason


def lose(told: Told) -> None:
    del told.whole["paths"]["s/1"]["slot"]


def apply_past_the_log(told: Told) -> None:
    told.whole["paths"]["s/1"]["slot"] = {"v": 9999}


def apply_to_another(told: Told) -> None:
    told.whole["paths"]["elsewhere"] = {"slot": {"v": 1}}


def apply_again_later(told: Told) -> None:
    told.whole["paths"]["s/1"]["slot"] = {"v": 1}


def keep_removed(told: Told) -> None:
    """The last record takes away what record 34 had set, and it is still there."""
    told.log.topic[-1]["value"] |= {"op": "delete", "path": ["s", "4", "slot"], "value": None}
    told.whole["paths"]["s/4"]["slot"] = {"v": 34}


def live_shorter(told: Told) -> None:
    told.whole["paths"]["s/1"]["slot"]["x"] = 10**15


@pytest.mark.parametrize(
    ("break_it", "named"),
    [
        (lose, "not held"),
        (apply_past_the_log, "not from the log"),
        (apply_to_another, "not from the log"),
        (live_shorter, "not from the log"),
        (apply_again_later, "older than the log"),
        (keep_removed, "held though removed"),
        (lambda told: told.whole.update(offset=told.end - 5), "behind the log"),
        (lambda told: told.whole.update(offset=told.end), "ahead of the log"),
        (lambda told: told.reads[1].update(offset=told.end + 3), "ahead of the log"),
        (lambda told: told.reads[1].update(offset=-1), "behind the log"),
        (lambda told: told.reads[1].update(value={"slot": 1}), "answered otherwise"),
        (lambda told: told.reads[1].update(status=404, value=None), "answered otherwise"),
    ],
)
def test_a_state_that_is_not_the_fold_is_a_fail(tmp_path: Path, break_it: Callable[[Told], Any], named: str) -> None:
    told = Told(tmp_path, begin=500)
    break_it(told)
    finding = told.judge()
    assert (finding.verdict, named in finding.data["bad"]) == (Verdict.FAIL, True), finding.reason


@pytest.mark.parametrize(
    ("break_it", "why"),
    [
        (lambda told: told.reads.pop(), "lacks lines"),
        (lambda told: told.reads.append(told.reads[0]), "lacks lines"),
        (lambda told: told.reads[0].update(status=503), "could not be read back"),
        (lambda told: told.reads[0].update(status=0), "could not be read back"),
        (lambda told: told.reads[0].update(path="another"), "were not read back"),
        (lambda told: told.log.writes.clear(), "were read back, and no write names them"),
        (lambda told: told.reads[0].pop("value"), "is no line of states"),
        (lambda told: told.whole.update(what="before"), "is no line of states"),
        (lambda told: told.whole.update(what="read"), "is no line of states"),
        (lambda told: told.whole.update(paths=[]), "is no line of states"),
        (lambda told: told.before.update(offset=498), "is read from 500 only"),
        (lambda told: told.last.update(log_end=told.end + 1), "is there to 540 only"),
        (lambda told: told.last.pop("log_end"), "is no line of states"),
        (lambda told: told.log.topic.pop(3), "is not whole"),
    ],
)
def test_evidence_that_is_not_whole_is_inconclusive(tmp_path: Path, break_it: Callable[[Told], Any], why: str) -> None:
    told = Told(tmp_path, begin=500)
    break_it(told)
    finding = told.judge()
    assert (finding.verdict, why in finding.reason) == (Verdict.INCONCLUSIVE, True), finding.reason


@pytest.mark.parametrize("left", range(7))
def test_states_that_are_missing_or_cut_are_inconclusive(tmp_path: Path, left: int) -> None:
    told = Told(tmp_path)
    told.judge()
    path = tmp_path / layout.states(LOAD)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:left]))
    assert folded_state.is_fold_of_log(tmp_path, load=LOAD).verdict is Verdict.INCONCLUSIVE
    path.unlink()
    assert folded_state.is_fold_of_log(tmp_path, load=LOAD).verdict is Verdict.INCONCLUSIVE


def test_too_few_paths_tell_nothing(tmp_path: Path) -> None:
    told = Told(tmp_path)
    assert told.judge(min_paths=len(told.reads) + 1).verdict is Verdict.INCONCLUSIVE
    assert told.judge(min_paths=len(told.reads)).verdict is Verdict.PASS


def test_what_stood_before_the_load_counts_and_a_late_record_of_another_is_folded_too(tmp_path: Path) -> None:
    """The state before may stand further on than the mark in the topic: a record came between the two looks."""
    told = Told(tmp_path, begin=500)
    old = {"hosts": {"a": {"v": 1}}}
    told.before["paths"], told.whole["paths"] = old, told.whole["paths"] | old
    assert told.judge().verdict is Verdict.PASS
    del told.whole["paths"]["hosts"]
    assert told.judge().verdict is Verdict.FAIL


def test_what_has_run_out_is_absent(tmp_path: Path) -> None:
    told = Told(tmp_path)
    told.log.topic[-1]["value"]["ttl_ms"] = 100_000  # from stamp 39 on
    path = told.log.writes[-1]["path"]
    read = next(read for read in told.reads if read["path"] == path)
    for key in ("slot", "k0"):
        told.whole["paths"][path][key]["x"] = 100_039
    assert told.judge().verdict is Verdict.PASS
    read["at_ms"] = told.whole["at_ms"] = 200_000
    assert told.judge().verdict is Verdict.FAIL  # still answered with what has run out
    read["value"] = {key: value for key, value in read["value"].items() if key not in ("slot", "k0")}
    assert told.judge().verdict is Verdict.PASS
    read["at_ms"] = 101_000  # it ran out just now: there or not
    assert told.judge().verdict is Verdict.PASS


values = st.recursive(
    st.integers(0, 3) | st.none() | st.booleans(),
    lambda inner: st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)
records = st.builds(
    lambda op, path, value, ttl, ts: Record(0, op, path, value, ttl, "id", ts),
    st.sampled_from(["merge", "put", "delete"]),
    st.sampled_from(["p", "p/a", "p/a/b", "q"]),
    st.dictionaries(st.sampled_from("abc"), values, max_size=3),
    st.none() | st.integers(1, 5),
    st.integers(0, 9),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(records, max_size=12))
def test_the_fold_and_the_services_agree_on_every_log(log: list[Record]) -> None:
    """Two folds that share no line; stamps may go back, as they do when clocks are set."""
    state, fold = State(), Fold({})
    for offset, record in enumerate(log):
        data = encode(record)
        state.apply(decode(offset, data, record.ts_ms))
        fold.take(json.loads(data), record.ts_ms)
    theirs = {path: {k: canonical(e.as_json()) for k, e in keys.items()} for path, keys in state.paths.items()}
    ours = {
        path: {k: canonical({"v": h.value} if h.expires_ms is None else {"v": h.value, "x": h.expires_ms})
               for k, h in keys.items()}
        for path, keys in fold.held.items()
    }  # fmt: skip
    assert ours == theirs


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_record_that_makes_no_sense_changes_neither(data: st.DataObject) -> None:
    sound = {"v": 1, "op": "merge", "path": ["p"], "value": {"a": 1}, "ttl_ms": None, "id": "x"}
    key = data.draw(st.sampled_from(sorted(sound)))
    junk = st.none() | st.integers(-2, 2) | st.text(max_size=3) | st.lists(st.text(max_size=2), max_size=2)
    spoilt = sound | {key: data.draw(junk | st.dictionaries(st.text(max_size=1), st.integers()))}
    if data.draw(st.booleans()):
        del spoilt[key]
    state, fold = State(), Fold({})
    state.apply(decode(0, json.dumps(spoilt).encode(), 0))
    fold.take(spoilt, 0)
    assert {p: {k: e.value for k, e in keys.items()} for p, keys in state.paths.items()} == {
        p: {k: h.value for k, h in keys.items()} for p, keys in fold.held.items()
    }


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 39), st.sampled_from(["lost", "again", "past"]), st.integers(0, 10**6))
def test_any_one_effect_that_is_lost_repeated_or_invented_is_never_a_pass(
    tmp_path_factory: pytest.TempPathFactory, at: int, how: str, invented: int
) -> None:
    """Unless it leaves no trace: what a later record set again anyway."""
    told = Told(tmp_path_factory.mktemp("fold"))
    order = list(range(40))
    if how == "lost":
        order.remove(at)
    elif how == "again":
        order.append(at)
    fold = Fold({})
    for n in order:
        fold.take(told.log.topic[n]["value"], n)
    if how == "past":
        path = "/".join(told.log.topic[at]["value"]["path"][:2])
        fold.held.setdefault(path, {})["slot"] = Held(40 + invented)
    held = {path: {key: {"v": one.value} for key, one in keys.items()} for path, keys in fold.held.items()}
    has_trace = held != told.whole["paths"]
    told.whole["paths"] = held
    assert told.judge().verdict is (Verdict.FAIL if has_trace else Verdict.PASS)


@pytest.mark.parametrize("begin", [0, 1000])
def test_a_log_whose_end_was_looked_for_too_early_hides_no_effect_that_is_lost(tmp_path: Path, begin: int) -> None:
    """A worker that stopped after eleven records agrees with them; what was acknowledged later is not there."""
    told, fold, until = Told(tmp_path, begin=begin), Fold({}), begin + 10
    for n in range(11):
        fold.take(told.log.topic[n]["value"], n)
    held = {path: {key: {"v": one.value} for key, one in keys.items()} for path, keys in fold.held.items()}
    told.whole |= {"offset": until, "paths": held}
    for read in told.reads:
        above, _, name = read["path"].rpartition("/")
        keys = {key: one.value for key, one in fold.held.get(read["path"], {}).items()}
        single = fold.held.get(above, {}).get(name)
        value = keys or (single.value if single else None)
        read |= {"offset": until, "value": value, "status": 404 if value is None else 200}
    told.last["log_end"] = until + 1
    found = told.judge()
    assert (found.verdict, "known to" in found.reason) == (Verdict.INCONCLUSIVE, True), found.reason


def test_looks_at_what_was_before_all_that_is_known_are_no_looks(tmp_path: Path) -> None:
    told = Told(tmp_path, begin=1000)
    told.log.writes = [row | {"outcome": "info", "status": 0, "offset": None} for row in told.log.writes]
    told.whole |= {"offset": 3, "paths": {}}
    for read in told.reads:
        read |= {"offset": 3, "value": None, "status": 404}
    told.last["log_end"] = 0
    assert told.judge().verdict is Verdict.INCONCLUSIVE
