"""When processes died, to a fraction of a millisecond: the kernel itself wakes who waits on their pidfds."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from fixtures.errors import HarnessError


def first_process(container: str, proc: Path = Path("/proc")) -> int:
    """The process that a container lives and dies with, on a machine that sees its containers' processes.

    Args:
        container: its id at the runtime, which its processes have in the names of their cgroups.
        proc: where processes are.

    Raises:
        HarnessError: none is seen, as where nodes are machines of their own.
    """
    for folder in proc.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            if container not in (folder / "cgroup").read_text():
                continue
            status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        except OSError:  # it has just ended
            continue
        if status["NSpid"].split()[-1] == "1":
            return int(folder.name)
    raise HarnessError(f"no first process of container {container[:12]} is seen on this machine")


class Deaths:
    """Waits for the deaths of some processes; `at_ns` has the moments of those that died, on CLOCK_MONOTONIC.

    Example::

        with Deaths([first_process(container)]) as deaths:
            ...
        deaths.at_ns  # [8812345678901]
    """

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids, self.at_ns = list(pids), list[int]()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._wait, daemon=True)

    def __enter__(self) -> Deaths:
        self._fds = [os.pidfd_open(pid) for pid in self._pids]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for fd in self._fds:
            os.close(fd)

    def _wait(self) -> None:
        living = select.poll()
        for fd in self._fds:
            living.register(fd, select.POLLIN)
        while not self._over.is_set() and len(self.at_ns) < len(self._fds):
            for fd, _ in living.poll(200):
                self.at_ns.append(time.monotonic_ns())
                living.unregister(fd)
