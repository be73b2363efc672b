"""What the stack costs while nobody asks it for anything: processor time and memory of its node containers."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from bench.figure import Figure
from fixtures.command import run
from fixtures.docker.containers import of_cluster
from fixtures.errors import UsageError
from fixtures.settings import Settings

SECONDS = 30.0
BAR_CORES, BAR_GIB = 0.8, 6.0
# inside a node its own cgroup is the root, under either version of cgroups
READ = """
if [ -f /sys/fs/cgroup/cpu.stat ]; then
  awk '$1 == "usage_usec" { printf "%.0f\\n", $2 * 1000 }' /sys/fs/cgroup/cpu.stat
  cat /sys/fs/cgroup/memory.current
  awk '$1 == "inactive_file" { print $2 }' /sys/fs/cgroup/memory.stat
else
  cat /sys/fs/cgroup/cpuacct/cpuacct.usage /sys/fs/cgroup/memory/memory.usage_in_bytes
  awk '$1 == "total_inactive_file" { print $2 }' /sys/fs/cgroup/memory/memory.stat
fi
"""


@dataclass(frozen=True)
class Usage:
    """Processor time in ns since the node started, memory in bytes without the page cache it could give back."""

    at_ns: int
    cpu_ns: int
    memory: int


def measure(settings: Settings) -> list[Figure]:
    """Look twice, half a minute apart; run it with no load on the stack.

    Raises:
        UsageError: there are no nodes.
    """
    nodes = node_containers(settings)
    before = [usage(node) for node in nodes]
    threading.Event().wait(SECONDS)  # the length of the measurement, not a wait for something
    after = [usage(node) for node in nodes]
    cores = sum((b.cpu_ns - a.cpu_ns) / (b.at_ns - a.at_ns) for a, b in zip(before, after, strict=True))
    gib = sum(one.memory for one in after) / 2**30
    return [
        Figure("idle", "whole stack idle: processor", f"\N{LESS-THAN OR EQUAL TO} {BAR_CORES} core",
               f"{cores:.2f} core over {SECONDS:g} s", cores, cores <= BAR_CORES),
        Figure("idle", "whole stack idle: memory", f"\N{LESS-THAN OR EQUAL TO} {BAR_GIB:g} GiB", f"{gib:.2f} GiB", gib,
               gib <= BAR_GIB),
    ]  # fmt: skip


def node_containers(settings: Settings) -> list[str]:
    """Names of the containers that are this cluster's nodes."""
    names = run(["docker", "ps", "--filter", of_cluster(settings.cluster), "--format", "{{.Names}}"]).stdout.split()
    if not names:
        raise UsageError(f"no node of cluster {settings.cluster} is running", next_command="crucible up")
    return names


def usage(node: str) -> Usage:
    """What one node container has used so far."""
    cpu, memory, cache = run(["docker", "exec", node, "sh", "-c", READ]).stdout.split()
    return Usage(time.monotonic_ns(), int(cpu), int(memory) - int(cache))
