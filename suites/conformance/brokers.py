"""What Kafka's brokers say of their settings and of the topic, asked by the admin client."""

from __future__ import annotations

from typing import Any

from fixtures.kafka.topic import TOPIC

WITHIN_S = 10.0


def topic_settings(bootstrap: str) -> dict[str, str]:
    """The settings of the Selection Input topic in force.

    Raises:
        KafkaException: no broker answers.
    """
    return _config(_admin(bootstrap), "TOPIC", TOPIC)


def broker_settings(bootstrap: str, name: str) -> str:
    """The value that all brokers have for a setting; all their values when they differ.

    Raises:
        KafkaException: a broker does not answer.
    """
    admin = _admin(bootstrap)
    brokers = sorted(admin.list_topics(timeout=WITHIN_S).brokers)
    values = {_config(admin, "BROKER", str(broker)).get(name, "absent") for broker in brokers}
    return " and ".join(sorted(values))


def replicas_in_sync(bootstrap: str) -> str:
    """How many replicas of the topic's partition are in sync, of how many."""
    topic = _admin(bootstrap).list_topics(TOPIC, timeout=WITHIN_S).topics[TOPIC]
    parts = [f"{len(part.isrs)} of {len(part.replicas)}" for part in topic.partitions.values()]
    return ", ".join(parts)


def _admin(bootstrap: str) -> Any:
    from confluent_kafka.admin import AdminClient

    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})


def _config(admin: Any, kind: str, name: str) -> dict[str, str]:
    from confluent_kafka.admin import ConfigResource

    asked = ConfigResource(getattr(ConfigResource.Type, kind), name)
    found = admin.describe_configs([asked], request_timeout=WITHIN_S)[asked].result(timeout=WITHIN_S)
    return {key: str(entry.value) for key, entry in found.items()}
