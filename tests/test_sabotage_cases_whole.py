"""A whole bench: what it attacks, what it draws, and what each claim made of a case, with chance told by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dossier_maker import Story

from reports import timeline
from reports.checkers import certificate
from reports.claim import Claim
from reports.judging import judge_test
from reports.run import Judged, Run
from reports.sabotage import cases
from reports.sabotage.cases import Bench, Outcome
from reports.verdict import Finding, Verdict

FILES = {"load/requests-a.csv": "n\n1\n", "load/requests-b.csv": "n\n2\n", "load/plan-a.json": '{"x": 1}',
         "kafka/topic-a.jsonl": "1\n", "kafka/topic-b.jsonl": "2\n", "kafka/topic-c.jsonl": "3\n",
         "state/requests-c.csv": "3\n"}  # fmt: skip
WAYS = ["same", "longer", "none", "missing", "other-load", "other-run"]


def reader(*files: str, figure: Callable[[Path], str] | None = None, bad: str = "") -> Callable[..., Finding]:
    """A checker that opens some files, passes unless one of them holds `bad`, and tells a figure."""

    def check(dossier: Path, *, n: int = 0) -> Finding:
        found = [(dossier / file).read_text() if (dossier / file).exists() else "" for file in files]
        if bad and any(bad in text for text in found):
            return Finding(Verdict.INCONCLUSIVE, f"{bad} is there")
        return Finding(Verdict.PASS, "well", measured=figure(dossier) if figure else "1 s")

    return check


def made(folder: Path, monkeypatch: pytest.MonkeyPatch, **checkers: Callable[..., Finding]) -> Path:
    """A dossier whose run claims each of these, in this order."""
    story = Story(folder)
    story.event("harness", "x.one", "s", 1.0)
    story.write()
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    run = Run(run_id="r")
    for name, checker in checkers.items():
        monkeypatch.setattr(certificate, name, checker, raising=False)
        claim = Claim(f"certificate.{name}", {"n": 1})
        run.record(judge_test(folder, test=name, promise="p", claims=[claim]))
    (folder / "run.json").write_text(run.model_dump_json())
    return folder


class Dice:
    """Chance that gives what it was told to give, and keeps among what it was asked to draw."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[list[Any]] = []

    def choice(self, among: Sequence[Any]) -> Any:
        self.asked.append(list(among))
        assert self.answers[0] in among
        return self.answers.pop(0)


@pytest.fixture(autouse=True)
def _plain_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    ways = {"same": lambda raw, _: raw, "longer": lambda raw, _: raw + b"bad\n", "none": lambda raw, _: None}
    monkeypatch.setattr(cases, "WAYS", ways)


def run_case(bench: Bench, monkeypatch: pytest.MonkeyPatch, *answers: Any) -> tuple[list[Outcome], Dice]:
    dice, seeds = Dice(*answers), []
    monkeypatch.setattr(cases, "random", SimpleNamespace(Random=lambda seed: (seeds.append(seed), dice)[1]))
    found = bench.run(4)
    assert seeds == ["7/4"]
    return found, dice


A, PLAN = "load/requests-a.csv", "load/plan-a.json"


def test_what_passes_is_attacked_and_the_rest_is_spared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(
        tmp_path / "run", monkeypatch, one=reader(A, "load/gone.csv", "kafka/topic-a.jsonl"), nothing=reader(),
        broken=reader(PLAN, bad="x"), two=reader(A),
    )  # fmt: skip
    bench = Bench(folder, 7)
    assert (bench.dossier, bench.seed, bench.donor) == (folder.resolve(), 7, None)
    passing = [Claim(f"certificate.{name}", {"n": 1}) for name in ("one", "nothing", "two")]
    assert [good.claim for good in bench.good] == passing
    assert [good.answer.finding.verdict for good in bench.good] == [Verdict.PASS] * 3
    assert bench.spared == [Judged(checker="certificate.broken", args={"n": 1}, verdict=Verdict.INCONCLUSIVE,
                                   reason="x is there", read=(PLAN,))]  # fmt: skip
    assert bench.reads == [["kafka/topic-a.jsonl", A], [A]]
    assert bench.files == ["kafka/topic-a.jsonl", A]


