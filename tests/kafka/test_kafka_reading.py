"""Bad input gets a clear message with file and line, exit code 2, and never a PASS or a traceback."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reports.checkers.kafka.check.files import check_files
from reports.checkers.kafka.cli import history as command
from reports.checkers.kafka.columns import Names
from reports.checkers.kafka.formats.reading import Reading
from reports.checkers.kafka.formats.tables import write_table
from reports.checkers.kafka.generation.generator import Plan, generate_events
from reports.checkers.kafka.generation.planting import plant_anomaly
from reports.checkers.kafka.operation import BadHistory
from reports.verdict import Verdict
from tests.kafka.notation import history, write

GOOD = history("0 ok send x=1@0 | 0 ok send x=2@1 | 1 ok assign* x | 1 ok poll x=1@0,2@1")
Change = Callable[[list[Any]], None]


def put(line: int, **fields: Any) -> Change:
    return lambda events: events[line - 1].update(fields)


def drop(line: int, field: str) -> Change:
    return lambda events: events[line - 1].pop(field)


def sent(offset: Any, value: Any = 1) -> list[Any]:
    return [["send", "x/0", [offset, value]]]


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (lambda e: e.__setitem__(2, "{nonsense"), 3, "not JSON"),
        (lambda e: e.__setitem__(2, '{"index": 2, "ti'), 3, "not JSON"),
        (lambda e: e.__setitem__(2, "[" * 100_000), 3, "not JSON"),
        (lambda e: e.__setitem__(2, "7"), 3, "a line is a JSON object"),
        (drop(2, "time"), 2, "missing time"),
        (drop(2, "value"), 2, "an ok send has a value"),
        (put(2, f="produce"), 2, "f is one of txn, send"),
        (put(2, type="maybe"), 2, "type is one of ok"),
        (put(2, index=-1), 2, "index is a whole number from 0"),
        (put(2, index=True), 2, "index is a whole number"),
        (put(2, index=0), 2, "index 0 is a duplicate"),
        (put(4, index=1), 4, "index 1 is not above 2"),
        (put(2, time=-5), 2, "time goes back from 0 to -5"),
        (put(2, time=1.5), 2, "time is a whole number of nanoseconds"),
        (put(2, time=1 << 70), 2, "time is a whole number of nanoseconds"),
        (put(2, process=None), 2, "process is a number or a string"),
        (put(2, process=7), 2, "ok send of process 7 without its invoke"),
        (put(2, type="invoke"), 2, "process 0 invokes send while another operation of its is open"),
        (put(2, f="txn"), 2, "answers an invoke of something else"),
        (put(2, type="info"), 3, "process 0 goes on after an info answer"),
        (put(2, value={"send": 1}), 2, "value is a list of micro-operations"),
        (put(2, value=[["sent", "x/0", 1]]), 2, "a micro-operation is"),
        (put(2, value=[["send", "x/0"]]), 2, "a micro-operation is"),
        (put(2, value=[7]), 2, "a micro-operation is"),
        (put(2, value=[["send", 5, [0, 1]]]), 2, "a key is a string"),
        (put(2, value=[["send", "x/0", [0]]]), 2, "what a send becomes is [offset, value]"),
        (put(2, value=sent(-1)), 2, "an offset is a whole number from 0 to 2^63-1; found -1"),
        (put(2, value=sent(1 << 63)), 2, "an offset is a whole number from 0 to 2^63-1"),
        (put(2, value=sent("0")), 2, "an offset is a whole number"),
        (put(2, value=sent(0, 1.5)), 2, "a value is a whole number or a string"),
        (put(8, value=[["poll", {"x/0": [[None, 1]]}]]), 8, "an offset is a whole number"),
        (put(8, value=[["poll", {"x/0": [[0]]}]]), 8, "a micro-operation is"),
        (put(8, value=[["poll", [1]]]), 8, "a micro-operation is"),
        (put(8, rebalance="x/0"), 8, "rebalance carries a list of keys"),
        (put(6, value="x/0"), 6, "assign carries a list of keys"),
        (lambda e: e.insert(3, {"run": "r"}), 4, "a header belongs on the first line"),
        (lambda e: e.insert(0, {"run": "r", "config": {"acks": "many"}}), 1, "config cannot be read"),
        (put(4, value=sent(1, 1)), 4, "value sent twice to x/0"),
    ],
)
def test_bad_input_is_refused_with_file_and_line(change: Change, line: int, message: str, tmp_path: Path) -> None:
    events = json.loads(json.dumps(GOOD))
    change(events)
    file = write(tmp_path / "h.jsonl", events)
    outcome = CliRunner().invoke(command, ["check", str(file)])
    assert outcome.exit_code == 2, outcome.output
    assert f"{file}:{line}" in outcome.output
    assert message in outcome.output
    assert "PASS" not in outcome.output
    assert "Traceback" not in outcome.output


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.jsonl", b"", "no operations in it"),
        ("blank.jsonl", b"\n\n", "no operations in it"),
        ("header.jsonl", b'{"run": "r"}\n', "no operations in it"),
        ("binary.jsonl", bytes(range(256)) * 9 + b"\n", "not JSON"),
        ("not.parquet", b"PAR1 nonsense", "not a history in columns"),
        ("not.arrow", b"nonsense", "not a history in columns"),
        ("cut.jsonl.gz", gzip.compress(data=b'{"run": "r"}\n' * 99, mtime=0)[:-9], "cannot be read"),
    ],
)
def test_files_that_hold_no_history(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    outcome = CliRunner().invoke(command, ["check", str(tmp_path / name)])
    assert outcome.exit_code == 2
    assert message in outcome.output
    assert str(tmp_path / name) in outcome.output


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.jsonl"):
        outcome = CliRunner().invoke(command, ["check", str(path)])
        assert (outcome.exit_code, "no such file" in outcome.output) == (2, True)


@pytest.mark.parametrize("tail", ['{"index": 8, "time": 80, "proc', '{"index": 8, "name": "\udcc3', "\0\0\0\0"])
def test_a_torn_last_line_is_dropped_and_reported(tail: str, tmp_path: Path) -> None:
    file = write(tmp_path / "h.jsonl", GOOD)
    file.write_bytes(file.read_bytes() + tail.encode(errors="surrogateescape"))
    result = check_files([file])
    assert result.verdict is Verdict.PASS
    assert result.notes == [f"{file}:9: torn last line ({len(tail.encode(errors='surrogateescape'))} bytes) dropped; "
                            "its operation counts as unknown"]  # fmt: skip


def test_a_last_line_without_its_newline_counts(tmp_path: Path) -> None:
    file = write(tmp_path / "h.jsonl", GOOD)
    file.write_text(file.read_text().rstrip("\n"))
    result = check_files([file])
    assert (result.verdict, result.notes) == (Verdict.PASS, [])


def _by_process(events: list[Any], folder: Path, renumber: bool) -> list[Path]:
    files = []
    for process in sorted({str(event["process"]) for event in events}):
        mine = [dict(event) for event in events if str(event["process"]) == process]
        if renumber:
            for i, event in enumerate(mine):
                event["index"] = i
        files.append(write(folder / f"history-{process}.jsonl", [{"run": "r1"}, *mine]))
    return files


@pytest.mark.parametrize("renumber", [False, True])
def test_files_of_one_run_are_merged_by_index_or_time(renumber: bool, tmp_path: Path) -> None:
    rng = random.Random(5)
    events = plant_anomaly(generate_events(Plan(records=80), rng), "lost-write", rng)
    for i, event in enumerate(events):
        event["time"] = i * 10
    whole = check_files([write(tmp_path / "whole.jsonl", events)])
    parts = check_files(_by_process(events, tmp_path, renumber))
    assert parts.to_json() | {"notes": []} == whole.to_json()
    assert bool(parts.notes) == renumber


def test_two_runs_are_not_mixed(tmp_path: Path) -> None:
    a = write(tmp_path / "a.jsonl", [{"run": "r1"}, *GOOD[:4]])
    b = write(tmp_path / "b.jsonl", [{"run": "r2"}, *GOOD[4:]])
    with pytest.raises(BadHistory, match=r"b\.jsonl:1: it belongs to run r2, the files before it to run r1"):
        check_files([a, b])
    with pytest.raises(BadHistory, match="a file was given twice"):
        check_files([a, a])


def test_a_duplicate_index_within_one_of_many_files_is_found(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.jsonl", GOOD[:4]), write(tmp_path / "b.jsonl", [*GOOD[4:6], GOOD[5] | {"type": "info"}])
    with pytest.raises(BadHistory, match=r"b\.jsonl:3: index 5 is a duplicate"):
        check_files([a, b])


def test_the_header_decides_what_is_bad(tmp_path: Path) -> None:
    lossy = history("0 ok send x=1@0 | 0 ok send x=2@1 | 1 ok poll x=2@1")
    strict = check_files([write(tmp_path / "a.jsonl", [{"run": "r", "config": {"acks": "all"}}, *lossy])])
    loose = check_files([write(tmp_path / "b.jsonl", [{"run": "r", "config": {"acks": 1}}, *lossy])])
    assert (strict.bad, loose.bad) == (["lost-write"], [])
    assert loose.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
@pytest.mark.parametrize("text_values", [False, True])
def test_columns_and_lines_say_the_same(suffix: str, text_values: bool, tmp_path: Path) -> None:
    rng = random.Random(11)
    events = plant_anomaly(generate_events(Plan(records=120, subscribe=True), rng), "corrupt", rng)
    if text_values:
        events = json.loads(json.dumps(events), parse_int=int)
        for event in events:
            event["process"] = f"p{event['process']}"
    lines = write(tmp_path / "h.jsonl", [{"run": "r", "config": {"acks": "all"}}, *events])
    names = Names()
    file = tmp_path / f"h.{suffix}"
    write_table(file, Reading([lines], names).batches(), names, run="r", config={"acks": "all"})
    assert check_files([file]).to_json() == check_files([lines]).to_json()


def test_json_answer_and_exit_codes(tmp_path: Path) -> None:
    good = write(tmp_path / "good.jsonl", GOOD)
    lossy = write(tmp_path / "lossy.jsonl", history("0 ok send x=1@0 | 0 ok send x=2@1 | 1 ok poll x=2@1"))
    silent = write(tmp_path / "silent.jsonl", GOOD[:4])
    for file, verdict, code in ((good, "PASS", 0), (lossy, "FAIL", 1), (silent, "INCONCLUSIVE", 3)):
        outcome = CliRunner().invoke(command, ["check", str(file), "--json"])
        assert (json.loads(outcome.stdout)["verdict"], outcome.exit_code) == (verdict, code)
        readable = CliRunner().invoke(command, ["check", str(file)]).stdout
        assert readable.startswith(f"{verdict}: ")
    pictures = CliRunner().invoke(command, ["check", str(lossy), "--pictures", str(tmp_path / "p")])
    assert (tmp_path / "p" / "x-0.svg").read_text().startswith("<svg")
    assert pictures.exit_code == 1


def test_generates_the_same_history_for_the_same_seed(tmp_path: Path) -> None:
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for file in files:
        outcome = CliRunner().invoke(command, ["generate", str(file), "--records=50", "--seed=3", "--plant=duplicate"])
        assert "one duplicate planted" in outcome.output
    assert files[0].read_bytes() == files[1].read_bytes()
    assert check_files(files[:1]).bad == ["duplicate"]


def test_importing_the_checker_pulls_in_no_kubernetes_locust_or_pytest() -> None:
    code = (
        "import sys, reports.checkers.kafka.history, reports.checkers.kafka.cli\n"
        "import reports.checkers.kafka.formats.importing\n"
        "unwanted = ('kubernetes', 'locust', 'pytest', 'chaoslib', 'confluent_kafka', 'fixtures')\n"
        "print([name for name in unwanted if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
