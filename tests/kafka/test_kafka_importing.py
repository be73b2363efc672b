"""Histories from Jepsen and kafkatest become histories of ours, and what is neither is refused with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.checkers.kafka.check.files import check_files
from reports.checkers.kafka.formats.importing import import_file
from reports.checkers.kafka.operation import BadHistory
from tests.kafka.notation import write


def test_imports_jepsen(tmp_path: Path) -> None:
    (tmp_path / "history.edn").write_text(
        "; a comment\n"
        "{:type :invoke, :f :assign, :value [5], :time 1, :process 0, :index 0, :seek-to-beginning? true}\n"
        "#jepsen.history.Op{:type :ok, :f :assign, :value [5], :time 2, :process 0, :index 1}\n"
        "{:type :info, :f :kill, :value #{\"n1\"}, :time 3, :process :nemesis, :index 2}\n"
        "{:type :invoke, :f :txn, :value [[:send 5 12] [:poll]], :time 4, :process 0, :index 3}\n"
        "{:type :ok, :f :txn, :value [[:send 5 [0 12]] [:poll {5 [[0 12]]}]], :time 5, :process 0, :index 4,\n"
        " :rebalance-log [{:keys (5)}]}\n"
    )  # fmt: skip
    events = import_file(tmp_path / "history.edn", "jepsen-edn")
    assert [event["index"] for event in events] == [0, 1, 3, 4]
    assert events[0]["seek_to_beginning"] is True
    assert events[3]["rebalance"] == ["jepsen/5"]
    assert check_files([write(tmp_path / "h.jsonl", events)]).bad == ["precommitted-read"]


@pytest.mark.parametrize("text", ["{:type :ok", '{:a "', "[1 2)", "{:a}", "{:type :ok} 7"])
def test_refuses_what_is_not_edn_with_its_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "h.edn").write_text("\n" + text)
    with pytest.raises(BadHistory, match=r"h\.edn"):
        import_file(tmp_path / "h.edn", "jepsen-edn")


def test_imports_kafkatest(tmp_path: Path) -> None:
    where = {"topic": "t", "partition": 0}
    lines: list[Any] = [{"timestamp": 1, "name": "startup_complete"}, "[2024] INFO a line of log4j"]
    sent = {"timestamp": 2, "name": "producer_send_success", "key": None} | where
    lines += [sent | {"value": str(i), "offset": i} for i in range(3)]
    lines += [{"timestamp": 3, "name": "producer_send_error", "value": "9", "topic": "t", "message": "timed out"}]
    lines += [{"timestamp": 4, "name": "partitions_assigned", "partitions": [where]}]
    lines += [{"timestamp": 5, "name": "record_data", "value": str(i), "offset": i} | where for i in (0, 2)]
    lines += [{"timestamp": 5, "name": "records_consumed", "count": 2, "partitions": []}]
    events = import_file(write(tmp_path / "verifiable.log", lines), "kafkatest")
    result = check_files([write(tmp_path / "h.jsonl", events)])
    assert result.bad == ["lost-write"]
    assert result.counts["acknowledged"] == 3
    quiet = write(tmp_path / "quiet.log", [lines[-1]])
    with pytest.raises(BadHistory, match="run it with --verbose"):
        import_file(quiet, "kafkatest")
    with pytest.raises(BadHistory, match="no operations of a Kafka history"):
        import_file(write(tmp_path / "other.log", ["hello"]), "kafkatest")
