"""Deciding what to do about the nodes, kind's configuration, ports, the record of ownership, and what the verbs say."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from fixtures.cluster import kernel
from fixtures.cluster.cli import kubeconfig, status, up
from fixtures.cluster.kind_cluster import Standing
from fixtures.cluster.kind_config import CNI_TEMPLATE, Machine, host_ports, kind_config, write_mounted
from fixtures.cluster.nodes import Plan, Step, plan_nodes, start_nodes
from fixtures.cluster.owner import new_owner, owner_path, read_owner, write_owner
from fixtures.cluster.ports import check_free, taker
from fixtures.cluster.still import EVERY_S, still
from fixtures.docker.containers import NodeContainer
from fixtures.errors import HarnessError, UsageError
from fixtures.settings import Settings

SETTINGS = Settings()
PORTS = list(host_ports(SETTINGS))
IMAGE = "crucible/node:1"
NODES = [
    NodeContainer(name, f"id-{name}", "running", IMAGE, f"172.18.0.{9 - i}")
    for i, name in enumerate(("c-control-plane", "c-worker", "c-worker2"))
]
MAKING = replace(new_owner(SETTINGS, IMAGE, PORTS), id="me")
MADE = MAKING.completed({n.name: n.id for n in NODES}, {n.name: f"172.18.0.{9 - i}" for i, n in enumerate(NODES)})


def plan(
    found: list[NodeContainer], owner: Any, *, image: str = IMAGE, loadable: bool = False, **settings: Any
) -> Plan:
    chosen = Settings(**settings)
    return plan_nodes(
        found, owner, chosen, node_image=image, ports=list(host_ports(chosen)), is_loadable=lambda old, new: loadable
    )


def test_nothing_there_is_created_and_what_is_right_is_kept() -> None:
    assert plan([], None) == Plan(Step.CREATE)
    assert plan([], MADE) == Plan(Step.CREATE)
    assert plan(NODES, MADE) == Plan(Step.KEEP)


def test_a_cluster_that_somebody_else_made_is_left_alone() -> None:
    with pytest.raises(UsageError, match="that Crucible did not make") as refused:
        plan(NODES, None)
    assert "kind delete cluster --name crucible" in str(refused.value)
    assert "CRUCIBLE_CLUSTER=other" in str(refused.value)


def test_a_cluster_of_our_name_made_after_ours_was_removed_by_hand_is_not_ours() -> None:
    with pytest.raises(UsageError):
        plan([replace(node, id=f"new-{node.name}") for node in NODES], MADE)


def test_an_interrupted_up_is_taken_up_again_but_only_if_the_containers_are_ours() -> None:
    assert plan([replace(NODES[0], mounted_at=frozenset({MAKING.mark}))], MAKING).step is Step.RECREATE
    for marked_at in (frozenset[str](), frozenset({replace(MAKING, id="another").mark})):
        with pytest.raises(UsageError, match="that Crucible did not make"):
            plan([replace(NODES[0], mounted_at=marked_at)], MAKING)


def test_stopped_and_paused_nodes_are_started_and_missing_ones_made() -> None:
    stopped = [NODES[0], replace(NODES[1], state="exited"), replace(NODES[2], state="paused")]
    assert plan(stopped, MADE) == Plan(Step.START, "c-worker, c-worker2 stopped")
    assert plan(NODES[:2], MADE).step is Step.RECREATE


def test_other_settings_are_refused_not_ignored() -> None:
    with pytest.raises(UsageError, match="4 workers"):
        plan(NODES, MADE, workers=4)
    with pytest.raises(UsageError, match="28080"):
        plan(NODES, MADE, gateway_port=28080)


def test_a_new_node_image_is_loaded_where_only_the_stack_changed() -> None:
    assert plan(NODES, MADE, image="crucible/node:2").step is Step.RECREATE
    assert plan(NODES, MADE, image="crucible/node:2", loadable=True).step is Step.KEEP
    assert plan(NODES, MADE.holding("crucible/node:2"), image="crucible/node:2").step is Step.KEEP


def test_nodes_that_swapped_addresses_are_all_started_again_in_order() -> None:
    swapped = [replace(node, address=f"172.18.0.{7 + i}") for i, node in enumerate(NODES)]
    assert plan([replace(n, address=MADE.addresses[n.name]) for n in NODES], MADE).step is Step.KEEP
    assert plan(swapped, MADE) == Plan(Step.START, "c-control-plane, c-worker2 came back with another address")
    docker = Docker()
    start_nodes(docker, swapped, MADE)  # type: ignore[arg-type]
    assert [asked[0] for asked in docker.asked] == ["kill", "start", "start", "start"]
    assert [asked[1] for asked in docker.asked[1:]] == ["id-c-worker2", "id-c-worker", "id-c-control-plane"]


class Docker:
    """Writes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def docker(self, *args: str, **_: Any) -> str:
        self.asked.append(args)
        return ""


