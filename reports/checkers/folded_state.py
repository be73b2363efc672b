"""Selection Input: is what the stack holds in the end what its log comes to?

Answers, topic and journal may all agree while the state is wrong: a record journaled whose effect is lost, a value that
came past the log, an effect that came twice or late. So the state that stood before the load is taken, the log is
folded into it here, and the outcome is compared with all that the stack holds afterwards, and with what a user gets who
asks for each path that was written.

| broken | said |
|---|---|
| an apply whose effect is lost | `not held`, `held though removed`, `older than the log` |
| applied without the log, or to something else | `not from the log` |
| applied again, after a later one | `older than the log` |
| read back otherwise than it is held | `answered otherwise` |
| never applied at all | `behind the log` |
| applied beyond what was ever logged | `ahead of the log` |
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from reports.checkers.along_the_log import Look, compared, cut_off, first_offset
from reports.checkers.witnesses import by_class, without
from reports.fold import Fold, Held, text_of
from reports.selection_input import Evidence, Missing, read_evidence
from reports.states import ABSENT, FOUND, Paths, Read, States, read_states
from reports.verdict import Finding, Verdict

SURE_MS = 2000
"""A value that ran out this shortly before or after it was asked for may be there or not."""


def is_fold_of_log(dossier: Path, *, load: str, min_paths: int = 1) -> Finding:
    """What the stack held once the log had ended is the fold of that log, path by path, for whoever asks.

    Args:
        load: whose log, and whose paths are read back one by one.
        min_paths: paths read back below which nothing can be said.

    Example::

        Claim.of(folded_state.is_fold_of_log, load="operators", min_paths=50)
    """
    try:
        evidence, states = read_evidence(dossier, load), read_states(dossier, load)
    except Missing as error:
        return without(error)
    files = (states.file, evidence.files.topic, evidence.files.writes)
    if why := _not_enough(evidence, states, min_paths):
        return Finding(Verdict.INCONCLUSIVE, why, evidence=files)
    found = compared(evidence, states.before, states.log_end, [_whole(states), *map(_read, states.reads)])
    records = states.log_end - first_offset(evidence, states.before)
    keys = sum(len(held) for held in states.whole.paths.values())
    good = f"{records} records come to the {keys} keys held and to all {len(states.reads)} answers"
    wrong = sum(len(witnesses) for witnesses in found.values())
    return by_class(found, good, f"{wrong} differ", "none differs", files)


def _whole(states: States) -> Look:
    held = states.whole
    return Look(held.offset, "the state", lambda fold: (
        (one.name, one.witness) for one in differences(fold, held.paths, states.at_ms)
    ))  # fmt: skip


def _read(read: Read) -> Look:
    return Look(read.offset, f"the answer for {read.path}", lambda fold: _of_path(fold, read))


def _not_enough(evidence: Evidence, states: States, min_paths: int) -> str:
    """Why nothing can be said, or ''."""
    if why := _cut_off(evidence, states):
        return why
    written, read_back = {write.path for write in evidence.writes}, {read.path for read in states.reads}
    if odd := (written - read_back) or (read_back - written):
        what = "that were written were not read back" if odd <= written else "were read back, and no write names them"
        return f"{len(odd)} paths {what}, {min(odd)} first"
    if states.log_end <= first_offset(evidence, states.before):
        return "the log has no record since the load began: there was nothing to fold"
    if bad := [read for read in states.reads if read.status not in (FOUND, ABSENT)]:
        return f"{len(bad)} paths could not be read back, {bad[0].path} first: status {bad[0].status}"
    if len(states.reads) < max(1, min_paths):
        return f"{len(states.reads)} paths were read back; {min_paths} are needed to tell"
    return ""


def _cut_off(evidence: Evidence, states: States) -> str:
    """Why the log that is at hand is not the one up to which the states were read, or ''."""
    if why := cut_off(evidence, states.before):
        return why
    last = max((write.offset for write in evidence.acked if write.offset is not None), default=-1)
    if states.log_end <= max(last, states.before.offset):
        known = max(last, states.before.offset) + 1
        return f"the log had ended at {states.log_end} when the state was read, though it was known to {known} by then"
    if states.log_end > evidence.end:
        return f"the log had ended at {states.log_end} when the state was read, and is there to {evidence.end} only"
    return ""


def _of_path(fold: Fold, read: Read) -> Iterator[tuple[str, str]]:
    """What a user got must be what was due then; around the moment when something runs out, with it or without."""
    got = text_of(read.value) if read.status == FOUND else None
    due = [_due(fold, read.path, at_ms) for at_ms in (read.at_ms, read.at_ms - SURE_MS, read.at_ms + SURE_MS)]
    if got not in due:
        yield "answered otherwise", f"{read.path} is {_said(got)} when asked for, the log says {_said(due[0])}"


def _due(fold: Fold, path: str, at_ms: int) -> str | None:
    """The keys of the path, or else the key of that name in the path above, or nothing."""
    here = {key: held.value for key, held in fold.held.get(path, {}).items() if not held.is_gone(at_ms)}
    above, _, name = path.rpartition("/")
    single = fold.held.get(above, {}).get(name)
    if here:
        return text_of(here)
    return None if single is None or single.is_gone(at_ms) else text_of(single.value)


Place = tuple[str, str, str | None, str | None]


class Difference(NamedTuple):
    """A key of a path at which somebody holds something else than the log comes to; None is nothing."""

    name: str
    path: str
    key: str
    got: str | None
    due: str | None

    @property
    def place(self) -> Place:
        """What differs where, whole."""
        return self.path, self.key, self.got, self.due

    @property
    def witness(self) -> str:
        """For people."""
        return f"{self.path}/{self.key} is {_said(self.got)}, the log says {_said(self.due)}"


def differences(fold: Fold, held: Paths, at_ms: int) -> Iterator[Difference]:
    """Where a state as it was seen at a moment is not what the log comes to, key by key."""
    for path in sorted({*fold.held, *held}):
        for key in sorted({*fold.held.get(path, {}), *held.get(path, {})}):
            due, is_held = (_shown(paths.get(path, {}).get(key), at_ms) for paths in (fold.held, held))
            if due == is_held:
                continue
            (wanted, _), (got, _) = due, is_held
            yield Difference(_name(fold.ever[path, key], got, wanted), path, key, got, wanted)


def _name(ever: set[str], got: str | None, wanted: str | None) -> str:
    if got is None:
        return "not held"
    if got not in ever or got == wanted:  # the same, but for another while
        return "not from the log"
    return "held though removed" if wanted is None else "older than the log"


def _shown(held: Held | None, at_ms: int) -> tuple[str | None, int | None]:
    """Value and end of its life as a reader sees them; nothing where it has run out."""
    return (None, None) if held is None or held.is_gone(at_ms) else (text_of(held.value), held.expires_ms)


def _said(text: str | None) -> str:
    return "absent" if text is None else text[:40]
