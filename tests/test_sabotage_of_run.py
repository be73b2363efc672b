"""A run's sabotages decide about the run: one that escaped is its FAIL, and one that nobody judged no PASS."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_sabotage_control import kept

from chaos.heal import heal_open
from chaos.sabotages.catalogue import catalogue
from chaos.sabotages.sabotage import Sabotage
from fixtures.errors import HarnessError
from fixtures.ledger import Entry, Ledger
from fixtures.settings import Profile, Settings
from reports import dossier as dossiers
from reports.run import Run, TestRecord
from reports.sabotages_of_run import Sabotages
from reports.verdict import EXIT_CODES, Verdict
from suites import cli
from suites.sabotage import of_run
from suites.sabotage.child import Ended
from suites.sabotage.outcome import Outcome
from suites.sabotage.results import Result
from suites.sabotage.runner import Runner

ENTRIES = list(catalogue().values())


def results(*outcomes: Outcome) -> list[Result]:
    return [
        Result(sabotage=entry.id, family="gateway", digest=entry.digest, outcome=outcome, reason="so it is", seed=7)
        for entry, outcome in zip(ENTRIES, outcomes, strict=False)
    ]


def record(verdict: Verdict = Verdict.PASS, *, promise_id: str = "") -> TestRecord:
    """A test of one claim, with this verdict."""
    claim = {"checker": "c", "verdict": verdict, "reason": "r"}
    return TestRecord.model_validate({"id": "t", "promise": "p", "promise_id": promise_id, "claims": [claim]})


@pytest.mark.parametrize(
    ("outcomes", "minutes", "verdict"),
    [
        ([Outcome.CAUGHT], 30.0, Verdict.PASS),
        ([], 30.0, Verdict.INCONCLUSIVE),
        ([Outcome.CAUGHT], None, Verdict.INCONCLUSIVE),
        ([Outcome.CAUGHT] * len(ENTRIES), None, Verdict.PASS),
        ([Outcome.CAUGHT, Outcome.ESCAPED], 30.0, Verdict.FAIL),
        ([Outcome.CAUGHT, Outcome.ANOTHER], 30.0, Verdict.FAIL),
        ([Outcome.CAUGHT, Outcome.INCONCLUSIVE], 30.0, Verdict.FAIL),
        ([Outcome.CAUGHT, Outcome.HARNESS], 30.0, Verdict.INCONCLUSIVE),
        ([Outcome.HARNESS, Outcome.ESCAPED], 30.0, Verdict.FAIL),
    ],
)
def test_what_a_run_says_of_its_sabotages(outcomes: list[Outcome], minutes: float | None, verdict: Verdict) -> None:
    said = of_run.told(results(*outcomes), planned=len(ENTRIES), minutes=minutes)
    assert said.verdict is verdict
    kept = record()
    run = Run(run_id="r", tests=[kept], planned=["t"], finished=datetime.now(UTC), sabotages=said)
    assert run.verdict is verdict
    assert Run.model_validate_json(run.model_dump_json()).verdict is verdict, "it comes from what was found, each time"
    if verdict is Verdict.FAIL:
        assert run.reason.startswith(f"sabotage {said.not_caught[0]['sabotage']}: ")


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [([], Verdict.INCONCLUSIVE), ([Outcome.CAUGHT], Verdict.INCONCLUSIVE), ([Outcome.ESCAPED], Verdict.FAIL)],
)
def test_whoever_kills_a_run_while_its_sabotages_run_leaves_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcomes: list[Outcome], verdict: Verdict
) -> None:
    """The promises had all passed and run.json said so for the half hour in which the defects were planted."""
    kept = record()
    run = Run(run_id="r", tests=[kept], planned=["t"], finished=datetime.now(UTC))
    assert run.verdict is Verdict.PASS
    (tmp_path / "timeline.jsonl").write_text("")
    dossiers.save(tmp_path, run)

    def killed(*_: object, found: list[Result], **__: object) -> None:
        assert dossiers.load(tmp_path).verdict is Verdict.INCONCLUSIVE, "SIGKILL saves nothing"
        found.extend(results(*outcomes))
        raise KeyboardInterrupt

    monkeypatch.setattr(of_run, "run_all", killed)
    with pytest.raises(KeyboardInterrupt):
        of_run.after_run(tmp_path, Settings(profile=Profile.NIGHTLY), print)
    assert dossiers.load(tmp_path).verdict is verdict


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL])
@pytest.mark.parametrize("profile", [Profile.NIGHTLY, Profile.CERTIFY])
def test_after_ctrl_c_nothing_is_planted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: Profile, verdict: Verdict
) -> None:
    """Ctrl-C of a nightly run began half an hour of planted defects."""
    seen = record(verdict)
    run = Run(run_id="r", profile=profile, tests=[seen], planned=["t"], finished=datetime.now(UTC))
    run.interrupted = "interrupted"
    (tmp_path / "timeline.jsonl").write_text("")
    dossiers.save(tmp_path, run)
    code = EXIT_CODES[run.verdict]
    monkeypatch.setattr(of_run, "run_all", lambda *_, **__: pytest.fail("nothing may be planted"))
    said: list[str] = []
    assert cli.with_sabotages(code, tmp_path, Settings(profile=profile)) == code
    assert of_run.after_run(tmp_path, Settings(profile=profile), said.append) == code
    assert said == ["the run was interrupted (interrupted), so its share of sabotages was not spent"]
    again = dossiers.load(tmp_path)
    assert again.sabotages is not None
    assert again.sabotages.verdict is Verdict.INCONCLUSIVE
    assert again.verdict is (verdict if verdict is Verdict.FAIL else Verdict.INCONCLUSIVE)
    assert "not spent" in (tmp_path / "report.html").read_text()


def test_a_run_without_sabotages_is_judged_as_ever() -> None:
    assert Run(run_id="r", finished=datetime.now(UTC)).verdict is Verdict.INCONCLUSIVE
    assert Run(run_id="r").sabotages is None


def test_a_certificate_is_none_when_nobody_saw_its_promises_fail() -> None:
    """Pytest alone with the profile, or a part of the suites: no sabotage was planted."""
    kept = record()
    run = Run(run_id="r", profile="certify", tests=[kept], planned=["t"], finished=datetime.now(UTC))
    assert run.verdict is Verdict.INCONCLUSIVE
    assert run.reason == "a certify run plants every sabotage, and this one none"
    run.sabotages = of_run.told(results(*[Outcome.CAUGHT] * len(ENTRIES)), planned=len(ENTRIES), minutes=None)
    assert run.verdict is Verdict.PASS
    for sabotages in (None, run.sabotages):
        under = run.model_copy(update={"sabotages": sabotages, "sabotage": "no-such-sabotage"})
        assert under.verdict is Verdict.INCONCLUSIVE, "it measures the sabotage"
        assert under.gaps == ["a run under sabotage no-such-sabotage certifies nothing"]
    under = under.model_copy(update={"profile": "smoke"})
    assert under.verdict is Verdict.PASS, "what its promises say of the defect is for `crucible sabotage` to read"


@pytest.mark.parametrize(
    ("profile", "under", "has"),
    [
        (Profile.QUICK, "", False),
        (Profile.NIGHTLY, "", True),
        (Profile.CERTIFY, "", True),
        (Profile.NIGHTLY, "x", False),
    ],
)
def test_only_long_profiles_have_a_share_and_never_under_a_sabotage(profile: Profile, under: str, has: bool) -> None:
    assert of_run.has_share(Settings(profile=profile, sabotage=under)) is has
    assert not of_run.has_share(Settings(profile=profile, sabotage=under, adopt_context="customer"))


@pytest.mark.parametrize(("code", "told"), [(0, True), (1, True), (3, True), (2, False), (130, False)])
def test_the_share_follows_a_run_that_judged(code: int, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def after_run(dossier: Path, settings: Settings, tell: object) -> int:
        asked.append(dossier)
        return 1

    monkeypatch.setattr(of_run, "after_run", after_run)
    nightly = Settings(profile=Profile.NIGHTLY)
    assert cli.with_sabotages(code, Path("d"), nightly) == (1 if told else code)
    assert asked == ([Path("d")] if told else [])
    assert cli.with_sabotages(code, Path("d"), Settings(profile=Profile.QUICK)) == code


@pytest.mark.parametrize(("red", "verdict"), [(False, Verdict.PASS), (True, Verdict.INCONCLUSIVE)])
def test_what_a_run_caught_is_proven_by_promises_that_are_kept_after_its_last_sabotage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, red: bool, verdict: Verdict
) -> None:
    """A nightly run saw nothing after its last sabotage, so that what an earlier one left looked like sight."""
    monkeypatch.setattr(of_run, "FOLDER", tmp_path / "sabotage")
    one = ENTRIES[0]
    other = next(entry for entry in ENTRIES if not set(entry.must_turn_red) & set(one.promises))
    monkeypatch.setattr(of_run, "for_a_run", lambda *_: [one, other])
    monkeypatch.setattr(of_run, "MINUTES", {Profile.NIGHTLY: 60.0})
    caught, planted = results(Outcome.CAUGHT)[0], list[str]()

    def plant(_: Runner, entry: Sabotage) -> Result:
        planted.append(entry.id)
        return caught.model_copy(update={"sabotage": entry.id})

    monkeypatch.setattr(Runner, "run", plant)
    asked: list[Sequence[str]] = []

    def after(promises: Sequence[str]) -> Ended:
        asked.append(promises)
        return kept(promises, *(other.must_turn_red if red and len(planted) == 2 else ()))

    monkeypatch.setattr(of_run, "control_run", lambda *_, **__: after)
    dossier = tmp_path / "d"
    dossier.mkdir()
    seen = record(promise_id=one.promises[0])
    dossiers.save(dossier, Run(run_id="d", seed=5, tests=[seen], planned=["t"], finished=datetime.now(UTC)))
    (dossier / "timeline.jsonl").touch()
    of_run.after_run(dossier, Settings(profile=Profile.NIGHTLY), lambda _: None)
    again = dossiers.load(dossier)
    assert again.sabotages is not None
    assert again.sabotages.verdict is verdict
    assert set(asked[-1]) == {promise for entry in (one, other) for promise in entry.promises}
    assert [told["sabotage"] for told in again.sabotages.not_judged] == [other.id] * red
    assert again.sabotages.caught == 2 - red


def test_a_run_that_could_not_come_to_its_sabotages_is_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results that cannot be read ended the command, and left a nightly run.json that said PASS."""
    monkeypatch.setattr(of_run, "FOLDER", tmp_path / "sabotage")
    (tmp_path / "sabotage").mkdir()
    (tmp_path / "sabotage" / "sabotage.json").write_text("{")
    seen = record()
    dossiers.save(tmp_path, Run(run_id="d", tests=[seen], planned=["t"], finished=datetime.now(UTC)))
    assert dossiers.load(tmp_path).verdict is Verdict.PASS
    with pytest.raises(HarnessError):
        of_run.after_run(tmp_path, Settings(profile=Profile.NIGHTLY), lambda _: None)
    left = dossiers.load(tmp_path)
    assert left.verdict is Verdict.INCONCLUSIVE
    assert left.sabotages is not None
    assert left.sabotages.reason == "the run did not come to it, so its share of sabotages was not spent"


