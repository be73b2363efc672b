"""Sabotages at the edges: what is asked where, objects without a part, and each object told by itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fake_world import Still
from test_sabotage_planting_whole import MADE, ROLLED, TARGETS, TOPIC, Planting
from test_sabotage_rolled_whole import marked
from test_sabotage_steps_whole import DB, Api, changes

from chaos.fault import NothingToBreak
from chaos.sabotages import objects
from chaos.sabotages.objects import is_rolled, unsettled
from chaos.sabotages.planted import Planted
from chaos.sabotages.steps import Change


def test_all_pods_of_a_role_must_be_rolled_unless_it_is_said_otherwise() -> None:
    here = Still()
    here.all["pods"] = [marked("web-1", "toy"), marked("web-2", "other")]
    assert is_rolled(here.stack.roles["web"], here, "toy") is False


def test_a_role_s_workload_is_looked_for_in_its_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    here, asked = Still(), set[Any]()
    real = here.objects

    def look(kind: str, namespace: str | None = None) -> list[Any]:
        asked.add((kind, namespace))
        return real(kind, namespace)

    monkeypatch.setattr(here, "objects", look)
    monkeypatch.setattr(objects, "role_state", lambda role, workload: SimpleNamespace(is_settled=False))
    assert unsettled(here) == ["web 2 of 2 Ready", "db 2 of 2 Ready"]
    assert {where for where in asked if where[0] != "pods"} == {("deployments", "acd"), ("statefulsets", "acd")}


def test_each_object_is_told_by_itself_and_a_topic_stops_no_look_at_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    planting = Planting(monkeypatch)
    seen: list[Change] = []

    def stands(change: Change, world: Any) -> bool:
        assert world is planting.world
        seen.append(change)
        return change == MADE

    monkeypatch.setattr(objects, "stands", stands)
    fault = Planted(planting.world, "toy")
    assert fault.state(TARGETS) == "every role is whole; as changed: ConfigMap sabotage-toy"
    assert seen == [ROLLED, MADE]
    assert fault.effect([TOPIC, TARGETS[0]]) is None


def test_two_objects_that_are_changed_twice_are_both_named() -> None:
    twice = [{"delete": {"kind": "Service", "name": "s", "namespace": space}} for space in ("there", "ours")] * 2
    with pytest.raises(NothingToBreak) as refused:
        changes(Api(), *twice)
    assert str(refused.value) == (
        "toy changes /api/v1/namespaces/ours/services/s, /api/v1/namespaces/there/services/s twice"
    )


def test_an_object_without_a_part_is_changed_and_looked_through_all_the_same() -> None:
    api = Api()
    del api.items[DB]["spec"]["template"]["spec"]["volumes"]
    with pytest.raises(NothingToBreak, match="role db mounts no ConfigMap with a file x"):
        changes(api, {"edit": {"role": "db", "file": "x", "find": "on", "put": "off"}})
    api.items["/api/v1/namespaces/ours/configmaps/c"] = {"metadata": {"name": "c"}, "data": {"a": "b"}}
    api.comes = lambda item: item["data"].update(a="c")
    (change,) = changes(api, {"patch": {"kind": "ConfigMap", "name": "c", "strategic": {"data": {"a": "c"}}}})
    assert (change.before, change.after, change.role) == (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "b"}},
        {"metadata": {"name": "c"}, "data": {"a": "c"}}, "",
    )  # fmt: skip
