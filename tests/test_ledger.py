"""The ledger keeps what must be undone, through crashes and several writers."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.errors import HarnessError
from fixtures.ledger import FILE, Entry, Ledger


def entry(name: str) -> Entry:
    return Entry(
        name, {"module": "m", "type": "T", "args": {}}, [{"kind": "Pod", "name": "p", "uid": "u"}], "run", "e-1"
    )


def test_an_open_fault_is_on_record_until_done(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.open(entry("a"))
    ledger.open(entry("b"))
    ledger.done("a")
    assert [e.id for e in Ledger(tmp_path).open_entries()] == ["b"]
    assert Ledger(tmp_path).open_entries()[0].pinned()[0].uid == "u"


def test_the_file_is_emptied_when_all_is_done(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.open(entry("a"))
    ledger.done("a")
    assert (tmp_path / FILE).read_bytes() == b""


def test_a_torn_last_line_is_dropped_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger(tmp_path)
    ledger.open(entry("a"))
    with (tmp_path / FILE).open("a") as file:
        file.write('{"state": "open", "id": "b", "fau')
    assert [e.id for e in ledger.open_entries()] == ["a"]
    assert "cut off" in caplog.text
    ledger.open(entry("c"))
    assert [e.id for e in ledger.open_entries()] == ["a", "c"]


@given(cut=st.integers(min_value=0, max_value=2000))
def test_wherever_power_fails_a_finished_record_is_kept(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    ledger = Ledger(folder)
    ledger.open(entry("first"))
    synced = (folder / FILE).stat().st_size
    ledger.open(entry("second"))
    content = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(content[: max(synced, min(cut, len(content)))])
    assert "first" in [e.id for e in ledger.open_entries()]


def test_a_damaged_line_in_the_middle_is_never_skipped(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.open(entry("a"))
    content = (tmp_path / FILE).read_text()
    (tmp_path / FILE).write_text("\0\0\0\n" + content)
    with pytest.raises(HarnessError, match=r"ledger.jsonl:1 cannot be read"):
        ledger.open_entries()


def _many(folder: Path, number: int) -> None:
    for i in range(20):
        Ledger(folder).open(entry(f"{number}-{i}"))


def test_several_processes_write_whole_lines(tmp_path: Path) -> None:
    workers = [multiprocessing.get_context("fork").Process(target=_many, args=(tmp_path, n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(Ledger(tmp_path).open_entries()) == 60
    assert all(json.loads(line)["state"] == "open" for line in (tmp_path / FILE).read_text().splitlines())
