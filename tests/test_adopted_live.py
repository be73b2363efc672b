"""Live: a whole kind cluster of somebody else's, with its own `acd` and its own metrics-server, adopted and left.

It makes a second cluster, `foreign`, beside whatever runs, and removes it: about five minutes and 5 GiB of memory.

    pytest tests/test_adopted_live.py -m live
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.cluster import manifests
from fixtures.cluster.api_access import open_api_access
from fixtures.cluster.down import down
from fixtures.cluster.inventory import Inventory
from fixtures.cluster.kernel import ensure_kernel
from fixtures.cluster.kind_config import kind_config, this_machine, write_mounted
from fixtures.cluster.owner import new_owner
from fixtures.cluster.up import up
from fixtures.command import run
from fixtures.docker import ensure_engine
from fixtures.docker.containers import node_containers
from fixtures.errors import UsageError
from fixtures.images import ensure_images
from fixtures.kubernetes.api import Cluster, kubectl_path
from fixtures.settings import Settings, load_settings
from fixtures.wait import wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
NAME = "foreign"
# what the cluster itself changes without anybody's doing
LIVELY = {"Event", "Lease", "PodMetrics", "NodeMetrics", "CSINode"}
THEIRS = """
apiVersion: v1
kind: Namespace
metadata: {name: acd, labels: {app.kubernetes.io/part-of: acd}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: precious, namespace: acd, labels: {app.kubernetes.io/part-of: acd}}
data: {a: "1"}
---
apiVersion: v1
kind: Secret
metadata: {name: key, namespace: acd, labels: {app.kubernetes.io/part-of: acd}}
stringData: {a: "1"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: acd, labels: {app.kubernetes.io/part-of: acd}}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop, app.kubernetes.io/part-of: acd}}
    spec:
      containers: [{name: pause, image: registry.k8s.io/pause:3.10, imagePullPolicy: Never}]
"""


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A kind cluster that Crucible's settings know nothing of: CNI, metrics-server, a namespace `acd`."""
    home = tmp_path_factory.mktemp("theirs")
    theirs = Settings(cluster=NAME, home=home, gateway_port=28080, kafka_port=29092)
    theirs.cluster_home.mkdir(parents=True)
    engine = ensure_engine(theirs, fix=False)
    images = ensure_images(load_settings(), engine)
    own_cni = images.cni == "kube-router"
    assert not node_containers(engine, NAME), f"there is a kind cluster {NAME!r}: kind delete cluster --name {NAME}"
    write_mounted(theirs)
    config = kind_config(theirs, new_owner(theirs, images.node, []), own_cni=own_cni, machine=this_machine())
    words: list[str | Path] = [images.kind, "create", "cluster", "--config", "-", "--kubeconfig", theirs.kubeconfig]
    try:
        run(words, stdin=config, within_s=300, env=engine.env)
        cluster = Cluster(theirs)
        rendered = yaml.safe_load_all(manifests.render(theirs, images.stack, own_cni=own_cni))
        system = [
            item for item in rendered if item and item["metadata"].get("namespace", "kube-system") == "kube-system"
        ]
        system = [item for item in system if item["kind"] != "Namespace"]
        for item in system:
            item["metadata"].get("labels", {}).pop("app.kubernetes.io/part-of", None)
        cluster.kubectl("apply", "--filename=-", stdin=yaml.safe_dump_all(system), within_s=60)
        cluster.kubectl("apply", "--filename=-", stdin=THEIRS)
        if own_cni:
            open_api_access(cluster, NAME)
        cluster.kubectl("wait", "--all", "--for=condition=Available", "deployments", "-A", "--timeout=180s",
                        within_s=200)  # fmt: skip
        wait_for(lambda: _answers(cluster), what="their metrics-server to have figures", within_s=90, every_s=1.0)
        assert ensure_kernel(engine, [node.name for node in node_containers(engine, NAME)]) == [], "their init set it"
        yield theirs
    finally:
        run([images.kind, "delete", "cluster", "--name", NAME], within_s=120, env=engine.env)


