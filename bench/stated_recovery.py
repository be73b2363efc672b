"""How far a stated recovery is from the truth on the live stack: from the kill of real pods to users served again.

Both gateway pods are killed, by the suites' own fault, under the suites' own load, and the checker states, with its
interval, when that took effect and when users were served again. The truth comes from witnesses that share nothing
with them: the kernel says when the victims' processes died, and a prober that connects each few milliseconds says when
service came back.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.deaths import Deaths, first_process
from bench.figure import Figure
from bench.recovery_error import BAR, RATE_PER_S, Compared, figure_of, line_of
from chaos.run import find, run_experiment
from fixtures.errors import HarnessError
from fixtures.kubernetes.api import Cluster
from fixtures.kubernetes.watcher import Watcher
from fixtures.lock import lock
from fixtures.settings import Settings
from fixtures.stack.map import stack_map_of
from fixtures.timeline import Timeline
from loadtests.runner import Load
from reports import certificates
from reports import timeline as timelines
from reports.interval import Interval
from reports.outage import outage
from reports.recovery import measure as measure_recovery

logger = logging.getLogger("crucible")
ROLE = "gateway"
TRIALS = 6
QUIET_S = 11.0
"""The checker wants so much quiet before it calls a role recovered, and a second more."""


@dataclass(frozen=True)
class Moment:
    """One moment as stated and as witnessed, both in intervals of timeline seconds."""

    stated: Interval
    truth: Interval

    @property
    def error_s(self) -> float:
        """From the middle of the one to the middle of the other."""
        return abs(_middle(self.stated) - _middle(self.truth))

    @property
    def inside(self) -> bool:
        """Whether all that the truth can be lies in what is stated, but for the witness's own reaction."""
        return self.stated.earliest - REACTION_S <= self.truth.earliest and self.truth.latest <= (
            self.stated.latest + REACTION_S
        )

    @property
    def compared(self) -> Compared:
        """The same in figures."""
        return Compared(self.error_s, self.stated.latest - self.stated.earliest, self.inside)


REACTION_S = 0.005
"""How late a witness may wake on a busy machine."""


@dataclass(frozen=True)
class Trial:
    """One fault: when it took effect, when users were served again, and what lies between."""

    effect: Moment
    back: Moment

    @property
    def duration(self) -> Moment:
        """The stated recovery, from effect to service."""
        return Moment(
            Interval.between(self.effect.stated, self.back.stated), Interval.between(self.effect.truth, self.back.truth)
        )


def measure(settings: Settings) -> list[Figure]:
    """Kill the gateway's pods six times and compare what is stated of each with what was witnessed.

    Raises:
        HarnessError: the machine does not show its containers' processes, or a trial went wrong.
    """
    trials = list(compare(settings, trials=TRIALS))
    names = {
        "effect": "moment at which a kill is said to take effect",
        "back": "moment at which users are said to be served again",
        "duration": "whole stated recovery, pods killed to users served",
    }
    return [
        figure_of(f"stated-{name}", what, f"{BAR}, truth inside", [getattr(trial, name).compared for trial in trials])
        for name, what in names.items()
    ]


def compare(settings: Settings, *, trials: int) -> Iterator[Trial]:
    """The trials, one after the other on one stack under one load.

    Raises:
        HarnessError: a trial went wrong.
    """
    with tempfile.TemporaryDirectory(prefix="crucible-bench-") as folder, ExitStack() as keep:
        dossier = Path(folder)
        keep.enter_context(lock(settings))
        timeline = Timeline(dossier)
        keep.callback(timeline.close)
        stack = stack_map_of(settings)
        watcher = keep.enter_context(Watcher(Cluster(settings), stack, timeline))
        experiment = _both_pods(dossier)
        timeline.event("harness", "test.started", "bench")
        deaths_ns: list[list[int]] = []
        with Load(settings, dossier, timeline)("viewers", RATE_PER_S) as viewers, _prober(settings) as prober:
            for number in range(trials):
                viewers.wait_until_steady(60, hold_for_s=QUIET_S)
                pids = [first_process(one) for one in _containers(watcher)]
                with Deaths(pids) as deaths:
                    run_experiment(experiment, dossier, settings=settings, seed=(settings.seed or 0) + number)
                if len(deaths.at_ns) != len(pids):
                    raise HarnessError(f"trial {number + 1}: {len(deaths.at_ns)} of {len(pids)} victims died")
                deaths_ns.append(deaths.at_ns)
            viewers.wait_until_steady(60, hold_for_s=QUIET_S)
        timeline.event("harness", "test.finished", "bench")
        seen = timelines.read(dossier)
        backs = [[seen.seconds(ns) for ns in line["back_ns"]] for line in prober]
        for certificate, died_ns in zip(certificates.certificates(seen), deaths_ns, strict=True):
            died = Interval(seen.seconds(min(died_ns)), seen.seconds(max(died_ns)))
            yield _trial(dossier, seen, certificate, died, backs)


