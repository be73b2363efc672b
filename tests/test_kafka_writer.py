"""The writer of Kafka's probe: what is not acknowledged never counts, and after a refusal it asks with a new client."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.kafka import writer


class Report:
    """A delivery report: the error's name, and the message's offset."""

    def name(self) -> str:
        return "_MSG_TIMED_OUT"

    def offset(self) -> int:
        return 7


class Producer:
    """Takes, refuses, or says nothing."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def produce(self, topic: str, value: bytes, *, partition: int, on_delivery: Any) -> None:
        if self.answer == "refuse":
            on_delivery(Report(), None)
        elif self.answer == "take":
            on_delivery(None, Report())

    def flush(self, within_s: float) -> None:
        assert within_s > 0


def write(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[writer.Written]:
    """What each of the writes says, when each new client answers as the next word says."""
    left = list(answers)
    monkeypatch.setattr(writer, "producer", lambda bootstrap: Producer(left.pop(0)))
    client = writer.Writer("127.0.0.1:1", "t", 2)
    return [client.write_each(b"1") for _ in answers]


def test_what_is_taken_is_told_by_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = write(monkeypatch, "take", "never made")
    assert first.acknowledged == second.acknowledged == {0: 7, 1: 7}
    assert not first.refused


@pytest.mark.parametrize(("answer", "why"), [("refuse", "_MSG_TIMED_OUT"), ("silent", "no answer")])
def test_what_is_not_acknowledged_is_refused_and_the_next_write_asks_anew(
    monkeypatch: pytest.MonkeyPatch, answer: str, why: str
) -> None:
    first, second = write(monkeypatch, answer, "take")
    assert first.refused == {0: why, 1: why}
    assert not first.acknowledged
    assert second.acknowledged == {0: 7, 1: 7}
