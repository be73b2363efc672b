"""What each kind of claim is about, said without its code: which events, of what, from when to when.

An event outside is irrelevant to the claim by what was promised, not by what the checker happens to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reports.claim import Claim
from reports.sabotage.differences import Entry
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
    ids = args.get("fault_ids") or ([args["fault_id"]] if args.get("fault_id") else [])
    if not entry["kind"].startswith("fault."):
        return "no event of a fault"
    return "" if entry["data"].get("fault_id") in ids else "of another fault"


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
    ends = seen.query("test.finished", since=begun[0].t) if begun else []
    return "after the end of the test" if ends and entry["t"] > ends[0].t else ""


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
    return _in_test(args, entry, seen, since=False)


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


def _of_scaling(args: Args, entry: Entry, seen: Timeline) -> str:
    family = entry["kind"].partition(".")[0]
    if family == "load":
        return "" if entry["subject"] == args["load"] else "of another load"
    if family not in {"workload", "hpa", "watch", "test"}:
        return "of no workload, autoscaler or load"
    if family in {"workload", "hpa"} and entry["data"].get("role") != args["role"]:
        return "of another role"
    if family == "watch" and entry["subject"] in {"pods", "nodes", "endpointslices"}:
        return "of a watch of other things than workloads and autoscalers"
    load = {kind: seen.query(f"load.{kind}", subject=args["load"])[0].t for kind in ("started", "finished")}
    if entry["t"] > seen.query("test.finished", since=load["finished"])[0].t:
        return "after the end of the test"
    return "before the load ended" if "stabilisation_s" in args and family == "hpa" and (
        entry["t"] < load["finished"] - _NEAR_S
    ) else ""  # fmt: skip


_NEAR_S = 15.0
_SCOPES: dict[str, Callable[[Args, Entry, Timeline], str]] = {
    "certificate.proven": _of_fault, "certificate.experiment_completed": _of_experiment,
    "availability.in_windows": _of_load, "availability.latency": _of_load, "progress.during_fault": _of_load,
    "recovery.within": _of_recovery, "recovery.of_all_hit": _of_recovery,
    "conformance.roles_ready": _of_roles, "conformance.edges_answer": _of_answers,
    "conformance.node_services": _of_answers, "kept_settings.as_promised": _of_answers,
    "autoscaling.scaled_up": _of_scaling, "autoscaling.scaled_down": _of_scaling,
    "ordering.selection_input": _of_fault, "ordering.enough_acknowledged": _of_fault,
}  # fmt: skip
