"""Conformance: the stack is what its map says, and each edge that it promises answers."""

from __future__ import annotations

from typing import Any

import pytest
import testinfra

from fixtures.docker import find_engine
from fixtures.stack.map import Role
from reports.checkers import conformance, installed
from suites.conformance.asking import answer_of, ask_each
from suites.conformance.looking import look_at_objects
from suites.plugin.types import Promise, Stack

WINDOW_S = 10.0
TIMES = 40


@pytest.mark.promise("conformance.roles-ready")
def test_every_role_is_ready_with_its_replicas(promise: Promise, stack: Stack) -> None:
    """Every role of the stack map is Ready with the promised number of replicas."""
    promise.claim(
        conformance.roles_ready, roles=[_promised(role) for role in stack.map.roles.values()], test=promise.test
    )
    for role in stack.map.roles.values():
        if role.scaling:
            stack.observe_under_way(role.name)
    promise.claim(
        installed.alone, test=look_at_objects(stack, promise.test),
        roles=[
            {"role": role.name, "namespace": role.namespace, "workload": role.workload, "selector": role.selector}
            for role in stack.map.roles.values()
        ],
    )  # fmt: skip


def _promised(role: Role) -> dict[str, Any]:
    entry = {"role": role.name, "floor": role.floor, "max": role.scaling.max if role.scaling else role.floor}
    own = {"ready_s": role.ready_s, "stabilisation_s": role.scaling.stabilisation_s} if role.scaling else {}
    return entry | own


@pytest.mark.promise("conformance.edges-answer")
def test_every_edge_answers(promise: Promise, stack: Stack) -> None:
    """Each path that a role promises through the gateway gives the promised answer, each time for ten seconds."""
    edges = {f"{role.name}.{name}": edge for role in stack.map.roles.values() for name, edge in role.edges.items()}
    ask_each(  # both gateways, and each pod behind them, are met many times
        edges,
        lambda subject: answer_of(stack.settings.gateway_url + edges[subject].path),
        lambda subject, measured: stack.timeline.event(
            "probe", "probe.result", subject, measured=measured, expected=edges[subject].model_dump()
        ),
        times=TIMES, within_s=WINDOW_S,
    )  # fmt: skip
    promise.claim(
        conformance.edges_answer, edges={subject: edge.model_dump() for subject, edge in edges.items()},
        times=TIMES, over_s=WINDOW_S / 2, test=promise.test,
    )  # fmt: skip


@pytest.mark.promise("conformance.node-services")
def test_every_node_runs_its_services(promise: Promise, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each node of the cluster runs containerd and the kubelet, and both start again by themselves after a reboot."""
    asked = []
    engine = find_engine()
    for name, value in engine.env.items() if engine else ():  # testinfra calls docker itself, which may need telling
        monkeypatch.setenv(name, value)
    for node in stack.watcher.nodes.objects():
        name = node["metadata"]["name"]
        host = testinfra.get_host(f"docker://{name}")
        for service in ("containerd", "kubelet"):
            found = {"running": host.service(service).is_running, "enabled": host.service(service).is_enabled}
            asked.append(f"{name}.{service}")
            stack.timeline.event("probe", "probe.result", asked[-1], ok=all(found.values()), measured=found)
    promise.claim(conformance.node_services, services=asked, test=promise.test)
