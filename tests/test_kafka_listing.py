"""What Kafka holds: whatever keeps the brokers from saying so is said in words, never a crash of the one who asked."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from confluent_kafka import KafkaError, KafkaException, admin

from fixtures.kafka.listing import list_kafka

LOADING = KafkaError(KafkaError.COORDINATOR_LOAD_IN_PROGRESS, "loading")


class Admin:
    """An admin client whose brokers answer as told."""

    errors: tuple[Any, ...] = ()
    raised: Exception | None = None
    topics: ClassVar[dict[str, Any]] = {}

    def __init__(self, settings: dict[str, Any]) -> None:
        pass

    def list_consumer_groups(self, request_timeout: float) -> Future[Any]:
        answer: Future[Any] = Future()
        answer.set_result(
            SimpleNamespace(
                errors=list(self.errors), valid=[SimpleNamespace(group_id=g) for g in ("worker", "crucible-left")]
            )
        )
        return answer

    def list_topics(self, timeout: float) -> Any:
        if self.raised:
            raise self.raised
        return SimpleNamespace(topics=self.topics)


@pytest.mark.parametrize(
    ("errors", "raised", "trouble"),
    [
        ((LOADING,), None, "does not list its groups (COORDINATOR_LOAD_IN_PROGRESS)"),
        ((KafkaException(LOADING),), None, "does not list its groups (COORDINATOR_LOAD_IN_PROGRESS)"),
        ((), KafkaException(KafkaError(KafkaError._TRANSPORT)), "does not say what it holds (_TRANSPORT)"),
        ((), TimeoutError(), "does not say what it holds (TimeoutError)"),
        ((), None, ""),
    ],
)
def test_trouble_is_told_by_its_name(
    errors: tuple[Any, ...], raised: Exception | None, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Admin, "errors", errors)
    monkeypatch.setattr(Admin, "raised", raised)
    monkeypatch.setattr(admin, "AdminClient", Admin)
    listing = list_kafka("127.0.0.1:1")
    assert listing.trouble == trouble
    assert listing.groups == (None if trouble else {"crucible-left": ""}), "groups of the stack come and go"


def test_a_copy_that_is_behind_is_told_by_its_partition_and_no_kafkas_own_is_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def topic(**isrs: list[int]) -> Any:
        return SimpleNamespace(
            partitions={int(n[1:]): SimpleNamespace(replicas=[0, 1, 2], isrs=isr) for n, isr in isrs.items()}
        )

    topics = {"writes": topic(p0=[0, 1, 2], p1=[2]), "__consumer_offsets": topic(p0=[1, 2])}
    monkeypatch.setattr(Admin, "topics", topics)
    monkeypatch.setattr(admin, "AdminClient", Admin)
    listing = list_kafka("127.0.0.1:1")
    assert listing.topics == {"writes": "2 partitions, 3 replicas"}
    assert listing.behind == [
        "__consumer_offsets/0: 2 of 3 replicas in sync",
        "writes/1: 1 of 3 replicas in sync",
    ]
