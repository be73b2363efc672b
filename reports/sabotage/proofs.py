"""Why a claim may rightly pass on a spoilt dossier: proofs that the code makes anew for each case.

None of them asks the checker for its opinion. Each is said in a sentence, which stands in the output.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from reports import layout
from reports.checkers.enough_writes import WRITES
from reports.claim import Answer, Claim
from reports.sabotage.breaches import breached
from reports.sabotage.differences import Difference
from reports.sabotage.scopes import outside
from reports.timeline import read
from reports.verdict import Verdict

Answers = Callable[[str, bytes], Answer]
"""Judge the claim on the good dossier with another content of one file."""

RANGE: tuple[Any, ...] = (None, "", "other", 0, -1, 10**12, True, [], {})
ABSENT = object()
OF_WRITES = {"ordering.selection_input", "ordering.acknowledged_during_fault"}
"""Claims that ask of a load's requests only how many were writes of Selection Input."""


def proof(good: Path, claim: Claim, file: str, told: Difference, spoilt: bytes | None, ask: Answers) -> tuple[str, str]:
    """The name of a proof and its sentence; empty when there is none.

    Args:
        good: the good dossier.
        claim: it passes on the spoilt one.
        file: which was spoilt.
        told: how.
        spoilt: its content now; None when it is gone.
        ask: for more answers of the same claim.
    """
    if file == layout.TIMELINE:
        return _of_events(good, claim, told, ask)
    if file.startswith(f"{layout.KAFKA}/writes-"):
        of_paths = claim.checker == "folded_state.is_fold_of_log"
        return (_of_written_paths if of_paths else _of_writes)(good / file, file, told, ask)
    if file.endswith(".csv"):
        return _of_requests(claim, told)
    if file.endswith(".json") and spoilt is not None:
        return _of_values(good / file, file, spoilt, ask)
    if file.endswith(".jsonl") and spoilt is not None:
        return _of_fields(good / file, file, spoilt, ask)
    return "", ""


def _of_events(good: Path, claim: Claim, told: Difference, ask: Answers) -> tuple[str, str]:
    """Each event lies outside what the claim is about, or the claim turns when such an event tells of a breach."""
    seen = read(good)
    why = [(entry, outside(claim, entry, seen)) for entry in told.entries if "kind" in entry]
    inside = tuple(entry for entry, reason in why if not reason)
    if not inside:
        reasons = Counter(reason for _, reason in why)
        said = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        return "outside", f"{said or 'only a torn end'}"
    raw = (good / layout.TIMELINE).read_bytes()
    unturned = []
    for kind in sorted({entry["kind"].partition(".")[0] for entry in inside}):
        of_kind = tuple(entry for entry in inside if entry["kind"].partition(".")[0] == kind)
        worst = breached(raw, of_kind)
        if ask(layout.TIMELINE, worst).finding.verdict is Verdict.PASS:
            unturned.append(kind)
    if unturned:
        return "", ""
    kinds = ", ".join(sorted({entry["kind"] for entry in inside}))
    return "may be true", f"the record contradicts nothing, and the claim turns when the same {kinds} tell of a breach"


def _of_writes(path: Path, file: str, told: Difference, ask: Answers) -> tuple[str, str]:
    """No write is gone, and the claim turns when the same ones were acknowledged and are nowhere."""
    ids = sorted(str(entry.get("id")) for entry in told.lost)
    if not ids or ids != sorted(str(entry.get("id")) for entry in told.new):
        return "", ""
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    worst = [line | {"outcome": "ok", "id": f"{line['id']}-lost"} if str(line["id"]) in ids else line for line in lines]
    if ask(file, b"".join(json.dumps(line).encode() + b"\n" for line in worst)).finding.verdict is Verdict.PASS:
        return "", ""
    return "may be true", f"the same {len(ids)} writes at times that contradict nothing; lost, they turn the claim"


def _of_requests(claim: Claim, told: Difference) -> tuple[str, str]:
    """A claim about the log asks of a load's requests only how many were writes, and none of these was one."""
    if claim.checker not in OF_WRITES or not told.entries or any(
        entry.get("name") in {None, "", *WRITES} for entry in told.entries
    ):  # fmt: skip
        return "", ""
    return "outside", f"{len(told.entries)} requests that are no writes of Selection Input"


