"""Forked children with a limit of processor time, memory and the clock, each with a session and a folder of its own."""

from __future__ import annotations

import json
import os
import resource
import select
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEMORY = 8 << 30  # a mutant that collects without end fails, and takes no other process with it


@dataclass
class Child:
    """A running child; `read` is where its answer comes from."""

    tag: Any
    pid: int
    read: int
    deadline: float
    folder: Path
    answer: bytes = b""
    timed_out: bool = False


@dataclass(frozen=True)
class Ended:
    """What became of a child: its JSON answer (None when it died without one), and which limit ended it."""

    tag: Any
    answer: Any
    by_cpu: bool
    by_clock: bool


class Children:
    """At most `most` at a time; leaves nothing behind, neither processes nor files."""

    def __init__(self, most: int, folder: Path) -> None:
        self._most, self._folder = most, folder
        self._running: dict[int, Child] = {}

    def run(self, tasks: Iterator[tuple[Any, float, float, Callable[[Path], Any]]]) -> Iterator[Ended]:
        """Run each task (its tag, seconds of processor, seconds by the clock, what to do in a folder)."""
        waiting = True
        while waiting or self._running:
            while waiting and len(self._running) < self._most:
                task = next(tasks, None)
                if task is None:
                    waiting = False
                else:
                    self._start(*task)
            yield from self._ended()

    def _start(self, tag: Any, cpu_s: float, wall_s: float, do: Callable[[Path], Any]) -> None:
        read, write = os.pipe()
        folder = self._folder / str(time.monotonic_ns())
        folder.mkdir(parents=True)
        pid = os.fork()
        if not pid:
            os.close(read)
            _live(cpu_s, write, folder, do)
        os.close(write)
        os.set_blocking(read, False)
        self._running[read] = Child(tag, pid, read, time.monotonic() + wall_s, folder)

    def _ended(self) -> Iterator[Ended]:
        if not self._running:
            return
        nearest = min(child.deadline for child in self._running.values())
        ready, _, _ = select.select(list(self._running), [], [], max(0.0, min(nearest - time.monotonic(), 5.0)))
        for read in ready:
            child = self._running[read]
            if more := os.read(read, 1 << 20):
                child.answer += more
            else:
                yield self._reap(child)
        for child in list(self._running.values()):
            if time.monotonic() > child.deadline:
                child.timed_out = True
                yield self._reap(child)

    def _reap(self, child: Child) -> Ended:
        del self._running[child.read]
        os.close(child.read)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
        _, status = os.waitpid(child.pid, 0)
        shutil.rmtree(child.folder, ignore_errors=True)
        by_cpu = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
        answer = json.loads(child.answer) if child.answer.endswith(b"\n") else None
        return Ended(child.tag, answer, answer is None and by_cpu, answer is None and child.timed_out)


def _live(cpu_s: float, write: int, folder: Path, do: Callable[[Path], Any]) -> None:
    """The child's whole life; it never returns."""
    code, log = 1, sys.stderr
    try:
        os.setsid()
        limit = int(cpu_s) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        log = os.fdopen(os.dup(2), "w")
        nothing = os.open(os.devnull, os.O_RDWR)
        for each in (0, 1, 2):
            os.dup2(nothing, each)
        os.environ["TMPDIR"] = str(folder)
        answer = json.dumps(do(folder)).encode() + b"\n"
        while answer:
            answer = answer[os.write(write, answer) :]
        code = 0
    except BaseException:
        traceback.print_exc(file=log)
        log.flush()
    finally:
        os._exit(code)
