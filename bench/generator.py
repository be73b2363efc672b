"""Requests per second of the load generator, beside `wrk`, against the gateway, one after the other in one run.

`wrk` is a closed loop in C that only counts; ours plans each request and writes a row for each, in Python. It passes a
rate when it really sends what was planned for it: 99 % of it, the slowest 1 % of starts at most 50 ms late.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from bench.figure import Figure
from fixtures.command import run
from fixtures.errors import HarnessError, UsageError
from fixtures.settings import Settings
from fixtures.timeline import Timeline
from loadtests.runner import Load
from reports.requests import read_requests

SHARES = (1 / 3, 1 / 2, 2 / 3, 0.9)
BAR_SHARE = 1 / 3
SECONDS = 5.0
CONNECTIONS = 20


def measure(settings: Settings) -> list[Figure]:
    """Ask wrk first, then climb through shares of its rate until ours no longer keeps to its plan."""
    return beside_wrk(settings, settings.gateway_url)


def beside_wrk(settings: Settings, host: str) -> list[Figure]:
    """The same against any address on the loopback interface."""
    theirs = wrk(f"{host}/live/channel-1/manifest")
    ours = 0.0
    for share in SHARES:
        reached, kept = generate(settings, host, theirs * share)
        if not kept:
            break
        ours = reached
    what = f"load generator beside wrk, {CONNECTIONS} kept connections"
    bar = "\N{GREATER-THAN OR EQUAL TO} 1/3 of wrk"
    text = f"{ours:.0f} requests/s, wrk {theirs:.0f} ({ours / theirs:.2f})"
    return [Figure("generator", what, bar, text, ours, ours >= 0.99 * BAR_SHARE * theirs)]


def wrk(url: str) -> float:
    """Requests per second that wrk reaches with one thread.

    Raises:
        HarnessError: it got no answers, or answers that were errors.
    """
    if not shutil.which("wrk"):
        if os.geteuid() or not shutil.which("apt-get"):
            raise UsageError("wrk is not installed", next_command="sudo apt-get install wrk")
        run(["apt-get", "install", "-y", "-q", "wrk"], within_s=300, env={"DEBIAN_FRONTEND": "noninteractive"})
    said = run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS:g}s", url], within_s=60).stdout
    found = re.search(r"Requests/sec:\s*([\d.]+)", said)
    if not found or not float(found[1]) or "Non-2xx or 3xx" in said or "Socket errors" in said:
        raise HarnessError(f"wrk did not get good answers from {url}:\n{said}", next_command="crucible status")
    return float(found[1])


def generate(settings: Settings, host: str, rate_per_s: float) -> tuple[float, bool]:
    """Requests per second that got a good answer at a planned rate, and whether the plan was kept."""
    with tempfile.TemporaryDirectory(prefix="crucible-bench-") as folder:
        timeline = Timeline(Path(folder))
        load = Load(settings, Path(folder), timeline)
        options = ("--keep-connections", "--any-location")
        with load("viewers", rate_per_s, users=CONNECTIONS, host=host, longest_s=SECONDS, options=options) as viewers:
            viewers.run_to_end(within_s=60)
        requests = read_requests(Path(folder), "viewers")
        timeline.close()
    errors = Counter(requests.error[requests.sent & (requests.error != "")])
    # what it could not even send says that the generator is at its end, not that the gateway is
    errors = Counter({error: count for error, count in errors.items() if not str(error).startswith("not sent")})
    if errors.total() > 0.01 * len(requests.planned_s):
        raise HarnessError(f"{host} did not answer well: {dict(errors)}", next_command="crucible status")
    good = int(requests.good(1.0).sum())
    late_s = float(np.nanquantile(requests.start_s_of - requests.planned_s, 0.99))
    seconds = len(requests.planned_s) / rate_per_s
    return good / seconds, good >= 0.99 * len(requests.planned_s) and late_s <= 0.05
