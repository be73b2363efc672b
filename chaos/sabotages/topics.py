"""Settings of Kafka topics, changed while the brokers run."""

from __future__ import annotations

from typing import Any

from chaos.fault import NothingToBreak
from chaos.sabotages.sabotage import TopicSettings

ANSWER_S = 10.0


class Topics:
    """The topics of the brokers at an address.

    Example::

        Topics("127.0.0.1:19092").settings("selection_input", ["min.insync.replicas"])
    """

    def __init__(self, bootstrap: str) -> None:
        from confluent_kafka.admin import AdminClient

        self._admin = AdminClient({"bootstrap.servers": bootstrap, "socket.timeout.ms": 5000, "log_level": 0})

    def settings(self, topic: str, names: list[str]) -> dict[str, str | None]:
        """What is set for the topic itself; None for what it takes from its broker.

        Raises:
            NothingToBreak: there is no such topic.
        """
        from confluent_kafka.admin import ConfigResource, ConfigSource, ResourceType

        if topic not in self._admin.list_topics(timeout=ANSWER_S).topics:
            raise NothingToBreak(f"there is no topic {topic}")
        resource = ConfigResource(ResourceType.TOPIC, topic)
        found = self._admin.describe_configs([resource], request_timeout=ANSWER_S)[resource].result(ANSWER_S)
        own = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
        return {name: found[name].value if found[name].source == own else None for name in names}

    def set(self, topic: str, settings: dict[str, str | None]) -> None:
        """Set them for the topic itself; None takes a setting back to its broker's."""
        from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

        entries = [
            ConfigEntry(
                name, value or "",
                incremental_operation=AlterConfigOpType.DELETE if value is None else AlterConfigOpType.SET,
            )
            for name, value in settings.items()
        ]  # fmt: skip
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        self._admin.incremental_alter_configs([resource], request_timeout=ANSWER_S)[resource].result(ANSWER_S)


def topic_change(step: TopicSettings, bootstrap: str) -> dict[str, Any]:
    """What a topic's settings are and will be, as facts for the ledger."""
    before = Topics(bootstrap).settings(step.topic, sorted(step.settings))
    if before == step.settings:
        raise NothingToBreak(f"topic {step.topic} has these settings already")
    return {"before": before, "after": dict(step.settings)}
