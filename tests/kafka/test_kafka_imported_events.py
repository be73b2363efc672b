"""Each event that another tool's log becomes, and each reason to refuse such a log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.checkers.kafka.formats.importing import from_jepsen, from_kafkatest, import_file
from reports.checkers.kafka.operation import BadHistory
from tests.kafka.notation import write


def test_a_jepsen_operation_keeps_all_that_it_says() -> None:
    (event,) = from_jepsen(
        '{:index 7 :time 9 :process 3 :type :info :f :send :value [[:send 5 12]] :error [:timeout "late"]'
        " :rebalance-log [{:keys [6 5]} {:keys [5]} {:at 1}] :seek-to-beginning? true}"
    )
    assert event == {
        "index": 7, "time": 9, "process": 3, "type": "info", "f": "send", "value": [["send", "jepsen/5", 12]],
        "seek_to_beginning": True, "rebalance": ["jepsen/5", "jepsen/6"], "error": "['timeout', 'late']",
    }  # fmt: skip


def test_what_a_jepsen_operation_leaves_out_is_its_place_in_the_file() -> None:
    events = from_jepsen(
        "[{:type :invoke :f :crash :value 4} {:type :ok :f :nothing} {:type :ok :f :poll :value [[:poll]]}]"
    )
    assert events == [
        {"index": 0, "time": 0, "process": 0, "type": "invoke", "f": "crash", "value": None},
        {"index": 2, "time": 2, "process": 0, "type": "ok", "f": "poll", "value": [["poll"]]},
    ]


@pytest.mark.parametrize(
    ("op", "value"),
    [
        (":f :assign :value [5 6]", ["jepsen/5", "jepsen/6"]),
        (":f :subscribe :value nil", []),
        (":f :txn :value [[:poll {5 [[0 12]] 6 []}]]", [["poll", {"jepsen/5": [[0, 12]], "jepsen/6": []}]]),
        (":f :txn :value [[:poll nil]]", [["poll"]]),
        (":f :send :value [[:send 5 [3 12]]]", [["send", "jepsen/5", [3, 12]]]),
        (":f :poll :value nil", None),
    ],
)
def test_the_value_of_a_jepsen_operation(op: str, value: Any) -> None:
    (event,) = from_jepsen("{:type :ok " + op + "}")
    assert event["value"] == value


@pytest.mark.parametrize("op", [":process :nemesis :f :send", ":f :kill", ":f :send :type :other"])
def test_what_is_not_a_clients_is_left_out(op: str) -> None:
    assert from_jepsen("{:type :ok " + op + "}") == []


@pytest.mark.parametrize("text", ["7", "{:f :send}"])
def test_an_operation_without_a_type_is_none(text: str) -> None:
    with pytest.raises(BadHistory, match=r"^an operation is a map with a :type; found "):
        from_jepsen(text)


WHERE = {"topic": "t", "partition": 0}


def lines(*told: dict[str, Any]) -> str:
    return "\n".join(["a line of log4j", *(json.dumps(line) for line in told)])


def test_kafkatests_sends_begin_at_the_first_moment_and_are_answered_at_theirs() -> None:
    events = from_kafkatest(
        lines(
            {"name": "producer_send_success", "timestamp": 5, "offset": 0, "value": "a"} | WHERE,
            {"name": "producer_send_error", "timestamp": 4, "topic": "t", "value": "b"},
            {"name": "producer_send_error", "timestamp": 6, "value": "c"} | WHERE,
        )
    )
    sent = [("send-0", "t/0", "a"), ("send-1", "t/unknown", "b"), ("send-2", "t/0", "c")]
    asked = [
        {"index": i, "time": 4_000_000, "process": who, "type": "invoke", "f": "send", "value": [["send", key, value]]}
        for i, (who, key, value) in enumerate(sent)
    ]
    answers = [
        (4, "send-1", "info", ["send", "t/unknown", "b"]),
        (5, "send-0", "ok", ["send", "t/0", [0, "a"]]),
        (6, "send-2", "info", ["send", "t/0", "c"]),
    ]
    heard = [
        {"index": i, "time": ms * 1_000_000, "process": who, "type": kind, "f": "send", "value": [micro]}
        for i, (ms, who, kind, micro) in enumerate(answers, 3)
    ]
    assert events == asked + heard


def test_kafkatests_polls_hold_what_was_printed_since_the_one_before_and_the_last_ends_the_log() -> None:
    other = {"topic": "s", "partition": 1}
    events = from_kafkatest(
        lines(
            {"name": "partitions_assigned", "timestamp": 1, "partitions": [WHERE, other]},
            {"name": "record_data", "timestamp": 2, "offset": 0, "value": "a"} | WHERE,
            {"name": "record_data", "timestamp": 2, "offset": 9, "value": "z"} | other,
            {"name": "record_data", "timestamp": 2, "offset": 1, "value": "b"} | WHERE,
            {"name": "records_consumed", "timestamp": 3, "count": 3},
            {"name": "partitions_revoked", "timestamp": 4, "partitions": [other]},
            {"name": "records_consumed", "timestamp": 5, "count": 0},
            {"name": "record_data", "timestamp": 6, "offset": 2, "value": "c"} | WHERE,
        )
    )
    polls = [
        (3, {"t/0": [[0, "a"], [1, "b"]], "s/1": [[9, "z"]]}, ["s/1", "t/0"]),
        (5, {}, ["s/1"]),
        (5, {"t/0": [[2, "c"]]}, []),
    ]
    expected: list[dict[str, Any]] = [
        {"time": 3_000_000, "process": "consumer", "type": kind, "f": "subscribe", "value": ["s", "t"]}
        for kind in ("invoke", "ok")
    ]
    for time, polled, moved in polls:
        both = {"time": time * 1_000_000, "process": "consumer", "f": "poll"}
        expected += [
            both | {"type": "invoke", "value": [["poll"]]},
            both | {"type": "ok", "value": [["poll", polled]]} | ({"rebalance": moved} if moved else {}),
        ]
    assert events == [{"index": i} | event for i, event in enumerate(expected)]


def test_records_without_any_time_are_of_the_beginning() -> None:
    events = from_kafkatest(lines({"name": "record_data", "offset": 0, "value": "a"} | WHERE))
    assert [(event["time"], event["type"]) for event in events] == [(0, "invoke"), (0, "ok")]
    assert events[1]["value"] == [["poll", {"t/0": [[0, "a"]]}]]


def test_nothing_told_is_no_event_and_nothing_consumed_needs_no_records() -> None:
    assert from_kafkatest(lines({"name": "startup_complete", "timestamp": 1})) == []
    assert len(from_kafkatest(lines({"name": "records_consumed", "timestamp": 1, "count": 0}))) == 2


def refused(tmp_path: Path, text: str, origin: str) -> str:
    (tmp_path / "log").write_text(text)
    with pytest.raises(BadHistory) as caught:
        import_file(tmp_path / "log", origin)
    return str(caught.value).replace(str(tmp_path), "")


@pytest.mark.parametrize(
    ("text", "origin", "message"),
    [
        ("log4j\n{torn", "kafkatest", "/log:2: not JSON"),
        ('\n{"name": "record_data", "topic": "t"}', "kafkatest", "/log:2: record_data without 'partition'"),
        (
            '{"name": "records_consumed", "count": 1}',
            "kafkatest",
            "/log: the consumer did not print its records; run it with --verbose",
        ),
        ("", "kafkatest", "/log: no operations of a Kafka history in it; is it kafkatest?"),
        ("", "jepsen-edn", "/log: no operations of a Kafka history in it; is it jepsen-edn?"),
        ("1\n[", "jepsen-edn", "/log:2: what opens here is never closed with ']': is the file cut off?"),
    ],
)
def test_a_log_that_is_not_what_its_origin_says_is_refused(
    text: str, origin: str, message: str, tmp_path: Path
) -> None:
    assert refused(tmp_path, text, origin) == message


def test_an_event_that_no_history_may_hold_is_refused_by_its_index(tmp_path: Path) -> None:
    message = refused(tmp_path, "{:index 8 :type :ok :f :send :value [[:send 5 [-3 12]]]}", "jepsen-edn")
    assert message == "/log: the event with index 8 is strange: an offset is a whole number from 0 to 2^63-1; found -3"


def test_a_file_that_is_not_there_or_not_text_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name in ("none", "binary"):
        with pytest.raises(BadHistory, match="cannot be read: ") as caught:
            import_file(tmp_path / name, "kafkatest")
        assert caught.value.where == str(tmp_path / name)


def test_a_good_log_is_read_whole(tmp_path: Path) -> None:
    path = write(
        tmp_path / "log", [{"name": "producer_send_success", "timestamp": 1, "offset": 0, "value": "a"} | WHERE]
    )
    assert [event["type"] for event in import_file(path, "kafkatest")] == ["invoke", "ok"]
