"""Where everything of a dossier is, and which of its files this process has read."""

from __future__ import annotations

import os
import re
import secrets
import sys
from datetime import datetime
from pathlib import Path

import pytest

from reports import layout
from reports.layout import RequestRow
from reports.reading import Reads, recorded


def test_each_path_of_a_dossier_by_its_name() -> None:
    of_load = [layout.requests, layout.plan, layout.writes, layout.topic, layout.applied, layout.history, layout.states]
    assert [path("ops") for path in of_load] == [
        "load/requests-ops.csv", "load/ops.plan.json", "kafka/writes-ops.jsonl", "kafka/topic-ops.jsonl",
        "kafka/journal-ops.jsonl", "kafka/history-ops.jsonl", "kafka/states-ops.jsonl",
    ]  # fmt: skip
    assert layout.copies("director", "ops") == "kafka/copies-director-ops.jsonl"
    assert layout.state("gateway", layout.BEFORE) == "state/gateway/before.json"
    assert layout.journal("kill-1") == "experiments/kill-1/journal.json"


def test_a_row_has_a_line_of_eight_columns_and_comes_back() -> None:
    row = RequestRow(1, 2, 3, 4, 'GET "a", b\r\nc', 200, 7, "no\tanswer,")
    assert row.line() == "1,2,3,4,GET 'a'; b  c,200,7,no\tanswer;"
    assert RequestRow.of(row.line()) == (1, 2, 3, 4, "GET 'a'; b  c", 200, 7, "no\tanswer;")
    assert RequestRow.of("1,2,3,4,5,6,7,8") == (1, 2, 3, 4, "5", 6, 7, "8")
    for line, why in (("1,2", "2 fields, not 8"), ("1,2,3,4,5,6,7,8,9", "9 fields, not 8"),
                      ("x,2,3,4,5,6,7,8", "invalid literal for int() with base 10: 'x'")):  # fmt: skip
        with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
            RequestRow.of(line)


def test_a_new_folder_has_a_free_name_of_its_time_and_is_the_latest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            asked.append(tz)
            return datetime(2026, 11, 7, 5, 4, 3, tzinfo=layout.UTC)

    tokens = iter(["aa11", "aa11", "bb22"])
    monkeypatch.setattr(layout, "datetime", Clock)
    monkeypatch.setattr(secrets, "token_hex", lambda size: f"{size}{next(tokens)}")
    out = tmp_path / "reports" / "out"
    first, second = layout.create(out), layout.create(out)
    assert [first, second] == [out / "20261107-050403-2aa11", out / "20261107-050403-2bb22"]
    assert first.is_dir()
    assert second.is_dir()
    assert sorted(path.name for path in out.iterdir()) == sorted([first.name, second.name, "latest"])
    assert os.readlink(out / "latest") == second.name
    assert set(asked) == {layout.UTC}


def test_what_was_opened_or_listed_below_a_folder_each_once_in_order(tmp_path: Path) -> None:
    folder, other = tmp_path / "run", tmp_path / "running"
    for path in (folder / "load", other):
        path.mkdir(parents=True)
    for path in (folder / "a.txt", folder / "b.txt", folder / "load" / "c.txt", other / "d.txt"):
        path.write_text("x")
    (tmp_path / "link").symlink_to(folder)
    with recorded(tmp_path / "link") as outer, recorded(other) as of_other:
        (folder / "b.txt").read_bytes()
        with recorded(folder) as inner:
            (tmp_path / "link" / "a.txt").read_text()
            assert inner.files == ("a.txt",)
        (folder / "b.txt").read_text()
        (other / "d.txt").read_text()
        assert list(os.scandir(folder / "load"))
        assert os.listdir(str(folder).encode())
        with pytest.raises(FileNotFoundError):
            (folder / "gone.txt").read_text()
    assert inner.files == ("a.txt",)
    (folder / "load" / "c.txt").read_text()
    assert outer.files == ("b.txt", "a.txt", "load/", "./", "gone.txt")
    assert of_other.files == ("d.txt",)


def test_what_is_only_written_is_not_read_and_what_is_changed_is(tmp_path: Path) -> None:
    for name in ("b", "c", "d", "e", "g"):
        (tmp_path / name).write_text("x")
    with recorded(tmp_path) as reads:
        for name, mode in (("a", "w"), ("b", "a"), ("c", "r+"), ("d", "wb"), ("x", "w+"), ("y", "x"), ("e", "rb")):
            (tmp_path / name).open(mode).close()
        for name, flags in (("f", os.O_WRONLY | os.O_CREAT), ("g", os.O_RDWR), ("h", os.O_RDONLY | os.O_CREAT)):
            descriptor = os.open(tmp_path / name, flags)
            os.fdopen(descriptor, "r" if flags & os.O_RDWR or not flags & os.O_WRONLY else "w").close()
        sys.audit("open", str(tmp_path / "arrow"), "rb", 0)
        sys.audit("open", str(tmp_path / "written"), None, os.O_WRONLY)
        sys.audit("open", 7, "r", 0)
        sys.audit("crucible.other", str(tmp_path / "other"), "r", 0)
        sys.audit("crucible.other")
    assert reads.files == ("c", "x", "e", "g", "h", "arrow")


def test_where_no_folder_is_named_the_current_one_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    with recorded(tmp_path) as reads:
        assert os.listdir() == []
    assert reads.files == ("in/",)
    with pytest.raises(ZeroDivisionError), recorded(tmp_path) as broken:
        raise ZeroDivisionError
    (tmp_path / "late").open("w").close()
    (tmp_path / "late").read_text()
    assert broken.files == ()


def test_a_path_counts_only_below_the_folder(tmp_path: Path) -> None:
    reads = Reads(tmp_path / "run")
    for path, listed in (("run/a", False), ("runs/b", False), ("run", True), ("c", False), ("run/d", True)):
        reads.see(str(tmp_path / path), listed=listed)
    assert reads.files == ("a", "./", "d/")
