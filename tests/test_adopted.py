"""An adopted cluster: what others made is never changed or deleted, whatever `up`, prune and `down` find there."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_cluster import FakeCluster

from fixtures.cluster.adopted import Adopted
from fixtures.cluster.down import down
from fixtures.cluster.made import OWNER_LABEL, Made
from fixtures.cluster.manifests import overlays
from fixtures.cluster.owner import check_road, new_owner, write_owner
from fixtures.errors import UsageError
from fixtures.kubernetes.api import ApiError
from fixtures.settings import Settings
from fixtures.stack.map import stack_map_of, write_left_out


def manifest(kind: str, name: str, version: str = "v1", namespace: str | None = "acd", **more: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


STACK = [
    manifest("Namespace", "acd", namespace=None),
    manifest("ConfigMap", "gateway", data={"a": "1"}),
    manifest("Service", "gateway"),
    manifest("StatefulSet", "kafka", "apps/v1",
             spec={"replicas": 2, "volumeClaimTemplates": [{"metadata": {"name": "data"}}]}),
    manifest("ClusterRole", "system:metrics-server", "rbac.authorization.k8s.io/v1", namespace=None),
]  # fmt: skip
RENDERED = yaml.safe_dump_all(STACK)


@pytest.fixture
def api() -> FakeCluster:
    found = FakeCluster()
    found.put("v1", "Namespace", "kube-system")
    return found


@pytest.fixture
def adopted(api: FakeCluster, tmp_path: Path) -> Adopted:
    return Adopted(api, Made(tmp_path, "me"))  # type: ignore[arg-type]


def bring_up(adopted: Adopted, rendered: str = RENDERED) -> None:
    planned = adopted.plan(rendered)
    adopted.claim()
    adopted.apply(planned)


def test_what_was_there_before_up_is_there_after_down_and_nothing_else(api: FakeCluster, adopted: Adopted) -> None:
    api.put("v1", "Namespace", "shop")
    api.put("v1", "ConfigMap", "gateway", "shop")
    before = copy.deepcopy(api.objects)
    bring_up(adopted)
    assert len(api.objects) == len(before) + len(STACK) + 1
    ours = [item for path, item in api.objects.items() if path not in before]
    assert all(item["metadata"]["labels"][OWNER_LABEL] == "me" for item in ours)
    adopted.remove(lambda _: None)
    assert api.objects == before


def test_a_namespace_of_others_is_refused_with_the_list_and_nothing_is_written(
    api: FakeCluster, adopted: Adopted
) -> None:
    api.put("v1", "Namespace", "acd")
    api.put("v1", "ServiceAccount", "default", "acd")
    labels = {"labels": {"app.kubernetes.io/part-of": "acd"}}
    api.put("v1", "ConfigMap", "precious", "acd", metadata=labels)
    api.put("v1", "Secret", "key", "acd", metadata=labels)
    api.put("apps/v1", "Deployment", "shop", "acd", metadata=labels)
    with pytest.raises(UsageError) as refused:
        adopted.plan(RENDERED)
    for expected in ("configmap/precious in acd", "secret/key in acd", "deployment/shop in acd", "3 objects",
                     "nothing was changed", "CRUCIBLE_NAMESPACE="):  # fmt: skip
        assert expected in str(refused.value)
    assert api.writes() == []
    adopted.remove(lambda _: None)
    assert api.writes() == []


def test_an_empty_namespace_of_others_is_used_and_stays_as_it_was(api: FakeCluster, adopted: Adopted) -> None:
    api.put("v1", "Namespace", "acd")
    api.put("v1", "ConfigMap", "kube-root-ca.crt", "acd")
    before = copy.deepcopy(api.objects)
    bring_up(adopted)
    bring_up(adopted)  # ours is in it by now; that is no reason to refuse
    adopted.remove(lambda _: None)
    assert api.objects == before


def test_an_object_of_others_outside_the_namespace_is_refused_too(api: FakeCluster, adopted: Adopted) -> None:
    api.put("rbac.authorization.k8s.io/v1", "ClusterRole", "system:metrics-server")
    with pytest.raises(UsageError, match="clusterrole/system:metrics-server"):
        adopted.plan(RENDERED)
    assert api.writes() == []


def test_what_others_put_into_our_namespace_later_stays_with_it(api: FakeCluster, adopted: Adopted) -> None:
    bring_up(adopted)
    api.put("v1", "ConfigMap", "theirs", "acd", metadata={"labels": {OWNER_LABEL: "me"}})  # even with our label
    bring_up(adopted)
    told: list[str] = []
    adopted.remove(told.append)
    assert set(api.objects) == {
        "/api/v1/namespaces/kube-system", "/api/v1/namespaces/acd", "/api/v1/namespaces/acd/configmaps/theirs",
    }  # fmt: skip
    assert "namespace acd stays" in told[0]
    assert "configmap/theirs in acd" in told[0]


def test_what_our_objects_cause_goes_with_them(api: FakeCluster, adopted: Adopted) -> None:
    bring_up(adopted)
    sets = api.objects["/apis/apps/v1/namespaces/acd/statefulsets/kafka"]
    owned = {"ownerReferences": [{"uid": sets["metadata"]["uid"]}]}
    api.put("v1", "Pod", "kafka-0", "acd", metadata=owned)
    api.put("v1", "PersistentVolumeClaim", "data-kafka-0", "acd", spec={})
    api.put("v1", "Endpoints", "gateway", "acd")
    adopted.remove(lambda _: None)
    assert list(api.objects) == ["/api/v1/namespaces/kube-system"]


def test_in_a_namespace_of_others_our_claims_go_and_theirs_stay(api: FakeCluster, adopted: Adopted) -> None:
    api.put("v1", "Namespace", "acd")
    bring_up(adopted)
    api.put("v1", "PersistentVolumeClaim", "data-kafka-0", "acd", spec={"volumeName": "pv-1"})
    api.put("v1", "PersistentVolume", "pv-1", spec={"persistentVolumeReclaimPolicy": "Delete"})
    api.put("v1", "PersistentVolumeClaim", "data-other-0", "acd")
    adopted.remove(lambda _: None)
    assert [path for path in api.objects if "persistentvolume" in path] == [
        "/api/v1/namespaces/acd/persistentvolumeclaims/data-other-0"
    ]


def test_a_namesake_that_replaced_ours_is_neither_changed_nor_deleted(api: FakeCluster, adopted: Adopted) -> None:
    bring_up(adopted)
    path = "/api/v1/namespaces/acd/configmaps/gateway"
    theirs = api.put("v1", "ConfigMap", "gateway", "acd", metadata={"labels": {OWNER_LABEL: "me"}})
    with pytest.raises(UsageError, match="configmap/gateway"):
        adopted.plan(RENDERED)
    adopted.prune("", lambda _: None)
    adopted.remove(lambda _: None)
    assert api.objects[path] == theirs


def test_one_that_appears_between_looking_and_making_is_refused(api: FakeCluster, adopted: Adopted) -> None:
    planned = adopted.plan(RENDERED)
    theirs = api.put("v1", "Namespace", "acd")
    with pytest.raises(UsageError, match="another meanwhile"):
        adopted.apply(planned)
    assert api.objects["/api/v1/namespaces/acd"] == theirs


def test_prune_takes_back_what_we_made_and_the_stack_no_longer_has(api: FakeCluster, adopted: Adopted) -> None:
    bring_up(adopted)
    api.put("v1", "ConfigMap", "precious", "acd", metadata={"labels": {"app.kubernetes.io/part-of": "acd"}})
    without = yaml.safe_dump_all([item for item in STACK if item["kind"] != "Service"])
    assert adopted.prune(without, lambda _: None) == ["service/gateway in acd"]
    assert adopted.prune(without, lambda _: None) == []
    assert "/api/v1/namespaces/acd/configmaps/precious" in api.objects
    assert "/api/v1/namespaces/kube-system/configmaps/crucible-owner" in api.objects


def test_an_up_that_died_between_making_and_noting_still_knows_its_own(api: FakeCluster, tmp_path: Path) -> None:
    made = Made(tmp_path, "me")
    made.intend(manifest("ConfigMap", "gateway"))
    with made.path.open("a") as file:
        file.write('["v1", "ConfigMap", "acd", "cut o')
    ours = api.put("v1", "ConfigMap", "gateway", "acd", metadata={"labels": {OWNER_LABEL: "me"}})
    assert Made(tmp_path, "me").is_ours(ours)
    made.done(ours)
    assert Made(tmp_path, "me").is_ours(ours)
    theirs = api.put("v1", "ConfigMap", "gateway", "acd", metadata={"labels": {OWNER_LABEL: "me"}})
    assert not Made(tmp_path, "me").is_ours(theirs)
    made.intend(manifest("Secret", "key"))
    assert not made.is_ours(api.put("v1", "Secret", "key", "acd"))


def test_a_marker_that_we_did_not_make_is_refused(api: FakeCluster, adopted: Adopted) -> None:
    api.put("v1", "ConfigMap", "crucible-owner", "kube-system")
    with pytest.raises(UsageError, match="this one did not make it"):
        adopted.claim()


def test_their_metrics_server_is_used_when_it_serves_and_refused_when_not(api: FakeCluster, adopted: Adopted) -> None:
    assert not adopted.serves_metrics()
    api.put("apiregistration.k8s.io/v1", "APIService", "v1beta1.metrics.k8s.io")
    with pytest.raises(UsageError, match="serves no metrics"):
        adopted.serves_metrics()
    api.metrics = []
    with pytest.raises(UsageError, match="no figures of any node"):
        adopted.serves_metrics()
    api.metrics = [{"metadata": {"name": "n"}}]
    assert adopted.serves_metrics()


def test_where_theirs_is_used_ours_is_neither_rendered_nor_a_role(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.cluster_home.mkdir(parents=True)
    assert "system" in overlays(settings, {}, own_cni=False)
    without = overlays(settings, {}, own_cni=False, own_metrics=False)
    assert set(without) == {".", "acd"}
    assert "metrics-server" in stack_map_of(settings).roles
    write_left_out(settings, ["metrics-server"])
    assert "metrics-server" not in stack_map_of(settings).roles
    write_left_out(settings, [])
    assert "metrics-server" in stack_map_of(settings).roles


def test_a_refusal_of_a_dry_run_leaves_nothing(
    api: FakeCluster, adopted: Adopted, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = api.request

    def refusing(method: str, path: str, **more: Any) -> Any:
        if "dryRun" in (more.get("query") or {}) and "clusterroles" in path:
            raise ApiError(method, path, 422, "forbidden by a policy")
        return answer(method, path, **more)

    monkeypatch.setattr(api, "request", refusing)
    with pytest.raises(ApiError, match="forbidden by a policy"):
        adopted.plan(RENDERED)
    assert api.writes() == []


def test_the_state_of_a_made_cluster_is_not_taken_for_an_adopted_one_nor_the_other_way(tmp_path: Path) -> None:
    mine, theirs = Settings(home=tmp_path), Settings(home=tmp_path, adopt_context="kind-foreign")
    made = new_owner(mine, "crucible/node:1", [18080])
    taken = replace(made, context="kind-foreign")
    check_road(mine, made)
    check_road(theirs, taken)
    check_road(theirs, None)
    with pytest.raises(UsageError, match="needs its own name"):
        check_road(theirs, made)
    with pytest.raises(UsageError, match="CRUCIBLE_ADOPT_CONTEXT=kind-foreign"):
        check_road(mine, taken)
    with pytest.raises(UsageError, match="kind-foreign"):
        check_road(Settings(home=tmp_path, adopt_context="kind-other"), taken)
    mine.cluster_home.mkdir(parents=True)
    write_owner(mine, taken)
    with pytest.raises(UsageError, match="CRUCIBLE_ADOPT_CONTEXT"):
        down(mine)
    assert mine.cluster_home.exists()
