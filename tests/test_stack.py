"""The stack's manifests, rendered as `crucible up` renders them, keep what the stack map and the design promise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.cluster import manifests
from fixtures.cluster.api_access import open_api_access
from fixtures.cluster.kind_config import GATEWAY_NODE_PORT, KAFKA_NODE_PORT
from fixtures.kubernetes.pods import pods_of
from fixtures.settings import Settings
from fixtures.stack.map import load_stack_map

IMAGES = {
    name: f"crucible.local/{name}:tag"
    for name in ("apps", "kafka", "kube-router", "metrics-server", "nginx", "postgresql", "redis")
}
MAP = load_stack_map()
OWN = [name for name, role in MAP.roles.items() if role.namespace == "acd"]
DISRUPTABLE = ["gateway", "manager", "director", "kafka", "redis-replica"]
Objects = list[dict[str, Any]]
Render = Callable[..., Objects]


@pytest.fixture(scope="module")
def render(tmp_path_factory: pytest.TempPathFactory) -> Render:
    home: Path = tmp_path_factory.mktemp("home")

    def rendered(*, own_cni: bool = True, **settings: Any) -> Objects:
        chosen = Settings(home=home, **settings)
        chosen.cluster_home.mkdir(parents=True, exist_ok=True)
        text = manifests.render(chosen, IMAGES, own_cni=own_cni)
        return [item for item in yaml.safe_load_all(text) if item]

    return rendered


@pytest.fixture(scope="module")
def objects(render: Render) -> Objects:
    return render()


def one(objects: Objects, kind: str, name: str) -> dict[str, Any]:
    (found,) = [o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name]
    return found


def workload(objects: Objects, role: str) -> dict[str, Any]:
    return one(objects, MAP.role(role).kind, MAP.role(role).workload)


def template(objects: Objects, role: str) -> dict[str, Any]:
    found: dict[str, Any] = workload(objects, role)["spec"]["template"]
    return found


def container(objects: Objects, role: str) -> dict[str, Any]:
    (only,) = template(objects, role)["spec"]["containers"]
    return dict(only)


@pytest.mark.parametrize("role", MAP.roles)
def test_the_map_selects_exactly_its_workloads_pods(objects: Objects, role: str) -> None:
    pods = [
        {"metadata": {**o["spec"]["template"]["metadata"], "namespace": o["metadata"]["namespace"], "name": name}}
        for name in MAP.roles
        for o in [workload(objects, name)]
    ]
    assert [pod["metadata"]["name"] for pod in pods_of(MAP.role(role), pods)] == [role]
    assert workload(objects, role)["spec"]["selector"]["matchLabels"] == MAP.role(role).selector


@pytest.mark.parametrize("role", MAP.roles)
def test_replicas_and_ports_are_those_of_the_map(objects: Objects, role: str) -> None:
    # the number of an autoscaled workload is the autoscaler's: each manifest that names one would set it back
    owned = None if MAP.role(role).scaling else MAP.role(role).floor
    assert workload(objects, role)["spec"].get("replicas") == owned
    inside = {port["name"]: port["containerPort"] for port in container(objects, role)["ports"]}
    assert inside.items() >= MAP.role(role).ports.items()
    service = one(objects, "Service", str(MAP.role(role).service))
    assert service["spec"]["selector"] == MAP.role(role).selector


@pytest.mark.parametrize("role", MAP.roles)
def test_every_pod_is_confined(objects: Objects, role: str) -> None:
    pod, inside = template(objects, role)["spec"], container(objects, role)["securityContext"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert inside["readOnlyRootFilesystem"] is True
    assert inside["allowPrivilegeEscalation"] is False
    assert inside["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("role", MAP.roles)
def test_every_container_has_requests_limits_and_probes(objects: Objects, role: str) -> None:
    only = container(objects, role)
    for what in ("requests", "limits"):
        assert set(only["resources"][what]) == {"cpu", "memory"}
    assert {"readinessProbe", "livenessProbe"} <= set(only)
    assert only["readinessProbe"] != only["livenessProbe"]
    assert only["imagePullPolicy"] == "IfNotPresent"
    assert only["image"].startswith("crucible.local/")
    assert only["image"].endswith(":tag")
    assert template(objects, role)["spec"]["terminationGracePeriodSeconds"] <= 30


@pytest.mark.parametrize("role", OWN)
def test_no_pod_of_the_stack_holds_a_token_of_the_api(objects: Objects, role: str) -> None:
    assert template(objects, role)["spec"]["automountServiceAccountToken"] is False
    account = template(objects, role)["spec"]["serviceAccountName"]
    assert one(objects, "ServiceAccount", account)["automountServiceAccountToken"] is False


def test_each_workload_of_the_stack_is_somebody_of_its_own(objects: Objects) -> None:
    accounts = [template(objects, role)["spec"]["serviceAccountName"] for role in OWN]
    assert len(set(accounts)) == len(OWN)
    assert "default" not in accounts


@pytest.mark.parametrize("role", [r for r in OWN if MAP.role(r).kind == "StatefulSet"])
def test_each_stateful_set_names_a_headless_service_of_its_own_pods(objects: Objects, role: str) -> None:
    service = one(objects, "Service", workload(objects, role)["spec"]["serviceName"])["spec"]
    assert service["clusterIP"] == "None"
    assert service["publishNotReadyAddresses"] is True
    assert service["selector"] == MAP.role(role).selector


def test_the_namespace_refuses_unconfined_pods(objects: Objects) -> None:
    assert one(objects, "Namespace", "acd")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("role", [r for r in OWN if MAP.role(r).kind == "Deployment"])
def test_stateless_pods_leave_a_lost_node_soon(objects: Objects, role: str) -> None:
    tolerated = {t["key"]: t["tolerationSeconds"] for t in template(objects, role)["spec"]["tolerations"]}
    assert tolerated == {"node.kubernetes.io/not-ready": 10, "node.kubernetes.io/unreachable": 10}


@pytest.mark.parametrize("role", DISRUPTABLE)
def test_replicas_avoid_sharing_a_node_and_are_not_evicted_all_at_once(objects: Objects, role: str) -> None:
    rules = template(objects, role)["spec"]["affinity"]["podAntiAffinity"]
    hard = rules.get("requiredDuringSchedulingIgnoredDuringExecution", [])
    soft = [t["podAffinityTerm"] for t in rules.get("preferredDuringSchedulingIgnoredDuringExecution", [])]
    assert [t["labelSelector"]["matchLabels"] for t in hard + soft] == [MAP.role(role).selector]
    assert bool(hard) == (role == "kafka")
    budgets = [o for o in objects if o["kind"] == "PodDisruptionBudget"]
    (budget,) = [b["spec"] for b in budgets if b["spec"]["selector"]["matchLabels"] == MAP.role(role).selector]
    assert budget == {"maxUnavailable": 1, "selector": budget["selector"]}


def test_the_single_instances_share_a_node_and_nothing_stateless_depends_on_the_control_plane(objects: Objects) -> None:
    for role in ("postgresql", "redis-master"):
        labels = template(objects, role)["metadata"]["labels"]
        assert labels["crucible.dev/single-instance"] == "true"
        assert "podAffinity" in template(objects, role)["spec"]["affinity"]
    for role in OWN:
        keys = {t["key"] for t in template(objects, role)["spec"].get("tolerations", [])}
        assert "node-role.kubernetes.io/control-plane" not in keys


def test_selection_input_is_never_two_and_never_scaled(objects: Objects) -> None:
    spec = workload(objects, "selection-input")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    targets = [o["spec"]["scaleTargetRef"]["name"] for o in objects if o["kind"] == "HorizontalPodAutoscaler"]
    assert targets == ["acd-manager"]


def test_the_autoscaler_is_the_one_the_map_describes(objects: Objects) -> None:
    scaling = MAP.role("manager").scaling
    assert scaling is not None
    spec = one(objects, "HorizontalPodAutoscaler", scaling.hpa)["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (scaling.min, scaling.max)
    for way in ("scaleUp", "scaleDown"):
        assert set(spec["behavior"][way]) == {"stabilizationWindowSeconds", "selectPolicy", "policies"}
    assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == scaling.stabilisation_s
    assert spec["metrics"][0]["resource"]["target"]["averageUtilization"] == 70


def test_each_broker_is_reached_from_the_host_by_its_own_port(render: Render) -> None:
    objects = render(kafka_port=29092)
    for broker in range(3):
        spec = one(objects, "Service", f"kafka-external-{broker}")["spec"]
        assert spec["ports"][0]["nodePort"] == KAFKA_NODE_PORT + broker
        assert spec["selector"]["statefulset.kubernetes.io/pod-name"] == f"kafka-controller-{broker}"
    (config,) = [o for o in objects if o["kind"] == "ConfigMap" and o["metadata"]["name"].startswith("kafka-")]
    assert config["data"]["external-port"] == "29092"
    assert one(objects, "Service", "gateway")["spec"]["ports"][0]["nodePort"] == GATEWAY_NODE_PORT


def test_an_acknowledged_record_survives_any_one_broker(objects: Objects) -> None:
    (config,) = [o for o in objects if o["kind"] == "ConfigMap" and o["metadata"]["name"].startswith("kafka-")]
    lines = set(config["data"]["server.properties"].splitlines())
    assert {
        "default.replication.factor=3", "min.insync.replicas=2", "unclean.leader.election.enable=false",
        "offsets.topic.replication.factor=3", "auto.create.topics.enable=false",
    } <= lines  # fmt: skip


def test_the_gateway_sends_no_write_twice(objects: Objects) -> None:
    (config,) = [o for o in objects if o["kind"] == "ConfigMap" and o["metadata"]["name"].startswith("gateway-")]
    text = config["data"]["nginx.conf"]
    retry = next(line.strip() for line in text.splitlines() if line.strip().startswith("proxy_next_upstream "))
    assert retry == "proxy_next_upstream error timeout;"
    assert "non_idempotent" not in text


def test_the_password_is_made_once_kept_private_and_in_one_secret_only(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.cluster_home.mkdir(parents=True)
    secret = manifests.password(settings)
    assert manifests.password(settings) == secret
    assert len(secret) >= 24
    assert (settings.cluster_home / "secrets.json").stat().st_mode & 0o777 == 0o600
    text = manifests.render(settings, IMAGES, own_cni=False)
    assert secret not in text  # Kubernetes keeps it in base64, in the one Secret
    assert [o["kind"] for o in yaml.safe_load_all(text)].count("Secret") == 1
    assert all(f.stat().st_mode & 0o077 == 0 for f in (settings.cluster_home / "manifests").rglob("*") if f.is_file())


def test_another_namespace_moves_the_stack_and_leaves_the_system_where_it_is(render: Render) -> None:
    objects = render(namespace="elsewhere")
    namespaces = {o["metadata"].get("namespace") for o in objects if o["kind"] in ("Deployment", "StatefulSet")}
    assert namespaces == {"elsewhere", "kube-system"}
    one(objects, "Namespace", "elsewhere")


def test_routes_come_first_and_only_where_they_are_ours(render: Render, objects: Objects) -> None:
    kinds = [(o["kind"], o["metadata"]["name"]) for o in objects]
    assert kinds.index(("DaemonSet", "kube-router")) < kinds.index(("Deployment", "gateway"))
    assert ("DaemonSet", "kube-router") not in [(o["kind"], o["metadata"]["name"]) for o in render(own_cni=False)]


def api_of(objects: Objects, kind: str, name: str) -> str | None:
    container = one(objects, kind, name)["spec"]["template"]["spec"]["containers"][0]
    env = {variable["name"]: variable.get("value") for variable in container.get("env") or []}
    return env.get("KUBERNETES_SERVICE_HOST")


def test_where_routes_are_ours_the_system_asks_the_control_plane_itself(render: Render) -> None:
    ours = render(cluster="blue")
    for kind, name in (("DaemonSet", "kube-router"), ("Deployment", "metrics-server")):
        assert api_of(ours, kind, name) == "blue-control-plane"
    assert api_of(render(cluster="blue", own_cni=False), "Deployment", "metrics-server") is None


def test_what_kind_made_is_told_the_same() -> None:
    sent: dict[str, Any] = {}

    class Api:
        def request(self, method: str, path: str, *, body: Any, content_type: str) -> None:
            assert (method, content_type) == ("PATCH", "application/strategic-merge-patch+json")
            sent[path.rpartition("/")[2]] = body["spec"]["template"]["spec"]["containers"][0]

    open_api_access(Api(), "blue")  # type: ignore[arg-type]
    assert sorted(sent) == ["coredns", "local-path-provisioner"]
    for name, container in sent.items():
        assert container["name"] == name  # a strategic merge finds the container by it
        assert {"name": "KUBERNETES_SERVICE_HOST", "value": "blue-control-plane"} in container["env"]


def test_the_digest_follows_manifests_and_node_image() -> None:
    same = manifests.digest("a", "n")
    assert manifests.digest("a", "n") == same
    assert len({same, manifests.digest("b", "n"), manifests.digest("a", "m")}) == 3
