"""The bench of the recorder: it takes turns, wants whole histories, and a client that costs too much is a miss."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import confluent_kafka.admin
import pytest

from bench import recorder as bench
from fixtures.errors import CommandError, HarnessError
from fixtures.kafka.recorder import HistoryFile
from fixtures.settings import Settings


def took(per_s: float) -> dict[str, float]:
    return {"per_s": per_s, "cpu_us": 1e6 / per_s, "own_us": 0.5e6 / per_s}


def test_the_median_round_decides() -> None:
    done = [bench.Round(took(1000), took(recorded)) for recorded in (990, 940, 700)]
    missed = bench._figure("produce", done)
    assert (round(missed.value, 3), missed.met) == (0.06, False)
    assert bench._figure("produce", [*done, bench.Round(took(1000), took(1010)), done[0]]).met
    assert "bare 1,000 records/s, recorded 940" in missed.measured


def test_clients_take_turns_with_values_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, int]] = []

    def client(what: str, kind: str, at: str, topic: str, first: int, count: int, **_: object) -> dict[str, float]:
        ran.append((kind, first))
        return took(1000)

    monkeypatch.setattr(bench, "client", client)
    assert len(bench.rounds("", "", "produce", records=10)) == bench.ROUNDS_AT_MOST
    assert [kind[0] for kind, _ in ran[:6]] == ["r", "b", "b", "r", "r", "b"]
    assert [first for _, first in ran] == [10 * i for i in range(len(ran))]


def test_too_few_rounds_are_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "client", lambda *_, **__: took(1000))
    monkeypatch.setattr(bench, "BUDGET_S", {"produce": 0.0})
    with pytest.raises(HarnessError, match="only 0 rounds"):
        bench.rounds("", "", "produce")


@pytest.mark.parametrize("kind", ["bare", "recorded"])
def test_the_clients_run_against_any_brokers(brokers: str, kind: str) -> None:
    produced = bench.client("produce", kind, brokers, f"bench-{kind}", 0, 2500)
    assert set(produced) == {"per_s", "cpu_us", "own_us"}
    assert 0 < produced["own_us"] <= produced["cpu_us"]
    assert bench.client("consume", kind, brokers, f"bench-{kind}", 0, 1500, per_s=50_000)["per_s"] < 75_000
    with pytest.raises(CommandError, match=r"records came|nothing to read"):
        bench.client("consume", kind, brokers, f"bench-{kind}", 0, 9000, idle_s=1.0)


def test_a_history_that_lacks_records_is_refused(tmp_path: Path) -> None:
    history = HistoryFile(tmp_path, "w", run="bench")
    value = {"topic": "t", "partition": 0, "value": [1, 2, 3]}
    history.event("w", "invoke", "send", value)
    history.event("w", "ok", "send", value | {"offset": [0, 1, None]})
    bench.refuse_gaps(tmp_path, "produce", 2)
    with pytest.raises(HarnessError, match="holds 2 of 3 records"):
        bench.refuse_gaps(tmp_path, "produce", 3)


class Admin:
    """Brokers that make and delete topics, or do not."""

    topics: set[str]
    refuses = False

    def __init__(self, _: object) -> None: ...

    def create_topics(self, new: list[Any], **_: object) -> dict[str, Future[None]]:
        assert new[0].config == {"min.insync.replicas": "2"}
        assert (new[0].num_partitions, new[0].replication_factor) == (3, 3)
        Admin.topics.add(new[0].topic)
        return self._answer(new[0].topic)

    def delete_topics(self, names: list[str], **_: object) -> dict[str, Future[None]]:
        Admin.topics -= set(names)
        return self._answer(names[0])

    def _answer(self, name: str) -> dict[str, Future[None]]:
        future: Future[None] = Future()
        if Admin.refuses:
            future.set_exception(confluent_kafka.KafkaException("no brokers"))
        else:
            future.set_result(None)
        return {name: future}


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> type[Admin]:
    monkeypatch.setattr(confluent_kafka.admin, "AdminClient", Admin)
    Admin.topics, Admin.refuses = set(), False
    return Admin


def test_the_topic_is_there_for_the_block_only(admin: type[Admin]) -> None:
    def fails() -> None:
        with bench.own_topic("", replicas=3, min_isr=2) as topic:
            assert admin.topics == {topic}
            raise HarnessError("a client failed")

    with pytest.raises(HarnessError, match="a client failed"):
        fails()
    assert admin.topics == set()


def test_brokers_that_refuse_the_topic_are_no_figure(admin: type[Admin]) -> None:
    admin.refuses = True
    with pytest.raises(HarnessError, match="no topic"), bench.own_topic("", replicas=3, min_isr=2):
        pass


def test_a_topic_that_stays_behind_is_told(admin: type[Admin]) -> None:
    def stays() -> None:
        with bench.own_topic("", replicas=3, min_isr=2):
            admin.refuses = True

    with pytest.raises(HarnessError, match="left behind"):
        stays()


def test_the_live_stack_is_locked(admin: type[Admin], monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[str] = []

    @contextmanager
    def lock(_: Settings) -> Iterator[None]:
        held.append("locked")
        yield
        held.append("free")

    monkeypatch.setattr(bench, "lock", lock)
    monkeypatch.setattr(bench, "beside_bare", lambda *_: held.append(f"{len(admin.topics)} topic") or [])
    assert bench.measure(Settings()) == []
    assert held == ["locked", "1 topic", "free"]
