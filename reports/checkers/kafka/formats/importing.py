"""Histories from other tools: Jepsen's `history.edn`, and what kafkatest's verifiable producers and consumers print.

kafkatest says when a send was answered but not when it was sent, so each send counts as sent at the beginning by a
process of its own: what rests on the order of sends (`realtime-order`, `nonmonotonic-send`) cannot be seen there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reports.checkers.kafka.columns import Names
from reports.checkers.kafka.formats.edn import read_edn
from reports.checkers.kafka.formats.events import Columns
from reports.checkers.kafka.operation import FUNCTIONS, TYPES, BadHistory
from reports.checkers.kafka.operation import NewEvent as Event


def import_file(path: Path, origin: str) -> list[Event]:
    """The events of another tool's log, as this checker reads them.

    Args:
        path: `history.edn` for `jepsen-edn`, the JSON lines of one or several clients for `kafkatest`.
        origin: `jepsen-edn` or `kafkatest`.

    Raises:
        BadHistory: no such file, or it is not what `origin` says; with its line.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise BadHistory(f"cannot be read: {error}", where=str(path)) from None
    try:
        events = ORIGINS[origin](text)
        _refuse_strange(events)
    except BadHistory as error:
        raise BadHistory(error.message, where=f"{path}{error.where}") from None
    if not events:
        raise BadHistory(f"no operations of a Kafka history in it; is it {origin}?", where=str(path))
    return events


def _refuse_strange(events: list[Event]) -> None:
    columns = Columns(Names())
    for event in events:
        try:
            columns.add(event)
        except BadHistory as error:
            raise BadHistory(f"the event with index {event.get('index')} is strange: {error.message}") from None


def from_jepsen(text: str) -> list[Event]:
    """Operations of Jepsen's Kafka workload without those of its nemesis; its integer keys become `jepsen/<n>`."""
    found: list[Any] = []
    for value in read_edn(text):
        found += value if isinstance(value, list) else [value]
    return [_from_jepsen(op, i) for i, op in enumerate(found) if _is_client(op)]


def _is_client(op: Any) -> bool:
    if not isinstance(op, dict) or "type" not in op:
        raise BadHistory(f"an operation is a map with a :type; found {str(op)[:60]!r}")
    return op.get("process") != "nemesis" and op.get("f") in FUNCTIONS and op["type"] in TYPES


def _from_jepsen(op: dict[Any, Any], at: int) -> Event:
    value = op.get("value")
    if op["f"] in ("assign", "subscribe"):
        value = [_jepsen_key(key) for key in value or []]
    elif op["f"] == "crash":
        value = None
    elif isinstance(value, list):
        value = [_jepsen_micro(micro) for micro in value]
    event = {"index": op.get("index", at), "time": op.get("time", at), "process": op.get("process", 0)}
    event |= {"type": op["type"], "f": op["f"], "value": value}
    if op.get("seek-to-beginning?"):
        event["seek_to_beginning"] = True
    moved = [_jepsen_key(key) for change in op.get("rebalance-log") or [] for key in change.get("keys") or []]
    if moved:
        event["rebalance"] = sorted(set(moved))
    if op.get("error") is not None:
        event["error"] = str(op["error"])
    return event


def _jepsen_key(key: Any) -> str:
    return f"jepsen/{key}"


def _jepsen_micro(micro: list[Any]) -> list[Any]:
    if micro[0] == "send":
        return ["send", _jepsen_key(micro[1]), micro[2]]
    if len(micro) > 1 and isinstance(micro[1], dict):
        return ["poll", {_jepsen_key(key): records for key, records in micro[1].items()}]
    return ["poll"]


def from_kafkatest(text: str) -> list[Event]:
    """Operations of VerifiableProducer and VerifiableConsumer (with `--verbose`, which prints each record)."""
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().startswith("{"):  # other lines are what Java logs between
            try:
                lines.append((number, json.loads(line)))
            except ValueError:
                raise BadHistory("not JSON", where=f":{number}") from None
    told = _Kafkatest()
    for number, line in lines:
        try:
            told.hear(line)
        except (KeyError, TypeError) as error:
            raise BadHistory(f"{line.get('name')} without {error}", where=f":{number}") from None
    return told.events()


class _Kafkatest:
    """What kafkatest's clients said, until it becomes events."""

    def __init__(self) -> None:
        self._sends: list[tuple[int, str, list[Any]]] = []
        self._polls: list[tuple[int, dict[str, list[list[Any]]], list[str]]] = []
        self._polled: dict[str, list[list[Any]]] = {}
        self._moved: list[str] = []
        self._topics: set[str] = set()

    def hear(self, line: dict[str, Any]) -> None:
        """Take one line; lines of other kinds say nothing about records."""
        name, time = line.get("name"), int(line.get("timestamp", 0)) * 1_000_000
        if name == "producer_send_success":
            self._sends.append((time, "ok", ["send", _kafkatest_key(line), [line["offset"], line["value"]]]))
        elif name == "producer_send_error":
            partition = f"{line['topic']}/{line.get('partition', 'unknown')}"
            self._sends.append((time, "info", ["send", partition, line["value"]]))
        elif name == "record_data":
            self._polled.setdefault(_kafkatest_key(line), []).append([line["offset"], line["value"]])
        elif name == "records_consumed":
            if line["count"] and not self._polled:
                raise BadHistory("the consumer did not print its records; run it with --verbose")
            self._poll(time)
        elif name in ("partitions_assigned", "partitions_revoked"):
            self._moved += [_kafkatest_key(partition) for partition in line["partitions"]]
            self._topics |= {partition["topic"] for partition in line["partitions"]}

    def _poll(self, time: int) -> None:
        self._polls.append((time, self._polled, sorted(set(self._moved))))
        self._polled, self._moved = {}, []

    def events(self) -> list[Event]:
        """Sends of the beginning, then answers and polls in the order of time."""
        if self._polled:
            self._poll(max((time for time, *_ in [*self._sends, *self._polls]), default=0))
        start = min((time for time, *_ in [*self._sends, *self._polls]), default=0)
        events: list[Event] = []
        for i, (_, _, micro) in enumerate(self._sends):
            value = micro[2][1] if isinstance(micro[2], list) else micro[2]
            asked = [["send", micro[1], value]]
            events.append({"time": start, "process": f"send-{i}", "type": "invoke", "f": "send", "value": asked})
        if self._topics:
            for kind in ("invoke", "ok"):
                topics = sorted(self._topics)
                events.append({"time": start, "process": "consumer", "type": kind, "f": "subscribe", "value": topics})
        answers: list[tuple[int, list[Event]]] = [
            (time, [{"process": f"send-{i}", "type": kind, "f": "send", "value": [micro]}])
            for i, (time, kind, micro) in enumerate(self._sends)
        ]
        for time, polled, moved in self._polls:
            ask = {"process": "consumer", "type": "invoke", "f": "poll", "value": [["poll"]]}
            got = {"process": "consumer", "type": "ok", "f": "poll", "value": [["poll", polled]]}
            answers.append((time, [ask, got | ({"rebalance": moved} if moved else {})]))
        for time, heard in sorted(answers, key=lambda answer: answer[0]):
            events += [{"time": time} | event for event in heard]
        return [{"index": i} | event for i, event in enumerate(events)]


def _kafkatest_key(line: dict[str, Any]) -> str:
    return f"{line['topic']}/{line['partition']}"


ORIGINS: dict[str, Callable[[str], list[Event]]] = {"jepsen-edn": from_jepsen, "kafkatest": from_kafkatest}
