"""A picture of one key around a finding, as SVG: offsets from left to right, operations downwards, who saw what."""

from __future__ import annotations

from collections import defaultdict
from html import escape

import numpy as np

from reports.checkers.kafka.check.partition import Partition
from reports.checkers.kafka.columns import OK
from reports.checkers.kafka.operation import FUNCTIONS, TYPES

AROUND = 8  # places drawn on either side
ROWS = 40
CELL, ROW, LEFT, TOP = 76, 20, 190, 64
STYLE = (
    "text{font:12px sans-serif;fill:#24292f}.offset{fill:#57606a}.w{fill:#dafbe1}.r{fill:#ddf4ff}.odd{fill:#ffcecb}"
    ".unsure{stroke:#bf8700;stroke-dasharray:3}.at{fill:#fff8c5}.title{font-weight:600}"
)


def draw(p: Partition, place: int, rows: list[int], title: str) -> str:
    """The operations that touched the places around `place`, those of the witness among them.

    Args:
        p: the key.
        place: the place in the middle.
        rows: operations of the witness; drawn bold, and always drawn.
        title: the sentence above the picture.
    """
    low, high = max(0, place - AROUND), min(len(p.offsets) - 1, place + AROUND)
    cells: dict[int, dict[int, tuple[str, str]]] = defaultdict(dict)
    majority = p.value_at
    for sort, op, where, value in (
        ("r", p.poll_op, p.poll_place, p.polled),
        ("w", p.send_op, p.send_place, p.sent),
    ):
        for i in np.flatnonzero((where >= low) & (where <= high)).tolist():
            odd = value[i] != majority[where[i]] or where[i] in p.disputed
            cells[int(op[i])][int(where[i])] = (f"{sort} odd" if odd else sort, p.show(value[i]))
    chosen = sorted(cells, key=lambda row: (row not in rows, row))[:ROWS]
    drawn = [_offsets(p, low, high, place, len(chosen))]
    for line, row in enumerate(sorted(chosen)):
        drawn.append(_operation(p, row, cells[row], line, low, row in rows))
    width, height = LEFT + (high - low + 1) * CELL + 10, TOP + len(chosen) * ROW + 34
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img"><title>{escape(title)}</title><style>{STYLE}</style>'
        f'<text class="title" x="8" y="18">{escape(p.name)}</text>'
        f'<text x="8" y="36">{escape(title[: width // 6])}</text>{"".join(drawn)}'
        f'<text class="offset" x="8" y="{height - 8}">green: sent · blue: polled · red: another value is known there · '
        "dashed: the outcome was not ok</text></svg>"
    )


def _offsets(p: Partition, low: int, high: int, place: int, lines: int) -> str:
    marks = [
        f'<rect class="at" x="{LEFT + (place - low) * CELL}" y="{TOP - 14}" width="{CELL - 2}" '
        f'height="{lines * ROW + 16}"/>'
    ]
    for at in range(low, high + 1):
        marks.append(f'<text class="offset" x="{LEFT + (at - low) * CELL + 4}" y="{TOP - 2}">{p.offsets[at]}</text>')
    return "".join(marks)


def _operation(p: Partition, row: int, cells: dict[int, tuple[str, str]], line: int, low: int, bold: bool) -> str:
    y = TOP + line * ROW
    kind, f = TYPES[p.rows.type[row]], FUNCTIONS[p.rows.f[row]]
    label = f"{p.rows.index[row]} · process {p.who(row)} {f} {kind}"
    parts = [
        f'<text x="8" y="{y + 14}"{" class=title" if bold else ""}>{escape(label)}</text>'.replace(
            "class=title", 'class="title"'
        )
    ]
    unsure = "" if p.rows.type[row] == OK else " unsure"
    for at, (sort, value) in sorted(cells.items()):
        x = LEFT + (at - low) * CELL
        shown = value if len(value) <= 9 else value[:8] + "…"
        parts.append(
            f'<rect class="{sort}{unsure}" x="{x}" y="{y + 1}" width="{CELL - 4}" height="{ROW - 3}" rx="3"/>'
            f'<text x="{x + 5}" y="{y + 14}">{escape(shown)}</text>'
        )
    return "".join(parts)
