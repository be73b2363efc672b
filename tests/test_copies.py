"""Each pod that keeps a copy of the state holds what the log comes to; one that stopped following is found out."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from dossier_maker import Story
from fake_world import pod
from test_folded_state import LOAD, PATHS, Told
from urllib3.exceptions import HTTPError

from fixtures.kubernetes.api import ApiError
from fixtures.selection_input import copies as taking
from fixtures.stack.map import Role, load_stack_map
from reports import layout
from reports.checkers import copies
from reports.verdict import Finding, Verdict

ROLE = "director"


class Kept:
    """Two Directors that hold what the log comes to; change `lines` before `judge`."""

    def __init__(self, folder: Path) -> None:
        self.told, self.folder, self.story = Told(folder), folder, Story(folder)
        for name in ("a", "b"):
            self.story.pod(f"director-{name}", f"u-{name}", ROLE, t=0.1)
        self.story.event("load", "load.started", LOAD, 1.0, planned=1)
        self.story.event("load", "load.finished", LOAD, 20.0, planned=1, sent=1, ok=1)
        self.story.event("harness", "test.finished", "t", 30.0)
        self.lines: list[dict[str, Any]] = [
            {"what": "copy", "role": ROLE, "pod": f"director-{name}", "uid": f"u-{name}", "at_ms": 0, "error": "",
             "offset": self.told.end - 1, "paths": copy.deepcopy(self.told.whole["paths"])}
            for name in ("a", "b")
        ]  # fmt: skip
        self.before: list[dict[str, Any]] = [
            line | {"what": "before", "offset": self.told.before["offset"],
                    "paths": copy.deepcopy(self.told.before["paths"])}
            for line in self.lines
        ]  # fmt: skip
        self.last = {"what": "end", "before": 2, "copies": 2, "log_end": self.told.end}

    def judge(self) -> Finding:
        assert self.told.judge(min_paths=PATHS).verdict is Verdict.PASS
        self.story.write()
        lines = [*self.before, *self.lines, self.last]
        (self.folder / layout.copies(ROLE, LOAD)).write_text("".join(json.dumps(line) + "\n" for line in lines))
        return copies.follow_the_log(self.folder, load=LOAD, role=ROLE, at_least=2)


def test_copies_that_hold_what_the_log_comes_to_are_a_pass(tmp_path: Path) -> None:
    finding = Kept(tmp_path).judge()
    assert finding.verdict is Verdict.PASS, finding.reason
    assert finding.reason.startswith("2 director pods stand at the end of the log and hold its ")


def stopped(kept: Kept) -> None:
    kept.lines[1]["offset"] -= 30


def lost_one(kept: Kept) -> None:
    del kept.lines[1]["paths"]["s/1"]["slot"]


def has_its_own(kept: Kept) -> None:
    kept.lines[0]["paths"]["cdn/hosts"] = {"edge-9": {"v": True}}


def is_ahead(kept: Kept) -> None:
    kept.lines[0]["offset"] += 1


def is_empty(kept: Kept) -> None:
    kept.lines[1] |= {"offset": -1, "paths": {}}


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (stopped, "1 behind the log: director-b stands at offset 9 of 39"),
        (lost_one, "director-b: s/1/slot is absent"),
        (has_its_own, "1 not from the log: director-a: cdn/hosts/edge-9"),
        (is_ahead, "1 ahead of the log: director-a"),
        (is_empty, "1 behind the log: director-b stands at offset -1"),
    ],
)
def test_a_copy_that_is_another_is_a_fail(tmp_path: Path, harm: Callable[[Kept], None], said: str) -> None:
    kept = Kept(tmp_path)
    harm(kept)
    finding = kept.judge()
    assert finding.verdict is Verdict.FAIL
    assert said in finding.reason


def held_otherwise_before(kept: Kept) -> None:
    """What a defect of long ago left: the same before the load and after it."""
    for line in (kept.before[1], kept.lines[1]):
        line["paths"]["old/1"] = {"slot": {"v": 40}}


def was_behind_before(kept: Kept) -> None:
    kept.before[1]["offset"] -= 1


def was_not_asked_before(kept: Kept) -> None:
    del kept.before[1]
    kept.last["before"] = 1


def could_not_be_asked_before(kept: Kept) -> None:
    kept.before[1] |= {"offset": -1, "paths": {}, "error": "HTTP 503"}


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (held_otherwise_before, "director-b: old/1/slot is 40, the log says absent; `crucible down`"),
        (was_behind_before, "director-b: stood at offset"),
        (was_not_asked_before, "1 were asked of at least 2"),
        (could_not_be_asked_before, "director-b: HTTP 503; `crucible"),
    ],
)
def test_a_copy_that_was_another_before_the_load_says_nothing_of_it(
    tmp_path: Path, harm: Callable[[Kept], None], said: str
) -> None:
    kept = Kept(tmp_path)
    harm(kept)
    finding = kept.judge()
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.reason.startswith("copies were no good before the load began: ")
    assert said in finding.reason
    lost_one(kept)
    finding = kept.judge()
    assert finding.verdict is Verdict.FAIL, "what came under the load is found all the same"
    assert "director-b: s/1/slot is absent" in finding.reason
    assert "old/1" not in finding.reason


def test_what_a_copy_lacked_before_is_lacked_by_one_that_read_the_same_log_later(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    held_otherwise_before(kept)
    replaced(kept, lives_s=(2.0, 0.0), dies_s=1.5)  # a node with a Director died under the load
    assert kept.judge().verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "value", ["40, and then what no witness shows any more: forty-one", 41], ids=["far behind the shown", "another"]
)
def test_what_is_otherwise_than_before_is_of_this_load(tmp_path: Path, value: Any) -> None:
    kept = Kept(tmp_path)
    held_otherwise_before(kept)
    shown = "40, and then what no witness shows any more: forty"
    kept.before[1]["paths"]["old/1"] = {"slot": {"v": shown}}
    kept.lines[1]["paths"]["old/1"] = {"slot": {"v": value}}
    assert kept.judge().verdict is Verdict.FAIL


def test_a_record_passed_over_is_of_this_load_though_the_copy_was_wrong_there_before(tmp_path: Path) -> None:
    """The same key is missing as before the load, but the load wrote it again."""
    kept = Kept(tmp_path)
    kept.told.before["paths"] = {"s/1": copy.deepcopy(kept.told.whole["paths"]["s/1"])}
    del kept.lines[1]["paths"]["s/1"]
    finding = kept.judge()
    assert (finding.verdict, "director-b: s/1/slot is absent" in finding.reason) == (Verdict.FAIL, True)


def one_was_not_asked(kept: Kept) -> None:
    del kept.lines[1]
    kept.last["copies"] = 1


def a_line_is_gone(kept: Kept) -> None:
    del kept.lines[1]


def of_another_pod(kept: Kept) -> None:
    kept.lines[1] |= {"uid": "u-z", "pod": "director-z"}


def one_twice(kept: Kept) -> None:
    kept.lines[1] = kept.lines[0]


def of_another_role(kept: Kept) -> None:
    kept.lines[1]["role"] = "manager"


def asked_too_early(kept: Kept) -> None:
    kept.last["log_end"] -= 5


def could_not_be_asked(kept: Kept) -> None:
    kept.lines[1] |= {"offset": -1, "paths": {}, "error": "HTTP 403: pods/proxy is forbidden"}


def nobody_saw_the_end_of_the_load(kept: Kept) -> None:
    kept.story.lines = [line for line in kept.story.lines if line["kind"] != "load.finished"]


def nobody_saw_the_end_of_the_test(kept: Kept) -> None:
    kept.story.lines = [line for line in kept.story.lines if line["kind"] != "test.finished"]


def the_watch_was_lost_when_the_load_ended(kept: Kept) -> None:
    kept.story.event("watch", "watch.lost", "pods", 19.0)


def replaced(kept: Kept, *, lives_s: tuple[float, float], dies_s: float) -> None:
    """A copy of another Director stands where b's stood; b is gone at a time."""
    begins, ends = lives_s
    kept.story.pod("director-c", "u-c", ROLE, t=begins)
    if ends:
        kept.story.gone("director-c", "u-c", ROLE, t=ends)
    kept.story.gone("director-b", "u-b", ROLE, t=dies_s)
    kept.lines[1] |= {"pod": "director-c", "uid": "u-c"}


