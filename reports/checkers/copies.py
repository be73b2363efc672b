"""Selection Input: does each pod that keeps a copy of the state hold what the log comes to?

A copy that nobody keeps up to date looks well: it answers, quickly, with what once was right. Behind a Service the
others hide it. So each pod is asked for all that it holds once the log has ended, and each is compared with the log.

A copy that was another before the load began says nothing about what happened under it: a difference that a copy had
then, at a path that the log does not touch since, is no FAIL of this load, and no PASS either.
"""

from __future__ import annotations

from pathlib import Path

from reports import timeline as timelines
from reports.checkers.along_the_log import Look, compared, cut_off, first_offset
from reports.checkers.folded_state import Place, differences
from reports.checkers.witnesses import by_class, shown, without
from reports.copies import Copies, Copy, read_copies
from reports.fold import Fold
from reports.pods import Pods, blind, gaps, pods_of
from reports.selection_input import Log, Missing, read_log
from reports.states import States, read_states
from reports.timeline import Timeline
from reports.verdict import CannotTell, Finding, Verdict


def follow_the_log(dossier: Path, *, load: str, role: str, at_least: int) -> Finding:
    """Each pod of a role held, once the log had ended, what that log comes to: none behind, none otherwise.

    Args:
        load: whose log.
        role: whose pods keep copies.
        at_least: pods below which it is not this role that was asked.

    Example::

        Claim.of(copies.follow_the_log, load="operators", role="director", at_least=2)
    """
    try:
        log, states, held = read_log(dossier, load), read_states(dossier, load), read_copies(dossier, load, role)
    except Missing as error:
        return without(error)
    files = (held.file, states.file, log.file, timelines.FILE)
    why = _cut_off(log, states, held) or _not_all(timelines.read(dossier), held, load, role, at_least)
    if why:
        return Finding(Verdict.INCONCLUSIVE, why, evidence=files)
    excused, old = _before(log, states, held, at_least)
    found = compared(log, states.before, held.log_end, (_look(copy, excused) for copy in held.copies))
    wrong = sum(len(witnesses) for witnesses in found.values())
    if old and not wrong:
        why = f"copies were no good before the load began: {shown(old)}; `crucible down`, then `crucible up`"
        return Finding(Verdict.INCONCLUSIVE, why, evidence=files)
    keys = sum(len(kept) for copy in held.copies for kept in copy.paths.values())
    good = f"{len(held.copies)} {role} pods stand at the end of the log and hold its {keys} keys"
    return by_class(found, good, f"{wrong} differ", "none differs", files)


def _look(copy: Copy, excused: set[Place]) -> Look:
    return Look(copy.offset, copy.pod, lambda fold: (
        (one.name, f"{copy.pod}: {one.witness}")
        for one in differences(fold, copy.paths, copy.at_ms) if one.place not in excused
    ))  # fmt: skip


def _before(log: Log, states: States, held: Copies, at_least: int) -> tuple[set[Place], list[str]]:
    """Where copies differed before the load from the state then, as far as the log has left that alone since; and all
    that was no good of them, for people. A pod that comes later reads the same log, so whose it was does not matter.
    """
    touched, fold, last = _touched(log), Fold(states.before.paths), states.before.offset
    excused, told = set[Place](), list[str]()
    if len(held.before) < max(1, at_least):
        told.append(f"{len(held.before)} were asked of at least {at_least}")
    for copy in held.before:
        if copy.error or copy.offset != last:
            told.append(f"{copy.pod}: {copy.error or f'stood at offset {copy.offset} of {last}'}")
            continue
        for one in differences(fold, copy.paths, copy.at_ms):
            told.append(f"{copy.pod}: {one.witness}")
            if one.path not in touched:
                excused.add(one.place)
    return excused, told


def _touched(log: Log) -> set[str]:
    """The paths that a record names, and those above, of which a delete takes a key."""
    found = {"/".join(map(str, value["path"])) for value in log.values.values() if _names_path(value)}
    return found | {path.rpartition("/")[0] for path in found}


def _names_path(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("path"), list)


def _cut_off(log: Log, states: States, held: Copies) -> str:
    """Why log, states and copies are not of one time, or ''."""
    if why := cut_off(log, states.before):
        return why
    if held.log_end != states.log_end:
        return f"the copies were asked for up to offset {held.log_end}, the log had ended at {states.log_end}"
    if held.log_end == first_offset(log, states.before):
        return "the log has no record since the load began: there was nothing to follow"
    if not states.before.offset < held.log_end <= log.end:
        return f"the log had ended at {held.log_end} when the copies were asked for, and is there to {log.end}"
    return ""


def _not_all(seen: Timeline, held: Copies, load: str, role: str, at_least: int) -> str:
    """Why not every pod has told its copy, or ''."""
    try:
        then, later = _pods(seen, load, role)
    except CannotTell as error:
        return str(error)
    asked = {copy.uid for copy in held.copies}
    serving = {uid for pods in (then, later) for uid, pod in pods.items() if pod.serves}
    unasked = [pod.name for uid, pod in then.items() if pod.serves and uid not in asked and not later[uid].gone]
    strange = [copy.pod for copy in held.copies if copy.uid not in serving]
    silent = [f"{copy.pod} ({copy.error})" for copy in held.copies if copy.error]
    few = len(held.copies) < max(1, at_least)
    for wrong, said in (
        (unasked, "served when the load ended, and was not asked for its copy"),
        (strange, f"was asked for its copy, and the watch saw no such pod of {role} serve then"),
        (silent, "could not be asked for its copy"),
        ([str(len(held.copies))] if few else [], f"{role} pods were asked for their copy, not at least {at_least}"),
    ):
        if wrong:
            return f"{', '.join(sorted(wrong))} {said}"
    return ""


def _pods(seen: Timeline, load: str, role: str) -> tuple[Pods, Pods]:
    """The pods of a role when a load ended, and when its test did.

    Raises:
        CannotTell: the timeline does not say so.
    """
    ended = seen.query("load.finished", subject=load)
    over = seen.query("test.finished", since=ended[-1].t) if ended else []
    if not over:
        raise CannotTell(f"the end of load {load}, or of its test, is not on the timeline: which pods were there?")
    if blind(gaps(seen), "pod.", ended[-1].t):
        raise CannotTell("the watch of pods was lost when the load ended")
    return pods_of(seen, role, until=ended[-1].t), pods_of(seen, role, until=over[0].t)
