"""One run of the main job: its dossier, its stack, and the record of each test."""

from __future__ import annotations

import logging
import secrets
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fixtures.errors import CrucibleError, UsageError
from fixtures.settings import ROOT, Settings
from fixtures.timeline import Timeline
from reports import dossier as dossiers
from reports import layout
from reports.run import Run, TestRecord
from reports.verdict import Verdict
from suites.plugin.promise import Promise

if TYPE_CHECKING:  # clusters are imported by those who have one: self-tests load this plugin too
    from suites.plugin.restore import Restorer
    from suites.plugin.stack import Stack

logger = logging.getLogger("crucible")
session_key = pytest.StashKey["Session"]()
promise_key = pytest.StashKey[Promise]()


class Session:
    """Opens the dossier when the first promise asks for it, the stack when the first test asks for that."""

    def __init__(self, settings: Settings) -> None:
        seed = settings.seed if settings.seed is not None else secrets.randbelow(2**31)
        self.settings = settings.model_copy(update={"seed": seed})
        self.planned: dict[str, str] = {}  # promise id by node id
        self.run: Run | None = None
        self.beside: list[str] = []  # what failed that promises nothing
        self.refused = 0  # the exit code of a run that could not even begin
        self._dossier: Path | None = None
        self._timeline: Timeline | None = None
        self.standing: Stack | None = None  # once a test has asked for it
        self.restorer: Restorer | None = None
        self.failure: Exception | None = None  # why no test can have the stack any more
        self._began: dict[str, float] = {}
        self._keep = ExitStack()

    @property
    def dossier(self) -> Path:
        """The dossier's folder; made at the first call."""
        if self._dossier is None:
            if self.settings.run_dir is None:
                self._dossier = dossiers.create(ROOT / "reports" / "out")
            else:
                try:
                    self._dossier = _fresh(self.settings.run_dir.resolve())
                except UsageError as error:
                    pytest.exit(f"error: {error}", returncode=error.exit_code)
            self.settings = self.settings.model_copy(update={"run_dir": self._dossier})
            self.run = Run(
                run_id=self._dossier.name, seed=self.settings.seed, profile=self.settings.profile.value,
                cluster=self.settings.cluster, planned=list(self.planned), beside=self.beside,
                sabotage=self.settings.sabotage,
            )  # fmt: skip
            dossiers.save(self._dossier, self.run)
            self._timeline = Timeline(self._dossier)
        return self._dossier

    @property
    def timeline(self) -> Timeline:
        """The dossier's timeline."""
        assert self.dossier
        assert self._timeline
        return self._timeline

    def stack(self) -> Stack:
        """The stack, up and watched; what failed once is not tried again for each test."""
        if self.failure is not None:
            raise self.failure
        if self.standing is None:
            from suites.plugin.restore import Restorer
            from suites.plugin.standing import stand_up

            try:
                dossier = self.dossier  # first: the settings name it then
                self.standing, images = stand_up(self._keep, self.settings, dossier, self.timeline)
            except UsageError as error:  # no test of this run can do better: another holds the lock, a port is taken
                self.refused = error.exit_code
                pytest.exit(str(error), returncode=error.exit_code)
            except Exception as error:
                self.failure = error
                raise
            assert self.run is not None
            self.run.stack = images
            self.restorer = Restorer(self.standing)
        return self.standing

    def begin(self, test: str) -> None:
        """Remember when a test began."""
        self._began[test] = time.monotonic()

    def start_test(self, promise: Promise) -> None:
        """A test's body is about to run: mark it on the timeline, and remember how the stack stands."""
        self.timeline.event("harness", "test.started", promise.test)
        if self.restorer is not None:
            self.restorer.remember(promise.test)

    def seconds(self, test: str) -> float:
        """How long a test has lasted."""
        return round(time.monotonic() - self._began[test], 3)

    def keep(self, record: TestRecord) -> None:
        """Put a record into run.json, in place of an earlier one of its test: a run that dies still tells it."""
        assert self.dossier
        assert self.run
        self.run.put(record)
        dossiers.save(self.dossier, self.run)

    def add(self, record: TestRecord) -> None:
        """Join a record of a later phase with what is known of its test, at once in run.json too."""
        assert self.dossier
        assert self.run
        self.run.record(record)
        dossiers.save(self.dossier, self.run)

    @property
    def has_only_passed(self) -> bool:
        """Whether there are records, all of them PASS."""
        return self.run is not None and all(test.verdict is Verdict.PASS for test in self.run.tests)

    def add_beside(self, what: str) -> None:
        """Keep that something failed which promises nothing, so that a recheck ends as the run did."""
        self.beside.append(what)
        if self.run is not None and self._dossier is not None:
            self.run.beside = self.beside
            dossiers.save(self._dossier, self.run)

    def close(self, *, interrupted: str) -> Run | None:
        """End the run and write its report; nothing happens when no test asked for a dossier."""
        interrupted = "; ".join(filter(None, [interrupted, self._sabotage_gone()]))  # while the lock is still ours
        try:
            self._keep.close()
        except Exception as error:  # what the run found must be written down, whatever its end brings
            interrupted = interrupted or f"closing failed: {type(error).__name__}: {error}"
        if self.run is None or self._dossier is None or self._timeline is None:
            return None
        from reports.html import write_report  # matplotlib is paid for only by those who ran something

        self._timeline.event("harness", "run.finished", "run", interrupted=interrupted)
        self._timeline.close()
        self.run.interrupted = interrupted
        self.run.finished = datetime.now(UTC)
        dossiers.save(self._dossier, self.run)
        write_report(self._dossier, self.run)
        return self.run

    def _sabotage_gone(self) -> str:
        """Why this run was not under its sabotage to the end; empty when it was, or was to be under none."""
        if self.standing is None or not self.settings.sabotage:
            return ""
        from chaos.sabotages.standing import missing

        try:
            return missing(self.settings)
        except CrucibleError as error:
            return f"nobody can see whether sabotage {self.settings.sabotage} still stands: {error.message}"


def _fresh(folder: Path) -> Path:
    """Make the folder of CRUCIBLE_RUN_DIR; UsageError when it holds a run, whose evidence would be judged as new."""
    used = [name for name in (layout.RUN, layout.TIMELINE) if (folder / name).exists()]
    if used:
        raise UsageError(
            f"{folder} holds {used[0]} of an earlier run, whose evidence would be taken for this run's",
            next_command="unset CRUCIBLE_RUN_DIR",
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder
