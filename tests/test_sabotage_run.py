"""Running sabotages: outcome, order, time, what is kept, and that a stuck one is undone and the next goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from chaos.sabotages.catalogue import catalogue
from chaos.sabotages.sabotage import Sabotage
from fixtures.errors import HarnessError
from fixtures.settings import Settings
from reports.run import Run
from reports.verdict import Verdict
from suites.sabotage import cli
from suites.sabotage.campaign import run_all
from suites.sabotage.child import AS_IT_WAS, Ended, judged, limit_s, read
from suites.sabotage.choice import expected_s, not_proven, oldest_first, sample
from suites.sabotage.control import Control
from suites.sabotage.matrix import OUTCOME, cell, matrix
from suites.sabotage.outcome import AFTER, BEFORE, NONE, OF_RUN, Outcome, exit_code, outcome_of
from suites.sabotage.page import write_page
from suites.sabotage.results import Result, Results, Seconds, summary

ENTRIES = list(catalogue().values())
TOY = Sabotage.model_validate({
    "id": "toy", "family": "gateway", "why": "because a user would miss it",
    "plant": [{"delete": {"kind": "Service", "name": "gateway"}}],
    "must_turn_red": ["recovery.a", "recovery.b"], "must_stay_green": ["conformance.c"],
})  # fmt: skip
FAIL, INVALID, UNSURE, SKIPPED, PASS = Verdict


@pytest.mark.parametrize(
    ("a", "b", "c", "outcome"),
    [
        (FAIL, FAIL, PASS, Outcome.CAUGHT),
        (FAIL, INVALID, PASS, Outcome.ANOTHER),  # nothing was learnt about the stack: that is no sight of its defect
        (INVALID, INVALID, PASS, Outcome.INCONCLUSIVE),
        (FAIL, FAIL, FAIL, Outcome.ANOTHER),
        (FAIL, FAIL, UNSURE, Outcome.ANOTHER),
        (FAIL, FAIL, SKIPPED, Outcome.ANOTHER),
        (FAIL, PASS, PASS, Outcome.ANOTHER),
        (FAIL, UNSURE, PASS, Outcome.ANOTHER),
        (PASS, PASS, FAIL, Outcome.ANOTHER),
        (UNSURE, PASS, PASS, Outcome.INCONCLUSIVE),
        (UNSURE, UNSURE, UNSURE, Outcome.INCONCLUSIVE),
        (PASS, PASS, PASS, Outcome.ESCAPED),
        (PASS, PASS, UNSURE, Outcome.ESCAPED),
        (SKIPPED, SKIPPED, PASS, Outcome.ESCAPED),
    ],
)
def test_only_the_promises_named_and_no_sentinel_make_it_caught(
    a: Verdict, b: Verdict, c: Verdict, outcome: Outcome
) -> None:
    verdicts = {"recovery.a": a, "recovery.b": b, "conformance.c": c}
    found, reason = outcome_of(TOY, verdicts, verdicts)
    assert found is outcome
    assert outcome is Outcome.CAUGHT or "expected recovery.a, recovery.b to turn red" in reason


def test_a_promise_that_only_the_harness_turned_red_has_not_seen_it() -> None:
    def claims(**verdicts: Verdict) -> list[dict[str, str]]:
        names = {"own": "recovery.within", "as_it_was": AS_IT_WAS}
        return [{"checker": names[name], "verdict": v.value, "reason": "r"} for name, v in verdicts.items()]

    tests = [
        {"id": "a", "promise_id": "recovery.a", "promise": "p", "claims": claims(own=PASS, as_it_was=FAIL)},
        {"id": "b1", "promise_id": "recovery.b", "promise": "p", "claims": claims(own=PASS, as_it_was=PASS)},
        {"id": "b2", "promise_id": "recovery.b", "promise": "p", "claims": claims(own=FAIL, as_it_was=PASS)},
        {"id": "c", "promise_id": "conformance.c", "promise": "p", "claims": claims(own=PASS, as_it_was=PASS)},
    ]
    ended = judged(Run.model_validate({"run_id": "r", "tests": tests}))
    assert ended.own == {"recovery.a": PASS, "recovery.b": FAIL, "conformance.c": PASS}
    assert ended.verdicts["recovery.a"] is FAIL
    assert outcome_of(TOY, ended.verdicts, ended.own)[0] is Outcome.ANOTHER


def test_of_the_healing_that_is_sabotaged_an_invalid_promise_has_seen_it() -> None:
    healing = TOY.model_validate(TOY.model_dump(by_alias=True) | {"plant": [{"heals_nothing": {"experiment": "e"}}]})
    verdicts = {"recovery.a": FAIL, "recovery.b": INVALID, "conformance.c": PASS}
    assert outcome_of(healing, verdicts, verdicts, unhealed={"recovery.b"})[0] is Outcome.CAUGHT
    found, _ = outcome_of(healing, verdicts | {"recovery.a": INVALID}, verdicts | {"recovery.a": INVALID})
    assert found is Outcome.INCONCLUSIVE, "a fault that never took effect is INVALID too, and needs no healing"


@pytest.mark.parametrize(
    ("effective", "healed", "seen"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_only_a_fault_that_took_effect_and_was_not_healed_is_told_as_unhealed(
    effective: bool, healed: bool, seen: bool
) -> None:
    proof = {"t": 1.0, "evidence": {}}
    certificate = {"effective": proof if effective else None, "healed": proof if healed else None}
    test = {"id": "t", "promise": "p", "promise_id": "recovery.a", "certificates": [certificate]}
    ended = judged(Run.model_validate({"run_id": "r", "tests": [test]}))
    assert ended.unhealed == ({"recovery.a"} if seen else set())


def test_it_is_told_which_checkers_saw_it() -> None:
    claims = [
        {"checker": "availability.in_windows", "verdict": PASS, "reason": "r"},
        {"checker": "recovery.within", "verdict": FAIL, "reason": "r"},
        {"checker": "recovery.within", "verdict": FAIL, "reason": "another"},
        {"checker": AS_IT_WAS, "verdict": FAIL, "reason": "r"},
    ]
    tests = [{"id": p, "promise_id": p, "promise": "p", "claims": claims} for p in TOY.must_turn_red]
    tests.append({"id": "c", "promise_id": "conformance.c", "promise": "p", "claims": claims[:1]})
    ended = judged(Run.model_validate({"run_id": "r", "tests": tests}))
    _, reason = outcome_of(TOY, ended.verdicts, ended.own, ended.by)
    assert reason == "recovery.a turned red by recovery.within, recovery.b turned red by recovery.within"


def test_a_promise_that_did_not_run_is_the_harness_failing() -> None:
    verdicts = {"recovery.a": FAIL, "conformance.c": PASS}
    found, reason = outcome_of(TOY, verdicts, verdicts)
    assert (found, reason) == (Outcome.HARNESS, "recovery.b did not run")


@given(st.fixed_dictionaries({p: st.sampled_from(Verdict) for p in TOY.promises}))
def test_what_is_not_caught_is_never_called_so(verdicts: dict[str, Verdict]) -> None:
    caught = outcome_of(TOY, verdicts, verdicts)[0] is Outcome.CAUGHT
    reds = all(verdicts[promise] is FAIL for promise in TOY.must_turn_red)
    assert caught == (reds and verdicts["conformance.c"] is PASS)


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([Outcome.CAUGHT], 0),
        ([], 3),
        ([Outcome.CAUGHT, Outcome.HARNESS], 3),
        ([Outcome.CAUGHT, Outcome.ESCAPED], 1),
        ([Outcome.HARNESS, Outcome.ANOTHER], 1),
        ([Outcome.INCONCLUSIVE], 1),
    ],
)
def test_the_exit_code(outcomes: list[Outcome], code: int) -> None:
    assert exit_code(outcomes) == code


def result(entry: Sabotage, outcome: Outcome = Outcome.CAUGHT, *, days_old: float = 0, total: float = 60) -> Result:
    return Result(
        sabotage=entry.id, family=entry.family.value, digest=entry.digest, outcome=outcome, reason="so it is", seed=7,
        at=datetime.now(UTC) - timedelta(days=days_old), verdicts=dict.fromkeys(entry.must_turn_red, FAIL),
        seconds=Seconds(plant=10, promises=20, undo=10, total=total), control=AFTER,
    )  # fmt: skip


def test_results_are_on_disk_at_once_and_come_back(tmp_path: Path) -> None:
    Results(tmp_path).add(result(ENTRIES[0]))
    Results(tmp_path).add(result(ENTRIES[1], Outcome.ESCAPED))
    again = Results(tmp_path)
    assert again.last(ENTRIES[0]) is not None
    told = json.loads((tmp_path / "sabotage.json").read_text())["summary"]
    assert (told["planted"], told["caught"], told["score"]) == (2, 1, 0.5)
    assert told["not_caught"] == [{"sabotage": ENTRIES[1].id, "outcome": "escaped", "reason": "so it is"}]
    assert told["longest_beyond_s"] == 40


def test_a_result_of_an_earlier_version_counts_as_missing(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.add(result(ENTRIES[0]))
    changed = ENTRIES[0].model_copy(update={"must_stay_green": ()})
    assert not_proven([ENTRIES[0]], results) == []
    assert not_proven([changed], results) == [changed]


@pytest.mark.parametrize("control", ["", NONE, OF_RUN, BEFORE, AFTER])
def test_a_catch_without_a_control_after_it_is_missing(tmp_path: Path, control: str) -> None:
    """A campaign that was interrupted left CAUGHT behind, and `--missing` called them done."""
    results = Results(tmp_path)
    results.add(result(ENTRIES[0]).model_copy(update={"control": control}))
    assert not_proven([ENTRIES[0]], results) == ([] if control == AFTER else [ENTRIES[0]])
    told = json.loads((tmp_path / "sabotage.json").read_text())["summary"]
    assert (told["caught"], told["proven"]) == (1, int(control == AFTER))


def test_a_damaged_file_is_told_and_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "sabotage.json").write_text("{")
    with pytest.raises(HarnessError, match="cannot be read"):
        Results(tmp_path)


def test_what_never_ran_comes_first_and_then_the_oldest(tmp_path: Path) -> None:
    results = Results(tmp_path)
    for entry, days in ((ENTRIES[0], 1), (ENTRIES[1], 3)):
        results.add(result(entry, days_old=days))
    assert oldest_first(ENTRIES[:3], results) == [ENTRIES[2], ENTRIES[1], ENTRIES[0]]


def test_a_sample_is_the_seeds() -> None:
    third = sample(ENTRIES, 1 / 3, 81)
    assert len(third) == round(len(ENTRIES) / 3)
    assert third == sample(ENTRIES[::-1], 1 / 3, 81)
    assert third != sample(ENTRIES, 1 / 3, 82)


def campaign(tmp_path: Path, outcomes: list[Outcome], **more: object) -> tuple[int, list[str]]:
    told: list[str] = []
    queue = iter(outcomes)
    code = run_all(
        ENTRIES[: len(outcomes)], Results(tmp_path), seed=7, tell=told.append, settings=Settings(),
        one=lambda entry: result(entry, next(queue)), minutes=more.get("minutes"),  # type: ignore[arg-type]
    )  # fmt: skip
    return code, told


def test_each_is_kept_and_the_bad_ones_are_told_again_at_the_end(tmp_path: Path) -> None:
    code, told = campaign(tmp_path, [Outcome.CAUGHT, Outcome.ESCAPED, Outcome.HARNESS])
    assert code == 1
    assert "1 of 3 caught by the right promise; 0 not begun" in told
    assert told[-3].startswith("  harness failed: ")
    assert told[-2] == "  1 of them unproven: nobody saw their promises kept before and after"
    assert len(Results(tmp_path).of) == 3
    assert (tmp_path / "sabotage.html").exists()


def test_none_is_begun_that_would_not_end_in_time(tmp_path: Path) -> None:
    code, told = campaign(tmp_path, [Outcome.CAUGHT] * 2, minutes=0.01)
    assert code == 3, "nothing ran, so nothing was proven"
    assert sum("not begun, about" in line for line in told) == 2


def test_how_long_it_takes_is_known_from_the_last_time(tmp_path: Path) -> None:
    results = Results(tmp_path)
    guessed = expected_s(ENTRIES[0], results)
    results.add(result(ENTRIES[0], total=12))
    assert expected_s(ENTRIES[0], results) == 12 < guessed < limit_s(ENTRIES[0].promises)


def test_a_promise_that_is_red_by_itself_cannot_see_a_sabotage(tmp_path: Path) -> None:
    asked: list[tuple[str, ...]] = []

    def alone(promises: Sequence[str]) -> Ended:
        asked.append(tuple(promises))
        own = {promise: FAIL if promise == "recovery.a" else PASS for promise in promises}
        return Ended(own, own, 1.0)

    control = Control(alone)
    good = TOY.model_copy(update={"id": "good", "must_turn_red": ("recovery.b",)})
    assert control.trouble(TOY) == "without any sabotage recovery.a is FAIL"
    assert control.trouble(good) == ""
    assert asked == [TOY.promises], "each promise is run once"
    told: list[str] = []
    code = run_all(
        [TOY, good], Results(tmp_path), minutes=None, seed=7, tell=told.append, settings=Settings(), control=control,
        one=result,
    )  # fmt: skip
    assert code == 3
    assert [found[-1].outcome for found in Results(tmp_path).of.values()] == [Outcome.HARNESS, Outcome.CAUGHT]


def test_a_control_that_could_not_be_run_stops_what_needs_it() -> None:
    assert "did not end" in Control(lambda _: Ended(trouble="the run did not end")).trouble(TOY)
    assert Control(None).trouble(TOY) == ""
    kept = dict.fromkeys(TOY.promises, PASS)
    unsure = Ended(kept | {"conformance.c": UNSURE}, kept)
    assert Control(None, unsure).trouble(TOY) == "without any sabotage conformance.c is INCONCLUSIVE"


def test_an_interruption_keeps_what_was_found(tmp_path: Path) -> None:
    def one(entry: Sabotage) -> Result:
        if entry is ENTRIES[1]:
            raise KeyboardInterrupt
        return result(entry)

    told: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run_all(ENTRIES[:3], Results(tmp_path), minutes=None, seed=7, tell=told.append, settings=Settings(), one=one)
    assert list(Results(tmp_path).of) == [ENTRIES[0].id]
    assert "1 of 1 caught by the right promise; 2 not begun" in told


def test_a_child_that_left_nothing_has_no_verdicts(tmp_path: Path) -> None:
    assert read(tmp_path) == Ended()
    (tmp_path / "run.json").write_text("{")
    assert read(tmp_path) == Ended()


def test_the_matrix_tells_expected_from_found() -> None:
    verdicts = {"recovery.a": FAIL, "recovery.b": PASS, "conformance.c": FAIL}
    found = result(TOY).model_copy(update={"verdicts": verdicts})
    cells = [cell(TOY, promise, found) for promise in ("recovery.a", "recovery.b", "conformance.c", "ordering.d")]
    assert cells == ["caught", "missed", "blamed", None]
    assert cell(TOY, "recovery.a", None) == "planned"
    assert cell(TOY, "recovery.a", found.model_copy(update={"verdicts": {"recovery.a": UNSURE}})) == "unsure"
    picture = matrix(ENTRIES, {ENTRIES[0].id: result(ENTRIES[0])})
    assert picture.count("<circle") == len(ENTRIES)
    assert "so it is" in picture


def test_the_page_has_a_line_for_each_and_escapes_words(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.add(result(ENTRIES[0]).model_copy(update={"reason": "<script>"}))
    text = write_page(ENTRIES, results).read_text()
    assert "<script>" not in text
    assert text.count("<tr><td>") == len(ENTRIES)
    assert f"1 of {len(ENTRIES)} sabotages caught" in text
    assert "<svg" in (tmp_path / "sabotage.svg").read_text()


def test_what_an_earlier_version_did_is_stale_and_counts_nowhere(tmp_path: Path) -> None:
    """It made the headline "3 of 3 caught", and its circle was green."""
    results = Results(tmp_path)
    results.add(result(ENTRIES[0]))
    results.add(result(ENTRIES[1]).model_copy(update={"digest": "of-before", "dossier": "d"}))
    assert [found.sabotage for found in results.current(ENTRIES)] == [ENTRIES[0].id]
    text = write_page(ENTRIES, results).read_text()
    assert f"1 of {len(ENTRIES)} sabotages caught" in text
    assert "stale: of an earlier version, caught by the right promise" in text
    assert json.loads(results.path.read_text())["summary"]["caught"] == 1
    picture = (tmp_path / "sabotage.svg").read_text()
    assert picture.count(f'r="5" fill="{OUTCOME[Outcome.CAUGHT]}"') == 1
    assert f"{ENTRIES[1].id}: stale: of an earlier version, caught" in picture
    assert cell(ENTRIES[1], ENTRIES[1].must_turn_red[0], results.of[ENTRIES[1].id][-1]) == "planned"


def test_the_picture_of_a_run_tells_what_is_of_an_earlier_one() -> None:
    found = {entry.id: result(entry) for entry in ENTRIES[:2]}
    picture = matrix(ENTRIES, found, run={ENTRIES[0].id})
    assert picture.count("opacity") == 1
    assert f"{ENTRIES[1].id}: caught by the right promise, so it is; of an earlier run, " in picture
    assert f"1 of {len(ENTRIES)} are of this run; what is pale is of an earlier run" in picture
    assert "of an earlier run" not in matrix(ENTRIES, found)


def test_the_summary_of_nothing_has_no_score() -> None:
    assert summary([])["score"] is None


def test_the_verb_lists_shows_and_wants_to_know_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "FOLDER", tmp_path)
    monkeypatch.setattr(cli, "RECORD", tmp_path / "record.json")
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    Results(tmp_path).add(result(ENTRIES[0]))
    shell = CliRunner()
    listed = shell.invoke(cli.sabotage, ["list"]).output
    assert len(listed.splitlines()) == len(ENTRIES)
    assert "caught by the right promise" in listed.splitlines()[0]
    shown = shell.invoke(cli.sabotage, ["show", ENTRIES[0].id]).output
    assert f"id: {ENTRIES[0].id}" in shown
    assert "planted in 10 s" in shown
    assert shell.invoke(cli.sabotage, ["run"]).exit_code == 2
    assert "Examples:" in shell.invoke(cli.sabotage, ["run", "--help"]).output