def test_each_claim_says_what_it_made_of_a_case_and_the_good_dossier_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made(
        tmp_path / "run", monkeypatch, unread=reader(PLAN), turned=reader(A, bad="bad"), blind=reader(A),
        moved=reader(A, figure=lambda dossier: f"{len((dossier / A).read_bytes())} bytes"),
    )  # fmt: skip
    bench = Bench(folder, 7)
    found, dice = run_case(bench, monkeypatch, [A], A, "same", [A], A, "none", [A], A, "longer")
    assert found == [
        Outcome(4, "longer", A, "certificate.unread{'n': 1}", "not read", ""),
        Outcome(4, "longer", A, "certificate.turned{'n': 1}", "INCONCLUSIVE", "bad is there"),
        Outcome(4, "longer", A, "certificate.blind{'n': 1}", "ESCAPED", "its figures are the same"),
        Outcome(4, "longer", A, "certificate.moved{'n': 1}", "ESCAPED", "its figures moved"),
    ]
    assert dice.asked == [[[PLAN], [A], [A], [A]], [A], WAYS] * 3
    assert (folder / A).read_text() == FILES[A]
    assert list(tmp_path.iterdir()) == [folder]
    assert (folder / A).stat().st_nlink == 1


def test_a_proof_makes_a_pass_right_and_tells_the_figures_that_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made(
        tmp_path / "run", monkeypatch, blind=reader(A),
        moved=reader(A, figure=lambda dossier: f"{len((dossier / A).read_bytes())} bytes"),
    )  # fmt: skip
    told: list[Any] = []

    def proof(good: Path, claim: Claim, file: str, told_of: Any, spoilt: bytes | None, ask: Any) -> tuple[str, str]:
        told.append((good, claim.checker, file, told_of.lost, told_of.new, spoilt))
        answer = ask(file, b"another")
        told.append((answer.finding.measured, answer.read))
        return "may be true", "it contradicts nothing"

    monkeypatch.setattr(cases, "proof", proof)
    found, _ = run_case(Bench(folder, 7), monkeypatch, [A], A, "longer")
    assert [(one.outcome, one.why) for one in found] == [
        ("may be true", "it contradicts nothing"),
        ("figures moved", "it contradicts nothing: 4 bytes -> 8 bytes"),
    ]
    case = (A, (), ({"n": "bad"},), b"n\n1\nbad\n")
    assert told == [
        (folder, "certificate.blind", *case), ("1 s", (A,)), (folder, "certificate.moved", *case), ("7 bytes", (A,)),
    ]  # fmt: skip


def test_a_file_that_is_gone_is_seen_by_who_opened_or_listed_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lists(dossier: Path, *, n: int) -> Finding:
        return Finding(Verdict.PASS, f"{len(list((dossier / 'load').iterdir()))} files")

    folder = made(tmp_path / "run", monkeypatch, opens=reader(A), lists=lists, other=reader(PLAN))
    asked: list[tuple[Any, ...]] = []

    def proof(good: Path, claim: Claim, file: str, told: Any, spoilt: bytes | None, ask: Any) -> tuple[str, str]:
        asked.append((claim.checker, spoilt, told.lost, told.new, ask(file, b"new").finding.reason))
        return "", ""

    monkeypatch.setattr(cases, "proof", proof)
    found, _ = run_case(Bench(folder, 7), monkeypatch, [A], A, "missing")
    assert [(one.way, one.outcome, one.why) for one in found] == [
        ("missing", "ESCAPED", "its figures are the same"), ("missing", "ESCAPED", "its figures moved"),
        ("missing", "not read", ""),
    ]  # fmt: skip
    lost = ({"n": "n"}, {"n": "1"})
    assert asked == [("certificate.opens", None, lost, (), "well"), ("certificate.lists", None, lost, (), "3 files")]
    asked.clear()
    found, _ = run_case(Bench(folder, 7), monkeypatch, [A], A, "longer")
    assert [(one.outcome, one.why) for one in found] == [
        ("ESCAPED", "its figures are the same"), ("not read", ""), ("not read", "")
    ]  # fmt: skip


