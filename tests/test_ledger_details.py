"""What the ledger keeps of a fault, who may read it, and how a process is told from its namesake."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fixtures.errors import HarnessError
from fixtures.ledger import FILE, Entry, Ledger, Target, process_start

TARGET = Target("Pod", "p", "u", "acd", {"node": "w1"})


def entry(name: str = "a") -> Entry:
    return Entry(name, {"module": "m", "type": "T", "args": {"where": Path("/x")}}, [TARGET.to_json()], "run", "e-1")


def test_a_target_comes_back_from_disk_with_its_facts(tmp_path: Path) -> None:
    Ledger(tmp_path).open(entry())
    (back,) = Ledger(tmp_path).open_entries()
    (target,) = back.pinned()
    assert target == TARGET
    assert target.facts == {"node": "w1"}
    assert target.victim() == {"kind": "Pod", "namespace": "acd", "name": "p", "uid": "u"}
    assert (back.run, back.experiment, back.fault["args"]) == ("run", "e-1", {"where": "/x"})


def test_facts_do_not_make_another_target_of_it() -> None:
    assert Target("Pod", "p", "u", "acd") == TARGET
    assert Target("Pod", "p", "v", "acd") != TARGET


def test_an_entry_says_who_wrote_it_and_when(tmp_path: Path) -> None:
    before = time.monotonic_ns(), time.time_ns()
    Ledger(tmp_path).open(entry())
    (made,) = Ledger(tmp_path).open_entries()
    assert made.pid == os.getpid()
    assert made.pid_start == process_start(os.getpid()) != 0
    assert before[0] <= made.at_ns <= time.monotonic_ns()
    assert before[1] <= made.unix_ns <= time.time_ns()


def test_the_line_that_closes_an_entry_says_who_and_when_too(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.open(entry("a"))
    ledger.open(entry("b"))
    before = time.monotonic_ns(), time.time_ns()
    ledger.done("a")
    line = json.loads((tmp_path / FILE).read_text().splitlines()[-1])
    assert (line["state"], line["id"], line["pid"]) == ("done", "a", os.getpid())
    assert before[0] <= line["at_ns"] <= time.monotonic_ns()
    assert before[1] <= line["unix_ns"] <= time.time_ns()


def test_the_file_is_private_and_its_folder_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "clusters" / "crucible"
    assert Ledger(folder).open_entries() == []
    assert not folder.exists(), "to look changes nothing"
    Ledger(folder).open(entry())
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600


def test_closing_what_is_not_open_is_harmless(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.done("never")
    ledger.open(entry("a"))
    ledger.done("never")
    assert [one.id for one in ledger.open_entries()] == ["a"]


def test_entries_are_kept_oldest_first_and_an_id_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for name in ("b", "a", "c", "a"):
        ledger.open(entry(name))
    assert [one.id for one in ledger.open_entries()] == ["b", "a", "c"]


def test_a_torn_line_is_told_with_its_file_and_its_beginning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger(tmp_path)
    ledger.open(entry())
    whole, torn = (tmp_path / FILE).read_bytes(), b'{"state": "open", "id": "' + b"b" * 200
    (tmp_path / FILE).write_bytes(whole + torn)
    with caplog.at_level(logging.WARNING, "crucible"):
        ledger.open_entries()
    (record,) = caplog.records
    said = f"{tmp_path / FILE}: its last line was cut off by a crash and is dropped: {torn[:80]!r}"
    assert record.getMessage() == said, "a person does not need all of it"
    assert (tmp_path / FILE).read_bytes() == whole


def test_nothing_but_a_torn_line_is_nothing_open(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b'{"state": "op')
    assert Ledger(tmp_path).open_entries() == []
    assert (tmp_path / FILE).read_bytes() == b""


@pytest.mark.parametrize("line", ["[]", "{}", '{"state": "open"}', '{"state": "open", "id": "x"}', "null", "nonsense"])
def test_a_line_that_is_no_entry_is_named_by_its_number_with_what_to_do(tmp_path: Path, line: str) -> None:
    ledger = Ledger(tmp_path)
    ledger.open(entry())
    with (tmp_path / FILE).open("a") as file:
        file.write(line + "\n")
    with pytest.raises(HarnessError) as damaged:
        ledger.open_entries()
    assert f"{FILE}:2 cannot be read" in damaged.value.message
    assert damaged.value.next_command == "crucible status --diff"


def test_a_process_is_told_from_its_namesake_by_its_start() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        mine, later = process_start(os.getpid()), process_start(child.pid)
        assert mine is not None
        assert later is not None
        assert mine < later
        since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
        assert since_boot - 120 < later / os.sysconf("SC_CLK_TCK") <= since_boot + 1
    finally:
        child.communicate(b"\n")
    assert process_start(child.pid) is None


def test_a_process_may_have_any_name() -> None:
    comm = Path("/proc/self/comm")
    name, expected = comm.read_text(), process_start(os.getpid())
    try:
        comm.write_text("a) S 1 2 (b")
        assert process_start(os.getpid()) == expected
    finally:
        comm.write_text(name.strip())
