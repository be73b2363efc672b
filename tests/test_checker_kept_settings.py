"""Settings that keep data: each process must have said each of them, as promised."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fixtures.stack import data_settings
from reports.checkers.kept_settings import as_promised, holds
from reports.verdict import Verdict

PROMISED = {"redis-master-0": {"appendonly": "yes"}, "topic t": {"retention.ms": ">=1000"}}


def dossier(folder: Path, *events: tuple[str, dict[str, Any]]) -> Path:
    lines = [("harness", "run.started", "run", {"monotonic_ns": 0, "unix_ns": 0}), ("harness", "test.started", "t", {})]
    lines += [("probe", "settings.seen", subject, data) for subject, data in events]
    lines.append(("harness", "test.finished", "t", {}))
    written = [
        {"t": number / 10, "err": 0.0, "source": source, "kind": kind, "subject": subject, "data": data}
        for number, (source, kind, subject, data) in enumerate(lines)
    ]
    (folder / "timeline.jsonl").write_text("".join(json.dumps(line) + "\n" for line in written))
    return folder


def said(**settings: str) -> dict[str, Any]:
    return {"settings": {name.replace("_", "."): value for name, value in settings.items()}}


def judged(tmp_path: Path, *events: tuple[str, dict[str, Any]]) -> tuple[Verdict, str]:
    finding = as_promised(dossier(tmp_path, *events), promised=PROMISED, test="t")
    return finding.verdict, finding.reason


GOOD = (("redis-master-0", said(appendonly="yes")), ("topic t", said(retention_ms="1000")))


def test_all_as_promised_passes(tmp_path: Path) -> None:
    assert judged(tmp_path, *GOOD) == (Verdict.PASS, "2 settings as promised")


def test_another_value_fails_and_is_named(tmp_path: Path) -> None:
    verdict, reason = judged(tmp_path, ("redis-master-0", said(appendonly="no")), GOOD[1])
    assert (verdict, reason) == (Verdict.FAIL, "redis-master-0 runs with appendonly=no, promised yes")


def test_a_setting_that_is_not_told_fails(tmp_path: Path) -> None:
    assert judged(tmp_path, ("redis-master-0", said(other="yes")), GOOD[1])[0] is Verdict.FAIL


def test_a_process_that_says_nothing_or_was_never_asked_is_inconclusive(tmp_path: Path) -> None:
    verdict, reason = judged(tmp_path, ("redis-master-0", {"settings": None, "error": "timed out"}), GOOD[1])
    assert (verdict, reason) == (Verdict.INCONCLUSIVE, "redis-master-0 did not say its settings: timed out")
    assert judged(tmp_path, GOOD[1])[0] is Verdict.INCONCLUSIVE
    assert as_promised(dossier(tmp_path, *GOOD), promised={}, test="t").verdict is Verdict.INCONCLUSIVE


def test_one_bad_answer_among_good_ones_fails(tmp_path: Path) -> None:
    assert judged(tmp_path, *GOOD, ("redis-master-0", said(appendonly="no")))[0] is Verdict.FAIL


@pytest.mark.parametrize(
    ("found", "promised", "kept"),
    [
        ("2", "2", True), ("1", "2", False), ("2.0", "2", False), ("1000", ">=1000", True), ("999", ">=1000", False),
        ("-1", ">=1000", True), ("", ">=1000", False), ("always", ">=1000", False),
    ],
)  # fmt: skip
def test_a_value_is_exact_or_a_least_number(found: str, promised: str, kept: bool) -> None:
    assert holds(found, promised) is kept


class Shell:
    """A cluster whose pods answer from a table."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers

    def kubectl(self, *words: str, within_s: float) -> str:
        return next(answer for asked, answer in self.answers.items() if asked in words[-1])


def test_what_redis_and_postgresql_say_is_read() -> None:
    redis = Shell(
        {"config get": "appendonly\nyes\nsave\n\nhz\n10\n", "info replication": "# Replication\r\nrole:slave\r\n"}
    )
    found = data_settings.redis_settings(redis, "acd", "redis-replicas-0")
    assert found == {"appendonly": "yes", "save": "", "hz": "10", "replication.role": "slave"}
    postgresql = Shell({"pg_settings": 'fsync=on\nsearch_path="$user", public\n'})
    assert data_settings.postgresql_settings(postgresql, "acd", "p")["fsync"] == "on"
