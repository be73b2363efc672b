"""How far a stated recovery time is from the planted truth: a real server, a real load, the suites' own rate."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figure import Figure
from fixtures.errors import HarnessError
from fixtures.settings import Settings
from fixtures.timeline import Timeline
from loadtests.runner import Load
from reports.outage import outage

RATE_PER_S = 50.0
OUTAGES = 6
BAR_S = 0.05
BAR = f"\N{LESS-THAN OR EQUAL TO} {1000 * BAR_S:g} ms"


@dataclass(frozen=True)
class Compared:
    """One outage: how far the middle of the stated interval is from its end, its width, if truth lies inside."""

    error_s: float
    width_s: float
    inside: bool


def measure(settings: Settings) -> list[Figure]:
    """Plant outages of known length and state when each was over, from request rows alone."""
    compared = compare(settings, outages=OUTAGES, rate_per_s=RATE_PER_S)
    what = f"error of a stated recovery time, {RATE_PER_S:g} requests/s"
    return [figure_of("recovery-error", what, BAR, compared)]


def figure_of(name: str, what: str, bar: str, compared: Sequence[Compared]) -> Figure:
    """The worst of them all as a figure; it is met within BAR_S, with truth always inside."""
    worst, width = max(one.error_s for one in compared), max(one.width_s for one in compared)
    inside = sum(one.inside for one in compared)
    text = (
        f"{1000 * worst:.0f} ms at worst, in intervals up to {1000 * width:.0f} ms; "
        f"truth inside {inside} of {len(compared)}"
    )
    return Figure(name, what, bar, text, worst, worst <= BAR_S and inside == len(compared))


def compare(settings: Settings, *, outages: int, rate_per_s: float) -> list[Compared]:
    """Run a load against a server with planted outages, and compare what the rows say with what was planted.

    Raises:
        HarnessError: the server ended early.
    """
    with tempfile.TemporaryDirectory(prefix="crucible-bench-") as folder:
        dossier = Path(folder)
        timeline = Timeline(dossier)
        server = subprocess.Popen(
            [sys.executable, "-m", "bench.planted_outage", "0", str(outages), str(settings.seed or 1)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            port = _line(server)["port"]
            load = Load(settings, dossier, timeline)
            host, options = f"http://127.0.0.1:{port}", ("--any-location",)
            with load("viewers", rate_per_s, host=host, longest_s=60 + 3 * outages, options=options) as viewers:
                viewers.wait_until_steady(30)
                _tell(server)
                planted = [_line(server) for _ in range(outages)]
                viewers.wait_until_steady(30)
            return [_compared(dossier, timeline.start_ns, planted, number) for number in range(outages)]
        finally:
            server.kill()
            server.communicate()
            timeline.close()


def _compared(dossier: Path, start_ns: int, planted: Sequence[dict[str, list[int]]], number: int) -> Compared:
    """The stated end of one outage beside the planted one; each looks from where the one before ended."""

    def seconds(ns: int) -> float:
        return (ns - start_ns) / 1e9

    after = seconds(planted[number - 1]["back_ns"][1]) + 0.1 if number else 0.0
    before = seconds(planted[number + 1]["gone_ns"][0]) - 0.1 if number + 1 < len(planted) else None
    found = outage(dossier, "viewers", after_s=after, before_s=before)
    if found.first_good_s is None:
        raise HarnessError(f"planted outage {number + 1} of {len(planted)} was not seen in the rows of the load")
    earliest, latest = found.first_good_s
    truth = [seconds(ns) for ns in planted[number]["back_ns"]]
    return Compared(
        abs((earliest + latest) / 2 - sum(truth) / 2), latest - earliest, earliest <= truth[1] and truth[0] <= latest
    )


def _tell(server: subprocess.Popen[str]) -> None:
    assert server.stdin is not None
    server.stdin.write("\n")
    server.stdin.flush()


def _line(server: subprocess.Popen[str]) -> dict[str, list[int]]:
    assert server.stdout is not None
    line = server.stdout.readline()
    if not line:
        raise HarnessError("the server with the planted outages ended early")
    return line_of(line)


def line_of(text: str) -> dict[str, list[int]]:
    """What a witness wrote in one line: bounds of moments, on CLOCK_MONOTONIC."""
    answer: dict[str, list[int]] = json.loads(text)
    return answer