def test_a_json_that_says_the_same_in_other_bytes_is_no_escape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(tmp_path / "run", monkeypatch, plan=reader(PLAN))
    monkeypatch.setattr(cases, "proof", lambda *_: ("", ""))
    for other, outcome in ((b'{ "x": 1 }', "says the same"), (b'{"x": 2}', "ESCAPED"), (b'{"x": ', "ESCAPED")):
        monkeypatch.setitem(cases.WAYS, "longer", lambda raw, _, other=other: other)
        found, _ = run_case(Bench(folder, 7), monkeypatch, [PLAN], PLAN, "longer")
        assert [one.outcome for one in found] == [outcome]


def test_events_that_no_query_gave_are_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asks(kind: str) -> Callable[..., Finding]:
        def check(dossier: Path, *, n: int) -> Finding:
            return Finding(Verdict.PASS, f"{bool(timeline.read(dossier).query(kind))}")

        return check

    def counts(dossier: Path, *, n: int) -> Finding:
        return Finding(Verdict.PASS, f"{len(timeline.read(dossier).events) > 0}")

    checkers = {"none": asks("x.none"), "old": asks("x.one"), "new": asks("x.two"), "all": counts}
    folder = made(tmp_path / "run", monkeypatch, **{f"asks_{name}": check for name, check in checkers.items()})
    line = {"t": 2.0, "err": 0.0, "source": "harness", "kind": "x.two", "subject": "s", "data": {}}
    file = "timeline.jsonl"
    outcomes = {}
    monkeypatch.setattr(cases, "proof", lambda *_: ("", ""))
    for name, change in (
        ("added", lambda raw, _: raw + json.dumps(line).encode() + b"\n"),
        ("lost", lambda raw, _: raw.splitlines(keepends=True)[0]),
        ("torn", lambda raw, _: raw + b'{"t": 2'),
    ):
        monkeypatch.setitem(cases.WAYS, "longer", change)
        found, _ = run_case(Bench(folder, 7), monkeypatch, [file], file, "longer")
        outcomes[name] = [one.outcome for one in found]
    assert outcomes == {
        "added": ["not looked at", "not looked at", "ESCAPED", "ESCAPED"],
        "lost": ["not looked at", "ESCAPED", "not looked at", "ESCAPED"],
        "torn": ["not looked at", "not looked at", "not looked at", "ESCAPED"],
    }


def test_a_file_of_another_load_or_run_stands_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    donor = made(tmp_path / "donor", monkeypatch)
    (donor / A).write_text("n\nbad of donor\n")
    (donor / PLAN).unlink()
    every = [*FILES]
    folder = made(tmp_path / "run", monkeypatch, turned=reader(*every, bad="bad"))
    bench = Bench(folder, 7, donor)
    assert bench.reads == [sorted(every)]
    found, dice = run_case(bench, monkeypatch, sorted(every), A, "other-run")
    assert (found[0].outcome, found[0].why) == ("INCONCLUSIVE", "bad is there")
    topics = [f"kafka/topic-{letter}.jsonl" for letter in "abc"]
    told: list[bytes | None] = []
    monkeypatch.setattr(cases, "proof", lambda *given: (told.append(given[4]), ("", ""))[1])
    _, dice = run_case(bench, monkeypatch, sorted(every), topics[1], "other-load", topics[2])
    assert (told, dice.asked[3:]) == ([b"3\n"], [[topics[0], topics[2]]])
    _, dice = run_case(bench, monkeypatch, sorted(every), PLAN, "other-run", sorted(every), PLAN, "other-load",
                       sorted(every), "state/requests-c.csv", "other-load", sorted(every), A, "other-load",
                       "load/requests-b.csv")  # fmt: skip
    assert (told[1:], dice.asked[-1]) == ([b"n\n2\n"], ["load/requests-b.csv", "state/requests-c.csv"])
    alone = Bench(folder, 7)
    run_case(alone, monkeypatch, sorted(every), A, "other-run", sorted(every), A, "missing")
    assert told[2:] == [None]
