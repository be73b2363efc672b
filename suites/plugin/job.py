"""The main job as a pytest plugin: one dossier per session, one record per test, one verdict at the end.

It stays out of the way of every other pytest run: nothing is made before a test asks for a promise.
"""

from __future__ import annotations

import signal
from collections.abc import Generator
from types import FrameType
from typing import Any

import pytest

from fixtures.errors import CrucibleError
from reports.run import Run, TestRecord
from reports.text import failure_text, summary
from reports.verdict import EXIT_CODES, Verdict
from suites.plugin.choosing import names_key
from suites.plugin.ending import end_test, explain
from suites.plugin.options import settings_key
from suites.plugin.sentence import sentence_of
from suites.plugin.session import Session, promise_key, session_key

ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
STOPS = (KeyboardInterrupt, SystemExit, pytest.exit.Exception)
"""What ends a whole run, wherever it comes."""

run_key = pytest.StashKey[Run]()


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[session_key] = Session(session.config.stash[settings_key])


def pytest_collection_finish(session: pytest.Session) -> None:
    job = session.config.stash[session_key]
    names = session.config.stash.get(names_key, {})  # none when collection was refused
    job.planned = {item.nodeid: names[item.nodeid].id for item in session.items if item.nodeid in names}
    if job.planned:
        signal.signal(signal.SIGTERM, _as_ctrl_c)


def _as_ctrl_c(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends a run as Ctrl-C does: rollbacks are played, the dossier is closed."""
    raise KeyboardInterrupt(signal.Signals(number).name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    item.config.stash[session_key].begin(item.nodeid)
    result = yield
    if promise_key in item.stash:
        item.config.stash[session_key].start_test(item.stash[promise_key])
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Judge a test's promise when its body is done; the verdict's word comes first in the message."""
    if promise_key not in item.stash:
        return (yield)
    error, skipped, result = "", "", None
    stop: BaseException | None = None
    try:
        result = yield
    except CrucibleError as caught:
        error = str(caught)
    except STOPS as caught:  # nothing more is tried, but what was claimed until now is judged
        stop, error = caught, f"stopped: {type(caught).__name__}: {caught}"
    except pytest.skip.Exception as caught:
        stop, skipped = caught, str(caught)
    except (Exception, pytest.fail.Exception) as caught:  # pytest's own failures (a time limit) are no Exception
        error = f"{type(caught).__name__}: {caught}"
    job = item.config.stash[session_key]
    record = end_test(job, item.stash[promise_key], error, skipped=skipped, stopped=isinstance(stop, STOPS))
    if stop is not None and (isinstance(stop, STOPS) or record.verdict is Verdict.SKIPPED):
        raise stop
    if record.verdict is not Verdict.PASS:
        assert job.run is not None
        pytest.fail(failure_text(record, job.run), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """A promise whose test could not be set up, or was skipped, is on record too."""
    report: pytest.TestReport = yield
    job = item.config.stash[session_key]
    if item.nodeid not in job.planned and report.failed:
        job.add_beside(f"{item.nodeid}, which promises nothing, failed ({call.when}): {_said(call)}")
    if item.nodeid in job.planned and call.when != "call" and call.excinfo is not None:
        word = "skipped" if report.skipped else "error"
        why = f"{call.when}: {call.excinfo.value}"
        record = TestRecord(
            id=item.nodeid, promise_id=job.planned[item.nodeid], promise=sentence_of(item), **{word: why}
        )
        job.add(record)
        explain(job, item.nodeid)
        if isinstance(call.excinfo.value, CrucibleError):
            report.longrepr = f"{Verdict.INCONCLUSIVE}: {why}"  # for people: no traceback
    return report


def _said(call: pytest.CallInfo[None]) -> str:
    """What a phase failed with, in one line."""
    lines = str(call.excinfo.value).strip().splitlines() if call.excinfo is not None else []
    return lines[0] if lines else "without a word"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Close the dossier: after the last fixture's teardown, before the terminal's summary, which is a wrapper."""
    interrupted = "" if exitstatus in ENDED else pytest.ExitCode(exitstatus).name.lower().replace("_", " ")
    job = session.config.stash[session_key]
    if exitstatus == pytest.ExitCode.TESTS_FAILED and not job.beside and job.has_only_passed:
        job.add_beside("pytest says that a test failed, and nobody noted which")
    run = job.close(interrupted=interrupted)
    if run is not None:
        session.config.stash[run_key] = run
        session.exitstatus = job.refused or EXIT_CODES[run.verdict]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if run_key in config.stash:
        run = config.stash[run_key]
        terminalreporter.section("crucible")
        terminalreporter.write_line(summary(run, config.stash[session_key].dossier))
        if run.interrupted:
            terminalreporter.write_line("interrupted; what is still broken is undone by: crucible heal")