@pytest.mark.parametrize("minutes", [None, 30.0])
def test_of_no_sabotages_none_was_seen(minutes: float | None) -> None:
    assert of_run.told([], planned=0, minutes=minutes).verdict is Verdict.INCONCLUSIVE


def test_the_share_is_written_into_the_run_and_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_run, "FOLDER", tmp_path / "sabotage")
    escaped = results(Outcome.ESCAPED)[0]
    monkeypatch.setattr(Runner, "run", lambda self, entry: escaped.model_copy(update={"sabotage": entry.id}))
    monkeypatch.setattr(of_run, "MINUTES", {Profile.NIGHTLY: 6.0})
    monkeypatch.setattr(of_run, "control_run", lambda *_, **__: kept)
    dossier = tmp_path / "d"
    dossier.mkdir()
    dossiers.save(dossier, Run(run_id="d", seed=5, finished=datetime.now(UTC)))
    (dossier / "timeline.jsonl").touch()
    assert of_run.after_run(dossier, Settings(profile=Profile.NIGHTLY), lambda _: None) == 1
    again = dossiers.load(dossier)
    assert isinstance(again.sabotages, Sabotages)
    assert again.sabotages.not_caught
    assert again.verdict is Verdict.FAIL
    picture = (dossier / again.sabotages.picture).read_text()
    assert f"{again.sabotages.planted} of {len(ENTRIES)} are of this run" in picture


def test_healing_leaves_alone_what_is_meant_to_stand(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, sabotage="toy")
    Ledger(settings.cluster_home).open(
        Entry("s-1", {"module": "m", "type": "Planted", "args": {"sabotage": "toy"}}, [])
    )
    assert heal_open(settings) == []
    assert len(Ledger(settings.cluster_home).open_entries()) == 1
