"""The stack as a suite sees it: roles, effort, and waits on what the watcher sees."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from urllib3.exceptions import HTTPError

from fixtures.kubernetes.api import ApiError, Cluster
from fixtures.kubernetes.conditions import is_ready
from fixtures.kubernetes.figures import counts
from fixtures.kubernetes.watcher import Watcher
from fixtures.settings import Settings
from fixtures.stack.map import Role, Scaling, StackMap
from fixtures.timeline import Timeline
from fixtures.wait import WaitTimeout, wait_for
from suites.profiles import EFFORTS, Effort

METRICS_API = "/apis/metrics.k8s.io/v1beta1"
FIGURES_EVERY_S = 1.0  # figures cannot be watched
MARGIN_S = 1.0
"""What is late is watched this much longer, so that how late it is can be told from the error of the watch."""


@dataclass(frozen=True)
class Stack:
    """What a test stands on; reading it never changes the cluster."""

    settings: Settings
    seed: int
    cluster: Cluster
    map: StackMap
    watcher: Watcher
    timeline: Timeline
    dossier: Path

    @property
    def effort(self) -> Effort:
        """Rates and lengths of this run's profile."""
        return EFFORTS[self.settings.profile]

    def role(self, name: str) -> Role:
        """A role of the stack map; UsageError when there is none of that name."""
        return self.map.role(name)

    def budget(self, promise_id: str, name: str) -> float:
        """A figure of a promise, from its formula in the stack map; UsageError when there is none."""
        return self.map.budget(promise_id, name)

    def scaling(self, role: str) -> Scaling:
        """The autoscaler of a role that has one."""
        found = self.role(role).scaling
        if found is None:
            raise LookupError(f"the stack map gives role {role} no autoscaler")
        return found

    def replicas(self, role: str) -> tuple[int, int]:
        """What the autoscaler asks for, and how many pods are Ready."""
        wanted = self.role(role)
        for workload in self.watcher.deployments.objects():
            meta = workload["metadata"]
            if (meta["namespace"], meta["name"]) == (wanted.namespace, wanted.workload):
                return workload["spec"]["replicas"], workload.get("status", {}).get("readyReplicas", 0)
        raise LookupError(f"no deployment {wanted.workload} in {wanted.namespace}")

    def wait_for_replicas(self, role: str, count: int, *, within_s: float) -> None:
        """Wait until a role is at rest with exactly `count` pods, all Ready."""
        wait_for(
            lambda: self.replicas(role) == (count, count),
            what=f"{role}: {count} replicas, all Ready",
            within_s=within_s,
            wake=self.watcher.changed,
            describe=lambda: self.replicas(role),
        )

    def observe_replicas(self, role: str, count: int, *, within_s: float) -> None:
        """Like `wait_for_replicas`, but running out of time is left for the checker to judge."""
        self.try_wait(lambda: self.wait_for_replicas(role, count, within_s=within_s))

    def observe_replicas_above(self, role: str, count: int, *, within_s: float) -> None:
        """Watch until a role has had more than `count` Ready pods for a while; the checker judges what was seen."""
        self.try_wait(
            lambda: wait_for(
                lambda: min(self.replicas(role)) > count,
                what=f"{role}: more than {count} replicas Ready",
                within_s=within_s,
                hold_for_s=5,
                wake=self.watcher.changed,
                describe=lambda: self.replicas(role),
            )
        )

    def observe_figures(self, role: str) -> None:
        """Watch until the metrics API has a figure that counts of each Ready pod, as of a stack that has lived.

        An autoscaler counts a pod without one as idle, so a stack that has just been set up would scale by half.
        """
        wanted = self.role(role)
        path = f"{METRICS_API}/namespaces/{wanted.namespace}/pods"

        missing: list[str] = []  # as of the last look, which is a request

        def are_known() -> bool:
            pods = {pod["metadata"]["name"]: pod for pod in self.watcher.pods_of(role) if is_ready(pod)}
            try:
                found = self.cluster.get(path, labelSelector=wanted.label_selector)["items"]
            except (ApiError, HTTPError):  # an API without figures has no answer either
                found = []
            figures = {item["metadata"]["name"]: item for item in found}
            without = sorted(name for name, pod in pods.items() if not counts(figures.get(name, {}), pod))
            missing[:] = without if pods else ["no pod is Ready"]
            return not missing

        self.try_wait(
            lambda: wait_for(
                are_known,
                what=f"{role}: a figure of each pod",
                within_s=2 * self.scaling(role).metrics_s,  # one that began too early, and the next
                every_s=FIGURES_EVERY_S,
                describe=lambda: f"none of {', '.join(missing)}",
            )
        )

    def observe_under_way(self, role: str) -> None:
        """Watch until what an autoscaler asked for is Ready, or was asked for longer ago than a pod may take.

        So a role is not looked at in the middle of a step, and pods that never get Ready are seen not to.
        """
        ready_s, scaling = self.role(role).ready_s, self.scaling(role)
        last = {"spec": -1, "since": time.monotonic()}

        def is_over() -> bool:
            spec, ready = self.replicas(role)
            if spec != last["spec"]:
                last.update(spec=spec, since=time.monotonic())
            return spec == ready or time.monotonic() - last["since"] > ready_s + MARGIN_S

        self.try_wait(
            lambda: wait_for(
                is_over,
                what=f"{role}: all pods that its autoscaler asked for Ready",
                within_s=(scaling.max - scaling.min + 1) * (ready_s + MARGIN_S),
                wake=self.watcher.changed,
                describe=lambda: self.replicas(role),
            )
        )

    @staticmethod
    def try_wait(wait: Callable[[], Any]) -> None:
        """Wait, and go on when the time runs out: the evidence shows what was seen, and its checker judges it."""
        with suppress(WaitTimeout):
            wait()
