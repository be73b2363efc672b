"""The record of sabotages: what one machine found, another knows."""

from __future__ import annotations

import subprocess
from pathlib import Path

from click.testing import CliRunner
from test_sabotage_run import ENTRIES, result

from suites.sabotage import cli
from suites.sabotage.choice import not_proven
from suites.sabotage.commit import commit
from suites.sabotage.outcome import Outcome
from suites.sabotage.page import write_page
from suites.sabotage.record import write_record
from suites.sabotage.results import Results


def test_the_record_goes_to_another_machine_and_the_campaign_goes_on_there(tmp_path: Path) -> None:
    record, here = tmp_path / "sabotages.json", Results(tmp_path / "here")
    for entry, outcome in ((ENTRIES[0], Outcome.CAUGHT), (ENTRIES[1], Outcome.ESCAPED)):
        here.add(result(entry, outcome, days_old=1).model_copy(update={"dossier": "x", "commit": "0123456789"}))
    changed = ENTRIES[2].model_copy(update={"must_stay_green": ()})
    here.add(result(changed))
    written = write_record(ENTRIES[:4], here, record)
    assert set(written) == {ENTRIES[0].id, ENTRIES[1].id}, "what an earlier version of an entry did is not recorded"
    page = record.with_suffix(".md").read_text()
    assert "Of 4 entries 2 have a result: 1 caught by the right promise, 1 escaped. 1 of the caught are proven" in page
    assert f"| {ENTRIES[3].id} | {', '.join(ENTRIES[3].must_turn_red)} | never ran |" in page
    assert f"* {ENTRIES[1].id}: escaped: so it is" in page

    there = Results(tmp_path / "there", record)
    assert not_proven(ENTRIES[:4], there) == ENTRIES[1:4]
    there.add(result(ENTRIES[1]))
    again = Results(tmp_path / "there", record)
    last = again.last(ENTRIES[1])
    assert last is not None
    assert last.outcome is Outcome.CAUGHT, "the newest counts"
    assert [len(again.of[entry.id]) for entry in ENTRIES[:2]] == [1, 2], "a result counts once"
    write_page(ENTRIES, again)
    assert "never ran" in (tmp_path / "there" / "sabotage.html").read_text()


def test_the_commit_of_a_checkout(tmp_path: Path) -> None:
    assert commit(tmp_path) == ""
    for words in (["init", "-q"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty",
                                   "-m", "one"]):  # fmt: skip
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    assert len(commit(tmp_path)) == 10


def test_a_family_that_there_is_not_is_refused_with_those_there_are() -> None:
    refused = CliRunner().invoke(cli.sabotage, ["list", "--family", "nonsense"])
    assert refused.exit_code == 2
    assert "no family is called 'nonsense'; there are answers, safety-nets, " in refused.output
    some = CliRunner().invoke(cli.sabotage, ["list", "--family", "healing"])
    assert (some.exit_code, some.output.split()[:2]) == (0, ["no-heal", "healing"])


def test_the_words_of_its_help_name_a_call_that_is_one() -> None:
    said = " ".join(CliRunner().invoke(cli.sabotage, ["record", "--help"]).output.split())
    assert "`run --all --missing` goes on" in said
