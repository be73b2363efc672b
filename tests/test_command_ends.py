"""How the `crucible` command ends: 1 is for a promise that failed, never for a harness that died."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import click
import pytest

import cli
from fixtures.errors import HarnessError, UsageError
from fixtures.settings import load_settings

ROAD = "[Errno 20] Not a directory: '/etc/passwd/x'"


def ends(act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> object:
    """The exit code of a verb that does this."""
    monkeypatch.setattr(cli, "VERBS", {"toy": "cli:toy"})
    monkeypatch.setattr(cli, "toy", click.command("toy")(act), raising=False)
    monkeypatch.setattr("sys.argv", ["crucible", "toy"])
    try:
        cli.main()
    except SystemExit as ended:
        return ended.code or 0
    return 0


def raising(error: BaseException) -> Callable[[], object]:
    def act() -> None:
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("no such role"), 2, "error: no such role\n"),
        (HarnessError("too late", next_command="crucible up"), 3, "error: too late\n  next: crucible up\n"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "/etc/passwd/x"), 3, f"error: {ROAD}\n"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 3, "error: [Errno 32] Broken pipe\n"),
    ],
)
def test_what_a_person_can_mend_is_said_without_a_traceback(
    error: Exception, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends(raising(error), monkeypatch) == code
    assert capsys.readouterr().err == said


def test_what_nobody_foresaw_keeps_its_traceback_and_is_no_failed_promise(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends(raising(AttributeError("no get")), monkeypatch) == 3
    said = capsys.readouterr().err
    assert said.startswith("Traceback")
    assert said.rstrip().endswith("AttributeError: no get")


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_verb_s_own_exit_code_is_the_command_s(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ends(raising(click.exceptions.Exit(code)), monkeypatch) == code
    assert ends(raising(SystemExit(code)), monkeypatch) == code


def test_what_a_verb_returns_is_no_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ends(lambda: 7, monkeypatch) == 0


@pytest.mark.parametrize("below", ["", "/a/b"])
def test_a_home_that_is_a_file_is_a_wrong_call(below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CRUCIBLE_HOME", f"{tmp_path}/file{below}")
    with pytest.raises(UsageError, match=rf"^CRUCIBLE_HOME={tmp_path}/file{below}: {tmp_path}/file is no folder"):
        load_settings()
    monkeypatch.setenv("CRUCIBLE_HOME", f"{tmp_path}/new/home")
    assert load_settings().home == tmp_path / "new/home"
