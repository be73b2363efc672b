"""What the claim about a Kafka history tells: its words, its data, and what was asked of it reaches the checker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reports.checkers.kafka.history import check
from reports.verdict import Verdict
from tests.kafka.notation import history, write
from tests.kafka.test_kafka_claim import dossier

LOST = "0 ok send x=1@0 | 0 ok send x=2@1 | 1 ok poll x=2@1"
ALL = "acks=all,idempotence=true"


def test_without_a_history_it_says_which_files_are_missing(tmp_path: Path) -> None:
    finding = check(tmp_path, pattern="kafka/h-*.jsonl")
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.reason == "no file kafka/h-*.jsonl in the dossier: no client recorded what it did"


def test_what_the_suite_promises_decides(tmp_path: Path) -> None:
    """A lost record breaks a promise of `acks=all` alone, which may be said in words or as a mapping."""
    folder = dossier(tmp_path, LOST)
    assert check(folder, guarantees=ALL).verdict is Verdict.FAIL
    assert check(folder, guarantees={"acks": "all", "idempotence": True}).verdict is Verdict.FAIL
    for nothing in ("acks=0", {"acks": "0"}):
        finding = check(folder, guarantees=nothing)
        assert finding.verdict is Verdict.INCONCLUSIVE
        assert finding.reason.startswith("nothing bad was seen")


def test_a_dump_of_another_topic_says_nothing_of_this_one(tmp_path: Path) -> None:
    folder = dossier(tmp_path, "0 ok send x=1@0 | 0 ok send x=2@1 | 1 ok poll x=1@0")
    rows: list[Any] = [{"partition": 0, "offset": 0, "value": "1"}, {"end": {"0": 1}}]
    write(folder / "kafka" / "topic.jsonl", rows)
    told = [check(folder, guarantees=ALL, dump="kafka/topic.jsonl", topic_name=name).verdict for name in ("x", "y")]
    assert told == [Verdict.FAIL, Verdict.INCONCLUSIVE]


def test_a_finding_carries_all_that_was_found(tmp_path: Path) -> None:
    finding = check(dossier(tmp_path, LOST), guarantees=ALL)
    assert finding.budget == "no anomaly that the configuration forbids"
    assert finding.data is not None
    assert "lost-write" in json.dumps(finding.data)


def test_the_first_kind_of_anomaly_is_told_with_a_case_and_no_other(tmp_path: Path) -> None:
    """A lost write and a duplicate: one sentence of the worst, and the other kinds only by name."""
    finding = check(dossier(tmp_path, LOST + " | 0 ok send y=1@0 | 1 ok poll y=1@0,1@1"), guarantees=ALL)
    assert finding.data is not None
    bad, witnesses = finding.data["bad"], finding.data["witnesses"]
    assert bad[:2] == ["lost-write", "duplicate"]
    told = [witnesses[name][0]["text"] for name in bad]
    assert finding.reason.endswith("; " + told[0])
    assert not any(text in finding.reason for text in told[1:])


def test_places_are_told_from_the_dossier(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    write(tmp_path / "kafka" / "history-0.jsonl", [*history("0 ok send x=1@0")[:1], "no json"])
    said = check(tmp_path).reason
    assert said.startswith("the Kafka history cannot be read: kafka/history-0.jsonl:2: not JSON")
