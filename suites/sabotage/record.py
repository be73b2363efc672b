"""The record that is kept with the project: how each sabotage went the last time, on whatever machine that was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chaos.sabotages.sabotage import Sabotage
from fixtures.whole import write_whole
from suites.sabotage.page import BAR_S
from suites.sabotage.results import Kept, Result, Results, summary


def write_record(entries: Sequence[Sabotage], results: Results, record: Path) -> dict[str, Result]:
    """Write the newest result of each entry as it is now, for machines and (beside it, as `.md`) for people.

    Returns:
        What was written, by id; an entry that changed since its result is not in it.
    """
    found = {entry.id: last for entry in entries if (last := results.last(entry))}
    bare = {name: last.model_copy(update={"dossier": ""}) for name, last in sorted(found.items())}
    text = Kept(summary=summary(bare.values()), results={name: [last] for name, last in bare.items()})
    write_whole(record, text.model_dump_json(indent=1) + "\n", mode=0o644)
    record.with_suffix(".md").write_text(record_page(entries, bare))
    return bare


def record_page(entries: Sequence[Sabotage], found: dict[str, Result]) -> str:
    """The page: the score, what is missing, and a line for each."""
    told = summary(found.values())
    outcomes = ", ".join(f"{count} {word}" for word, count in told["outcomes"].items()) or "none"
    rows = [
        "# Sabotages", "",
        "`crucible sabotage record` writes this page and `sabotages.json` beside it: the newest result of each entry",
        "of the catalogue *as it is now*. `crucible sabotage run --all --missing` goes on where it ends.", "",
        f"Of {len(entries)} entries {len(found)} have a result: {outcomes}. {told['proven']} of the caught are proven:",
        "their promises were seen kept before them and after the last of their campaign.",
        f"Longest time beyond the promises' own: {told['longest_beyond_s']} s (bar {BAR_S:g} s).", "",
        "| sabotage | must turn red | outcome | control | plant s | promises s | undo s | beyond s | when | commit |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for entry in entries:
        red = ", ".join(entry.must_turn_red)
        if last := found.get(entry.id):
            spent = last.seconds
            times = f"{spent.plant:g} | {spent.promises:g} | {spent.undo:g} | {spent.beyond:.1f}"
            said = f"{last.outcome} | {last.control or 'not known'} | {times} | {last.at:%Y-%m-%d} | {last.commit}"
            rows.append(f"| {entry.id} | {red} | {said} |")
        else:
            rows.append(f"| {entry.id} | {red} | never ran | | | | | | | |")
    if told["not_caught"]:
        rows += ["", "## Not caught", ""]
        rows += [f"* {one['sabotage']}: {one['outcome']}: {one['reason']}" for one in told["not_caught"]]
    return "\n".join(rows) + "\n"