def one_that_was_killed_by_the_next_test_was_not_asked(kept: Kept) -> None:
    replaced(kept, lives_s=(0.2, 0.0), dies_s=50.0)


def one_that_was_born_in_the_next_test_was(kept: Kept) -> None:
    replaced(kept, lives_s=(40.0, 0.0), dies_s=25.0)


def one_that_was_long_gone_was(kept: Kept) -> None:
    replaced(kept, lives_s=(0.2, 10.0), dies_s=25.0)


def too_few(kept: Kept) -> None:
    one_was_not_asked(kept)
    kept.story.lines = [line for line in kept.story.lines if line.get("uid") != "u-b"]


@pytest.mark.parametrize(
    "harm",
    [one_was_not_asked, a_line_is_gone, of_another_pod, one_twice, of_another_role, asked_too_early,
     nobody_saw_the_end_of_the_load, nobody_saw_the_end_of_the_test, the_watch_was_lost_when_the_load_ended,
     could_not_be_asked, one_that_was_killed_by_the_next_test_was_not_asked,
     one_that_was_born_in_the_next_test_was, one_that_was_long_gone_was,
     too_few],
)  # fmt: skip
def test_copies_that_are_not_all_tell_nothing(tmp_path: Path, harm: Callable[[Kept], None]) -> None:
    kept = Kept(tmp_path)
    harm(kept)
    assert kept.judge().verdict is Verdict.INCONCLUSIVE


