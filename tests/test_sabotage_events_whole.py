"""Why a claim may pass though events differ: each lies outside of it, or it turns when the same tell of a breach."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_sabotage_proofs_whole import NONE, Asked, always, lines

from reports.claim import Claim
from reports.sabotage.breaches import breached
from reports.sabotage.differences import TORN, Difference
from reports.sabotage.proofs import proof
from reports.verdict import Verdict

FILE = "timeline.jsonl"
LOADED = Claim("availability.in_windows", {"load": "ops", "fault_id": "f1"})
OF_FAULT, OF_LOAD = {"fault.effective", "fault.healing", "fault.healed"}, {"load.finished"}


def event(kind: str, t: float, subject: str = "s", **data: Any) -> dict[str, Any]:
    return {"t": t, "err": 0.0, "source": "harness", "kind": kind, "subject": subject, "data": data}


STEPS = ("planned", "injecting", "injected", "effective", "healing", "healed")
START = event("run.started", 0.0, "run", monotonic_ns=10**9, unix_ns=10**18)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A load from 5 to 25 s, and a fault at 10 s."""
    fault = [event(f"fault.{step}", 10.0 + n, "e", fault_id="f1", fault="x") for n, step in enumerate(STEPS)]
    load = [
        event("test.started", 1.0, "t"),
        event("load.started", 5.0, "ops"),
        *fault,
        event("load.finished", 25.0, "ops"),
    ]
    (tmp_path / FILE).write_bytes(lines(START, *load, event("test.finished", 30.0, "t")))
    return tmp_path


def proven(good: Path, asked: Asked, *lost: dict[str, Any], new: tuple[dict[str, Any], ...] = ()) -> tuple[str, str]:
    return proof(good, LOADED, FILE, Difference(lost, new, doubles=False), b"x", asked)


def without(good: Path, kinds: set[str]) -> list[dict[str, Any]]:
    told = [json.loads(one) for one in (good / FILE).read_bytes().splitlines()]
    return [one for one in told if one["kind"] not in kinds]


def told_to(asked: Asked) -> list[list[dict[str, Any]]]:
    return [[json.loads(one) for one in raw.splitlines()] for raw in asked.contents]


HEALED, FINISHED = event("fault.healed", 12.0, fault_id="f1"), event("load.finished", 25.0, "ops")
NEITHER = "neither of its fault nor of its load"


def test_events_outside_are_counted_by_why_and_nobody_is_asked(good: Path) -> None:
    asked = always(Verdict.PASS)
    pods, other = [event("pod.ready", n) for n in (1, 2)], event("load.finished", 3, "viewers")
    assert proven(good, asked, pods[0], other, TORN, new=(pods[1],)) == ("outside", f"2 {NEITHER}, 1 of another load")
    assert proven(good, asked, pods[0]) == ("outside", f"1 {NEITHER}")
    assert proven(good, asked, TORN) == ("outside", "only a torn end")
    assert proven(good, asked) == ("outside", "only a torn end")
    assert asked.contents == []


def test_events_inside_are_told_at_their_worst_family_by_family(good: Path) -> None:
    asked = always(Verdict.FAIL)
    effective = event("fault.effective", 11.0, fault_id="f1")
    found = proven(good, asked, FINISHED, HEALED, event("pod.ready", 1), TORN, new=(effective, HEALED))
    kinds = "fault.effective, fault.healed, load.finished"
    said = f"the record contradicts nothing, and the claim turns when the same {kinds} tell of a breach"
    assert (found, asked.files) == (("may be true", said), {FILE})
    assert told_to(asked) == [without(good, OF_FAULT), without(good, OF_LOAD)]


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.INVALID])
def test_whatever_is_no_pass_is_a_turn(good: Path, verdict: Verdict) -> None:
    said = "the record contradicts nothing, and the claim turns when the same load.finished tell of a breach"
    assert proven(good, always(verdict), FINISHED) == ("may be true", said)


@pytest.mark.parametrize("passes_on", [OF_FAULT, OF_LOAD])
def test_a_claim_that_passes_on_the_worst_of_one_family_has_no_proof(good: Path, passes_on: set[str]) -> None:
    spared = without(good, passes_on)

    def judge(raw: bytes) -> Verdict:
        return Verdict.PASS if [json.loads(one) for one in raw.splitlines()] == spared else Verdict.FAIL

    asked = Asked(judge)
    assert proven(good, asked, FINISHED, HEALED) == NONE
    assert told_to(asked) == [without(good, OF_FAULT), without(good, OF_LOAD)]


def test_the_family_of_a_kind_of_three_words_is_the_first(good: Path) -> None:
    asked = always(Verdict.FAIL)
    proven(good, asked, event("load.user.left", 20.0, "ops"), FINISHED)
    assert told_to(asked) == [without(good, OF_LOAD)]


def test_the_worst_of_a_kind_of_three_words_is_that_of_its_family() -> None:
    ready = event("pod.ready", 1.0, "acd/pod/a", role="web") | {"uid": "u-a"}
    raw = lines(START, ready, event("pod.ready.again", 4.0, "acd/pod/a", role="web"))
    first = event("pod.ready.first", 3.0, "acd/pod/a", role="web")
    assert breached(raw, (first,)) == lines(START, ready, ready | {"t": 3.0, "kind": "pod.not_ready"})
    lost = event("watch.lost", 3.0, "pods")
    assert breached(raw, (lost,)) == lines(START, ready, lost)
