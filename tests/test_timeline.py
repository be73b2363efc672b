"""Reading the timeline: order, torn lines, damage, and whose clock it is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from dossier_maker import START_NS, Story
from hypothesis import given
from hypothesis import strategies as st

from fixtures.errors import HarnessError
from fixtures.timeline import Timeline as Writer
from reports.timeline import FILE, TimelineError, read


def test_what_the_writer_writes_is_read_back(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    for kind in ("pod.added", "pod.scheduled", "pod.ready"):
        writer.event("watch", kind, "acd/pod/gateway-a", uid="u1", err_s=0.02, role="gateway")
    writer.close()
    seen = read(tmp_path)
    event = seen.query("pod.ready", role="gateway")[0]
    assert (event.subject, event.uid, event.err) == ("acd/pod/gateway-a", "u1", 0.02)
    assert seen.start_ns == writer.start_ns
    assert seen.seconds(writer.start_ns + 1_500_000_000) == 1.5
    assert seen.query("pod.ready", role="manager") == []


def test_events_come_in_order_of_time_whatever_the_order_in_the_file(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.write()
    with (tmp_path / FILE).open("a") as file:
        for t, err in ((5.5, 0.1), (3.0, 6.0), (5.0, 4.0)):  # dated to the middle of the time in which it happened
            line = {"t": t, "err": err, "source": "load", "kind": "load.x", "subject": "s", "data": {}}
            file.write(json.dumps(line) + "\n")
    assert [event.t for event in read(tmp_path).query("load.*")] == [3.0, 5.0, 5.5]


def test_a_torn_last_line_is_left_out_and_said(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.pod("a", "u", "gateway", t=1)
    story.write()
    assert not read(tmp_path).torn
    with (tmp_path / FILE).open("a") as file:
        file.write('{"t": 2.0, "kind": "pod.de')
    assert read(tmp_path).torn
    assert len(read(tmp_path).events) == 5


def test_a_bad_line_in_the_middle_is_an_error_with_its_number(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.write()
    with (tmp_path / FILE).open("a") as file:
        file.write('{"t": "soon"}\n')
    with pytest.raises(TimelineError, match=r"timeline\.jsonl:2 is not an event"):
        read(tmp_path)


@pytest.mark.parametrize("first", ["", "\n", '{"t": 0, "source": "a", "kind": "b", "subject": "c", "data": {}}\n'])
def test_without_its_clock_a_timeline_is_refused(tmp_path: Path, first: str) -> None:
    (tmp_path / FILE).write_text(first)
    with pytest.raises(TimelineError, match="clock"):
        read(tmp_path)


def test_a_missing_timeline_says_that_nothing_was_observed(tmp_path: Path) -> None:
    with pytest.raises(TimelineError, match="nothing was observed"):
        read(tmp_path)


def test_span_of_a_test(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.event("harness", "test.started", "a", 1)
    story.event("harness", "test.finished", "a", 4)
    story.event("harness", "test.started", "b", 5)
    seen = read(story.write())
    assert seen.span_of_test("a") == (1, 4)
    assert seen.span_of_test(None) == (float("-inf"), float("inf"))
    with pytest.raises(TimelineError, match=r"no test\.finished for b, so it may have been cut off"):
        seen.span_of_test("b")
    with pytest.raises(TimelineError, match=r"no test\.started"):
        seen.span_of_test("c")


@given(cut=st.integers(min_value=1, max_value=400))
def test_a_file_cut_anywhere_reads_or_says_why_and_never_invents(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    story = Story(folder)
    story.pod("a", "u", "gateway", t=1)
    story.pod("b", "v", "gateway", t=2)
    story.write()
    whole = (folder / FILE).read_bytes()
    before = read(folder).events
    (folder / FILE).write_bytes(whole[: -min(cut, len(whole))])
    try:
        after = read(folder)
    except TimelineError:
        return
    assert after.events == before[: len(after.events)]
    assert after.start_ns == START_NS


def test_a_line_that_is_not_whole_on_disk_is_an_error_and_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, real = Writer(tmp_path), os.write
    before = writer.path.read_bytes()

    def full(fd: int, data: bytes) -> int:
        monkeypatch.setattr(os, "write", lambda fd, data: 0)
        return real(fd, data[:20])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(HarnessError, match=r"timeline\.jsonl cannot be written"):
        writer.event("fault", "fault.planned", "toy-1", fault_id="f")
    assert writer.path.read_bytes() == before
    monkeypatch.setattr(os, "write", real)
    writer.event("fault", "fault.planned", "toy-1", fault_id="f")
    assert len(read(tmp_path).events) == 2


def test_what_a_fault_is_about_to_do_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, synced, real = Writer(tmp_path), list[int](), os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(fd), real(fd))[1])
    writer.event("watch", "pod.ready", "acd/pod/a")
    assert synced == []
    writer.event("fault", "fault.planned", "toy-1", fault_id="f")
    assert len(synced) == 1


def test_a_closed_one_writes_to_no_other_file_that_got_its_number(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "run")
    number = writer._file.fileno()
    writer.close()
    with (tmp_path / "other").open("wb") as other:
        assert other.fileno() == number
        with pytest.raises(ValueError, match="closed file"):
            writer.event("harness", "too.late", "x")
        writer.close()  # closes nobody else's
        assert not os.fstat(other.fileno()).st_size
