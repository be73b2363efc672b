"""The sabotages of a nightly or certifying run: its stated share of time, and what escaped is the run's FAIL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chaos.sabotages.catalogue import catalogue
from fixtures.settings import Profile, Settings
from reports import dossier as dossiers
from reports.sabotages_of_run import Sabotages
from reports.verdict import EXIT_CODES
from suites.sabotage.campaign import run_all
from suites.sabotage.child import judged
from suites.sabotage.choice import for_a_run
from suites.sabotage.control import Control, control_run
from suites.sabotage.matrix import matrix
from suites.sabotage.outcome import Outcome
from suites.sabotage.page import PICTURE
from suites.sabotage.places import FOLDER, RECORD
from suites.sabotage.results import Result, Results

MINUTES: dict[Profile, float | None] = {Profile.NIGHTLY: 30.0, Profile.CERTIFY: None}
"""A quarter of a nightly run's two hours; a certificate runs them all. What was caught is seen kept after it."""


def has_share(settings: Settings) -> bool:
    """Whether a run of this profile spends time on sabotages; one under a sabotage or on an adopted cluster never."""
    return settings.profile in MINUTES and not settings.sabotage and not settings.adopt_context


def after_run(dossier: Path, settings: Settings, tell: Callable[[str], None]) -> int:
    """Run the profile's share of sabotages and write what became of them into the run; returns its exit code.

    A run that was interrupted is over: nothing is planted after it, and it says that its share was not spent.

    Args:
        dossier: of the run that has just ended; its run.json and report are written anew.
        settings: of that run.
        tell: called with lines for people.
    """
    from reports.html import write_report  # matplotlib is paid for only by those who ran something

    run, minutes = dossiers.load(dossier), MINUTES[settings.profile]
    run.sabotages = Sabotages(planned=0, planted=0, caught=0, minutes=minutes, unspent="the run did not come to it")
    dossiers.save(dossier, run)  # whatever is broken of the catalogue or the results, no PASS is left
    results = Results(FOLDER, RECORD)
    rows = list(catalogue().values())
    entries = for_a_run(rows, results, run.seed or 0)
    done: list[Result] = []
    run.sabotages = told(done, planned=len(entries), minutes=minutes)  # whoever kills this run leaves no PASS
    if run.interrupted:
        run.sabotages = run.sabotages.model_copy(update={"unspent": f"the run was interrupted ({run.interrupted})"})
        tell(run.sabotages.reason)
    dossiers.save(dossier, run)
    write_report(dossier, run)
    if run.interrupted:
        return EXIT_CODES[run.verdict]
    try:
        run_all(entries, results, minutes=minutes, seed=run.seed or 0, tell=tell, settings=settings, found=done,
                control=Control(control_run(settings, FOLDER, seed=run.seed or 0, tell=tell), judged(run)))  # fmt: skip
    except BaseException:  # what was found until then is the run's, whoever ends it; it was not all, so it is no PASS
        found = told(done, planned=len(entries), minutes=minutes)
        run.sabotages = found if found.not_caught else told([], planned=len(entries), minutes=minutes)
        dossiers.save(dossier, run)
        raise
    run.sabotages = told(done, planned=len(entries), minutes=minutes, picture=PICTURE)
    mine = {result.sabotage for result in done}
    (dossier / PICTURE).write_text(matrix(rows, results.newest(rows), run=mine))
    dossiers.save(dossier, run)
    write_report(dossier, run)
    return EXIT_CODES[run.verdict]


def told(done: list[Result], *, planned: int, minutes: float | None, picture: str = "") -> Sabotages:
    """What run.json says of them."""
    bad = [result for result in done if result.outcome is not Outcome.CAUGHT]
    broke = [result for result in bad if result.outcome is Outcome.HARNESS]
    return Sabotages(
        planned=planned, planted=len(done), caught=len(done) - len(bad), minutes=minutes, picture=picture,
        not_caught=[
            {"sabotage": result.sabotage, "outcome": result.outcome.value, "reason": result.reason}
            for result in bad
            if result.outcome is not Outcome.HARNESS
        ],
        not_judged=[{"sabotage": result.sabotage, "reason": result.reason} for result in broke],
    )  # fmt: skip
