"""The state read back from the reference services, over a real Redis and a real log: lying ones are seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from apps_servers import kafka_broker, needs_redis, redis_server  # noqa: F401 - fixtures
from test_load_on_services import errors, small_stack, variables  # noqa: F401 - a fixture

from fixtures.kafka.topic import end_of_topic, read_topic
from fixtures.selection_input import states
from fixtures.selection_input.journal import applied_offset, fetch_journal
from fixtures.settings import Settings
from fixtures.wait import wait_for
from reports import layout
from reports.checkers import folded_state
from reports.verdict import Finding, Verdict

pytestmark = needs_redis
LOAD = "operators"


def judged(variables: dict[str, str], folder: Path, defects: str) -> Finding:  # noqa: F811
    with small_stack(variables, manager=defects) as port:
        settings = Settings(gateway_port=port)
        before = states.read_whole(settings)
        errors(folder, port, LOAD)
        end = end_of_topic(variables["KAFKA_BOOTSTRAP"], topic=variables["TOPIC"])[0]
        wait_for(lambda: applied_offset(settings) >= end - 1, what="all to be applied", within_s=20, every_s=0.1)
        states.write_states(settings, folder, LOAD, before=before, log_end=end)
        fetch_journal(settings, folder / layout.applied(LOAD))
    topic = folder / layout.topic(LOAD)
    read_topic(variables["KAFKA_BOOTSTRAP"], topic, topic=variables["TOPIC"])
    *rows, last = topic.read_text().splitlines()  # the broker for tests makes four partitions, the stack has one
    marks = {name: {"0": mark["0"]} for name, mark in json.loads(last).items()}
    topic.write_text("\n".join([*rows, json.dumps(marks)]) + "\n")
    return folded_state.is_fold_of_log(folder, load=LOAD)


def test_a_sound_stack_holds_what_its_log_comes_to(variables: dict[str, str], tmp_path: Path) -> None:  # noqa: F811
    finding = judged(variables, tmp_path, "")
    assert finding.verdict is Verdict.PASS, finding.reason


@pytest.mark.parametrize(
    ("defects", "named"),
    [
        ('[{"at": "log", "route": "POST *", "share": 0.2, "do": "without-log"}]', "not from the log"),
        ('[{"at": "record", "share": 0.2, "do": "pretend"}]', "not held"),
        ('[{"at": "record", "share": 0.2, "do": "ignore"}]', "not held"),
        ('[{"at": "http", "route": "GET /api/v1/selection_input/operators/*", "share": 0.2, "do": "wrong"}]',
         "answered otherwise"),
    ],
    ids=["without-log", "pretend", "ignore", "wrong"],
)  # fmt: skip
def test_a_stack_that_holds_something_else_is_a_fail(
    variables: dict[str, str],  # noqa: F811
    tmp_path: Path,
    defects: str,
    named: str,
) -> None:
    finding = judged(variables, tmp_path, defects)
    assert (finding.verdict, named in finding.data.get("bad", {})) == (Verdict.FAIL, True), finding.reason


def test_a_stack_that_is_away_leaves_no_answer_and_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "READ_WITHIN_S", 0.0)
    monkeypatch.setattr(states, "read_whole", lambda _: {"offset": -1, "at_ms": 0, "paths": {}})
    (tmp_path / layout.KAFKA).mkdir()
    (tmp_path / layout.writes(LOAD)).write_text(json.dumps({"path": "a/b"}) + "\n")
    file = states.write_states(
        Settings(gateway_port=1), tmp_path, LOAD, before={"offset": -1, "at_ms": 0, "paths": {}}, log_end=3
    )
    read = json.loads(file.read_text().splitlines()[2])
    assert (read["what"], read["path"], read["status"]) == ("read", "a/b", 0)
