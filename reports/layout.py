"""Where everything of a dossier is: each path, and the columns of a request row, have their one home here.

Paths are relative to the dossier and in POSIX form, as findings name them and as run.json keeps them.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

RUN = "run.json"
JUNIT = "junit.xml"
REPORT = "report.html"
LATEST = "latest"
"""Beside the dossiers, not in one: the link to the newest of a run of promises."""

TIMELINE = "timeline.jsonl"
LOAD = "load"
KAFKA = "kafka"
STATE = "state"
FAILURE = "failure"
"""A folder for each test that did not pass: logs, Events, descriptions, journals."""

EXPERIMENTS = "experiments"
LAST_WORDS = "before"
"""In the folder of an experiment's run: what its victims last said, one folder per fault, until the test is judged."""

BEFORE, AFTER, DIFF = "before.json", "after.json", "diff.txt"
INSTALLED = "installed.json"
"""The objects of the stack as a test found them: probes, budgets of disruption, limits, the autoscaler."""


def requests(load: str) -> str:
    """One row per request of a load."""
    return f"{LOAD}/requests-{load}.csv"


def plan(load: str) -> str:
    """What a load meant to send."""
    return f"{LOAD}/{load}.plan.json"


def writes(load: str) -> str:
    """What became of each Selection Input write of a load."""
    return f"{KAFKA}/writes-{load}.jsonl"


def topic(load: str) -> str:
    """What an independent consumer read of the topic while a load wrote."""
    return f"{KAFKA}/topic-{load}.jsonl"


def applied(load: str) -> str:
    """The worker's journal of what it applied while a load wrote."""
    return f"{KAFKA}/journal-{load}.jsonl"


def history(load: str) -> str:
    """The same as operations of Kafka clients."""
    return f"{KAFKA}/history-{load}.jsonl"


def states(load: str) -> str:
    """What the stack said it holds, before a load wrote and once its log had ended."""
    return f"{KAFKA}/states-{load}.jsonl"


def copies(role: str, load: str) -> str:
    """What each pod of a role that keeps a copy of the state held once the log of a load had ended."""
    return f"{KAFKA}/copies-{role}-{load}.jsonl"


def state(folder: str, file: str) -> str:
    """A file of one test's looks at the cluster: BEFORE, AFTER or DIFF."""
    return f"{STATE}/{folder}/{file}"


def journal(run: str) -> str:
    """The Chaos Toolkit journal of one run of an experiment, such as `gateway-pod-kill-1`."""
    return f"{EXPERIMENTS}/{run}/journal.json"


class RequestRow(NamedTuple):
    """One line of `requests(load)`: times on CLOCK_MONOTONIC, status 0 without an answer, no error when it was good.

    Example::

        RequestRow.of(line).line() == line
    """

    planned_ns: int
    start_ns: int
    end_ns: int
    user: int
    name: str
    status: int
    bytes: int
    error: str

    def line(self) -> str:
        """As written, without its newline; what would break the columns is replaced."""
        return ",".join(str(value).translate(_UNSAFE) for value in self)

    @classmethod
    def of(cls, line: str) -> RequestRow:
        """Read one line.

        Raises:
            ValueError: it is no row.
        """
        fields = line.split(",")
        if len(fields) != len(REQUEST_COLUMNS):
            raise ValueError(f"{len(fields)} fields, not {len(REQUEST_COLUMNS)}")
        values = [text if key in REQUEST_TEXT else int(text) for key, text in zip(REQUEST_COLUMNS, fields, strict=True)]
        return cls(*values)  # type: ignore[arg-type]


_UNSAFE = str.maketrans({",": ";", '"': "'", "\n": " ", "\r": " "})
REQUEST_COLUMNS = RequestRow._fields
REQUEST_TEXT = ("name", "error")
REQUEST_HEADER = ",".join(REQUEST_COLUMNS)


def create(out: Path, *, of_promises: bool = True) -> Path:
    """Make the folder of a new run and point `latest` at it; its name is the run id.

    Args:
        out: where dossiers are kept, such as `reports/out`.
        of_promises: whether there will be verdicts in it; without any (an experiment alone) `latest` stays.

    Example::

        dossier = create(Path("reports/out"))
        run = Run(run_id=dossier.name, seed=81, profile="quick", planned=ids)
        save(dossier, run)
    """
    out.mkdir(parents=True, exist_ok=True)
    while True:
        folder = out / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        try:
            folder.mkdir()
            break
        except FileExistsError:
            continue
    if not of_promises:
        return folder
    link = out / f".{LATEST}-{folder.name}"
    link.symlink_to(folder.name)
    link.replace(out / LATEST)
    return folder
