"""kind's nodes as Docker containers: ours by their labels, or not to be touched."""

from __future__ import annotations

import json
from typing import Any

from fixtures.command import run
from fixtures.errors import CommandError, UsageError
from fixtures.settings import Settings

CLUSTER = "io.x-k8s.kind.cluster"
ROLE = "io.x-k8s.kind.role"


class Containers:
    """The node containers of the settings' cluster."""

    def __init__(self, settings: Settings) -> None:
        self.cluster = settings.cluster

    def inspect(self, node: str) -> dict[str, Any] | None:
        """What Docker says about a container; None when it knows none of that name."""
        try:
            found: list[dict[str, Any]] = json.loads(run(["docker", "container", "inspect", node], within_s=20).stdout)
        except CommandError as error:
            if error.returncode == 127 or "No such container" in error.stderr:
                return None
            raise
        return found[0]

    def is_ours(self, node: str) -> bool:
        """Whether the node is a container that kind made for our cluster."""
        found = self.inspect(node)
        return found is not None and found["Config"]["Labels"].get(CLUSTER) == self.cluster

    def is_worker(self, node: str) -> bool:
        """Whether the node is a container that kind made as a worker of our cluster."""
        return self._is_worker(self.inspect(node))

    def _is_worker(self, found: dict[str, Any] | None) -> bool:
        labels = found["Config"]["Labels"] if found else {}
        return labels.get(CLUSTER) == self.cluster and labels.get(ROLE) == "worker"

    def worker(self, node: str) -> dict[str, Any]:
        """The inspection of one of our workers.

        Raises:
            UsageError: the container is not a worker of our cluster; it is not touched.
        """
        found = self.inspect(node)
        if found is None or not self._is_worker(found):
            labels = found["Config"]["Labels"] if found else {}
            raise UsageError(
                f"{node} is not a worker container of kind cluster {self.cluster!r} (its labels: "
                f"{CLUSTER}={labels.get(CLUSTER)}, {ROLE}={labels.get(ROLE)}); it is left alone",
                next_command=f"docker ps --all --filter label={CLUSTER}",
            )
        return found

    def kill(self, node: str) -> None:
        """SIGKILL a worker: no shutdown, as when the power goes."""
        self.worker(node)
        run(["docker", "kill", node], within_s=30)

    def start(self, node: str) -> None:
        """Start a worker; nothing happens when it runs."""
        if not self.worker(node)["State"]["Running"]:
            run(["docker", "start", node], within_s=60)

    def running_inside(self, node: str) -> set[str]:
        """The ids of the containers whose task runs, as the node's own runtime says; empty when the node is dead."""
        state = self.inspect(node)
        if state is None or not state["State"]["Running"]:
            return set()
        listed = run(["docker", "exec", node, "ctr", "-n", "k8s.io", "tasks", "list"], within_s=20).stdout
        rows = [line.split() for line in listed.splitlines()[1:]]
        return {row[0] for row in rows if len(row) >= 3 and row[2] == "RUNNING"}

    def kill_inside(self, node: str, ids: list[str]) -> None:
        """SIGKILL containers through the node's runtime; one that is gone already is no error."""
        for container in ids:
            killed = run(
                ["docker", "exec", node, "ctr", "-n", "k8s.io", "tasks", "kill", "--signal", "SIGKILL", container],
                within_s=20, check=False,
            )  # fmt: skip
            if killed.returncode != 0 and "not found" not in killed.stderr:
                raise CommandError([str(a) for a in killed.args], killed.returncode, killed.stdout, killed.stderr)
