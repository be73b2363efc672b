"""The claim that a suite makes about a run's Kafka history, judged from the dossier alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.claim import Claim, judge
from reports.verdict import Verdict
from tests.kafka.notation import history


def dossier(folder: Path, text: str, header: dict[str, Any] | None = None) -> Path:
    (folder / "kafka").mkdir()
    lines = [*([header] if header else []), *history(text)]
    (folder / "kafka" / "history-0.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def claim(**args: Any) -> Claim:
    return Claim("kafka.history.check", {"guarantees": "acks=all,idempotence=true"} | args)


def test_passes_with_its_figures(tmp_path: Path) -> None:
    finding = judge(dossier(tmp_path, "0 ok send x=1@0 | 1 ok poll x=1@0"), claim())
    assert finding.verdict is Verdict.PASS
    assert finding.measured == "1 acknowledged, 1 polled, 0 kinds of anomaly"
    assert finding.evidence == ("kafka/history-0.jsonl",)


def test_fails_with_a_sentence_and_a_picture(tmp_path: Path) -> None:
    finding = judge(dossier(tmp_path, "0 ok send x=1@0 | 0 ok send x=2@1 | 1 ok poll x=2@1"), claim())
    assert finding.verdict is Verdict.FAIL
    assert "process 0 sent 1 to x/0 at offset 0 (ok), and no poll returned it" in finding.reason
    assert finding.evidence == ("kafka/history-0.jsonl", "kafka/orders/x-0.svg")
    assert (tmp_path / "kafka" / "orders" / "x-0.svg").exists()
    json.dumps(finding.data)


def test_too_little_traffic_proves_nothing(tmp_path: Path) -> None:
    finding = judge(dossier(tmp_path, "0 ok send x=1@0 | 1 ok poll x=1@0"), claim(min_acked=100))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "only 1 sends were acknowledged, of 100 needed" in finding.reason


def test_no_history_or_a_broken_one_is_inconclusive(tmp_path: Path) -> None:
    assert judge(tmp_path, claim()).verdict is Verdict.INCONCLUSIVE
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka" / "history-1.jsonl").write_text('{"index": 0}\n')
    finding = judge(tmp_path, claim())
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "kafka/history-1.jsonl:1: missing time" in finding.reason
    assert str(tmp_path) not in finding.reason


def test_a_dump_of_the_topic_turns_late_into_lost(tmp_path: Path) -> None:
    folder = dossier(tmp_path, "0 ok send x=1@0 | 0 ok send x=2@1 | 1 ok poll x=1@0")
    assert judge(folder, claim()).verdict is Verdict.INCONCLUSIVE
    rows = [{"partition": 0, "offset": 0, "value": "1"}, {"end": {"0": 1}}]
    (folder / "kafka" / "topic.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert judge(folder, claim(dump="kafka/topic.jsonl", topic_name="x")).verdict is Verdict.FAIL
    assert judge(folder, claim(dump="kafka/none.jsonl")).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("lost", [1, 3, 4])
def test_a_history_from_which_an_event_was_lost_is_none(tmp_path: Path, lost: int) -> None:
    folder = dossier(tmp_path, "0 ok send x=1@0 | 2 info send x=2 | 1 ok poll x=1@0 | 1 ok poll")
    assert judge(folder, claim()).verdict is Verdict.PASS
    file = folder / "kafka" / "history-0.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:lost] + lines[lost + 1 :]))
    finding = judge(folder, claim())
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert f"index {lost} is not there, the next is {lost + 1}" in finding.reason


def test_a_history_of_which_the_end_is_missing_is_none_where_its_writer_knew_the_end(tmp_path: Path) -> None:
    text = "0 ok send x=1@0 | 1 ok poll x=1@0 | 1 ok poll"
    folder = dossier(tmp_path, text, {"run": "r", "events": 6})
    assert judge(folder, claim()).verdict is Verdict.PASS
    file = folder / "kafka" / "history-0.jsonl"
    whole = file.read_bytes()
    for cut in (whole.rindex(b"\n", 0, -1) + 1, len(whole) - 5):  # on a line's end, and within a line
        file.write_bytes(whole[:cut])
        finding = judge(folder, claim())
        assert (finding.verdict, "its header says 6" in finding.reason) == (Verdict.INCONCLUSIVE, True)


def test_the_answer_is_told_whole_and_with_the_first_kind_only(tmp_path: Path) -> None:
    finding = judge(dossier(tmp_path, "0 ok send x=1@0 | 0 ok send x=2@0 | 1 ok poll x=1@0 | 1 ok poll x=9@1"), claim())
    assert finding.budget == "no anomaly that the configuration forbids"
    assert finding.reason == (
        "1 lost-write, 1 inconsistent-offsets, 1 phantom, 1 nonmonotonic-send in 4 records of 1 keys; process 0 sent 2 "
        "to x/0 at offset 0 (ok), and no poll returned it, though process 1 polled offset 1 beyond it"
    )
    assert (finding.data["verdict"], len(finding.data["bad"])) == ("FAIL", 4)
