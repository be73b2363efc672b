"""What of a cluster is looked at: every kind that somebody may want something of, and nothing that clusters write."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.docker.inside import read
from fixtures.kubernetes.kinds import Kind, kinds_of
from fixtures.kubernetes.objects import hashes, label_of, listed, of_runs


def resource(plural: str, kind: str, *, namespaced: bool = True, verbs: tuple[str, ...] = ("list",)) -> dict[str, Any]:
    scope = "Namespaced" if namespaced else "Cluster"
    return {"resource": plural, "responseKind": {"kind": kind}, "scope": scope, "verbs": list(verbs)}


CORE = [
    resource("pods", "Pod"), resource("configmaps", "ConfigMap"), resource("secrets", "Secret"),
    resource("events", "Event"), resource("nodes", "Node", namespaced=False), resource("bindings", "Binding", verbs=()),
]  # fmt: skip
RBAC = [resource("clusterroles", "ClusterRole", namespaced=False), resource("roles", "Role")]
NEW = [resource("widgets", "Widget")]


class Answers:
    """A cluster that has what it is given."""

    def __init__(self, **items: list[dict[str, Any]]) -> None:
        self.items = items
        self.asked: list[str] = []

    def request(self, method: str, path: str, *, accept: str) -> Any:
        assert "APIGroupDiscoveryList" in accept
        core = [{"metadata": {"name": ""}, "versions": [{"version": "v1", "resources": CORE}]}]
        groups = [
            {"metadata": {"name": "rbac.authorization.k8s.io"}, "versions": [{"version": "v1", "resources": RBAC}]},
            {"metadata": {"name": "ours.example"}, "versions": [{"version": "v2", "resources": NEW},
                                                                {"version": "v1", "resources": NEW}]},
        ]  # fmt: skip
        return {"items": core if path == "/api" else groups}

    def get(self, path: str, **query: Any) -> Any:
        self.asked.append(path)
        return {"items": self.items.get(path.rsplit("/", 1)[1], [])}


def item(name: str, **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "acd", "uid": "u", "resourceVersion": "5", "generation": 3}
    return {"metadata": metadata | more.pop("metadata", {}), **more}


def look(**items: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    return hashes(listed(Answers(**items), None))  # type: ignore[arg-type]


def test_kinds_come_from_the_cluster_in_their_preferred_version() -> None:
    assert Kind("Widget", "widgets", "/apis/ours.example/v2", True) in kinds_of(Answers())  # type: ignore[arg-type]
    assert [k.plural for k in kinds_of(Answers())].count("widgets") == 1  # type: ignore[arg-type]
    assert "bindings" not in [k.plural for k in kinds_of(Answers())]  # type: ignore[arg-type]


def test_on_an_adopted_cluster_only_the_stacks_namespaces_are_looked_at() -> None:
    cluster = Answers()
    listed(cluster, ["acd"])  # type: ignore[arg-type]
    assert cluster.asked
    assert all("/namespaces/acd/" in path for path in cluster.asked)


@pytest.mark.parametrize(
    ("plural", "change"),
    [
        ("configmaps", {"data": {"a": "2"}}),
        ("configmaps", {"data": {"a": "1"}, "binaryData": {"b": "AA=="}}),
        ("configmaps", {"data": {"a": "1"}, "metadata": {"labels": {"x": "y"}}}),
        ("configmaps", {"data": {"a": "1"}, "metadata": {"annotations": {"x": "y"}}}),
        ("configmaps", {"data": {"a": "1"}, "metadata": {"finalizers": ["x/y"]}}),
        ("configmaps", {"data": {"a": "1"}, "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}),
        ("configmaps", {"data": {"a": "1"}, "metadata": {"ownerReferences": [{"kind": "Node", "name": "n"}]}}),
        ("configmaps", {"data": {"a": "1"}, "immutable": True}),
        ("clusterroles", {"data": {"a": "1"}, "rules": [{"verbs": ["*"]}]}),
        ("widgets", {"data": {"a": "1"}, "spec": {"size": 2}}),
    ],
)
def test_whatever_somebody_may_want_of_an_object_is_seen(plural: str, change: dict[str, Any]) -> None:
    before, after = look(**{plural: [item("x", data={"a": "1"})]}), look(**{plural: [item("x", **change)]})
    assert before.keys() == after.keys()
    assert before != after


@pytest.mark.parametrize(
    "change",
    [
        {"status": {"ready": 2}},
        {"metadata": {"resourceVersion": "6", "generation": 4, "managedFields": []}},
        {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "7"}}},
    ],
)
def test_what_clusters_write_is_no_difference(change: dict[str, Any]) -> None:
    assert look(widgets=[item("x")]) == look(widgets=[item("x", **change)])


def test_a_bare_pod_is_seen_and_a_workloads_is_not() -> None:
    owned = item("gateway-x", metadata={"ownerReferences": [{"kind": "ReplicaSet"}]})
    assert look(pods=[item("bare"), owned])["pod"].keys() == {"acd/bare"}


def test_what_expires_or_is_ours_by_right_is_left_out() -> None:
    token = item("bootstrap-token-a", type="bootstrap.kubernetes.io/token")
    marker = item("crucible-owner", metadata={"namespace": "kube-system"})
    assert look(secrets=[token], configmaps=[marker], events=[item("e")], nodes=[item("n")]) == {}


def test_what_a_run_made_is_named_whatever_its_kind() -> None:
    left = item("left", metadata={"labels": {"crucible.dev/run": "r"}})
    found = listed(Answers(widgets=[left, item("x")]), None)  # type: ignore[arg-type]
    assert of_runs(found, sabotage="") == ["widget acd/left"]


def test_what_a_sabotage_made_is_left_over_unless_it_is_meant_to_stand() -> None:
    made = item("copy", metadata={"labels": label_of("drop-write")})
    found = listed(Answers(widgets=[made]), None)  # type: ignore[arg-type]
    assert of_runs(found, sabotage="") == of_runs(found, sabotage="another") == ["widget acd/copy"]
    assert of_runs(found, sabotage="drop-write") == []


PRINTED = """@@qdisc
qdisc netem 8001: dev veth1 root refcnt 2 limit 1000 delay 100ms
@@iptables
-A FORWARD -i kube-bridge -m comment --comment "allow outbound traffic from pods" -j ACCEPT
-A KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SVC-NPX46M4PTMTKRN6Y
-A DOCKER_OUTPUT -d 172.18.0.1/32 -p tcp -m tcp --dport 53 -j DNAT --to-destination 127.0.0.11:45969
-A INPUT -s 10.244.1.4/32 -j DROP
@@nftables
table ip nat
table ip kube-proxy
table inet cut
@@sysctl
net.core.somaxconn = 4096
net.netfilter.nf_conntrack_count = 812
net.ipv4.conf.veth1.forwarding = 1
@@stopped
nginx
@@paused
@@end
"""


def test_inside_a_node_only_what_someone_set_is_told() -> None:
    seen = read(PRINTED)
    assert seen["qdisc"] == ["qdisc netem 8001: dev veth1 root refcnt 2 limit 1000 delay 100ms"]
    assert seen["iptables rule"] == [
        '-A FORWARD -i kube-bridge -m comment --comment "allow outbound traffic from pods" -j ACCEPT',
        "-A INPUT -s 10.244.1.4/32 -j DROP",
    ]
    assert seen["nftables table"] == ["table inet cut"]
    assert seen["stopped process"] == ["nginx"]
    assert seen["sysctl"].keys() == {"net.core.somaxconn"}
    assert read(PRINTED.replace("4096", "128"))["sysctl"] != seen["sysctl"]
    assert read(PRINTED.replace("812", "9"))["sysctl"] == seen["sysctl"]


def test_an_answer_that_was_cut_off_is_not_taken_for_nothing() -> None:
    assert read(PRINTED.removesuffix("@@end\n")) == {"asked": "the answer was cut off"}
    assert read("") == {"asked": "the answer was cut off"}
