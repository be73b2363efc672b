"""What run.json holds comes to whole verdicts and sentences: of a test, of its phases, of a run, of its sabotages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reports import dossier, judging
from reports.claim import Answer, Claim
from reports.dossier import DossierError
from reports.run import Judged, Run, TestRecord
from reports.sabotages_of_run import Sabotages
from reports.verdict import Finding, Verdict, worst, worst_of

P, F, NO, N, K = (Verdict(word) for word in ("PASS", "FAIL", "INVALID", "INCONCLUSIVE", "SKIPPED"))
START = datetime(2026, 11, 7, tzinfo=UTC)
DONE = START + timedelta(seconds=90)


def judged(verdict: Verdict, reason: str = "r", *evidence: str, **data: Any) -> Judged:
    return Judged(checker="a.b", verdict=verdict, reason=reason, evidence=evidence, data=data)


def record(*verdicts: Verdict, id: str = "t", **more: Any) -> TestRecord:
    return TestRecord(id=id, promise="p", claims=[judged(v, f"{id} {v}", f"{v}.txt") for v in verdicts], **more)


@pytest.mark.parametrize(
    ("test", "verdict", "reason", "evidence"),
    [
        (record(P, P), P, "t PASS; t PASS", ["PASS.txt"]),
        (record(P, F, NO), F, "t FAIL", ["PASS.txt", "FAIL.txt", "INVALID.txt"]),
        (record(N, K), N, "t INCONCLUSIVE", ["INCONCLUSIVE.txt", "SKIPPED.txt"]),
        (record(), N, "the test claimed nothing, so it proved nothing", []),
        (record(error="broke"), N, "broke", []),
        (record(P, error="broke", skipped="s"), N, "broke", ["PASS.txt"]),
        (record(F, error="broke"), F, "t FAIL", ["FAIL.txt"]),
        (record(skipped="needs zones"), K, "needs zones", []),
        (record(P, skipped="needs zones"), K, "needs zones", ["PASS.txt"]),
    ],
)
def test_what_a_test_comes_to(test: TestRecord, verdict: Verdict, reason: str, evidence: list[str]) -> None:
    assert (test.verdict, test.reason, test.evidence) == (verdict, reason, evidence)
    first = next((claim for claim in test.claims if claim.verdict is verdict), None)
    assert test.worst_claim is first


def test_later_phases_take_nothing_back() -> None:
    one = record(F, error="a", seconds=5.0, certificates=[{"fault_id": "f"}], load={"sent": 1}, experiment="e")
    two = record(P, error="b", skipped="s", seconds=3.0, recovery=[{"role": "web"}], certificates=[])
    both = one.joined(two)
    assert both == TestRecord(
        id="t", promise="p", seconds=5.0, error="a; b", skipped="s", experiment="e", claims=[*one.claims, *two.claims],
        certificates=[{"fault_id": "f"}], recovery=[{"role": "web"}], load={"sent": 1},
    )  # fmt: skip
    assert two.joined(record(load={"sent": 2}, seconds=9.0)).seconds == 9.0
    assert one.joined(record(load={"sent": 2})).load == {"sent": 2}
    more = [judged(N, "more")]
    assert one.with_claims(more).claims == [*one.claims, *more]


CERTIFY = "a certify run plants every sabotage, and this one none"


@pytest.mark.parametrize(
    ("run", "verdict", "reason", "gaps"),
    [
        ({"tests": [record(P)]}, P, "the promise was kept", []),
        ({"tests": [record(P), record(P, id="u")]}, P, "all 2 promises kept", []),
        ({"tests": [record(P), record(F, id="u")]}, F, "u FAIL", []),
        ({"tests": [record(P), record(skipped="s", id="u")]}, K, "s", []),
        ({"tests": [record(skipped="s")]}, N, "every test was skipped (s), so nothing was proven", []),
        ({}, N, "no test ran, so nothing was proven", []),
        ({"tests": [record(P)], "planned": ["t", "u"]}, N, "u did not run", ["u did not run"]),
        ({"tests": [record(P)], "finished": None}, N, "the run was interrupted: it never finished",
         ["the run was interrupted: it never finished"]),
        ({"tests": [record(P)], "interrupted": "SIGINT", "finished": None, "beside": ["b"]}, N,
         "the run was interrupted: SIGINT", ["the run was interrupted: SIGINT", "b"]),
        ({"tests": [record(P)], "beside": ["b failed"], "profile": "certify", "planned": ["u"]}, N, "b failed",
         ["b failed", CERTIFY, "u did not run"]),
        ({"tests": [record(P)], "profile": "certify", "sabotage": "x"}, N, "a run under sabotage x certifies nothing",
         ["a run under sabotage x certifies nothing"]),
        ({"tests": [record(P)], "profile": "certify", "sabotages": Sabotages(planned=1, planted=1, caught=1)}, P,
         "the promise was kept", []),
        ({"tests": [record(P)], "sabotages": Sabotages(planned=2, planted=1, caught=1)}, N,
         "1 of 1 sabotages caught, of 2 that there are", []),
    ],
)  # fmt: skip
def test_what_a_run_comes_to(run: dict[str, Any], verdict: Verdict, reason: str, gaps: list[str]) -> None:
    whole = Run(**{"run_id": "r", "started": START, "finished": DONE} | run)
    assert (whole.verdict, whole.reason, whole.gaps) == (verdict, reason, gaps)


def test_the_times_the_counts_and_the_records_of_a_run() -> None:
    run = Run(run_id="r", started=START, tests=[record(P, seconds=2.0), record(F, id="u", seconds=3.0)])
    assert (run.seconds, run.counts()) == (5.0, {F: 1, P: 1})
    assert list(run.counts()) == [F, P]
    run.finished = DONE
    assert run.seconds == 90.0
    run.record(record(N, seconds=9.0))
    assert [(test.id, test.verdict, test.seconds) for test in run.tests] == [("u", F, 3.0), ("t", N, 9.0)]
    run.put(record(P, id="u"))
    assert [(test.id, test.verdict) for test in run.tests] == [("t", N), ("u", P)]
    run.record(record(P, id="v"))
    assert [test.id for test in run.tests] == ["t", "u", "v"]


BAD, ODD = {"sabotage": "s", "outcome": "escaped", "reason": "why"}, {"sabotage": "o", "reason": "no cluster"}


@pytest.mark.parametrize(
    ("told", "verdict", "reason"),
    [
        ({}, P, "2 of 2 sabotages caught, of 2 that there are"),
        ({"planned": 3}, N, "2 of 2 sabotages caught, of 3 that there are"),
        ({"planned": 3, "minutes": 5}, P, "2 of 2 sabotages caught, of 3 that there are"),
        ({"planted": 0, "caught": 0, "minutes": 5}, N, "0 of 0 sabotages caught, of 2 that there are"),
        ({"caught": 1}, N, "1 of 2 sabotages caught, of 2 that there are"),
        ({"not_judged": [ODD]}, N, "sabotage o could not be judged: no cluster"),
        ({"not_caught": [BAD], "not_judged": [ODD]}, F, "sabotage s: escaped: why"),
    ],
)
def test_what_sabotages_come_to(told: dict[str, Any], verdict: Verdict, reason: str) -> None:
    found = Sabotages(**{"planned": 2, "planted": 2, "caught": 2} | told)
    assert (found.verdict, found.reason) == (verdict, reason)
    run = Run(run_id="r", started=START, finished=DONE, tests=[record(P)], sabotages=found)
    assert (run.verdict, run.reason) == (verdict, "the promise was kept" if verdict is P else reason)


def test_figures_come_out_of_the_findings_of_a_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = [
        {"certificates": [{"fault_id": "f", "n": 1}, {"fault_id": "g"}], "planned": 9},
        {"certificates": [{"fault_id": "f", "n": 2}], "planned": 9, "sent": 8, "ok": 7, "failed": 1, "more": 3},
        {"recovery": [{"fault_id": "f", "role": "web", "n": 1}, {"fault_id": "f", "role": "db"}], "planned": 1,
         "sent": 1},
        {"recovery": [{"fault_id": "f", "role": "web", "n": 2}], "windows": {}, "missing": 0},
    ]  # fmt: skip
    left = [Answer(Finding(P, f"r{n}", f"m{n}", f"b{n}", ("e",), told), ("f",)) for n, told in enumerate(data)]
    monkeypatch.setattr(judging, "answer", lambda folder, claim: left[claim.args["n"]])
    claims = [Claim("a.b", {"n": n}) for n in range(4)]
    found = judging.judge_test(tmp_path, test="t", promise="p", promise_id="s.n", claims=claims, seconds=1.23456,
                               experiment="e", error="x", skipped="y")  # fmt: skip
    whole = [Judged(checker="a.b", args={"n": n}, verdict=P, reason=f"r{n}", measured=f"m{n}", budget=f"b{n}",
                    evidence=("e",), read=("f",), data=told) for n, told in enumerate(data)]  # fmt: skip
    assert found == TestRecord(
        id="t", promise_id="s.n", promise="p", seconds=1.235, error="x", skipped="y", experiment="e", claims=whole,
        certificates=[{"fault_id": "f", "n": 2}, {"fault_id": "g"}],
        recovery=[{"fault_id": "f", "role": "web", "n": 2}, {"fault_id": "f", "role": "db"}],
        load={"planned": 9, "sent": 8, "ok": 7, "failed": 1},
    )  # fmt: skip
    run = Run(run_id="r", tests=[found])
    assert judging.judge_again(tmp_path, run) == run
    assert Judged.waiting(claims[1], "later") == Judged(checker="a.b", args={"n": 1}, verdict=N, reason="later")
    assert whole[2].claim == claims[2]


def test_the_worst_decides_and_of_none_nothing_is_proven() -> None:
    order = [P, K, N, NO, F]
    assert [worst(order[: n + 1]) for n in range(5)] == order
    assert worst([]) is N
    one, two = Finding(F, "1"), Finding(F, "2")
    assert worst_of([Finding(P, "0"), one, two]) is one
    assert worst_of([]) == Finding(N, "nothing was claimed, so nothing was proven")


def test_a_dossier_is_written_whole_and_read_back(tmp_path: Path) -> None:
    run = Run(run_id="r", started=START, tests=[record(P)])
    dossier.save(tmp_path, run)
    assert dossier.load(tmp_path) == run
    assert (tmp_path / "run.json").read_text().endswith("\n}\n")
    (tmp_path / "load").mkdir()
    for name in ("load/b.csv", "a.txt", "report.html"):
        (tmp_path / name).write_text("four")
    assert dossier.files(tmp_path) == [("a.txt", 4), ("load/b.csv", 4)]
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(DossierError, match=rf"^{tmp_path}/run\.json cannot be read: 1 validation error for Run$"):
        dossier.load(tmp_path)
    for folder, what in ((tmp_path / "load", "holds no run.json"), (tmp_path / "gone", "is not there")):
        with pytest.raises(DossierError) as error:
            dossier.load(folder)
        assert str(error.value) == f"expected a dossier at {folder}, but it {what}"
