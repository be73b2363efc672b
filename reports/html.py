"""The report: one HTML file that needs nothing else, for a person who wants to know what happened and why."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports import text
from reports.dossier import JUNIT, REPORT, RUN, files, replace
from reports.run import Run, TestRecord
from reports.timeline import FILE, TimelineError, read
from reports.verdict import Verdict
from reports.words import figure_of, shows

TEMPLATES = Path(__file__).with_name("templates")
PHASES = {
    "detected": "noticed by Kubernetes",
    "endpoint_removed": "taken out of the Service",
    "rescheduled": "replacement scheduled",
    "ready": "all Ready again",
    "users_served": "users served again",
}
BACKGROUND = {
    "certificate.proven",
    "certificate.experiment_completed",
    "progress.during_fault",
    "conformance.as_it_was",
}
"""Checkers of what a promise presupposes."""


@dataclass(frozen=True)
class Bar:
    """A phase on the scale of its recovery: its words, and its bounds in percent of the bar's width."""

    label: str
    figure: str
    reached: float
    unsure: float


@dataclass(frozen=True)
class Figure:
    """One figure of a promise: what it is a figure of, what was measured, what is promised."""

    what: str
    measured: str
    budget: str


@dataclass(frozen=True)
class Shown:
    """An evidence file: what it shows in words, and the link to it, empty when it is not there."""

    file: str
    words: str
    href: str


def write_report(dossier: Path, run: Run) -> Path:
    """Write `report.html` into the dossier from its run and its evidence, and return its path.

    A timeline that cannot be read leaves the picture out and says why; the verdicts stand without it.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"seconds": _seconds, "slug": _slug}
    picture, problem = _picture(dossier)
    present = {name for name, _ in files(dossier)} | {RUN, JUNIT}
    page = environment.get_template("report.html.j2").render(
        run=run,
        planted=text.sabotaged(run) if run.sabotage else "",
        tests=[_shown(test, run, present) for test in sorted(run.tests, key=_worst_first)],
        skipped=[test for test in run.tests if test.verdict is Verdict.SKIPPED],
        sabotages=run.sabotages,
        matrix=_matrix(dossier, run),
        picture=picture,
        problem=problem,
        files=files(dossier),
        stack=sorted(run.stack.items()),
    )
    replace(dossier / REPORT, page)
    return dossier / REPORT


def _picture(dossier: Path) -> tuple[Markup, str]:
    try:
        timeline = read(dossier)
    except TimelineError as error:
        return Markup(""), str(error)
    from reports.plots import timeline_svg  # matplotlib: paid for by those who draw

    torn = f"The last line of {FILE} was cut off when its writer died; it is left out." if timeline.torn else ""
    return Markup(timeline_svg(dossier, timeline)), torn  # noqa: S704 - our own drawing; matplotlib escapes its texts


def _matrix(dossier: Path, run: Run) -> str:
    """The matrix of sabotages as a data URI: a picture that is shown as one runs nothing, whoever wrote it."""
    if run.sabotages is None or not _link(run.sabotages.picture, {name for name, _ in files(dossier)}):
        return ""
    path = dossier / run.sabotages.picture
    return "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode()


def _worst_first(test: TestRecord) -> int:
    return list(Verdict).index(test.verdict)


def _shown(test: TestRecord, run: Run, present: set[str]) -> dict[str, Any]:
    return {
        "record": test,
        "anchor": text.anchor(test.id),
        "repeat": text.repeat(test, run),
        "faults": [text.fault_text(certificate) for certificate in test.certificates],
        "load": text.load_text(test.load) if test.load else "",
        "recovery": [{"entry": entry, "bars": _bars(entry)} for entry in test.recovery],
        "evidence": _evidence(test, present),
        "gathered": _gathered(test, present),
        "figures": _figures(test),
    }


def _figures(test: TestRecord) -> list[Figure]:
    """What was measured beside what was promised: all that decided, without what the promise only presupposes."""
    telling = [judged for judged in test.claims if judged.verdict is test.verdict and judged.measured]
    about_promise = [judged for judged in telling if judged.checker not in BACKGROUND]
    return [Figure(figure_of(judged.checker), judged.measured, judged.budget) for judged in about_promise or telling]


def _evidence(test: TestRecord, present: set[str]) -> list[Shown]:
    """The files that the verdict follows from; what a failure left first, the rest in the order of the findings."""
    telling = [judged for judged in test.claims if judged.verdict is test.verdict and judged.checker not in BACKGROUND]
    files = dict.fromkeys(file for judged in telling or test.claims for file in judged.evidence)
    return [Shown(file, shows(file), _link(file, present)) for file in files]


def _gathered(test: TestRecord, present: set[str]) -> list[Shown]:
    """What was gathered of a failure before it was healed (logs, Events, descriptions), what tells most first."""
    paths = test.failure.paths if test.failure is not None else []
    return [Shown(name, shows(name), _link(name, present)) for name in paths]


def _bars(entry: dict[str, Any]) -> list[Bar]:
    """The phases of one recovery on one scale, which ends a little after the budget or the last phase."""
    phases = {name: tuple(bounds) for name, bounds in entry["phases"].items()}
    scale = max([entry["budget_s"], *(latest for _, latest in phases.values())]) * 1.02 or 1.0
    budget = Bar("budget", f"{entry['budget_s']:g} s", 100 * entry["budget_s"] / scale, 0.0)
    bars = [
        Bar(
            PHASES.get(name, name), f"{earliest:.2f} to {latest:.2f} s", 100 * earliest / scale,
            max(0.4, 100 * (latest - earliest) / scale),
        )
        for name, (earliest, latest) in sorted(phases.items(), key=lambda item: item[1])
    ]  # fmt: skip
    return [*bars, budget]


def _link(file: str, present: set[str]) -> str:
    """A relative link to an evidence file that is there; nothing for any other text, whatever it looks like."""
    path, hash_mark, fragment = file.partition("#")
    if path not in present or ".." in PurePosixPath(path).parts:
        return ""
    return "./" + path + hash_mark + fragment


def _seconds(value: float) -> str:
    minutes, seconds = divmod(round(value), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{value:.1f} s"


def _slug(verdict: str) -> str:
    return re.sub("[^a-z]", "", verdict.lower())
