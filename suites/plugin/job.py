"""The main job as a pytest plugin: one dossier per session, one record per test, one verdict at the end.

It stays out of the way of every other pytest run: nothing is created before a test asks for the stack.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Generator
from types import FrameType
from typing import Any

import pytest

from reports.text import failure_text, summary
from reports.verdict import EXIT_CODES, Verdict
from suites.plugin.options import settings_key
from suites.plugin.session import Session, session_key

# pytest's own exit codes for a run that ended by itself: passed, failed, nothing collected
ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[session_key] = Session(session.config.stash[settings_key])
    signal.signal(signal.SIGTERM, _as_ctrl_c)


def _as_ctrl_c(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends a run as Ctrl-C does: rollbacks are played, the dossier is closed."""
    raise KeyboardInterrupt(signal.Signals(number).name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    session = item.config.stash[session_key]
    session.begin(item)
    result = yield
    session.finish(item)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Judge a test's promise when its body is done; the verdict's word comes first in the message."""
    session = item.config.stash[session_key]
    error: BaseException | None = None
    try:
        result = yield
    except (Exception, pytest.fail.Exception) as caught:
        error, result = caught, None
    if not session.judges(item):
        if error is not None:
            raise error
        return result
    record = session.judge(item, error)
    if record.verdict is not Verdict.PASS:
        pytest.fail(failure_text(record, session.run), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report: pytest.TestReport = yield
    session = item.config.stash[session_key]
    if call.when != "call" and call.excinfo is not None:
        session.record_harness_error(item, f"{call.when}: {call.excinfo.exconly()}", skipped=report.skipped)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Generator[None, Any, Any]:
    result = yield
    job = session.config.stash[session_key]
    if job.started:
        job.close(interrupted=exitstatus not in ENDED, at=time.time())
        session.exitstatus = EXIT_CODES[job.run.verdict] if exitstatus in ENDED else 3
    return result


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    job = config.stash[session_key]
    if job.started:
        terminalreporter.section("crucible")
        terminalreporter.write_line(summary(job.run, job.dossier))
