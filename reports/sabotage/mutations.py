"""Ways to spoil one file of a dossier; each takes its bytes and a seeded generator and gives other bytes."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable

Mutate = Callable[[bytes, random.Random], bytes | None]
"""None: this way does not apply to that file."""
TIMES = rb'("t": ?|"[a-z_]*_ns": ?)(-?[0-9.]+)'


def _lines(raw: bytes, rng: random.Random, edit: Callable[[list[bytes], int, int], None]) -> bytes | None:
    lines = raw.splitlines(keepends=True)
    if len(lines) < 3:
        return None
    at = rng.randrange(1, len(lines))  # the first is the header, or run.started with the clocks
    edit(lines, at, min(len(lines), at + rng.choice((1, 1, 5, 50))))
    return b"".join(lines)


def dropped(raw: bytes, rng: random.Random) -> bytes | None:
    """Some lines in a row are lost."""
    return _lines(raw, rng, lambda lines, at, to: lines.__delitem__(slice(at, to)))


def doubled(raw: bytes, rng: random.Random) -> bytes | None:
    """Some lines stand twice."""
    return _lines(raw, rng, lambda lines, at, to: lines.__setitem__(slice(at, at), lines[at:to]))


def shifted(raw: bytes, rng: random.Random) -> bytes | None:
    """Some lines happened at another time."""
    by = rng.choice((-60.0, -5.0, 5.0, 60.0))

    def later(line: bytes) -> bytes:
        if not line.startswith(b"{"):
            fields = line.split(b",")
            fields[:3] = [b"%d" % (int(f) + int(by * 1e9)) if f.isdigit() else f for f in fields[:3]]
            return b",".join(fields)

        def moved(found: re.Match[bytes]) -> bytes:
            key, old = found.groups()
            new = str(int(old) + int(by * 1e9)) if b"_ns" in key else str(round(float(old) + by, 6))
            return key + new.encode()

        return re.sub(TIMES, moved, line)

    return _lines(
        raw, rng, lambda lines, at, to: lines.__setitem__(slice(at, to), [later(line) for line in lines[at:to]])
    )


def cut_on_line_end(raw: bytes, rng: random.Random) -> bytes | None:
    """The end is lost, at the end of a line."""
    lines = raw.splitlines(keepends=True)
    return b"".join(lines[: rng.randrange(1, len(lines))]) if len(lines) > 1 else None


def cut_off_line_end(raw: bytes, rng: random.Random) -> bytes | None:
    """The end is lost, within a line."""
    return raw[: rng.randrange(1, len(raw))] if len(raw) > 1 else None


def _changed(pattern: bytes, new: Callable[[bytes], bytes]) -> Mutate:
    def change(raw: bytes, rng: random.Random) -> bytes | None:
        found = list(re.finditer(pattern, raw))
        if not found:
            return None
        one = rng.choice(found)
        return raw[: one.start(1)] + new(one[1]) + raw[one.end(1) :]

    return change


def watch_gap(raw: bytes, rng: random.Random) -> bytes | None:
    """For some seconds nobody watched."""
    lines = raw.splitlines(keepends=True)
    watches = [line for line in lines if b'"source": "watch"' in line or b'"source":"watch"' in line]
    if not watches:
        return None
    event = json.loads(rng.choice(watches))
    lost, again = event["t"], event["t"] + rng.choice((0.5, 5.0, 30.0))
    subject = rng.choice(("pods", "pods", "deployments", "hpas", "nodes"))
    gap = [{"t": at, "err": 0.0, "source": "watch", "kind": kind, "subject": subject, "data": {}}
           for at, kind in ((lost, "watch.lost"), (again, "watch.resumed"))]  # fmt: skip
    found = []
    for line in lines:  # each where its time is, as whoever watches would have written it
        try:
            t = float(json.loads(line)["t"])
        except (ValueError, KeyError, TypeError):
            t = lost
        while gap and t > gap[0]["t"]:
            found.append(json.dumps(gap.pop(0)).encode() + b"\n")
        found.append(line)
    return b"".join(found)


WAYS: dict[str, Mutate] = {
    "dropped": dropped,
    "doubled": doubled,
    "shifted": shifted,
    "cut-on-line-end": cut_on_line_end,
    "cut-off-line-end": cut_off_line_end,
    "uid": _changed(rb'"uid": ?"([0-9a-f-]{36})"', lambda old: old[::-1]),
    "status": _changed(rb",(200|201|202|204|302),", lambda _: b"500"),
    "offset": _changed(rb'"offset": ?(\d+)', lambda old: b"%d" % (int(old) + 1)),
    "watch-gap": watch_gap,
    "empty": lambda raw, rng: b"",
}
MISSING, OTHER_LOAD, OTHER_RUN = "missing", "other-load", "other-run"
"""These need more than the file itself; see `cases`."""
