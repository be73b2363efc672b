"""The matrix of promises and sabotages as a picture: what each defect turned red, and what it should have."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape

from chaos.sabotages.sabotage import Sabotage
from reports.verdict import Verdict
from suites.sabotage.outcome import Outcome, red
from suites.sabotage.results import Result

CELL, LEFT, TOP, GAP = 22, 330, 210, 10
COLOURS = {
    "caught": "#2e7d32",
    "missed": "#c62828",
    "unsure": "#f9a825",
    "green": "#c8e6c9",
    "blamed": "#ef6c00",
    "planned": "#e0e0e0",
}
WORDS = {
    "caught": "expected to turn red, and did",
    "missed": "expected to turn red, and did not",
    "unsure": "INCONCLUSIVE",
    "green": "a sentinel that stayed green",
    "blamed": "a sentinel that did not",
    "planned": "not judged yet",
}
PALE, OF_EARLIER = ' opacity="0.3"', "of an earlier run"
OUTCOME = {
    Outcome.CAUGHT: "#2e7d32",
    Outcome.ANOTHER: "#ef6c00",
    Outcome.INCONCLUSIVE: "#f9a825",
    Outcome.ESCAPED: "#c62828",
    Outcome.HARNESS: "#6a1b9a",
}


def cell(entry: Sabotage, promise: str, result: Result | None) -> str | None:
    """What a cell shows; None for a promise that this sabotage does not run."""
    if promise not in entry.promises:
        return None
    verdict = result.verdicts.get(promise) if result and result.is_of(entry) else None
    if verdict is None:
        return "planned"
    if verdict is Verdict.INCONCLUSIVE:
        return "unsure"
    if promise in entry.must_turn_red:
        return "caught" if verdict in red(entry) else "unsure" if verdict is Verdict.INVALID else "missed"
    return "green" if verdict is Verdict.PASS else "blamed"


def matrix(entries: Sequence[Sabotage], results: dict[str, Result], *, run: Collection[str] | None = None) -> str:
    """The picture as SVG: a row for each sabotage, a column for each promise that any of them names.

    Args:
        entries: in the order of rows; families are told apart by a gap.
        results: the newest by id; one of an earlier version of its entry is told as such and has no colour.
        run: those that the run planted whose picture it is; the others are pale, and the words say that they are of
            earlier ones. None when it is no run's.
    """
    promises = sorted({promise for entry in entries for promise in entry.promises})
    parts, y, family = [], TOP, None
    for entry in entries:
        if entry.family is not family:
            y += GAP if family else 0
            family = entry.family
            parts.append(f'<text x="4" y="{y + 15}" class="family">{escape(family)}</text>')
        result = results.get(entry.id)
        colour, said = _said(entry, result)
        pale = result is not None and run is not None and entry.id not in run
        parts.append(f"<g{PALE if pale else ''}>")
        said += f"; {OF_EARLIER}, {result.at:%Y-%m-%d}" if result and pale else ""
        parts.append(
            f'<g><title>{escape(said)}</title><circle cx="{LEFT - 10}" cy="{y + 11}" r="5" fill="{colour}"/>'
            f'<text x="{LEFT - 22}" y="{y + 15}" text-anchor="end">{escape(entry.id)}</text></g>'
        )
        for column, promise in enumerate(promises):
            parts.append(_square(LEFT + column * CELL, y, cell(entry, promise, result), f"{entry.id}, {promise}"))
        parts.append("</g>")
        y += CELL
    heads = [
        f'<text transform="translate({LEFT + column * CELL + 15},{TOP - 8}) rotate(-60)">{escape(promise)}</text>'
        for column, promise in enumerate(promises)
    ]
    y += GAP
    for kind, words in WORDS.items():
        parts.append(f'<rect x="{LEFT}" y="{y}" width="14" height="14" fill="{COLOURS[kind]}"/>')
        parts.append(f'<text x="{LEFT + 22}" y="{y + 12}">{escape(words)}</text>')
        y += 20
    if run is not None:
        told = f"{len(run)} of {len(entries)} are of this run; what is pale is {OF_EARLIER}"
        parts.append(f'<text x="{LEFT}" y="{y + 12}">{told}</text>')
        y += 20
    width = LEFT + max(len(promises) * CELL + 160, 320)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + GAP}" width="{width}" height="{y + GAP}" '
        f'role="img" aria-label="Which sabotage turned which promise red">'
        "<style>text{font:12px sans-serif;fill:currentColor}.family{font-weight:bold}</style>"
        + "".join(heads + parts)
        + "</svg>"
    )


def _said(entry: Sabotage, result: Result | None) -> tuple[str, str]:
    """The colour of a sabotage, and what became of it in words."""
    if result is None:
        return COLOURS["planned"], f"{entry.id}: never ran"
    if not result.is_of(entry):
        return COLOURS["planned"], f"{entry.id}: stale: of an earlier version, {result.outcome}"
    return OUTCOME[result.outcome], f"{entry.id}: {result.outcome}, {result.reason}"


def _square(x: int, y: int, kind: str | None, title: str) -> str:
    if kind is None:
        return f'<rect x="{x}" y="{y}" width="20" height="20" fill="none" stroke="#8882"/>'
    words = escape(f"{title}: {WORDS[kind]}")
    return f'<rect x="{x}" y="{y}" width="20" height="20" fill="{COLOURS[kind]}"><title>{words}</title></rect>'