def test_nodes_start_in_the_order_of_their_addresses() -> None:
    docker = Docker()
    found = [replace(NODES[0], state="exited"), replace(NODES[1], state="paused"), replace(NODES[2], state="exited")]
    start_nodes(docker, found, MADE)  # type: ignore[arg-type]
    assert docker.asked == [("start", "id-c-worker2"), ("unpause", "id-c-worker"), ("start", "id-c-control-plane")]


def config(*, own_cni: bool = True, v1: bool = True, oom: bool = False, **settings: Any) -> dict[str, Any]:
    machine = Machine(cgroup_v1=v1, may_lower_oom_score=oom)
    text = kind_config(Settings(**settings), MAKING, own_cni=own_cni, machine=machine)
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_one_control_plane_with_the_ports_on_loopback_and_never_a_target() -> None:
    first, *workers = config(workers=4, gateway_port=28080, kafka_port=29092)["nodes"]
    assert first["role"] == "control-plane"
    assert first["labels"] == {"crucible.dev/fault-target": "never"}
    mapped = {m["hostPort"]: m["containerPort"] for m in first["extraPortMappings"]}
    assert mapped == {28080: 30080, 29092: 30092, 29093: 30093, 29094: 30094}
    assert {m["listenAddress"] for m in first["extraPortMappings"]} == {"127.0.0.1"}
    assert [w["role"] for w in workers] == ["worker"] * 4
    assert not any("extraPortMappings" in w for w in workers)
    assert {n["image"] for n in (first, *workers)} == {IMAGE}


def test_addresses_come_from_containerd_where_no_cni_is_installed() -> None:
    ours, theirs = config(own_cni=True), config(own_cni=False)
    assert ours["networking"]["disableDefaultCNI"] is True
    assert any(CNI_TEMPLATE in patch for patch in ours["containerdConfigPatches"])
    assert all(CNI_TEMPLATE in inside(n) for n in ours["nodes"])
    assert theirs["networking"]["disableDefaultCNI"] is False
    assert not any("cni" in patch for patch in theirs["containerdConfigPatches"])
    assert not any(CNI_TEMPLATE in inside(n) for n in theirs["nodes"])


def inside(node: dict[str, Any]) -> list[str]:
    return [mount["containerPath"] for mount in node["extraMounts"]]


@pytest.mark.parametrize("own_cni", [True, False])
def test_nodes_forget_connections_to_dead_pods_in_good_time_whichever_their_cni(own_cni: bool, tmp_path: Path) -> None:
    """Two minutes, the default, lead clients whose port comes round in that time to a pod that is long gone."""
    nodes = config(own_cni=own_cni, home=tmp_path)["nodes"]
    assert all(kernel.MOUNTED_AT in inside(node) for node in nodes)
    settings = Settings(home=tmp_path)
    settings.cluster_home.mkdir(parents=True)
    write_mounted(settings)
    (mount,) = [m for m in nodes[0]["extraMounts"] if m["containerPath"] == kernel.MOUNTED_AT]
    assert Path(mount["hostPath"]).read_text() == "net.netfilter.nf_conntrack_tcp_timeout_syn_sent = 5\n"


class Nodes:
    """Two nodes: one that has the setting by its mounted file, one of before; `deaf` takes none."""

    def __init__(self, deaf: bool = False) -> None:
        self.value, self.deaf = {"new": "5", "old": "120"}, deaf

    def docker(self, *args: str, **_: Any) -> str:
        _, node, *words = args
        if words[0] == "cat":
            assert words[1] == "/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_syn_sent"
            return self.value[node] + "\n"
        if not self.deaf:
            self.value[node] = words[-1].split()[1]
        return ""


def test_a_node_of_before_is_given_the_kernel_settings_and_one_that_takes_none_is_refused() -> None:
    nodes = Nodes()
    assert kernel.ensure_kernel(nodes, ["new", "old"]) == ["old"]  # type: ignore[arg-type]
    assert kernel.ensure_kernel(nodes, ["new", "old"]) == []  # type: ignore[arg-type]
    with pytest.raises(HarnessError, match="node old does not take net"):
        kernel.ensure_kernel(Nodes(deaf=True), ["new", "old"])  # type: ignore[arg-type]


def test_the_machine_decides_on_cgroups_and_oom_scores() -> None:
    (kubelet,) = (yaml.safe_load(p) for p in config(v1=True)["kubeadmConfigPatches"])
    assert kubelet["failCgroupV1"] is False
    assert "failCgroupV1" not in yaml.safe_load(config(v1=False)["kubeadmConfigPatches"][0])
    assert any("restrict_oom_score_adj = true" in p for p in config(oom=False)["containerdConfigPatches"])
    assert config(oom=True, own_cni=False, v1=False)["containerdConfigPatches"] == []


def test_nothing_is_frozen_before_it_starts_on_cgroup_v1() -> None:
    """kubelet and runtime must agree; systemd's driver would freeze, which a busy machine cannot."""
    for is_v1 in (True, False):
        made = config(v1=is_v1)
        kubelet = yaml.safe_load(made["kubeadmConfigPatches"][0])
        runtime = [patch for patch in made["containerdConfigPatches"] if "runc.options]" in patch]
        assert kubelet.get("cgroupDriver") == ("cgroupfs" if is_v1 else None)
        assert [("SystemdCgroup = false" in patch) for patch in runtime] == ([True] if is_v1 else [])


