"""What the recovery suites promise under load: each claim alone turns the verdict when its part of the story is bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from dossier_maker import Story

from fixtures.stack.map import load_stack_map
from reports.claim import judge
from reports.judging import judge_test
from reports.verdict import Verdict
from suites.plugin.promise import Promise
from suites.profiles import EFFORTS
from suites.recovery.under_load import Broken

BROKEN = Broken("f1", "gateway-pod-kill-1", "viewers")
Bad = tuple[tuple[float, float], ...]


def verdict(folder: Path, state: Callable[[Promise], None], *, bad: Bad = (), healed: float | None = 8.0) -> Verdict:
    """A load from 2 to 42 s with these bad stretches, and a pod that is killed at 15 s and back 6.2 s later."""
    story = Story(folder)
    for letter in "ab":
        story.pod(f"gateway-{letter}", f"u-{letter}", "gateway", t=0.2)
    story.replicas("gateway", 0.3, 2, 2)
    story.load("viewers", start=2, seconds=40, bad=bad)
    story.fault("f1", t=15.0, victim=("gateway-a", "u-a"), healed=healed)
    story.journal("gateway-pod-kill-1")
    story.gone("gateway-a", "u-a", "gateway", 15.05)
    story.replicas("gateway", 15.2, 2, 1)
    story.pod("gateway-c", "u-c", "gateway", t=15.3, starts_s=6.2)
    story.replicas("gateway", 21.6, 2, 2)
    story.event("harness", "test.finished", "t", 44.0)
    story.write()
    promise = Promise("t", "It holds.")
    state(promise)
    return judge_test(folder, test="t", promise="It holds.", claims=promise.claims).verdict


def serving(promise: Promise) -> None:
    BROKEN.keeps_serving(promise, at_least=0.8, window_s=5, min_requests=20)


def test_a_load_that_is_served_and_a_fault_that_is_proven_keep_all_promises(tmp_path: Path) -> None:
    def everything(promise: Promise) -> None:
        BROKEN.is_proven(promise)
        BROKEN.was_well_before(promise)
        serving(promise)
        BROKEN.recovers(promise, "gateway", budget_s=15)
        BROKEN.all_hit_recover(promise, {"gateway": 15})

    assert verdict(tmp_path, everything) is Verdict.PASS


def test_a_bad_stretch_after_the_fault_breaks_the_promise_though_there_was_progress(tmp_path: Path) -> None:
    assert verdict(tmp_path, serving, bad=((30, 33),)) is Verdict.FAIL


def test_no_good_answer_during_the_fault_breaks_it_whatever_share_is_promised(tmp_path: Path) -> None:
    def little(promise: Promise) -> None:
        BROKEN.keeps_serving(promise, at_least=1e-9, window_s=5, min_requests=20)

    assert verdict(tmp_path, little) is Verdict.PASS
    assert verdict(tmp_path, little, bad=((14.5, 24),)) is Verdict.FAIL


def test_names_narrow_both_claims(tmp_path: Path) -> None:
    def named(promise: Promise) -> None:
        BROKEN.keeps_serving(promise, at_least=0.8, window_s=5, min_requests=20, names=["POST nothing"])

    assert verdict(tmp_path, named) is Verdict.INCONCLUSIVE
    promise = Promise("t", "It holds.")
    named(promise)
    assert [claim.args["names"] for claim in promise.claims] == [["POST nothing"]] * 2


def test_a_stack_that_limped_before_the_fault_breaks_the_promise(tmp_path: Path) -> None:
    assert verdict(tmp_path, BROKEN.was_well_before, bad=((4, 5),)) is Verdict.FAIL
    assert verdict(tmp_path, BROKEN.was_well_before, bad=((16, 30),)) is Verdict.PASS


def test_a_fault_that_was_never_healed_is_not_proven(tmp_path: Path) -> None:
    assert verdict(tmp_path, BROKEN.is_proven, healed=None) is Verdict.INVALID


@pytest.mark.parametrize(("budget_s", "expected"), [(15, Verdict.PASS), (3, Verdict.FAIL), (40, Verdict.INCONCLUSIVE)])
def test_recovery_has_its_budget(tmp_path: Path, budget_s: float, expected: Verdict) -> None:
    assert verdict(tmp_path / "one", lambda p: BROKEN.recovers(p, "gateway", budget_s=budget_s)) is expected
    assert verdict(tmp_path / "all", lambda p: BROKEN.all_hit_recover(p, {"gateway": budget_s})) is expected


def test_what_still_limps_after_its_time_has_not_recovered(tmp_path: Path) -> None:
    """One answer in ten is bad for ever: enough for what is promised under the fault, and the pods are all Ready."""
    bad = tuple((t, t + 0.1) for t in range(32, 43))
    assert verdict(tmp_path / "served", serving, bad=bad) is Verdict.PASS
    assert verdict(tmp_path / "one", lambda p: BROKEN.recovers(p, "gateway", budget_s=15), bad=bad) is Verdict.FAIL
    one = verdict(tmp_path / "all", lambda p: BROKEN.all_hit_recover(p, {"gateway": 15}), bad=bad)
    assert one is Verdict.FAIL


def test_each_profile_loads_long_enough_to_see_that_a_pod_kill_is_over() -> None:
    """After a kill is healed, 2.5 s after its effect for the slowest role, its budget must pass, and then a window."""
    stack = load_stack_map()
    killed = [role for role in stack.roles.values() if f"recovery.{role.name}-pod-kill" in stack.budgets]
    longest = max([role.recovery_s for role in killed] + [stack.role("kafka").recovery_s])
    assert len(killed) >= 3
    for effort in EFFORTS.values():
        assert effort.after_s >= longest - 2.5 + 5


def test_one_name_that_no_request_has_is_not_covered_by_the_others(tmp_path: Path) -> None:
    def named(promise: Promise) -> None:
        BROKEN.keeps_serving(
            promise, at_least=0.8, window_s=5, min_requests=20, names=["GET /live", "DELETE selection_imput"]
        )

    assert verdict(tmp_path, named) is Verdict.INCONCLUSIVE


def test_a_kind_of_operation_that_is_bad_does_not_hide_in_all(tmp_path: Path) -> None:
    """A fifth of all are reads, and every fourth of these is bad for ever: 95 % of all are good."""
    broken = Broken("f1", "gateway-pod-kill-1", "viewers", ("reads",))
    assert verdict(tmp_path, broken.was_well_before) is Verdict.INCONCLUSIVE, "there are no reads"
    rows, timeline, bad = tmp_path / "load/requests-viewers.csv", tmp_path / "timeline.jsonl", 0
    head, *lines = rows.read_text().splitlines()
    for n in range(0, len(lines), 5):
        lines[n] = lines[n].replace("GET /live", "GET selection_input")
        if n % 20 == 0:
            lines[n], bad = lines[n] + "wrong-answer: it is another", bad + 1
    rows.write_text("\n".join([head, *lines]) + "\n")
    told = [json.loads(line) for line in timeline.read_text().splitlines()]
    for event in told:
        if event["kind"] == "load.finished":
            event["data"]["ok"] -= bad
    timeline.write_text("".join(json.dumps(event) + "\n" for event in told))
    promise = Promise("t", "It holds.")
    broken.was_well_before(promise)
    broken.recovers(promise, "gateway", budget_s=15)
    found = {claim.args["part"]: judge(tmp_path, claim).verdict for claim in promise.claims if "names" in claim.args}
    assert found == {"before": Verdict.FAIL, "after": Verdict.FAIL}
