"""Edges of what is read: columns in a poll, foreign numbers and braces, and what kafkatest's clients leave out."""

from __future__ import annotations

from typing import Any

import pytest

from reports.checkers.kafka.columns import REBALANCED, SEND, Names
from reports.checkers.kafka.formats.edn import read_edn
from reports.checkers.kafka.formats.events import Columns
from reports.checkers.kafka.formats.importing import ORIGINS
from reports.checkers.kafka.operation import BadHistory

RECORDS = {"topic": "x", "partition": 0, "value": [7, 8], "offset": [0, 1]}


def flags_of(**event: Any) -> list[int]:
    columns = Columns(Names())
    columns.add({"index": 0, "time": 0, "process": 0, "type": "ok", "f": "poll", "value": RECORDS} | event)
    flags: list[int] = columns.take().flags.tolist()
    return flags


def test_records_in_columns_are_marked_where_their_partition_moved() -> None:
    assert flags_of() == [0, 0]
    assert flags_of(rebalance=["x/0"]) == [REBALANCED, REBALANCED]
    assert flags_of(rebalance=["x/1"]) == [0, 0]
    assert flags_of(f="send", rebalance=["x/0"]) == [SEND, SEND]


def test_a_transaction_has_no_records_in_columns() -> None:
    """They would not say which were sent and which polled."""
    with pytest.raises(BadHistory, match="value is a list of micro-operations"):
        flags_of(f="txn")


@pytest.mark.parametrize("text", ["]", ")", "}"])
def test_each_brace_must_have_been_opened(text: str) -> None:
    with pytest.raises(BadHistory, match="closes nothing"):
        list(read_edn("1 " + text))


def test_a_symbol_is_no_gap_and_a_number_has_no_other_end() -> None:
    assert list(read_edn("XX X 1X")) == ["XX", "X", "1X"]


@pytest.mark.parametrize(
    ("text", "line"), [("#a\n#_ 1\n", 2), ("#a #_\n1\n#b", 3), ("#a\n\n#_", 3), ("#a #_ #b\n#c", 2), ("#a {:b 1\n", 1)]
)
def test_a_text_that_ends_after_a_tag_says_where(text: str, line: int) -> None:
    with pytest.raises(BadHistory) as caught:
        list(read_edn(text))
    assert caught.value.where == f":{line}"


def test_what_is_no_operation_is_shown_up_to_its_sixtieth_character() -> None:
    with pytest.raises(BadHistory) as caught:
        ORIGINS["jepsen-edn"]('"' + "y" * 70 + '"')
    assert caught.value.message == f"an operation is a map with a :type; found '{'y' * 60}'"


def kafkatest(*lines: str) -> list[Any]:
    return list(ORIGINS["kafkatest"]("\n".join(lines)))


SENT = '{"name": "producer_send_success", "topic": "x", "partition": 0, "offset": 0, "value": "1"%s}'
MOVED = '{"name": "partitions_%s", "timestamp": 3, "partitions": [{"topic": "x", "partition": %d}]}'
POLLED = '{"name": "records_consumed", "timestamp": 4, "count": 0}'


def test_what_has_no_time_was_at_the_beginning() -> None:
    assert [event["time"] for event in kafkatest(SENT % "")] == [0, 0]
    assert [event["time"] for event in kafkatest(SENT % ', "timestamp": 2')] == [2_000_000, 2_000_000]


def test_clients_that_only_had_partitions_assigned_begin_at_nothing() -> None:
    events = kafkatest(MOVED % ("assigned", 0))
    assert [(event["f"], event["time"]) for event in events] == [("subscribe", 0), ("subscribe", 0)]


def test_all_that_moved_before_a_poll_moved() -> None:
    events = kafkatest(MOVED % ("revoked", 1), MOVED % ("assigned", 0), POLLED)
    assert events[-1]["rebalance"] == ["x/0", "x/1"]
