"""Do users read what they wrote? The load judges each answer when it comes, and says in its row why one is no good."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reports import layout
from reports.answers import WRONG_ANSWER
from reports.checkers.witnesses import shown
from reports.requests import RequestsError, read_requests
from reports.timeline import TimelineError
from reports.verdict import Finding, Verdict


def none_contradicts_its_writes(dossier: Path, *, load: str, names: list[str], at_least: int) -> Finding:
    """No answer, at any time of the load, says otherwise than the confirmed writes up to the offset it stands at.

    An answer that stands too far behind is another matter: it is late, not wrong.

    Args:
        load: the load's name.
        names: the requests that read.
        at_least: answers that must have said something (200) and been judged; below it nothing can be said: that
            nothing is where nothing was written contradicts hardly anything.

    Example::

        Claim.of(reads.none_contradicts_its_writes, load="operators", names=["GET selection_input"], at_least=50)
    """
    budget, evidence = "none", (layout.requests(load),)
    try:
        requests = read_requests(dossier, load).named(names)
    except (RequestsError, TimelineError) as error:
        return Finding(Verdict.INCONCLUSIVE, str(error), budget=budget, evidence=evidence)
    wrong = requests.sent & np.array([str(error).startswith(WRONG_ANSWER) for error in requests.error], bool)
    judged = int((wrong | (requests.sent & (requests.error == "") & (requests.status == 200))).sum())
    measured = f"{int(wrong.sum())} of {judged} answers"
    if wrong.any():
        witnesses = [f"{requests.error[n]} at {requests.end_s_of[n]:.1f} s" for n in np.flatnonzero(wrong)]
        reason = f"{measured} contradict what was written: {shown(witnesses)}"
        return Finding(Verdict.FAIL, reason, measured, budget, evidence)
    if judged < max(1, at_least):
        reason = f"{judged} answers could be judged; {at_least} are needed to tell"
        return Finding(Verdict.INCONCLUSIVE, reason, measured, budget, evidence)
    return Finding(Verdict.PASS, f"none of {judged} answers contradicts what was written", measured, budget, evidence)
