"""Killing worker nodes as a power cut would, and bringing them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from urllib3.exceptions import HTTPError

from chaos import session
from chaos.fault import Evidence, NothingToBreak, Target
from chaos.world import World, instant, uid
from fixtures.docker.containers import ADOPTED, OF_OUR_OWN
from fixtures.errors import HarnessError
from fixtures.kubernetes.api import KubeObject
from fixtures.kubernetes.conditions import condition_of, is_ready
from fixtures.kubernetes.pods import in_role, trouble

__all__ = ["heal", "kill"]
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
FAULT_TARGET = "crucible.dev/fault-target"


@dataclass(frozen=True)
class KillNode:
    """Kill the container of a worker with SIGKILL; healing starts it again.

    Never a target: the control plane, a node labelled crucible.dev/fault-target=never, a container that kind did not
    make for our cluster, any node of an adopted cluster.

    Effect: Docker says that the container has ended, and Kubernetes by itself says that the node is not Ready.
    Healed: the container runs with the node's old address, its kubelet has renewed its lease since the start, every
    container on it has started since then, and each role is complete again.

    Args:
        role_on_it: the node must carry a Ready pod of this role; any worker when empty.
        avoid_roles: and none of these.
        count: how many nodes.
    """

    world: World
    role_on_it: str = ""
    avoid_roles: tuple[str, ...] = ()
    count: int = 1
    effect_within_s: float = 120.0
    healed_within_s: float = 240.0

    def targets(self) -> list[Target]:
        if self.world.is_adopted:
            raise NothingToBreak(ADOPTED, next_command=OF_OUR_OWN)
        nodes = {node["metadata"]["name"]: node for node in self.world.objects("nodes")}
        refusals = {name: why for name, node in nodes.items() if (why := self._refusal(node))}
        candidates = [node for name, node in nodes.items() if name not in refusals]
        if len(candidates) < self.count:
            listed = "; ".join(f"{name}: {why}" for name, why in sorted(refusals.items())) or "there are no nodes"
            raise NothingToBreak(
                f"expected at least {self.count} worker(s) to kill, found {len(candidates)} ({listed})",
                next_command="crucible status",
            )
        victims = self.world.choose(candidates, self.count, name=lambda node: str(node["metadata"]["name"]))
        return [
            Target("Node", node["metadata"]["name"], uid(node), facts={"address": _address(node)}) for node in victims
        ]

    def _refusal(self, node: KubeObject) -> str:
        labels, name = node["metadata"].get("labels", {}), node["metadata"]["name"]
        if CONTROL_PLANE in labels:
            return "control plane"
        if labels.get(FAULT_TARGET) == "never":
            return f"labelled {FAULT_TARGET}=never"
        if not is_ready(node):
            return "not Ready"
        pods = [p for p in self.world.objects("pods") if p["spec"].get("nodeName") == name and is_ready(p)]
        carried = {role.name for role in self.world.stack.roles.values() for pod in pods if in_role(pod, role)}
        if self.role_on_it and self.world.stack.role(self.role_on_it).name not in carried:
            return f"carries no Ready pod of {self.role_on_it}"
        if spared := sorted(carried & {self.world.stack.role(avoid).name for avoid in self.avoid_roles}):
            return f"carries {', '.join(spared)}"
        containers = self.world.containers
        return "" if containers.is_worker(name) else f"no worker container of kind cluster {containers.cluster!r}"

    def inject(self, targets: list[Target]) -> None:
        containers = self.world.containers
        for node in targets:
            containers.kill(node.name)

    def effect(self, targets: list[Target]) -> Evidence | None:
        nodes = self._nodes()
        if any(is_ready(nodes[node.name]) for node in targets if node.name in nodes):
            return None
        docker = {}
        for node in targets:
            state = self.world.containers.worker(node.name)["State"]
            if state["Running"]:
                return None
            docker[node.name] = {key: state[key] for key in ("Running", "ExitCode", "FinishedAt")}
        kubernetes = {node.name: _ready_condition(nodes.get(node.name)) for node in targets}
        return {"docker": docker, "kubernetes": kubernetes}

    def heal(self, targets: list[Target]) -> None:
        containers = self.world.containers
        for node in targets:
            containers.start(node.name)

    def healed(self, targets: list[Target]) -> Evidence | None:
        if self._missing(targets):
            return None
        evidence: Evidence = {}
        for node in targets:
            returned = self._returned(node)
            if isinstance(returned, str) or self._stale(node.name, instant(returned[0])):
                return None
            started_at, heard_after_s = returned
            evidence[node.name] = {
                "docker": {"Running": True, "StartedAt": started_at},
                "lease_renewed_after_start_s": round(heard_after_s, 3),
                "address": node.facts["address"],
                "kubernetes": _ready_condition(self._nodes()[node.name]),
            }
        return evidence | {"roles": [self.world.tally(role) for role in self.world.stack.roles.values()]}

    def undone(self, targets: list[Target]) -> bool:
        """Whether each container runs under its old address, and its kubelet has been heard since."""
        return not any(isinstance(self._returned(node), str) for node in targets)

    def _returned(self, node: Target) -> tuple[str, float] | str:
        """When the node's container started, and seconds until its kubelet was heard; or why it is not back."""
        found = self.world.containers.worker(node.name)
        if not found["State"]["Running"]:
            return f"{node.name}: its container does not run"
        networks = found["NetworkSettings"]["Networks"].values()
        addresses = [n["IPAddress"] for n in networks] + [n["GlobalIPv6Address"] for n in networks]
        if node.facts["address"] not in addresses:  # kubelet and API server would look for it in the wrong place
            now, was = ", ".join(filter(None, addresses)), node.facts["address"]
            return f"{node.name} came back at {now}, not at {was}: another container took that meanwhile"
        started_at = str(found["State"]["StartedAt"])
        heard_after_s = self._renewed(node.name) - instant(started_at)
        if heard_after_s <= 0:
            return f"{node.name}: its kubelet was not heard since it started"
        return started_at, heard_after_s

    def state(self, targets: list[Target]) -> str:
        names = {node.name for node in targets}
        there = [pod for pod in self.world.objects("pods") if pod["spec"].get("nodeName") in names]
        # of all namespaces: what keeps a role's pod from being Ready is often the node's own network
        why = [trouble(pod) for pod in there if pod["status"].get("phase") not in ("Succeeded", "Failed")]
        missing = self._missing(targets)
        if not missing:  # only then: it asks Docker and the API server, and this is asked at each look of a wait
            missing = [self._said_away(node) for node in targets]
        return "; ".join(filter(None, [*missing, *why])) or "nodes Ready, roles complete"

    def _said_away(self, node: Target) -> str:
        try:
            returned = self._returned(node)
            return returned if isinstance(returned, str) else ""
        except (HarnessError, HTTPError) as error:  # a description ends no wait
            return f"{node.name}: whether it is back cannot be told: {error}"

    def _missing(self, targets: list[Target]) -> list[str]:
        nodes = self._nodes()
        missing = [f"{n.name} not Ready" for n in targets if n.name not in nodes or not is_ready(nodes[n.name])]
        incomplete = [role for role in self.world.stack.roles.values() if not self.world.complete(role)]
        return missing + [self.world.tally(role) for role in incomplete]

    def _nodes(self) -> dict[str, KubeObject]:
        return {node["metadata"]["name"]: node for node in self.world.objects("nodes")}

    def _renewed(self, node: str) -> float:
        lease = self.world.cluster.get(f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{node}")
        return instant(lease["spec"]["renewTime"])

    def _stale(self, node: str, started: float) -> bool:
        """Whether the API still shows pods of the node as they were before it went down."""
        for pod in self.world.objects("pods"):
            if pod["spec"].get("nodeName") != node or pod["status"].get("phase") in ("Succeeded", "Failed"):
                continue
            for status in pod["status"].get("containerStatuses", []):
                since = status["state"].get("running", {}).get("startedAt")
                if not is_ready(pod) or since is None or instant(since) < int(started):
                    return True
        return False


def _ready_condition(node: KubeObject | None) -> dict[str, str]:
    found = condition_of(node or {}, "Ready") or {"status": "node object gone"}
    return {key: found[key] for key in ("status", "reason", "lastTransitionTime") if key in found}


def _address(node: KubeObject) -> str:
    return next(str(a["address"]) for a in node["status"]["addresses"] if a["type"] == "InternalIP")


def kill(
    role_on_it: str = "", avoid_roles: list[str] | None = None, count: int = 1,
    configuration: Any = None, secrets: Any = None,
) -> dict[str, Any]:  # fmt: skip
    """Kill workers and return the certificate of the effect; ActivityFailed when there is none."""
    with session.activity(configuration) as here:
        return here.engine.inject(KillNode(here.world, role_on_it, tuple(avoid_roles or ()), count)).to_json()


def heal(configuration: Any = None, secrets: Any = None) -> list[dict[str, Any]]:
    """Start the nodes that this experiment killed and return the certificates of the healing."""
    return session.heal(KillNode, configuration)
