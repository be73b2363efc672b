"""A topic of our own to write to, on the ledger from before it is made until it is gone."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chaos.fault import Evidence, Target, recipe
from chaos.heal import replay
from fixtures.errors import HarnessError
from fixtures.kafka.partitions import MIN_ISR, admin, min_isr
from fixtures.kafka.topic import TOPIC
from fixtures.ledger import Entry
from fixtures.wait import wait_for

if TYPE_CHECKING:
    from chaos.session import Session

logger = logging.getLogger("chaostoolkit")
PARTITIONS = 3
REPLICAS = 3
WITHIN_S = 20.0


@dataclass(frozen=True)
class OwnTopic:
    """A topic that the harness makes, and that healing removes; it breaks nothing.

    Args:
        name: begins with `crucible-`, so that one that is left over is known for ours.
    """

    world: Any
    name: str
    effect_within_s: float = WITHIN_S
    healed_within_s: float = WITHIN_S

    def targets(self) -> list[Target]:
        return [Target("Topic", self.name, self.name)]

    def inject(self, targets: list[Target]) -> None:
        """Make it as the stack's own topic is: as many in sync are demanded of a write."""
        from confluent_kafka.admin import NewTopic

        demanded = min_isr(self._bootstrap, [TOPIC])
        if demanded is None:
            raise HarnessError(f"Kafka does not say what {TOPIC} demands of a write", next_command="crucible status")
        config = {MIN_ISR: str(demanded[TOPIC])}
        client = admin(self._bootstrap)  # must live as long as its answer is awaited
        made = client.create_topics([NewTopic(self.name, PARTITIONS, REPLICAS, config=config)])
        with _unless("TOPIC_ALREADY_EXISTS"):
            made[self.name].result(WITHIN_S)

    def effect(self, targets: list[Target]) -> Evidence | None:
        partitions = self._there()
        led = [number for number, p in partitions.items() if p.leader >= 0]
        return {"partitions": len(led)} if len(led) == PARTITIONS else None

    def heal(self, targets: list[Target]) -> None:
        client = admin(self._bootstrap)
        gone = client.delete_topics([self.name], operation_timeout=WITHIN_S)
        with _unless("UNKNOWN_TOPIC_OR_PART"):
            gone[self.name].result(WITHIN_S)

    def healed(self, targets: list[Target]) -> Evidence | None:
        return None if self._there() else {"gone": self.name}

    def undone(self, targets: list[Target]) -> bool:
        return self.healed(targets) is not None

    def state(self, targets: list[Target]) -> str:
        return f"{len(self._there())} partitions"

    @property
    def _bootstrap(self) -> str:
        return str(self.world.settings.kafka_bootstrap)

    def _there(self) -> dict[int, Any]:
        topic = admin(self._bootstrap).list_topics(timeout=3).topics.get(self.name)
        return dict(topic.partitions) if topic is not None else {}


@contextlib.contextmanager
def _unless(name: str) -> Any:
    from confluent_kafka import KafkaException

    try:
        yield
    except KafkaException as error:
        if error.args[0].name() != name:
            raise HarnessError(f"Kafka: {error.args[0].str()}", next_command="crucible status") from error


def make(here: Session) -> OwnTopic:
    """Make the topic of this experiment; the end of the session removes it, or else `crucible heal`.

    It is no fault, so the timeline tells nothing of it: only the ledger does.
    """
    topic = OwnTopic(here.world, f"crucible-probe-{here.engine.run}-{here.engine.experiment}")
    targets = topic.targets()
    ledger, entry = here.engine.ledger, Entry(
        topic.name, recipe(topic), [target.to_json() for target in targets], here.engine.run, here.engine.experiment
    )  # fmt: skip
    ledger.open(entry)
    here.keep.callback(remove, here, entry)
    topic.inject(targets)
    wait_for(lambda: topic.effect(targets), what=f"topic {topic.name} to have leaders", within_s=WITHIN_S)
    return topic


def remove(here: Session, entry: Entry) -> None:
    """Take the topic away, and off the ledger when it is gone; where that fails, `crucible heal` does it."""
    try:
        replay(here.engine.ledger, entry, here.world)
    except Exception as error:  # the end of a session goes on
        logger.error(f"topic {entry.id} stays on the ledger: {error}")
