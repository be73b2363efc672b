"""Settings of topics, the healing that is left out, and the catalogue: each asked, answered and refused whole."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import confluent_kafka.admin
import pytest

from chaos.fault import NothingToBreak, Target
from chaos.sabotages import catalogue
from chaos.sabotages.sabotage import TopicSettings
from chaos.sabotages.topics import Topics, topic_change
from chaos.sabotages.unhealed import Unhealed, as_sabotaged
from fixtures.errors import UsageError

TARGETS = [Target("Node", "w1", "u-w1")]


class Admin:
    """Kafka's admin client, as far as settings of topics go."""

    made: Any = None

    def __init__(self, config: dict[str, Any]) -> None:
        Admin.made = self
        self.config, self.asked = config, list[Any]()

    def list_topics(self, timeout: float) -> Any:
        self.asked.append(("list", timeout))
        return SimpleNamespace(topics={"log": 1})

    def describe_configs(self, resources: list[Any], request_timeout: float) -> Any:
        self.asked.append(("describe", [(one.restype.name, one.name) for one in resources], request_timeout))
        dynamic = confluent_kafka.admin.ConfigSource.DYNAMIC_TOPIC_CONFIG.value
        found = {"a": SimpleNamespace(value="1", source=dynamic), "b": SimpleNamespace(value="2", source=dynamic + 1)}
        return {one: SimpleNamespace(result=lambda within_s: {10.0: found}[within_s]) for one in resources}

    def incremental_alter_configs(self, resources: list[Any], request_timeout: float) -> Any:
        told = [
            (
                one.restype.name,
                one.name,
                [(e.name, e.value, e.incremental_operation.name) for e in one.incremental_configs],
            )
            for one in resources
        ]
        self.asked.append(("alter", told, request_timeout))
        return {one: SimpleNamespace(result=self.asked.append) for one in resources}


def test_a_topic_s_own_settings_are_read_and_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confluent_kafka.admin, "AdminClient", Admin)
    topics = Topics("k:1")
    assert Admin.made.config == {"bootstrap.servers": "k:1", "socket.timeout.ms": 5000, "log_level": 0}
    assert topics.settings("log", ["b", "a"]) == {"b": None, "a": "1"}
    topics.set("log", {"a": "3", "b": None})
    assert Admin.made.asked == [
        ("list", 10.0), ("describe", [("TOPIC", "log")], 10.0),
        ("alter", [("TOPIC", "log", [("a", "3", "SET"), ("b", "", "DELETE")])], 10.0), 10.0,
    ]  # fmt: skip
    with pytest.raises(NothingToBreak) as refused:
        topics.settings("other", ["a"])
    assert str(refused.value) == "there is no topic other"
    change = topic_change(TopicSettings(topic="log", settings={"b": "9", "a": "1"}), "k:2")
    assert change == {"before": {"a": "1", "b": None}, "after": {"b": "9", "a": "1"}}
    assert Admin.made.config["bootstrap.servers"] == "k:2"
    with pytest.raises(NothingToBreak) as refused:
        topic_change(TopicSettings(topic="log", settings={"a": "1"}), "k:2")
    assert str(refused.value) == "topic log has these settings already"


def test_a_fault_that_is_not_healed_is_the_same_in_all_else() -> None:
    asked: list[Any] = []

    def told(name: str) -> Any:
        return lambda targets: asked.append((name, targets)) or name

    names = ("inject", "effect", "healed", "undone", "state", "heal")
    fault: Any = SimpleNamespace(
        effect_within_s=9.0, healed_within_s=14.0, targets=lambda: TARGETS, **{name: told(name) for name in names}
    )
    same = as_sabotaged(fault, "world", sabotage="no-heal", experiment="worker-node-kill")
    assert same == Unhealed("world", fault)
    assert (same.effect_within_s, same.healed_within_s, same.targets()) == (9.0, 14.0, TARGETS)
    fault.healed_within_s = 99.0
    assert same.healed_within_s == 15.0
    same.heal(TARGETS)
    same.inject(TARGETS)
    assert [same.effect(TARGETS), same.healed(TARGETS), same.undone(TARGETS), same.state(TARGETS)] == [
        "effect", "healed", "undone", "state",
    ]  # fmt: skip
    assert asked == [(name, TARGETS) for name in names[:5]]


def test_the_catalogue_refuses_what_is_wrong_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gateway").mkdir()
    text = (
        "id: {}\nfamily: gateway\nwhy: because a user would miss it\n"
        "plant: [{{delete: {{kind: Service, name: s}}}}]\nmust_turn_red: [conformance.roles-ready]\n"
    )
    for name in ("no-retry", "a-retry", "zz"):
        (tmp_path / f"gateway/{name}.yaml").write_text(text.format(name))
    found = catalogue.catalogue(tmp_path)
    assert list(found) == ["a-retry", "no-retry", "zz"]
    assert {name: one.id for name, one in found.items()} == {name: name for name in found}
    monkeypatch.setattr(catalogue, "catalogue", lambda: found)
    assert catalogue.find("zz") is found["zz"]
    for name, said in (("retry", "; perhaps a-retry, no-retry"), ("q", "")):
        with pytest.raises(UsageError) as refused:
            catalogue.find(name)
        assert str(refused.value) == f"no sabotage is called {name!r}{said}\n  next: crucible sabotage list"
    path = tmp_path / "gateway/zz.yaml"
    path.write_text(text.format("other"))
    with pytest.raises(UsageError) as refused:
        catalogue.read(path)
    assert str(refused.value) == f"sabotage {path}: expected it as gateway/other.yaml"
    path.write_text("[")
    with pytest.raises(UsageError, match=f"^sabotage {path}: while parsing"):
        catalogue.read(path)
    (tmp_path / "kafka").mkdir()
    with pytest.raises(UsageError, match=r"^sabotage .*nothing.yaml: .*No such file"):
        catalogue.read(tmp_path / "nothing.yaml")
