"""One run of the main job: what is made when, what is written down, and how it ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.errors import HarnessError, UsageError
from fixtures.settings import ROOT, Profile, Settings
from reports import dossier as dossiers
from reports import html
from reports.run import Run, TestRecord
from suites.plugin import restore, session, standing
from suites.plugin.promise import Promise
from suites.plugin.session import Session


def events(dossier: Path) -> list[tuple[str, str, str, dict[str, Any]]]:
    lines = [json.loads(line) for line in (dossier / "timeline.jsonl").read_text().splitlines()]
    return [(line["source"], line["kind"], line["subject"], line["data"]) for line in lines[1:]]


@pytest.fixture
def job(tmp_path: Path) -> Session:
    return Session(Settings(run_dir=tmp_path / "x/../dossier", seed=5, profile=Profile.SMOKE, cluster="other",
                            sabotage="no-probe"))  # fmt: skip


def test_the_seed_is_drawn_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session.secrets, "randbelow", lambda limit: limit - 1)
    assert Session(Settings(cluster="c")).settings == Settings(cluster="c").model_copy(update={"seed": 2**31 - 1})
    fresh = Session(Settings(seed=0))
    assert fresh.settings.seed == 0
    assert (fresh.planned, fresh.run, fresh.beside, fresh.refused, fresh.standing, fresh.restorer, fresh.failure) == (
        {}, None, [], 0, None, None, None,
    )  # fmt: skip


def test_the_dossier_is_made_at_the_first_call_and_says_what_is_run(job: Session, tmp_path: Path) -> None:
    job.planned = {"t::a": "x.a", "t::b": "x.b"}
    job.add_beside("t::c failed")
    assert not (tmp_path / "dossier").exists()
    assert job.dossier is job.dossier
    assert job.dossier == job.settings.run_dir == tmp_path / "dossier"
    made = dossiers.load(job.dossier)
    assert job.run is not None
    assert made == job.run
    assert made == Run(
        run_id="dossier", seed=5, profile="smoke", cluster="other", planned=["t::a", "t::b"], beside=["t::c failed"],
        sabotage="no-probe", started=made.started,
    )  # fmt: skip
    job.add_beside("t::d failed")
    assert dossiers.load(job.dossier).beside == ["t::c failed", "t::d failed"]


def test_a_new_dossier_is_made_where_none_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Path] = []

    def create(out: Path) -> Path:
        asked.append(out)
        (tmp_path / "new").mkdir()
        return tmp_path / "new"

    monkeypatch.setattr(dossiers, "create", create)
    job = Session(Settings(seed=1))
    assert job.dossier == job.settings.run_dir == tmp_path / "new"
    assert asked == [ROOT / "reports/out"]


@pytest.mark.parametrize("name", ["run.json", "timeline.jsonl"])
def test_an_old_run_s_dossier_ends_pytest_with_what_to_type(job: Session, tmp_path: Path, name: str) -> None:
    (tmp_path / "dossier").mkdir()
    (tmp_path / "dossier" / name).touch()
    with pytest.raises(pytest.exit.Exception) as ended:
        assert job.dossier
    assert ended.value.returncode == 2
    assert ended.value.msg == (
        f"error: {tmp_path}/dossier holds {name} of an earlier run, whose evidence would be taken for this run's\n"
        "  next: unset CRUCIBLE_RUN_DIR"
    )


@pytest.fixture
def stood(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is asked of `stand_up`; the last one of a list of answers is given."""
    asked: list[Any] = []

    def stand_up(keep: Any, settings: Settings, dossier: Path, timeline: Any) -> Any:
        answer = asked.pop()
        asked.append((keep, settings.run_dir, dossier, timeline))
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(standing, "stand_up", stand_up)
    monkeypatch.setattr(restore, "Restorer", lambda stack: ("restorer of", stack))
    return asked


def test_the_stack_is_stood_up_once(job: Session, stood: list[Any]) -> None:
    stack: Any = SimpleNamespace()
    stood.append((stack, {"gateway": "nginx:1"}))
    assert job.stack() is stack
    assert job.stack() is job.standing is stack
    assert stood == [(job._keep, job.dossier, job.dossier, job.timeline)]
    assert job.run is not None
    assert job.run.stack == {"gateway": "nginx:1"}
    assert job.restorer == ("restorer of", stack)  # type: ignore[comparison-overlap]


def test_a_stack_that_cannot_be_had_is_not_tried_again_or_ends_pytest(job: Session, stood: list[Any]) -> None:
    stood.append(UsageError("the cluster is in use", next_command="wait"))
    with pytest.raises(pytest.exit.Exception) as ended:
        job.stack()
    assert (ended.value.msg, ended.value.returncode) == ("the cluster is in use\n  next: wait", 2)
    assert (job.refused, job.failure, job.standing) == (2, None, None)
    away = HarnessError("no Docker")
    stood.append(away)
    for _ in range(2):
        with pytest.raises(HarnessError) as caught:
            job.stack()
        assert caught.value is job.failure is away
    assert len(stood) == 2


def test_a_test_begins_lasts_and_is_told(job: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 102.34567])
    monkeypatch.setattr(session, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    job.begin("t::a")
    assert job.seconds("t::a") == 2.346
    job.start_test(Promise("t::a", "A."))
    remembered: list[str] = []
    job.restorer = SimpleNamespace(remember=remembered.append)  # type: ignore[assignment]
    job.start_test(Promise("t::b", "B."))
    assert events(job.dossier) == [("harness", "test.started", "t::a", {}), ("harness", "test.started", "t::b", {})]
    assert remembered == ["t::b"]


def test_records_are_on_disk_at_once_replaced_or_joined(job: Session) -> None:
    job.keep(TestRecord(id="t::a", promise="A.", seconds=1.0))
    job.keep(TestRecord(id="t::a", promise="A.", seconds=2.0, error="one"))
    assert dossiers.load(job.dossier).tests == [TestRecord(id="t::a", promise="A.", seconds=2.0, error="one")]
    job.add(TestRecord(id="t::a", promise="A.", error="two"))
    job.add(TestRecord(id="t::b", promise="B."))
    assert dossiers.load(job.dossier).tests == [
        TestRecord(id="t::a", promise="A.", seconds=2.0, error="one; two"), TestRecord(id="t::b", promise="B."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "breaks", "told"),
    [("", False, ""), ("", True, "closing failed: OSError: jammed"), ("interrupted", True, "interrupted")],
)
def test_a_run_ends_written_down_whatever_its_end_brings(
    job: Session, monkeypatch: pytest.MonkeyPatch, given: str, breaks: bool, told: str
) -> None:
    reported: list[Any] = []
    monkeypatch.setattr(html, "write_report", lambda dossier, run: reported.append((dossier, run)))

    def jam() -> None:
        raise OSError("jammed")

    assert Session(Settings()).close(interrupted="x") is None
    job._keep.callback(jam if breaks else list)
    timeline = job.timeline
    before = datetime.now(UTC)
    run = job.close(interrupted=given)
    assert run is job.run is not None
    assert (run.interrupted, reported) == (told, [(job.dossier, run)])
    assert run.finished is not None
    assert before <= run.finished <= datetime.now(UTC)
    assert dossiers.load(job.dossier) == run
    assert events(job.dossier) == [("harness", "run.finished", "run", {"interrupted": told})]
    with pytest.raises(ValueError, match="closed file"):
        timeline.event("harness", "too.late", "x")
