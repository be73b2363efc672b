"""A stack whose StatefulSets no update could change stands up all the same, and its pods are not deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from fake_api import FakeApi
from fake_stack import FakeStack, rendered

from fixtures.cluster.remade import let_go
from fixtures.kubernetes.informer import KubeObject

SETS = "/apis/apps/v1/namespaces/acd/statefulsets/"


class Orphaning(FakeApi):
    """Refuses to delete what hangs on an object."""

    def delete(self, path: str, body: Any = None) -> None:
        assert body["propagationPolicy"] == "Orphan"
        super().delete(path, body)


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[KubeObject]:
    return rendered(tmp_path_factory.mktemp("home"))


def standing(items: list[KubeObject]) -> Orphaning:
    return Orphaning({FakeStack.path(i): FakeStack.lived(i) for i in items if i["kind"] == "StatefulSet"})


def test_one_that_names_another_service_is_let_go_and_no_other(items: list[KubeObject]) -> None:
    api = standing(items)
    api.items[SETS + "postgresql"]["spec"]["serviceName"] = "postgresql"
    told: list[str] = []
    assert let_go(api, yaml.safe_dump_all(items), "acd", told.append) == ["postgresql"]  # type: ignore[arg-type]
    assert told == ["statefulset/postgresql is made anew around its pods: no update changes serviceName"]
    assert api.asked == [("DELETE", SETS + "postgresql")]


def test_what_an_update_can_change_and_what_is_not_there_is_left(items: list[KubeObject]) -> None:
    api = standing(items)
    api.items[SETS + "redis-master"]["spec"] |= {"replicas": 3, "updateStrategy": {"type": "OnDelete"}}
    del api.items[SETS + "kafka-controller"]
    before = json.dumps(api.items)
    assert let_go(api, yaml.safe_dump_all(items), "acd", pytest.fail) == []  # type: ignore[arg-type]
    assert json.dumps(api.items) == before