def test_a_lost_node_is_noticed_in_twenty_seconds() -> None:
    made = config()
    (patch,) = made["kubeadmConfigPatchesJSON6902"]
    added = {step["value"]["name"]: step["value"]["value"] for step in yaml.safe_load(patch["patch"])}
    assert added["node-monitor-grace-period"] == "20s"
    assert yaml.safe_load(made["kubeadmConfigPatches"][0])["nodeLeaseDurationSeconds"] == 20


def test_a_taken_port_names_its_taker_and_the_setting() -> None:
    with socket.socket() as mine:
        mine.bind(("127.0.0.1", 0))
        mine.listen()
        port = mine.getsockname()[1]
        assert f"(pid {os.getpid()})" in str(taker(port))
        with pytest.raises(UsageError, match=rf"port {port} on 127.0.0.1 is taken by .*pid {os.getpid()}") as refused:
            check_free([port], Settings(gateway_port=port))
        assert f"CRUCIBLE_GATEWAY_PORT={port + 1000}" in str(refused.value)
        with pytest.raises(UsageError, match="a Kafka broker") as refused:
            check_free([port], Settings(kafka_port=port - 1))
        assert "CRUCIBLE_KAFKA_PORT" in str(refused.value)
    check_free([port], Settings())
    assert taker(port) is None


@pytest.mark.parametrize(("port", "other"), [(64000, 65000), (64533, 63533), (65001, 64001), (65535, 64535)])
def test_a_suggested_port_is_one(port: int, other: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fixtures.cluster.ports._is_free", lambda _: False)
    with pytest.raises(UsageError, match=rf"CRUCIBLE_GATEWAY_PORT={other} "):
        check_free([port], Settings(gateway_port=port))


def test_a_file_that_closes_while_we_look_does_not_hide_the_taker() -> None:
    """Listing our own descriptors opens one more, gone when it is read: it had the lowest free number."""
    lowest = os.open("/dev/null", os.O_RDONLY)
    with socket.socket() as mine:
        mine.bind(("127.0.0.1", 0))
        mine.listen()
        os.close(lowest)
        assert f"(pid {os.getpid()})" in str(taker(mine.getsockname()[1]))


def test_the_record_is_private_whole_and_read_back(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.cluster_home.mkdir(parents=True)
    assert read_owner(settings) is None
    write_owner(settings, MADE)
    assert read_owner(settings) == MADE
    assert owner_path(settings).stat().st_mode & 0o777 == 0o600
    owner_path(settings).write_text('{"id": "me"')
    with pytest.raises(UsageError, match="is damaged"):
        read_owner(settings)


def test_up_explains_itself_with_examples() -> None:
    text = CliRunner().invoke(up, ["--help"]).output
    assert "CRUCIBLE_CLUSTER=mine" in text
    assert "interrupted" in text


def test_kubeconfig_is_the_private_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CRUCIBLE_HOME", str(tmp_path))
    out = CliRunner().invoke(kubeconfig).output
    assert out.strip() == str(tmp_path / "clusters" / "crucible" / "kubeconfig")


@pytest.mark.parametrize(("args", "error"), [([], HarnessError), (["--diff"], UsageError)])
def test_status_without_a_cluster_says_what_to_type(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, args: list[str], error: type[Exception]
) -> None:
    monkeypatch.setenv("CRUCIBLE_HOME", str(tmp_path))
    result = CliRunner().invoke(status, args)
    assert isinstance(result.exception, error)
    assert "next: crucible up" in str(result.exception)


def test_a_pod_on_a_restarted_node_is_believed_only_from_then_on() -> None:
    standing = Standing(MADE, frozenset({"c-worker"}), since_unix=1_767_225_600.5)  # 2026-01-01T00:00:00.5Z

    def pod(node: str, changed: str) -> dict[str, Any]:
        condition = {"type": "Ready", "status": "True", "lastTransitionTime": changed}
        return {"spec": {"nodeName": node}, "status": {"conditions": [condition]}}

    assert not standing.is_ready_again(pod("c-worker", "2025-12-31T23:59:59Z"))
    assert standing.is_ready_again(pod("c-worker", "2026-01-01T00:00:00Z"))
    assert standing.is_ready_again(pod("c-worker2", "2025-12-31T23:59:59Z"))
    assert not standing.is_ready_again({"spec": {"nodeName": "c-worker"}})


def test_a_step_that_takes_long_says_what_it_is_still_at() -> None:
    told: list[str] = []
    enough = threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        enough.set()

    with still(tell, lambda: "kind creates the cluster", every_s=0.02):
        assert enough.wait(10)
    assert told[0] == "… kind creates the cluster, 0 s so far"
    count = len(told)
    assert not any(thread.name == "still" for thread in threading.enumerate())
    assert len(told) == count
    assert EVERY_S <= 30
