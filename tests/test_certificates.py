"""What a certificate proves, each reason why it proves nothing, and which faults belong to an experiment."""

from __future__ import annotations

from pathlib import Path

import pytest
from dossier_maker import Story

from reports.certificates import Certificate, certificates, of_experiment, of_fault
from reports.timeline import read

VICTIM = {"kind": "Pod", "namespace": "acd", "name": "gateway-a", "uid": "u1"}


def story(folder: Path) -> Story:
    made = Story(folder)
    made.pod("gateway-a", "u1", "gateway", t=0.1)
    made.fault("f1", t=10, victim=("gateway-a", "u1"))
    return made


def certified(made: Story) -> Certificate:
    made.event("harness", "test.finished", "t", 100)
    (found,) = certificates(read(made.write()))
    return found


def test_a_fault_that_told_every_step_is_proven_and_told_whole(tmp_path: Path) -> None:
    found = certified(story(tmp_path))
    assert found.problems() == found.problems(but_healing=True) == []
    assert found.span() == (10.0, 18.0)
    assert found.to_json() == {
        "fault_id": "f1", "fault": "KillPod role=gateway count=1", "experiment": "gateway-pod-kill-1",
        "victims": [VICTIM], "effective": {"t": 10.2, "evidence": {"uid gone": "u1"}},
        "healed": {"t": 18.0, "evidence": {"ready": "2 of 2"}},
    }  # fmt: skip


@pytest.mark.parametrize("step", ["planned", "injecting", "injected", "healing"])
def test_a_step_that_was_not_told_is_named(step: str, tmp_path: Path) -> None:
    found = certified(story(tmp_path))
    events = {kind: event for kind, event in found.events.items() if kind != f"fault.{step}"}
    left = Certificate("f1", "e", "KillPod", (VICTIM,), events)
    assert left.problems() == [f"fault.{step} is not on the timeline"]
    assert left.problems(but_healing=True) == ([] if step == "healing" else left.problems())


def test_a_fault_that_was_not_healed_proves_its_effect_only(tmp_path: Path) -> None:
    made = Story(tmp_path)
    made.fault("f1", t=10, victim=("gateway-a", "u1"), healed=None)
    found = certified(made)
    assert found.problems(but_healing=True) == []
    assert found.problems() == ["fault.healing is not on the timeline", "its healing is not proven"]
    assert found.span() == (10.0, float("inf"))
    assert found.to_json()["healed"] is None


def test_a_fault_without_effect_has_no_span_and_proves_nothing(tmp_path: Path) -> None:
    made = Story(tmp_path)
    made.fault("f1", t=10, victim=("gateway-a", "u1"), effective=None)
    found = certified(made)
    assert found.problems() == found.problems(but_healing=True) == ["its effect is not proven"]
    assert found.span() is None
    assert found.to_json()["effective"] is None


def test_evidence_that_is_empty_is_none(tmp_path: Path) -> None:
    made = story(tmp_path)
    for line in made.lines:
        if line["kind"] in ("fault.effective", "fault.healed"):
            line["data"]["evidence"] = {}
    found = certified(made)
    assert found.problems() == ["fault.effective carries no evidence", "fault.healed carries no evidence"]
    assert found.problems(but_healing=True) == found.problems()


def test_victims_have_uids(tmp_path: Path) -> None:
    events = certified(story(tmp_path)).events
    assert Certificate("f1", "e", "KillPod", (), events).problems() == ["it names no victim"]
    nameless = ({"name": "a", "uid": ""}, VICTIM, {"name": "b"})
    wrong = ["victim a has no UID", "victim b has no UID"]
    assert Certificate("f1", "e", "KillPod", nameless, events).problems() == wrong


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("gateway-pod-kill", ["f1", "f2"]),
        ("gateway-pod-kill-1", ["f1"]),
        ("gateway-pod", []),
        ("kill-1", []),
    ],
)
def test_an_experiment_has_the_faults_of_all_its_runs_or_of_one(name: str, ids: list[str], tmp_path: Path) -> None:
    made = story(tmp_path)
    made.fault("f2", t=30, victim=("gateway-b", "u2"), experiment="gateway-pod-kill-2")
    made.fault("f3", t=50, victim=("gateway-c", "u3"), experiment="gateway-pod-kill-then-1")
    made.event("harness", "test.finished", "t", 100)
    seen = read(made.write())
    assert [each.fault_id for each in of_experiment(seen, name)] == ids
    assert [getattr(of_fault(seen, one), "fault_id", None) for one in ("f1", "f3", "f")] == ["f1", "f3", None]