@pytest.fixture
def ours(foreign: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings that adopt it, with a home of their own; their kubeconfig is the user's."""
    monkeypatch.setenv("KUBECONFIG", str(foreign.kubeconfig))
    cache = load_settings().home
    home = tmp_path / "ours"
    home.mkdir()
    (home / "cache").symlink_to(cache / "cache")
    return Settings(cluster="adopted", home=home, adopt_context=f"kind-{NAME}", gateway_port=28080, kafka_port=29092)


def _answers(cluster: Cluster) -> bool:
    done = run([kubectl_path(), "--kubeconfig", cluster.settings.kubeconfig, "top", "nodes"], check=False)
    return done.returncode == 0


def dump(theirs: Settings) -> dict[str, str]:
    """Every object of every kind, without what the cluster changes by itself."""
    cluster = Cluster(theirs)
    inventory = Inventory(cluster)
    namespaces = [item["metadata"]["name"] for item in cluster.get("/api/v1/namespaces")["items"]]
    held = [item for namespace in namespaces for item in inventory.in_namespace(namespace)]
    for (version, kind), (plural, namespaced) in inventory._kinds.items():
        if not namespaced and "list" in inventory._resources[version, kind]["verbs"]:
            root = f"/apis/{version}" if "/" in version else f"/api/{version}"
            held += [{"kind": kind, "apiVersion": version, **item} for item in cluster.get(f"{root}/{plural}")["items"]]
    found = {}
    for item in held:
        metadata = item["metadata"]
        if item["kind"] in LIVELY:
            continue
        kept = {k: v for k, v in metadata.items() if k in ("uid", "labels", "annotations", "generation", "finalizers")}
        body = {k: v for k, v in item.items() if k not in ("status", "metadata")}
        if item["kind"] in ("Node", "APIService", "ComponentStatus"):
            body.pop("conditions", None)
        if item["kind"] == "EndpointSlice":  # its annotation is the time of its last change
            kept.pop("annotations", None)
        key = f"{item['kind']} {metadata.get('namespace', '')}/{metadata['name']}"
        found[key] = json.dumps([kept, body], sort_keys=True)
    return found


def test_up_refuses_their_namespace_and_neither_it_nor_down_changes_a_thing(foreign: Settings, ours: Settings) -> None:
    before = dump(foreign)
    assert any(key == "ConfigMap acd/precious" for key in before)
    with pytest.raises(UsageError) as refused:
        up(ours, print)
    for expected in ("configmap/precious in acd", "secret/key in acd", "deployment/shop in acd"):
        assert expected in str(refused.value)
    assert dump(foreign) == before
    down(ours, print)
    assert dump(foreign) == before


def test_in_a_namespace_of_its_own_the_stack_comes_and_goes_without_a_trace(foreign: Settings, ours: Settings) -> None:
    cdn = Settings(**{name: getattr(ours, name) for name in ours.model_fields_set}, namespace="cdn")
    before = dump(foreign)
    done = up(cdn, print)
    assert done.changed
    assert not up(cdn, print).changed
    during = dump(foreign)
    assert {key: during.get(key) for key in before} == before, "nothing that was there has changed"
    assert "Deployment cdn/gateway" in during
    words = [Path(sys.executable).with_name("crucible"), "run", "suites/conformance", "--profile", "smoke"]
    run_again = subprocess.run(words, env=cdn.environment(), capture_output=True, text=True, timeout=300, check=False)

    assert run_again.returncode == 0, run_again.stdout[-3000:] + run_again.stderr[-1000:]
    down(cdn, print)
    after = dump(foreign)
    assert sorted(after.keys() ^ before.keys()) == []
    assert after == before
    assert not cdn.cluster_home.exists()


def test_a_metrics_server_of_theirs_that_is_broken_is_refused(foreign: Settings, ours: Settings) -> None:
    cluster = Cluster(foreign)
    cluster.kubectl("-n", "kube-system", "scale", "deployment/metrics-server", "--replicas=0")
    wait_for(lambda: not _answers(cluster), what="their metrics-server to be away", within_s=60, every_s=1.0)
    cluster.kubectl("-n", "kube-system", "wait", "--for=delete", "pods", "-l", "app.kubernetes.io/name=metrics-server")
    wait_for(lambda: dump(foreign), what="the cluster to have noticed", within_s=60, every_s=1.0, hold_for_s=5.0)
    before: dict[str, Any] = dump(foreign)
    cdn = Settings(**{name: getattr(ours, name) for name in ours.model_fields_set}, namespace="cdn")
    with pytest.raises(UsageError, match="serves no metrics"):
        up(cdn, print)
    assert dump(foreign) == before
