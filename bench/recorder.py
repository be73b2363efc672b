"""What recording costs a Kafka client: throughput at saturation and processor time, beside bare confluent-kafka.

Bare and recorded clients take turns on a topic of their own on the running brokers (3 partitions, 3 replicas, acks=all,
idempotence), each in a process of its own, `bench.recorder_clients`, which says what a bare client is. The
figure is the median over the rounds of what the recorded client lacks to the bare one beside it; processor time is
of the client's process with librdkafka's threads. Operations are of 500 records, polls of up to 500: what is done per
operation, two lines and two writes, is spread over these.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from bench.figure import Figure
from fixtures.command import run
from fixtures.errors import HarnessError
from fixtures.lock import lock
from fixtures.settings import Settings

BAR = 0.05
RECORDS = {"produce": 500_000, "consume": 400_000}
ROUNDS_AT_LEAST, ROUNDS_AT_MOST = 3, 15
BUDGET_S = {"produce": 80.0, "consume": 50.0}
BARE, RECORDED = "bare", "recorded"
PARTITIONS = 3


@dataclass(frozen=True)
class Round:
    """A bare and a recorded client, one after the other."""

    bare: dict[str, float]
    recorded: dict[str, float]

    @property
    def overhead(self) -> float:
        """The share of the bare client's records per second that the recorded one lacks."""
        return 1 - self.recorded["per_s"] / self.bare["per_s"]


def measure(settings: Settings) -> list[Figure]:
    """Measure on the running stack, which it needs for itself."""
    with lock(settings), own_topic(settings.kafka_bootstrap, replicas=3, min_isr=2) as topic:
        return beside_bare(settings.kafka_bootstrap, topic)


def beside_bare(bootstrap: str, topic: str) -> list[Figure]:
    """The same in any topic of three partitions that nobody else uses.

    Raises:
        HarnessError: a client failed, too few rounds fit into the time, or a history lacks records.
    """
    return [_figure(what, rounds(bootstrap, topic, what)) for what in RECORDS]


@contextmanager
def own_topic(bootstrap: str, *, replicas: int, min_isr: int) -> Iterator[str]:
    """A new topic for the block, deleted afterwards.

    Raises:
        HarnessError: the brokers do not make it, or do not delete it.
    """
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient, NewTopic

    name = f"crucible-bench-recorder-{os.getpid()}-{time.monotonic_ns()}"
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    new = NewTopic(name, PARTITIONS, replicas, config={"min.insync.replicas": str(min_isr)})
    done = False
    try:
        try:
            admin.create_topics([new], request_timeout=15)[name].result(20)
        except (KafkaException, TimeoutError) as error:
            raise HarnessError(f"no topic at {bootstrap}: {error}", next_command="crucible status") from error
        yield name
        done = True
    finally:
        try:
            admin.delete_topics([name], request_timeout=15)[name].result(20)
        except (KafkaException, TimeoutError) as error:
            if done:  # else what went wrong before is what matters
                raise HarnessError(f"topic {name} is left behind: {error}", next_command="crucible status") from error


def rounds(bootstrap: str, topic: str, what: str, *, per_s: float = 0.0, records: int = 0) -> list[Round]:
    """Rounds of bare and recorded clients, the order changing from one to the next, until the time is up.

    Args:
        bootstrap: brokers as `host:port,…`.
        topic: of three partitions; consumers read what producers left there.
        what: produce or consume.
        per_s: records per second that each client keeps to; as many as it can when 0.
        records: per client.
    """
    done: list[Round] = []
    records = records or RECORDS[what]
    deadline = time.monotonic() + BUDGET_S[what]
    longest = 0.0
    while len(done) < ROUNDS_AT_MOST and time.monotonic() + longest < deadline:
        begun = time.monotonic()
        first = len(done) * 2 * records
        found = {}
        for at, kind in enumerate((BARE, RECORDED) if len(done) % 2 else (RECORDED, BARE)):
            found[kind] = client(what, kind, bootstrap, topic, first + at * records, records, per_s=per_s)
        done.append(Round(found[BARE], found[RECORDED]))
        longest = max(longest, time.monotonic() - begun)
    if len(done) < ROUNDS_AT_LEAST:
        raise HarnessError(
            f"only {len(done)} rounds of {what} fit into {BUDGET_S[what]:g} s; the brokers are busy or slow",
            next_command="crucible status",
        )
    return done


def client(
    what: str,
    kind: str,
    bootstrap: str,
    topic: str,
    first: int,
    count: int,
    *,
    per_s: float = 0.0,
    idle_s: float = 10.0,
) -> dict[str, float]:
    """What one client measured; a recorded one's history must hold all its records."""
    with tempfile.TemporaryDirectory(prefix="crucible-bench-") as folder:
        words = [what, kind, bootstrap, topic, str(first), str(count), folder, str(per_s), str(idle_s)]
        said = run([sys.executable, "-m", "bench.recorder_clients", *words], within_s=40).stdout
        if kind == RECORDED:
            refuse_gaps(Path(folder), what, count)
    return dict(json.loads(said))


def refuse_gaps(folder: Path, what: str, count: int) -> None:
    """A history without the records would be cheap."""
    from reports.checkers.kafka.columns import OK, UNKNOWN
    from reports.checkers.kafka.formats.reading import Reading

    held = 0
    for batch in Reading(sorted(folder.glob("history-*.jsonl"))).batches():
        answered = np.repeat(batch.type == OK, np.diff(batch.first))
        held += int((answered & (batch.offset != UNKNOWN)).sum())
    if held < count:
        raise HarnessError(f"the history of the recorded client ({what}) holds {held:,} of {count:,} records")


def _figure(what: str, done: list[Round]) -> Figure:
    overheads = sorted(each.overhead for each in done)
    overhead = median(overheads)

    def middle(kind: str, name: str) -> float:
        return median(getattr(each, kind)[name] for each in done)

    text = (
        f"{overhead:.1%} ({overheads[0]:.1%} to {overheads[-1]:.1%} in {len(done)} rounds): bare "
        f"{middle(BARE, 'per_s'):,.0f} records/s, recorded {middle(RECORDED, 'per_s'):,.0f}; processor time "
        f"{middle(BARE, 'cpu_us'):.2f} and {middle(RECORDED, 'cpu_us'):.2f} \N{MICRO SIGN}s per record, of it the "
        f"caller's thread {middle(BARE, 'own_us'):.2f} and {middle(RECORDED, 'own_us'):.2f}"
    )
    words = {"produce": "producing", "consume": "consuming"}
    bar = f"\N{LESS-THAN OR EQUAL TO} {BAR:.0%} of throughput"
    return Figure("recorder", f"recording a client at saturation, {words[what]}", bar, text, overhead, overhead <= BAR)