def _trial(
    dossier: Path, seen: timelines.Timeline, certificate: certificates.Certificate, died: Interval, backs: Any
) -> Trial:
    """What the checker's own functions state of one fault, beside the witnesses."""
    found = measure_recovery(seen, certificate, ROLE)
    users = outage(dossier, "viewers", after_s=found.start.earliest, before_s=found.until)
    back = first_back(backs, died)
    if users.first_good_s is None or back is None:
        who = "users" if users.first_good_s is None else "the prober"
        raise HarnessError(f"fault {certificate.fault_id}: no outage was seen by {who}")
    effect = Interval(died.earliest, died.earliest)  # it takes effect with the death of its first victim
    trial = Trial(Moment(found.start, effect), Moment(Interval(*users.first_good_s), back))
    for name in ("effect", "back", "duration"):
        one: Moment = getattr(trial, name)
        logger.info(
            "%s: %s stated %.3f to %.3f s, witnessed %.3f to %.3f s: %.0f ms apart, %s", certificate.fault_id, name,
            one.stated.earliest, one.stated.latest, one.truth.earliest, one.truth.latest, 1000 * one.error_s,
            "inside" if one.inside else "OUTSIDE",
        )  # fmt: skip
    return trial


def first_back(backs: list[list[float]], died: Interval) -> Interval | None:
    """When service came back after the last victim had died: then nobody answered until a new pod did.

    Later ends of bad answers are not this one's: the prober has little patience, and a busy machine tries it.
    """
    return next((Interval(*back) for back in sorted(backs) if back[0] > died.latest), None)


def _both_pods(dossier: Path) -> Path:
    """The suites' experiment, but for all pods of the role and without the hypothesis that some are left."""
    experiment = yaml.safe_load(find("gateway-pod-kill").read_text())
    experiment["configuration"]["experiment"] = "all-gateway-pods-kill"
    experiment["method"][0]["provider"]["arguments"]["count"] = 2
    probe = experiment["steady-state-hypothesis"]["probes"][1]
    probe["provider"]["arguments"]["role"] = "manager"
    experiment["steady-state-hypothesis"]["probes"] = [probe]
    path = dossier / "all-gateway-pods-kill.yaml"
    path.write_text(yaml.safe_dump(experiment))
    return path


def _containers(watcher: Watcher) -> list[str]:
    """Runtime ids of the role's containers."""
    return [
        status["containerID"].rpartition("/")[2]
        for pod in watcher.pods_of(ROLE)
        for status in pod["status"].get("containerStatuses", [])
        if "running" in status["state"]
    ]


@contextmanager
def _prober(settings: Settings) -> Iterator[list[dict[str, list[int]]]]:
    """Runs the prober; the list has its lines once it has ended."""
    words = [sys.executable, "-m", "bench.prober", str(settings.gateway_port), "/live/probe/manifest"]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    lines: list[dict[str, list[int]]] = []
    try:
        yield lines
    finally:
        said, _ = child.communicate("\n", timeout=10)
        lines += [line_of(line) for line in said.splitlines()]


def _middle(interval: Interval) -> float:
    return (interval.earliest + interval.latest) / 2
