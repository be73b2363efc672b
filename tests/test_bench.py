"""The benches: a missed bar and a bench that cannot measure are never green."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from bench import checker as kafka_bench
from bench import checker_histories as bench_history
from bench import cli, cold_build, history
from bench.figure import Figure, table
from fixtures.errors import HarnessError, UsageError
from fixtures.settings import Settings
from reports.checkers.kafka.columns import FUNCTION, Batch, Names


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


def test_a_running_stack_is_taken_down_only_when_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "BENCHES", {"idle": f"{__name__}:met", "up-warm": f"{__name__}:missed"})
    refused = CliRunner().invoke(cli.bench, ["--only", "up-warm", "--only", "idle"])
    assert refused.exit_code == 2
    assert "up-warm takes the running stack down: say so with --with-down" in refused.output
    assert "what is" not in refused.output
    for words, code in (
        (["--only", "up-warm", "--with-down"], 1),
        (["--with-down"], 1),
        ([], 0),
        (["--only", "idle"], 0),
    ):
        assert CliRunner().invoke(cli.bench, words).exit_code == code, words


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


def history_rows(monkeypatch: pytest.MonkeyPatch, free_gib: float = 64, **changed: dict[int, Any]) -> list[Figure]:
    """What the history bench says of measurements that meet every bar, but for those changed: name → size → value."""

    def row(size: int) -> dict[str, Any]:
        made = {"records": size, "operations": size // 3, "seconds": size / 2e6, "records_per_s": 2e6, "peak_mib": 900}
        return made | {name: values[size] for name, values in changed.items() if size in values}

    monkeypatch.setattr(history, "row", row)
    monkeypatch.setattr(history, "memory_available", lambda: int(free_gib * 2**30))
    return list(history.measure(Settings()))


def test_the_history_bench_has_a_figure_for_each_size_for_flatness_and_for_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    figures = history_rows(monkeypatch)
    assert [figure.met for figure in figures] == [None, True, True, True, True, True]
    assert [figure.what.split()[-2] for figure in figures[:4]] == ["10^5", "10^6", "10^7", "10^8"]


@pytest.mark.parametrize(
    ("changed", "missed"),
    [
        ({"records_per_s": {10**6: 999_999}}, 1),
        ({"records_per_s": {10**8: 999_999}}, 3),
        ({"seconds": {10**7: 10**7 / 1.3e6}}, 4),
        ({"peak_mib": {10**8: 8193}}, 5),
    ],
)
def test_the_history_bench_misses_its_bars(
    changed: dict[str, dict[int, Any]], missed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = history_rows(monkeypatch, **changed)
    assert [at for at, figure in enumerate(figures) if figure.met is False] == [missed]


def test_a_history_that_does_not_fit_into_memory_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.BENCHES, "history", "bench.history:measure")
    with pytest.raises(HarnessError, match=r"9\.5 GiB are free"):
        history_rows(monkeypatch, free_gib=9.5)
    result = CliRunner().invoke(cli.bench, ["--json", "--only", "history"])
    assert result.exit_code == 3
    answer = json.loads(result.stdout)
    assert (len(answer["figures"]), list(answer["not_measured"])) == (3, ["history"])


def test_one_size_is_measured_beside_plain_python_and_plain_sql() -> None:
    (row,) = kafka_bench.measure([20_000])
    assert row["records"] == pytest.approx(20_000, rel=0.1)
    assert min(row["records_per_s"], row["python_records_per_s"], row["sql_records_per_s"], row["peak_mib"]) > 0
    assert "plain Python" in history._speed(100_000, row).measured


def test_a_history_that_does_not_pass_has_no_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    def lossy(names: Names, size: int) -> Iterator[Batch]:
        for batch in bench_history.made(names, size):
            yield batch.select(np.flatnonzero(batch.f != FUNCTION["poll"]))

    monkeypatch.setattr(kafka_bench, "made", lossy)
    with pytest.raises(RuntimeError, match="INCONCLUSIVE of a correct history"):
        kafka_bench.row(20_000)


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
