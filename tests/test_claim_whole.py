"""Claims compared whole: each refusal and each answer of a checker that is missing, unfit, broken, or excused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from dossier_maker import Story

from reports.checkers import recovery
from reports.claim import Answer, BadClaim, Claim, answer, judge, look_over
from reports.verdict import Finding, Verdict

HERE = __name__
INCONCLUSIVE = Verdict.INCONCLUSIVE
UNFIT = "this claim was made for another version of its checker, so nothing was judged: "


@pytest.fixture(autouse=True)
def this_is_a_module_of_checkers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, f"reports.checkers.{HERE}", sys.modules[HERE])


def sums(dossier: Path, *, role: str, figure: float = 1.0) -> Finding:
    (dossier / "a").read_text()
    return Finding(Verdict.PASS, f"{role} {figure:g}", data={"n": 3})


def pairs(dossier: Path, *, pair: tuple[int, int]) -> Finding:
    return Finding(Verdict.PASS, str(pair))


def crashes(dossier: Path) -> Finding:
    return _deeper([])


def _deeper(nothing: list[Finding]) -> Finding:
    return nothing[0]


def says(dossier: Path) -> Any:
    return "fine"


def test_a_claim_is_kept_and_comes_back_from_json() -> None:
    claim = Claim.of(sums, role="web", figure=2)
    assert claim == Claim(f"{HERE}.sums", {"role": "web", "figure": 2})
    assert claim.to_json() == {"checker": f"{HERE}.sums", "args": {"role": "web", "figure": 2}}
    assert Claim("a.b").to_json() == {"checker": "a.b", "args": {}}


STRING = "is no <class 'str'>: Input should be a valid string"
REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no such argument": (sums, {"rolle": "web", "b": 1}, f"{HERE}.sums has no b; it takes role, figure"),
    "one is missing": (sums, {"figure": 1}, f"{HERE}.sums: missing a required argument: 'role'"),
    "another type": (sums, {"role": 7}, f"{HERE}.sums: role=7 {STRING}"),
    "the folder": (sums, {"role": "a", "dossier": "b"}, f"{HERE}.sums has no dossier; it takes role, figure"),
    "fits before it is kept, not after": (
        pairs, {"pair": (1, 2)}, f"{HERE}.pairs: pair=[1, 2] is no tuple[int, int]: Input should be a valid tuple",
    ),
    "no checker": (print, {}, "<built-in function print> is no checker under reports.checkers"),
    "nothing": (None, {}, "None is no checker under reports.checkers"),
    "of no module": ("x".upper, {}, f"{'x'.upper!r} is no checker under reports.checkers"),
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSED)
def test_what_does_not_fit_is_refused_with_the_whole_reason(why: str) -> None:
    checker, args, message = REFUSED[why]
    with pytest.raises(BadClaim) as caught:
        Claim.of(checker, **args)
    assert caught.value.args == (message,)


def test_arguments_by_place_are_refused() -> None:
    with pytest.raises(BadClaim) as caught:
        Claim.of(sums, "web")  # type: ignore[call-arg]
    assert caught.value.args == (f"{HERE}.sums takes its arguments by name, not by place",)


def test_what_is_known_of_a_claim_is_looked_over() -> None:
    look_over(sums, ["figure"], {"figure": 1.5}, all_given=False)
    look_over(sums, ["role"], {}, all_given=True)
    for given, literals, all_given, message in (
        (["figure"], {}, True, f"{HERE}.sums: missing a required argument: 'role'"),
        (["x", "role"], {}, False, f"{HERE}.sums has no x; it takes role, figure"),
        (["role"], {"role": 7}, False, f"{HERE}.sums: role=7 {STRING}"),
    ):
        with pytest.raises(BadClaim) as caught:
            look_over(sums, given, literals, all_given=all_given)
        assert caught.value.args == (message,)


def test_an_answer_is_the_checkers_own_with_what_it_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    claim = Claim(f"{HERE}.sums", {"role": "web", "figure": 2.5})
    finding = Finding(Verdict.PASS, "web 2.5", data={"n": 3})
    assert answer(tmp_path, claim) == Answer(finding, ("a",))
    assert judge(tmp_path, claim) == finding


def could_not(name: str, why: str) -> str:
    return f"checker {name} could not judge: {why}"


UNJUDGED: dict[str, tuple[Claim, str]] = {
    "unfit": (Claim(f"{HERE}.sums"), f"{UNFIT}{HERE}.sums: missing a required argument: 'role'"),
    "unfit name": (Claim(f"{HERE}.sums", {"b": 1}), f"{UNFIT}{HERE}.sums has no b; it takes role, figure"),
    "unfit type": (Claim(f"{HERE}.sums", {"role": 7}), f"{UNFIT}{HERE}.sums: role=7 {STRING}"),
    "answers a word": (Claim(f"{HERE}.says"), f"checker {HERE}.says answered 'fine', not a Finding"),
    "crashes": (
        Claim(f"{HERE}.crashes"),
        could_not(
            f"{HERE}.crashes",
            f"IndexError: list index out of range ({HERE}.py:{_deeper.__code__.co_firstlineno + 1})",
        ),
    ),
}


@pytest.mark.parametrize("why", UNJUDGED)
def test_what_cannot_be_judged_is_inconclusive_with_the_whole_reason(tmp_path: Path, why: str) -> None:
    claim, reason = UNJUDGED[why]
    assert answer(tmp_path, claim) == Answer(Finding(INCONCLUSIVE, reason), ())


@pytest.mark.parametrize("name", ["", "sums", "..claim.judge", "a b.sums", "certificate.1"])
def test_what_is_no_name_of_a_checker_is_never_imported(tmp_path: Path, name: str) -> None:
    said = could_not(name, f"LookupError: no checker is called {name!r} (claim.py:")
    found = judge(tmp_path, Claim(name))
    assert (found.verdict, found.reason.rpartition(":")[0] + ":") == (INCONCLUSIVE, said)


FAILED = Finding(Verdict.FAIL, "90 s", data={"seconds": 90})


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> Claim:
    """A claim of a recovery that was too slow."""

    def within(dossier: Path, *, fault_id: str) -> Finding:
        return FAILED

    monkeypatch.setattr(recovery, "within", within)
    return Claim("recovery.within", {"fault_id": "f1"})


def test_a_failure_under_a_fault_that_nobody_undid_is_excused(tmp_path: Path, fails: Claim) -> None:
    story = Story(tmp_path)
    story.fault("f1", t=10, victim=("web-a", "u-a"), experiment="kill-1", healed=None)
    story.journal("kill-1")
    why = "nobody undid fault f1 (KillPod role=gateway count=1), so this says nothing of the stack: 90 s"
    assert judge(story.write(), fails) == Finding(Verdict.INVALID, why, data={"seconds": 90})
    assert judge(tmp_path, Claim("recovery.within", {"fault_id": "f2"})) == FAILED


def test_a_failure_of_which_nobody_can_tell_whose_it_was_is_inconclusive(tmp_path: Path, fails: Claim) -> None:
    reason = "90 s; and timeline.jsonl is missing: nothing was observed"
    assert judge(tmp_path, fails) == Finding(INCONCLUSIVE, reason, data={"seconds": 90})