def test_a_pod_that_went_after_the_load_need_not_be_asked(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.story.pod("director-c", "u-c", ROLE, t=0.1)
    kept.story.gone("director-c", "u-c", ROLE, t=21.0)
    assert kept.judge().verdict is Verdict.PASS


def test_a_pod_that_came_between_the_load_s_end_and_the_test_s_may_be_asked(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    replaced(kept, lives_s=(21.0, 0.0), dies_s=20.5)
    assert kept.judge().verdict is Verdict.PASS


def test_each_ready_pod_is_asked_until_it_stands_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(taking, "CAUGHT_UP_WITHIN_S", 0.3)
    role = load_stack_map().role("director")
    pods = [pod(name, "w1", is_ready=name != "director-4") for name in (f"director-{n}" for n in (1, 2, 3, 4))]
    for each in pods:
        each["metadata"]["labels"] = dict(role.selector)
    offsets = {"director-1": iter([5, 8, 9]), "director-2": iter([9]), "director-3": iter([])}

    def get(path: str) -> Any:
        if path.endswith("/pods"):
            return {"items": pods}
        name = path.split("/pods/")[1].split(":", maxsplit=1)[0]
        assert path.endswith(f"{name}:5001/proxy/v1/selection_input_state")
        if name == "director-3":
            raise ApiError("GET", path, 503, "no answer")
        return {"offset": next(offsets[name]), "paths": {}}

    (tmp_path / layout.KAFKA).mkdir()
    before = [{"pod": "director-1"}]
    taking.write_copies(cast(Any, SimpleNamespace(get=get)), role, tmp_path, LOAD, before=before, log_end=10)
    told = (tmp_path / layout.copies(ROLE, LOAD)).read_text()
    then, *lines, last = [json.loads(line) for line in told.splitlines()]
    assert then == {"what": "before", "pod": "director-1"}
    assert last == {"what": "end", "before": 1, "copies": 3, "log_end": 10}
    assert [(line["pod"], line["offset"], bool(line["error"])) for line in lines] == [
        ("director-1", 9, False), ("director-2", 9, False), ("director-3", -1, True)
    ]  # fmt: skip


@pytest.mark.parametrize("error", [ApiError("GET", "/pods", 503, "no answer"), HTTPError("timed out")])
def test_pods_that_cannot_be_listed_leave_no_file_and_end_nothing(tmp_path: Path, error: Exception) -> None:
    def get(path: str) -> Any:
        raise error

    (tmp_path / layout.KAFKA).mkdir()
    role = load_stack_map().role("director")
    cluster = cast(Any, SimpleNamespace(get=get))
    assert taking.take_copies(cluster, role, log_end=10) is None
    taking.write_copies(cluster, role, tmp_path, LOAD, before=[], log_end=10)
    taking.write_copies(cluster, role, tmp_path, LOAD, before=None, log_end=10)
    assert not (tmp_path / layout.copies(ROLE, LOAD)).exists()


def test_a_copy_on_a_port_that_the_role_does_not_have_is_refused_when_the_map_is_read() -> None:
    role = load_stack_map().role("director").model_dump(exclude_none=True)
    with pytest.raises(ValueError, match="no port is called 'rset'"):
        Role.model_validate(role | {"copy_of_state": {"port": "rset", "path": "/x"}})
