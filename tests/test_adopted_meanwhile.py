"""`down` on an adopted cluster, while others go on working in it: it takes minutes until all that is ours is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_cluster import FakeCluster
from test_adopted import RENDERED, bring_up

from fixtures.cluster.adopted import Adopted
from fixtures.cluster.made import Made

GATEWAY = "/api/v1/namespaces/acd/configmaps/gateway"
KAFKA = "/apis/apps/v1/namespaces/acd/statefulsets/kafka"


class Busy(FakeCluster):
    """A cluster in which something of others comes, or goes, when one of our objects goes."""

    def __init__(self) -> None:
        super().__init__()
        self.comes: dict[str, tuple[Any, ...]] = {}
        self.goes: dict[str, str] = {}
        self.put("v1", "Namespace", "kube-system")

    def delete(self, path: str, body: Any = None) -> Any:
        answer = super().delete(path, body)
        if path in self.comes:
            *words, metadata = self.comes.pop(path)
            self.put(*words, metadata=metadata)
        if path in self.goes:
            del self.objects[self.goes.pop(path)]
        return answer


@pytest.fixture
def api() -> Busy:
    return Busy()


@pytest.fixture
def adopted(api: Busy, tmp_path: Path) -> Adopted:
    found = Adopted(api, Made(tmp_path, "me"))  # type: ignore[arg-type]
    bring_up(found, RENDERED)
    return found


def test_what_others_put_into_our_namespace_while_ours_goes_stays_with_it(api: Busy, adopted: Adopted) -> None:
    api.comes[GATEWAY] = ("v1", "Secret", "theirs", "acd", {})
    told: list[str] = []
    adopted.remove(told.append)
    assert list(api.objects) == [
        "/api/v1/namespaces/kube-system", "/api/v1/namespaces/acd", "/api/v1/namespaces/acd/secrets/theirs",
    ]  # fmt: skip
    assert told[0] == "namespace acd stays: it holds what Crucible did not make (secret/theirs in acd)"


def test_what_ours_left_behind_is_no_stranger_though_ours_is_gone(api: Busy, adopted: Adopted) -> None:
    """The control plane takes it away a moment later; told by UIDs, for its owner cannot be looked up any more."""
    uid = api.objects[KAFKA]["metadata"]["uid"]
    api.put("v1", "Endpoints", "gateway", "acd")
    api.put("v1", "PersistentVolumeClaim", "data-kafka-0", "acd", spec={})
    api.comes[KAFKA] = ("v1", "Pod", "kafka-1", "acd", {"ownerReferences": [{"uid": uid}]})
    adopted.remove(lambda _: None)
    assert list(api.objects) == ["/api/v1/namespaces/kube-system"]


def test_what_others_took_away_themselves_while_ours_went_keeps_nothing(api: Busy, adopted: Adopted) -> None:
    api.put("v1", "Secret", "theirs", "acd")
    api.goes[GATEWAY] = "/api/v1/namespaces/acd/secrets/theirs"
    adopted.remove(lambda _: None)
    assert list(api.objects) == ["/api/v1/namespaces/kube-system"]
