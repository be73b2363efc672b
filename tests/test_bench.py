"""The benches: a missed bar and a bench that cannot measure are never green."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fixtures.bench import cli, cold_build, history
from fixtures.bench.figure import Figure, table
from fixtures.errors import HarnessError, UsageError
from fixtures.settings import Settings
from reports.checkers.kafka.checker import Checker


def met(_: Settings) -> list[Figure]:
    return [Figure("met", "what is met", "≤ 3 s", "1.0 s", 1.0, True)]


def missed(_: Settings) -> list[Figure]:
    return [Figure("missed", "what is missed", "≤ 3 s", "4.0 s", 4.0, False)]


def unable(_: Settings) -> list[Figure]:
    raise UsageError("there is no stack", next_command="crucible up")


def run(monkeypatch: pytest.MonkeyPatch, *names: str) -> Any:
    monkeypatch.setattr(cli, "BENCHES", {name: f"{__name__}:{name}" for name in names})
    return CliRunner().invoke(cli.bench, ["--json"])


def test_figures_that_keep_to_their_bars_exit_0(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, "met")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["figures"][0]["value"] == 1.0


def test_a_missed_bar_exits_1(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "met", "missed").exit_code == 1


@pytest.mark.parametrize("names", [("met", "unable"), ("unable",), ()])
def test_what_could_not_be_measured_is_named_and_exits_3(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    result = run(monkeypatch, *names)
    assert result.exit_code == 3
    assert ("there is no stack" in result.stdout) == ("unable" in names)


def test_the_table_marks_a_missed_bar() -> None:
    lines = table([*met(Settings()), *missed(Settings())]).splitlines()
    assert [line[0] for line in lines[1:]] == [" ", "!"]


def test_the_made_history_is_one_in_which_nothing_is_wrong() -> None:
    checker = Checker()
    checker.feed(history.made(checker.names, 4000))
    result = checker.verdict()
    assert result.verdict == "PASS", result.reason
    assert result.counts["acknowledged"] == result.counts["polled"] == 4000


def test_a_history_that_does_not_pass_has_no_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "SENDS", 0)
    with pytest.raises((HarnessError, ValueError)):
        history.measure(Settings())


def test_only_a_build_of_everything_counts_as_cold(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    (tmp_path / "cache").mkdir()
    record = tmp_path / "cache" / cold_build.RECORD
    record.write_text('{"made": 2, "of": 20, "seconds": 30}\n')
    with pytest.raises(UsageError, match="no build from nothing"):
        cold_build.measure(settings)
    record.write_text('{"made": 2, "of": 20, "seconds": 30}\n{"made": 20, "of": 20, "seconds": 600}\n')
    (figure,) = cold_build.measure(settings)
    assert figure.met
    assert figure.measured == "10.0 min"