def _of_values(path: Path, file: str, spoilt: bytes, ask: Answers) -> tuple[str, str]:
    """No rule of the claim uses the values that differ: over their range, and without them, its answer is the same."""
    try:
        before, after = json.loads(path.read_bytes()), json.loads(spoilt)
    except ValueError:
        return "", ""
    paths = sorted({*_paths(before, after, ())})
    if not paths or ask(file, b"").finding.verdict is Verdict.PASS:
        return "", ""
    was = ask(file, path.read_bytes()).finding
    for where in paths:
        for value in (*RANGE, ABSENT):
            changed = json.dumps(_with(before, where, value)).encode()
            if ask(file, changed).finding != was:
                return "", ""
    said = ".".join(paths[0]) + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
    return "not used", f"no rule uses {said}: {len(RANGE)} values and none at all give the same answer"


def _of_written_paths(path: Path, file: str, told: Difference, ask: Answers) -> tuple[str, str]:
    """A claim about what is held rests on which paths were written: they are the same, and one more turns it."""
    lines = path.read_bytes()
    left = Counter(json.dumps(json.loads(line)) for line in lines.splitlines())
    left.subtract(json.dumps(entry) for entry in told.lost)
    left.update(json.dumps(entry) for entry in told.new)
    paths = {json.loads(line).get("path") for line in +left}
    if not told.entries or paths != {json.loads(line).get("path") for line in lines.splitlines()}:
        return "", ""
    one = json.loads(lines.splitlines()[0]) | {"id": "nobody's", "path": "nobody/read/it"}
    turned = [ask(file, raw).finding.verdict for raw in (b"", json.dumps(one).encode() + b"\n" + lines)]
    if Verdict.PASS in turned:
        return "", ""
    return "says the same", f"the same {len(paths)} paths were written; none of them, or one more, turns the claim"


def _of_fields(path: Path, file: str, spoilt: bytes, ask: Answers) -> tuple[str, str]:
    """Each line stands where it stood, and no rule of the claim uses the fields that differ.

    Over the range of the type that stands there the answer is the same; what is no such value may be refused.
    """
    try:
        before, after = ([json.loads(line) for line in raw.splitlines()] for raw in (path.read_bytes(), spoilt))
    except ValueError:
        return "", ""
    if len(before) != len(after):
        return "", ""
    differ = {n: [*_paths(old, new, ())] for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new}
    fields = sorted({".".join(where) for places in differ.values() for where in places})
    if not fields or "" in fields or ask(file, b"").finding.verdict is Verdict.PASS:
        return "", ""
    was = ask(file, path.read_bytes()).finding
    for value in (*RANGE, 1, "another", ABSENT):
        lines, typed = list(before), True
        for n, places in differ.items():
            for where in places:
                typed = typed and type(value) is type(_at(before[n], where))
                lines[n] = _with(lines[n], where, value)
        found = ask(file, b"".join(json.dumps(line).encode() + b"\n" for line in lines)).finding
        if found != was and (typed or found.verdict in (Verdict.PASS, Verdict.FAIL)):
            return "", ""
    return "not used", f"no rule uses {', '.join(fields)} of these lines: any value of its type gives the same answer"


def _at(value: Any, where: tuple[str, ...]) -> Any:
    for part in where:
        value = value[int(part)] if isinstance(value, list) else value.get(part, ABSENT)
    return value


def _paths(before: Any, after: Any, here: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The shortest paths at which two JSON values differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            if key not in before or key not in after:
                yield (*here, key)
            else:
                yield from _paths(before[key], after[key], (*here, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _paths(old, new, (*here, str(number)))
    elif before != after or type(before) is not type(after):
        yield here


def _with(value: Any, where: tuple[str, ...], new: Any) -> Any:
    """A copy with another value at a path, or with none."""
    if not where:
        return None if new is ABSENT else new
    head, rest = where[0], where[1:]
    if isinstance(value, list):
        return [_with(part, rest, new) if str(n) == head else part for n, part in enumerate(value)]
    if not rest and new is ABSENT:
        return {key: part for key, part in value.items() if key != head}
    return value | {head: _with(value.get(head), rest, new)}
