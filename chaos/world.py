"""What faults and probes act on: one cluster with its stack map, seen through informers that are started once."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from fixtures.cluster.owner import is_adopted
from fixtures.docker import find_engine
from fixtures.docker.containers import Containers
from fixtures.kubernetes.api import Cluster, Informer, KubeObject
from fixtures.kubernetes.conditions import is_ready
from fixtures.kubernetes.pods import is_made_by, pods_of
from fixtures.settings import Settings
from fixtures.stack.map import Role, StackMap

T = TypeVar("T")


class World:
    """A cluster, its stack map and one seed.

    Args:
        settings: which cluster.
        stack: its roles.
        seed: decides the victims; the same seed and experiment choose the same ones among the same candidates.
        experiment: the experiment's name, without the number of its run.

    Example::

        with World(settings, stack, seed=81, experiment="gateway-pod-kill") as world:
            world.pods(stack.role("gateway"))
    """

    def __init__(self, settings: Settings, stack: StackMap, *, seed: int, experiment: str) -> None:
        self.settings, self.stack, self.seed, self.experiment = settings, stack, seed, experiment
        self.cluster = Cluster(settings)
        self._informers: dict[tuple[str, str | None], Informer] = {}
        self._open = ExitStack()
        self._choices = 0
        self._starting = threading.Lock()

    @cached_property
    def containers(self) -> Containers:
        """The nodes as containers; the engine is looked for once."""
        return Containers(find_engine(), self.settings.cluster, is_adopted=self.is_adopted)

    @cached_property
    def is_adopted(self) -> bool:
        """Whether Crucible did not make the cluster, so that its nodes are not to be touched."""
        return is_adopted(self.settings)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def objects(self, kind: str, namespace: str | None = None) -> list[KubeObject]:
        """All objects of a plural kind, from memory; the first call lists them and starts watching."""
        key = (kind, namespace)
        with self._starting:  # a hypothesis looks from a thread of its own
            if key not in self._informers:
                self._informers[key] = self._open.enter_context(self.cluster.informer(kind, namespace))
        return self._informers[key].objects()

    def pods(self, role: Role) -> list[KubeObject]:
        """The pods of a role, terminating ones included; what others let run under its labels is nobody's to break."""
        return [pod for pod in pods_of(role, self.objects("pods")) if is_made_by(pod, role)]

    def desired(self, role: Role) -> int:
        """How many pods its workload asks for now (an autoscaler may have changed it); LookupError without one."""
        for workload in self.objects(f"{role.kind.lower()}s", role.namespace):
            if workload["metadata"]["name"] == role.workload:
                if role.kind == "DaemonSet":
                    return int(workload["status"]["desiredNumberScheduled"])
                return int(workload["spec"]["replicas"])
        raise LookupError(f"{role.namespace} has no {role.kind} {role.workload} (role {role.name})")

    def serving(self, role: Role) -> set[str]:
        """The UIDs of its pods that its Service sends traffic to; all Ready ones when it has no Service."""
        if role.service is None:
            return {uid(pod) for pod in self.pods(role) if is_ready(pod)}
        return {
            endpoint["targetRef"]["uid"]
            for piece in self.objects("endpointslices", role.namespace)
            if piece["metadata"].get("labels", {}).get("kubernetes.io/service-name") == role.service
            for endpoint in piece.get("endpoints") or []
            if endpoint.get("conditions", {}).get("ready") and "targetRef" in endpoint
        }

    def complete(self, role: Role, *, without: Callable[[KubeObject], bool] = lambda pod: False) -> list[KubeObject]:
        """Its Ready, serving pods when there are as many as desired, not counting those `without` says; else none."""
        serving = self.serving(role)
        ready = [pod for pod in self.pods(role) if is_ready(pod) and uid(pod) in serving and not without(pod)]
        return ready if ready and len(ready) >= self.desired(role) else []

    def tally(self, role: Role) -> str:
        """How a role stands, for a log line: `gateway 1 of 2 Ready`."""
        ready = sum(is_ready(pod) for pod in self.pods(role))
        return f"{role.name} {ready} of {self.desired(role)} Ready"

    def choose(self, candidates: Sequence[T], count: int, *, name: Callable[[T], str]) -> list[T]:
        """`count` of the candidates, decided by the seed, the experiment and how often it chose before."""
        self._choices += 1
        return choose(candidates, count, name=name, key=f"{self.seed}:{self.experiment}:{self._choices}")


def choose(candidates: Sequence[T], count: int, *, name: Callable[[T], str], key: str) -> list[T]:
    """`count` of the candidates, the same for the same key whatever the order in which they come."""
    return random.Random(key).sample(sorted(candidates, key=name), min(count, len(candidates)))


def uid(item: KubeObject) -> str:
    """The UID of any object."""
    return str(item["metadata"]["uid"])


def instant(text: str) -> float:
    """Unix seconds of a timestamp as Kubernetes or Docker writes it (Docker gives nanoseconds; they are cut)."""
    text = text.removesuffix("Z").split("+")[0]
    whole, _, fraction = text.partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}+00:00").timestamp()
