"""Load on the stack: Locust as a child process, followed by the rows it writes.

Locust is never imported here: it patches the standard library, which breaks other clients in the same process.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from fixtures.errors import HarnessError, UsageError
from fixtures.process_group import end_group
from fixtures.settings import ROOT, Settings
from fixtures.timeline import Timeline
from fixtures.wait import wait_for
from loadtests.tail import Tail
from reports import layout

logger = logging.getLogger("crucible.load")
LOADTESTS = ROOT / "loadtests"
USER = re.compile(r"^class \w+\(OpenLoopUser\)", re.MULTILINE)
STEADY_S = 2.0
STEADY_SHARE = 0.9
STOP_WITHIN_S = 12.0
"""Locust lets requests under way end: 2 s to connect and 5 s to read, then some."""

LAST_NS = 100_000_000
"""What was planned this shortly before the end may not have left yet; it is not counted as missing."""

FIRST = -10
"""The generator's priority (nice). It takes little; an instrument that waits for what it measures measures itself."""


def put_first(pid: int) -> None:
    """Give a process, and the session that it leads, the generator's priority, as far as this user may.

    Where the kernel groups processes by session (sched(7), autogroup), the priority of one orders it in its own alone.
    """
    for give in (
        lambda: os.setpriority(os.PRIO_PROCESS, pid, FIRST),
        lambda: Path(f"/proc/{pid}/autogroup").write_text(str(FIRST)),
    ):
        try:
            give()
        except OSError as error:  # rows say when it fell behind
            logger.debug("the load has the priority of everybody: %s", error)


class Load:
    """Starts loads that leave their evidence in one dossier.

    Args:
        settings: for the gateway's address and the seed.
        run_dir: the dossier.
        timeline: gets `load.started`, `load.steady` and `load.finished`.

    Example::

        load = Load(settings, run_dir, timeline)
        with load("viewers", rate_per_s=50) as viewers:
            viewers.wait_until_steady()
            ...
        promise.claim(availability.in_windows, load=viewers.name, ...)
    """

    def __init__(self, settings: Settings, run_dir: Path, timeline: Timeline) -> None:
        self.settings, self.run_dir, self.timeline = settings, run_dir, timeline

    def __call__(
        self,
        locustfile: str,
        rate_per_s: float,
        *,
        users: int = 20,
        longest_s: float = 1800.0,
        name: str | None = None,
        host: str | None = None,
        options: tuple[str, ...] = (),
    ) -> Traffic:
        """A load that starts when entered as a context manager and stops when left.

        Args:
            locustfile: name of a file in `loadtests/`, such as `viewers`.
            rate_per_s: planned requests per second of all users.
            users: how many share the rate.
            longest_s: seconds after which it stops by itself, whatever happens to this process.
            name: its name in the dossier; the locustfile's, with a number when that is taken.
            host: another address than the gateway's, on the loopback interface.
            options: further options of the Locust file.

        Raises:
            UsageError: there is no such file, or the rate is not above zero; it lists the files there are.
        """
        files = {path.stem for path in LOADTESTS.glob("*.py") if USER.search(path.read_text())}
        if locustfile not in files:
            raise UsageError(f"no load is called {locustfile!r}; there are {', '.join(sorted(files))}")
        if rate_per_s <= 0:
            raise UsageError(f"load {locustfile}: a rate of {rate_per_s:g} requests/s sends nothing")
        argv = ["--rate", str(rate_per_s), "-u", str(users), "-t", f"{math.ceil(longest_s)}s"]
        argv += ["--host", host or self.settings.gateway_url, "--seed", str(self.settings.seed or 0), *options]
        return Traffic(locustfile, name or self._free_name(locustfile), rate_per_s, argv, self.run_dir, self.timeline)

    def _free_name(self, locustfile: str) -> str:
        names = itertools.chain([locustfile], (f"{locustfile}-{i}" for i in itertools.count(2)))
        return next(name for name in names if not (self.run_dir / "load" / f"{name}.log").exists())


