"""Killing pods: their processes die by SIGKILL, then their objects are deleted, so that the workload replaces them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, ClassVar

from chaos import session
from chaos.fault import Evidence, NothingToBreak, Target
from chaos.world import World, uid
from fixtures.kubernetes.api import KubeObject
from fixtures.kubernetes.conditions import is_ready
from fixtures.kubernetes.pods import trouble
from fixtures.stack.map import Role

__all__ = ["heal", "kill"]
logger = logging.getLogger("crucible")


@dataclass(frozen=True)
class KillPod:
    """Kill `count` pods of a role as a crash would.

    The containers get SIGKILL from the node's runtime: no SIGTERM, no preStop, no last words. At once the pod is
    deleted with its UID as a precondition and the shortest grace that keeps Kubernetes' promise of at most one pod of
    a name (1 s; a grace of 0 gives up that promise). Where nodes are not ours, as on an adopted cluster, the deletion
    alone kills.

    Effect: the UID is gone from the API, and the runtime of its node knows none of its containers as running. Healed:
    the role has as many Ready pods behind its Service as its workload asks for, and those killed are not among them.

    Args:
        role: a role of the stack map.
        count: how many; never more than there are Ready.
        grace_s: when not 0, an orderly deletion with this grace instead of SIGKILL.
    """

    world: World
    role: str
    count: int = 1
    grace_s: int = 0
    effect_within_s: float = 45.0
    healed_within_s: float = 180.0
    POLITE_S: ClassVar[int] = 1

    def targets(self) -> list[Target]:
        role = self._role()
        candidates = [pod for pod in self.world.pods(role) if is_ready(pod)]
        if len(candidates) < self.count:
            raise NothingToBreak(
                f"expected at least {self.count} Ready pod(s) of role {self.role} ({role.label_selector} in "
                f"{role.namespace}), found {len(candidates)}",
                next_command="crucible status",
            )
        victims = self.world.choose(candidates, self.count, name=_place)
        peers = [uid(pod) for pod in candidates]
        return [
            Target("Pod", pod["metadata"]["name"], uid(pod), pod["metadata"]["namespace"], _facts(pod, peers))
            for pod in victims
        ]

    def inject(self, targets: list[Target]) -> None:
        containers = self.world.containers
        for pod in targets:
            if not self.grace_s and containers.is_ours(pod.facts["node"]):
                containers.kill_inside(pod.facts["node"], pod.facts["containers"])
            self.world.cluster.delete(
                f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}",
                {"gracePeriodSeconds": self.grace_s or self.POLITE_S, "preconditions": {"uid": pod.uid}},
            )

    def effect(self, targets: list[Target]) -> Evidence | None:
        there = {uid(pod) for pod in self.world.objects("pods")}
        if any(pod.uid in there for pod in targets):
            return None
        containers = self.world.containers
        runtime: dict[str, Any] = {}
        for pod in targets:
            if not containers.is_ours(pod.facts["node"]):
                runtime[pod.name] = "not asked: its node is no container of ours"
                continue
            running = containers.running_inside(pod.facts["node"])
            if running & set(pod.facts["containers"]):
                return None
            runtime[pod.name] = f"none of its {len(pod.facts['containers'])} containers runs on {pod.facts['node']}"
        return {"api": "UID gone", "uids": [pod.uid for pod in targets], "runtime": runtime}

    def heal(self, targets: list[Target]) -> None:
        """Nothing to undo: the workload replaces its pods; `healed` proves that it did."""

    def healed(self, targets: list[Target]) -> Evidence | None:
        role = self._role()
        ready = self.world.complete(role)
        there = {uid(pod): pod for pod in self.world.objects("pods")}
        if not ready or any(pod.uid in there and not is_ready(there[pod.uid]) for pod in targets):
            return None
        old = set(targets[0].facts["peers"])
        return {
            "ready": len(ready),
            "desired": self.world.desired(role),
            "new": [
                {"name": pod["metadata"]["name"], "uid": uid(pod), "created": pod["metadata"]["creationTimestamp"]}
                for pod in ready
                if uid(pod) not in old
            ],
            "service": f"sends traffic to {len(ready)} pod(s)" if role.service else "none",
        }

    def undone(self, targets: list[Target]) -> bool:
        """Always: a pod that is not replaced is the stack's failure."""
        return True

    def state(self, targets: list[Target]) -> str:
        there = {uid(pod) for pod in self.world.objects("pods")}
        gone = sum(pod.uid not in there for pod in targets)
        why = [trouble(pod) for pod in self.world.pods(self._role())]
        tally = f"{gone} of {len(targets)} victim(s) gone, {self.world.tally(self._role())}"
        return "; ".join([tally, *filter(None, why)])

    def _role(self) -> Role:
        return self.world.stack.role(self.role)


def _place(pod: KubeObject) -> str:
    """What orders candidates, so that one seed means one victim: node and age; a random name would shuffle them."""
    metadata = pod["metadata"]
    is_numbered = any(owner["kind"] == "StatefulSet" for owner in metadata.get("ownerReferences", []))
    return str(metadata["name"]) if is_numbered else f"{pod['spec'].get('nodeName')} {metadata['creationTimestamp']}"


def _facts(pod: KubeObject, peers: list[str]) -> dict[str, Any]:
    statuses = pod["status"].get("containerStatuses", []) + pod["status"].get("initContainerStatuses", [])
    ids = [status["containerID"].rpartition("/")[2] for status in statuses if "running" in status["state"]]
    return {"node": pod["spec"]["nodeName"], "containers": ids, "peers": peers}


def kill(role: str, count: int = 1, grace_s: int = 0, configuration: Any = None, secrets: Any = None) -> dict[str, Any]:
    """Kill pods of a role and return the certificate of the effect; ActivityFailed when there is none."""
    with session.activity(configuration) as here:
        return here.engine.inject(KillPod(here.world, role, count, grace_s)).to_json()


def heal(configuration: Any = None, secrets: Any = None) -> list[dict[str, Any]]:
    """Wait until every pod this experiment killed is replaced, and return the certificates of the healing."""
    return session.heal(KillPod, configuration)
