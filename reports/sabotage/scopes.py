"""What each kind of claim is about, said without its code: which events, of what, from when to when.

An event outside is irrelevant to the claim by what was promised, not by what the checker happens to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reports import certificates
from reports.claim import Claim
from reports.pods import pods_of
from reports.sabotage.differences import Entry
from reports.scaling import BLIND_S
from reports.timeline import Timeline

Args = dict[str, Any]
PHASES = ("endpoint.", "node.", "pod.scheduled")
"""Steps of a recovery: told beside it, and no verdict rests on them."""


def outside(claim: Claim, entry: Entry, seen: Timeline) -> str:
    """Why an event is none that this claim is about; empty when it may be one.

    Args:
        claim: what is promised.
        entry: the event.
        seen: the good timeline.
    """
    scope = _SCOPES.get(claim.checker)
    if scope is None or "kind" not in entry:
        return ""
    return scope(claim.args, entry, seen)


def _of_fault(args: Args, entry: Entry, seen: Timeline) -> str:
    if "fault_id" not in args or not entry["kind"].startswith("fault."):
        return "no event of a fault"
    return "" if entry["data"].get("fault_id") == args["fault_id"] else "of another fault"


def _of_experiment(args: Args, entry: Entry, seen: Timeline) -> str:
    if not entry["kind"].startswith("fault."):
        return "no event of a fault"
    return "" if entry["subject"].startswith(args["experiment"]) else "of another experiment"


def _of_load(args: Args, entry: Entry, seen: Timeline) -> str:
    if entry["kind"].startswith("load."):
        return "" if entry["subject"] == args["load"] else "of another load"
    return _of_fault(args, entry, seen).replace("no event of a fault", "neither of its fault nor of its load")


def _of_recovery(args: Args, entry: Entry, seen: Timeline) -> str:
    roles = [args["role"]] if "role" in args else list(args["budgets"])
    family = entry["kind"].partition(".")[0]
    if family in {"load", "fault"} and entry["kind"] != "fault.injecting":
        return _of_load(args, entry, seen)
    if entry["kind"].startswith(PHASES):
        return "a phase, which no verdict rests on"
    if family == "watch" and entry["subject"] != "pods":
        return "of a watch of other things than pods"
    if family in {"pod", "container", "workload"} and entry["data"].get("role") not in roles:
        return "of another role"
    if family not in {"pod", "container", "workload", "watch", "test", "fault"}:
        return "of no pod or workload"
    begun = seen.query("fault.injecting", fault_id=args.get("fault_id"))
    return _beside_fault(args, entry, seen, begun[0].t) if begun else ""


def _is_hit(fault_id: str, role: str, seen: Timeline, begun_s: float) -> bool:
    """Whether a pod that the role had when the fault began is among its victims, or on one of them."""
    fault = certificates.of_fault(seen, fault_id)
    assert fault is not None  # the good timeline has it
    pods = pods_of(seen, role, until=begun_s)
    return any(fault.hit(uid, pod.node) for uid, pod in pods.items() if not pod.gone)


def _of_workload(args: Args, entry: Entry, seen: Timeline, begun_s: float) -> str:
    """Why what a workload was asked for is not about a fault."""
    if not _is_hit(args["fault_id"], entry["data"]["role"], seen, begun_s):
        return "of a role that the fault did not hit"
    later = seen.query("workload.*", since=entry["t"] + 1e-6, until=begun_s)
    overtaken = any(event.uid == entry.get("uid") for event in later)
    return "overtaken by what was asked for later, before the fault" if overtaken else ""


def _beside_fault(args: Args, entry: Entry, seen: Timeline, begun_s: float) -> str:
    """Why an event of a pod or workload is not about a fault: of a role that it did not hit, too early or too late."""
    if entry["kind"].startswith("workload.") and (why := _of_workload(args, entry, seen, begun_s)):
        return why
    if _of_gone_pod(entry, seen, begun_s):
        return "of a pod that was deleted before the fault"
    if entry["kind"] == "pod.deleted" and entry["t"] < begun_s and any(
        event.uid == entry.get("uid") for event in seen.query("pod.terminating", until=begun_s)
    ):  # fmt: skip
        return "that a pod that was on its way out before the fault is gone"
    ends = seen.query("test.finished", since=begun_s)
    return "after the end of the test" if ends and entry["t"] > ends[0].t else ""


def _of_restarts(args: Args, entry: Entry, seen: Timeline) -> str:
    family, load = entry["kind"].partition(".")[0], args["load"]
    if entry["kind"] in {"fault.injected", "fault.effective", "fault.healing", "fault.healed", "load.steady"}:
        return "told after it was said whom the fault hits, or how steady the load was"
    if family in {"load", "fault"}:
        return _of_load(args, entry, seen)
    ended_s = seen.query("load.finished", subject=load)[-1].t
    if family == "test":
        return _of_end(entry, seen, ended_s)
    if entry["t"] > ended_s:
        return "after the end of the load"
    if family == "container" and _is_victim(args["fault_id"], entry, seen):
        return "of a container that the fault hit"
    return _of_containers(entry, seen, ended_s)


def _is_victim(fault_id: str, entry: Entry, seen: Timeline) -> bool:
    """Whether an event tells, once the fault began, of a pod among its victims or on one of them."""
    fault = certificates.of_fault(seen, fault_id)
    assert fault is not None  # the good timeline has it
    by_s = entry["t"] + abs(entry.get("err", 0.0))
    return fault.had_hit(entry.get("uid"), entry["data"].get("node"), by_s=by_s)


def _of_containers(entry: Entry, seen: Timeline, ended_s: float) -> str:
    """Why an event before the end of a load tells of no container that a role had."""
    family = entry["kind"].partition(".")[0]
    if family == "watch":
        return "" if entry["subject"] == "pods" else "of a watch of other things than pods"
    if family == "pod" and any(event.uid != entry.get("uid") for event in seen.query("pod.ready", until=ended_s)):
        return "that a pod was seen, beside others that were: restarts have events of their own"
    told = entry["kind"] == "pod.ready" or family == "container"
    return "" if told and entry["data"].get("role") else "of no container of a role"


def _of_end(entry: Entry, seen: Timeline, ended_s: float) -> str:
    """Why an event of a test is not the end of the one whose load ended then."""
    end = seen.query("test.finished", since=ended_s)[0]
    return "" if entry["kind"] == end.kind and entry["t"] == end.t else "not the end of its test"


def _of_copies(args: Args, entry: Entry, seen: Timeline) -> str:
    """Which pods served when the load ended and when the test did; what each holds is in a file of its own."""
    family = entry["kind"].partition(".")[0]
    if family == "load":
        return "" if entry["subject"] == args["load"] else "of another load"
    ended_s = seen.query("load.finished", subject=args["load"])[-1].t
    if family == "test":
        return _of_end(entry, seen, ended_s)
    if entry["t"] > seen.query("test.finished", since=ended_s)[0].t:
        return "after the end of the test"
    if family == "watch":
        return "" if entry["subject"] == "pods" and entry["t"] <= ended_s else "of a watch of no pods, or afterwards"
    if family != "pod" or entry["data"].get("role") != args["role"]:
        return "of no pod of the role"
    return "of a pod that was deleted before the load ended" if _of_gone_pod(entry, seen, ended_s) else ""


def _of_roles(args: Args, entry: Entry, seen: Timeline) -> str:
    family = entry["kind"].partition(".")[0]
    if entry["kind"].startswith(PHASES) or family not in {"pod", "container", "workload", "watch", "test"}:
        return "of no pod or workload"
    if family == "watch" and entry["subject"] not in {"pods", "deployments", "statefulsets"}:
        return "of a watch of other things than pods and workloads"
    if family in {"pod", "container", "workload"} and entry["data"].get("role") not in {
        one["role"] for one in args["roles"]
    }:
        return "of another role"
    if _of_gone_pod(entry, seen, seen.span_of_test(args.get("test"))[0]):
        return "of a pod that was deleted before the test"
    return _in_test(args, entry, seen, since=False)


def _of_gone_pod(entry: Entry, seen: Timeline, before_s: float) -> bool:
    """Whether this is told of a pod of which it is told as well that it was deleted by then; that it was is no such."""
    if entry["kind"].partition(".")[0] not in {"pod", "container"} or entry["kind"] == "pod.deleted":
        return False
    return any(event.uid == entry.get("uid") and event.t < before_s for event in seen.query("pod.deleted"))


def _of_answers(args: Args, entry: Entry, seen: Timeline) -> str:
    names = args.get("edges") or args.get("services") or args.get("promised") or ()
    if entry["kind"] not in {"probe.result", "settings.seen"}:
        return "" if entry["kind"].startswith("test.") else "no answer"
    return _in_test(args, entry, seen, since=True) if entry["subject"] in names else "of something else that was asked"


def _in_test(args: Args, entry: Entry, seen: Timeline, *, since: bool) -> str:
    began, ended = seen.span_of_test(args.get("test"))
    if entry["t"] > ended:
        return "after the end of the test"
    return "before the test" if since and entry["t"] < began else ""


def _of_scaling_watch(entry: Entry, over_s: float) -> str:
    if entry["subject"] in {"pods", "nodes", "endpointslices"}:
        return "of a watch of other things than workloads and autoscalers"
    return "of a watch that blinked, which hides no step and its way back" if entry["t"] > over_s - BLIND_S else ""


def _of_scaling(args: Args, entry: Entry, seen: Timeline) -> str:
    family = entry["kind"].partition(".")[0]
    if family == "load":
        return "" if entry["subject"] == args["load"] else "of another load"
    if family not in {"workload", "hpa", "watch", "test"}:
        return "of no workload, autoscaler or load"
    if family in {"workload", "hpa"} and entry["data"].get("role") != args["role"]:
        return "of another role"
    load = {kind: seen.query(f"load.{kind}", subject=args["load"])[0].t for kind in ("started", "finished")}
    over_s = seen.query("test.finished", since=load["finished"])[0].t
    if entry["t"] > over_s:
        return "after the end of the test"
    if family == "watch":
        return _of_scaling_watch(entry, over_s)
    return "before the load ended" if "stabilisation_s" in args and family == "hpa" and (
        entry["t"] < load["finished"] - _NEAR_S
    ) else ""  # fmt: skip


_NEAR_S = 15.0
_SCOPES: dict[str, Callable[[Args, Entry, Timeline], str]] = {
    "certificate.proven": _of_fault, "certificate.experiment_completed": _of_experiment,
    "availability.in_windows": _of_load, "availability.latency": _of_load, "progress.during_fault": _of_load,
    "restarts.only_of_those_hit": _of_restarts, "copies.follow_the_log": _of_copies,
    "recovery.within": _of_recovery, "recovery.of_all_hit": _of_recovery,
    "conformance.roles_ready": _of_roles, "conformance.edges_answer": _of_answers,
    "conformance.node_services": _of_answers, "kept_settings.as_promised": _of_answers,
    "autoscaling.scaled_up": _of_scaling, "autoscaling.scaled_down": _of_scaling,
    "ordering.selection_input": _of_fault, "ordering.acknowledged_during_fault": _of_fault,
}  # fmt: skip