class Traffic:
    """One running load; `name` is what claims call it."""

    def __init__(
        self, locustfile: str, name: str, rate_per_s: float, argv: list[str], run_dir: Path, timeline: Timeline
    ) -> None:
        self.name, self.rate_per_s = name, rate_per_s
        self._file, self._argv, self._run_dir, self._timeline = LOADTESTS / f"{locustfile}.py", argv, run_dir, timeline
        self._log = run_dir / "load" / f"{name}.log"
        self._tail = Tail(run_dir / layout.requests(name))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Traffic:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "locust", "-f", str(self._file), "--headless", "--only-summary",
                 "--exit-code-on-error", "0", "--load-name", self.name, "--dossier", str(self._run_dir.resolve()),
                 "--parent-pid", str(os.getpid()), *self._argv],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT,
                start_new_session=True,  # Ctrl-C ends this process's with-block, which then ends the load in order
            )  # fmt: skip
        put_first(self._process.pid)
        self._timeline.event("load", "load.started", self.name, rate_per_s=self.rate_per_s, pid=self._process.pid)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.stop()
            return
        with contextlib.suppress(HarnessError):  # what went wrong first is what a person should see
            self.stop()

    def wait_until_steady(self, within_s: float = 60.0, *, hold_for_s: float = 0.0) -> None:
        """Return once the load flows: good answers at 90 % of the planned rate over the last 2 s.

        Args:
            within_s: seconds until it gives up.
            hold_for_s: seconds for which it must go on flowing; also how long a test watches after a fault.

        Raises:
            WaitTimeout: with the rate seen last.
            WaitFailed: Locust ended; with its last log lines.
        """
        wait_for(
            self._steady,
            what=f"load {self.name} to flow at {self.rate_per_s:g}/s",
            within_s=within_s + hold_for_s,
            hold_for_s=hold_for_s,
            fail_if=self._death,
            describe=lambda: "flowing" if self._steady() else "not yet",
            next_command=f"less {self._log}",
        )
        self._timeline.event("load", "load.steady", self.name, sent=self._tail.sent, ok=self._tail.ok)

    def run_to_end(self, *, within_s: float) -> None:
        """Return when the load has run for its `longest_s` and ended by itself.

        Raises:
            WaitTimeout: it still runs.
            HarnessError: it ended with an error, or sent nothing.
        """
        process = self._process
        if process is not None:
            wait_for(lambda: process.poll() is not None, what=f"load {self.name} to end", within_s=within_s)
            self._finish(process, self._death() if process.returncode else None)

    def stop(self) -> None:
        """End the load in order, and see that it sent something; a second call does nothing.

        Raises:
            HarnessError: it had died, or sent nothing at all.
        """
        if self._process is not None:
            self._finish(self._process, self._death())

    def _finish(self, process: subprocess.Popen[bytes], died: str | None) -> None:
        end_ns = time.monotonic_ns() - LAST_NS
        self._process = None
        end_group(process, within_s=STOP_WITHIN_S)
        gone_s = round((time.monotonic_ns() - end_ns) / 1e9, 3)  # on a busy machine it plans on until it is reached
        self._tail.read()
        counts = self._tail.counts()
        planned = self._planned(end_ns)
        self._timeline.event(
            "load", "load.finished", self.name, at_ns=end_ns, planned=planned, sent=counts["sent"], ok=counts["ok"],
            failed=counts["failed"], died=died is not None, gone_s=gone_s,
        )  # fmt: skip
        if died:
            raise HarnessError(died, next_command=f"less {self._log}")
        if not counts["sent"]:
            raise HarnessError(
                f"load {self.name} sent nothing; {planned} requests were planned:\n{self._last_words()}",
                next_command=f"less {self._log}",
            )

    def _steady(self) -> bool:
        self._tail.read()
        return self._tail.good_in_last(STEADY_S) >= STEADY_SHARE * self.rate_per_s * STEADY_S

    def _planned(self, end_ns: int) -> int:
        start_ns = self._tail.first_planned_ns
        return int((end_ns - start_ns) / 1e9 * self.rate_per_s) if start_ns else 0

    def _death(self) -> str | None:
        if self._process is None:
            return f"load {self.name} is not running"
        status = self._process.poll()
        if status is None:
            return None
        return f"load {self.name} ended by itself with status {status}:\n{self._last_words()}"

    def _last_words(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
