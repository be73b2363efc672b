"""Did only what a fault hit start again? A container that dies by itself now and then hides behind its replicas."""

from __future__ import annotations

from pathlib import Path

from reports import certificates, layout, timeline
from reports.certificates import Certificate
from reports.pods import blind, gaps
from reports.timeline import Event, Timeline
from reports.verdict import CannotTell, Finding, Verdict

NEVER_RAN = "StartError"
"""The node's runtime could not start it (runc on a busy node of cgroup v1: "unable to freeze"): it did not end."""
BUDGET = "no container starts again, but those that the fault hit"


def only_of_those_hit(dossier: Path, *, fault_id: str, load: str) -> Finding:
    """No container of any role was started again while the load ran, but a fault's victims from its act on.

    A victim is a pod that the fault names, or any on a node that it names. A lost watch of pods: INCONCLUSIVE, for what
    came and went meanwhile was not seen. A start that the node's runtime tries again is no restart.

    Args:
        dossier: the folder of a run.
        fault_id: the fault.
        load: the load whose beginning and end say what is judged.

    Example::

        only_of_those_hit(dossier, fault_id="f1", load="viewers")
    """
    seen = timeline.read(dossier)
    try:
        fault, since, until = _what(seen, fault_id, load)
    except CannotTell as missing:
        return _cannot(str(missing))
    if lost := blind(gaps(seen), "container.restarted", since, until):
        return _cannot(f"the watch of pods was lost at {lost[0].start:.1f} s, which may hide a restart")
    pods = {event.uid for event in seen.query("pod.ready", until=until) if event.role}
    if not pods:
        return _cannot("the watch saw no Ready pod of any role")
    told = seen.query("container.restarted", since=since, until=until)
    restarts = [event for event in told if event.role and not _never_ran(event)]
    strange = [event for event in restarts if not _is_of(fault, event)]
    if strange:
        names = ", ".join(_told(event) for event in strange[:3])
        more = f" and {len(strange) - 3} more" if len(strange) > 3 else ""
        return Finding(
            Verdict.FAIL,
            f"started again by themselves: {names}{more}",
            f"{len(strange)} restarts",
            BUDGET,
            (layout.TIMELINE,),
        )
    excused = f"; {len(restarts)} of those that the fault hit" if restarts else ""
    return Finding(
        Verdict.PASS, f"no container of {len(pods)} pods started again by itself{excused}", "0 restarts", BUDGET,
        (layout.TIMELINE,),
    )  # fmt: skip


def _what(seen: Timeline, fault_id: str, load: str) -> tuple[Certificate, float, float]:
    """The fault, and from when to when the load ran; CannotTell where the timeline does not say so to its end."""
    found = certificates.of_fault(seen, fault_id)
    began, ended = seen.query("load.started", subject=load), seen.query("load.finished", subject=load)
    if found is None or found.injecting is None:
        raise CannotTell(f"no fault {fault_id} is on the timeline")
    if not began or not ended:
        raise CannotTell(f"load {load} has no beginning and end on the timeline")
    if not seen.query("test.finished", since=ended[-1].t):
        raise CannotTell("the end of the test is not on the timeline, so what came before it may be lost")
    return found, began[0].t, ended[-1].t


def _never_ran(event: Event) -> bool:
    """Whether all that the event tells of is starts that failed: of several in one look only the last has a reason."""
    return event.data.get("reason") == NEVER_RAN and event.data.get("times", 1) == 1


def _is_of(fault: Certificate, event: Event) -> bool:
    """Whether the fault hit the pod, and not after the restart."""
    return fault.had_hit(event.uid, event.data.get("node"), by_s=event.t + event.err)


def _told(event: Event) -> str:
    """`acd/manager-a at 12.3 s (exit code 137, OOMKilled)`."""
    why = ", ".join(
        filter(None, [f"exit code {event.data['exit_code']}" if event.data.get("exit_code") is not None else "",
                      str(event.data.get("reason") or "")])
    )  # fmt: skip
    return f"{event.subject.replace('/pod/', '/')} at {event.t:.1f} s" + (f" ({why})" if why else "")


def _cannot(why: str) -> Finding:
    return Finding(Verdict.INCONCLUSIVE, why, budget=BUDGET, evidence=(layout.TIMELINE,))
