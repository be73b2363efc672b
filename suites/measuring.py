"""What one test of a run measured of the promised figures: only where it was judged, and by the figures of today.

With what a run was judged stands in its own record: the arguments of its claims, the budget beside each recovery.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reports.claim import judge
from reports.run import Judged, TestRecord
from reports.verdict import Verdict
from suites.promised import Figures
from suites.recovery.under_load import IN_TIME_S, OPERATIONS

SCALES = {
    "autoscaling.scaled_up": ("up", "up_s", "within_s"),
    "autoscaling.scaled_down": ("down", "back_s", "reaction_s"),
}
"""By checker: the figure, where its finding has it, and the argument that it was judged with."""
OF_OLD = {"gateway_pod": "gateway-pod-kill", "manager_pod": "manager-pod-kill",
          "kafka_broker": "kafka-broker-pod-kill", "worker_node": "worker-node-kill"}  # fmt: skip
"""Names in test ids of dossiers from before promises had ids."""

Seen = tuple[str, bool, list[float]]
"""Name of a figure, whether it was judged as today's map has it, and the harm that was seen."""


def promise_of(record: TestRecord) -> str:
    """Id of what a test promises; empty when nothing tells it."""
    return record.promise_id or next((f"recovery.{new}" for old, new in OF_OLD.items() if old in record.id), "")


def was_judged(record: TestRecord) -> bool:
    """Whether its verdict says something of the stack. A FAIL does: without it no figure would be seen exceeded."""
    return record.verdict in {Verdict.PASS, Verdict.FAIL}


def add(found: Figures, folder: Path, record: TestRecord) -> tuple[list[str], list[str]]:
    """Add what a test measured to its figures.

    Returns:
        The names of the figures that it was judged by another one of, and of those of which its dossier shows nothing:
        judged they were, so what they were judged by is gone.
    """
    promise_id, others, lost = promise_of(record), list[str](), list[str]()
    for name, same, harm in (
        *_recovered(found, record),
        *_scaled(found, folder, record),
        *_served(found, folder, record),
    ):
        if same:
            found[promise_id, name].measured += harm
        if not same or not harm:
            (lost if same else others).append(name)
    return others, lost


def add_straddling(found: Figures, folder: Path, record: TestRecord) -> bool:
    """Add the times that were seen and left open whether they were longer than the figure; whether there was one.

    Such a run has no verdict, and left out it would let the figure stand by those that were quick.
    """
    if record.verdict is not Verdict.INCONCLUSIVE:
        return False
    times = [
        (entry["role"], 0.0, entry["budget_s"], entry["earliest_s"], entry["latest_s"])
        for entry in record.recovery
        if entry["latest_s"] is not None
    ]
    times += [
        (name, waits_s, budget_s, beyond_s[0], beyond_s[1])
        for name, waits_s, budget_s, beyond_s, _ in _scales(found, folder, record)
        if beyond_s
    ]
    straddling = [
        (figure, latest_s)
        for name, window_s, budget_s, earliest_s, latest_s in times
        if earliest_s <= budget_s < latest_s
        and (figure := found.get((promise_of(record), name)))
        and figure.is_that(budget_s, window_s=window_s)
    ]
    for figure, latest_s in straddling:
        figure.measured.append(latest_s)
    return bool(straddling)


def _scales(
    found: Figures, folder: Path, record: TestRecord
) -> Iterator[tuple[str, float, float, list[float], Verdict]]:
    """Of each claim about how fast the autoscaler was: its figure, the seconds that it must wait, and its budget; from
    when to when beyond that wait it had done it (empty when it was not seen), and what the claim says now.
    """
    for claim in record.claims:
        name, key, budget = SCALES.get(claim.checker, ("", "", ""))
        if (promise_of(record), name) in found:
            said, waits_s = judge(folder, claim.claim), claim.args.get("stabilisation_s", 0.0)
            yield name, waits_s, claim.args[budget], [t - waits_s for t in said.data.get(key, ())], said.verdict


def _recovered(found: Figures, record: TestRecord) -> Iterator[Seen]:
    for entry in record.recovery:
        if figure := found.get((promise_of(record), entry["role"])):
            seen = [entry["latest_s"]] if entry["latest_s"] is not None else []
            said = entry.get("verdict", record.verdict)
            if not seen and said == Verdict.FAIL:  # watched, and not back: worse than any figure
                seen = [float("inf")]
            yield entry["role"], figure.is_that(entry["budget_s"]), seen


def _scaled(found: Figures, folder: Path, record: TestRecord) -> Iterator[Seen]:
    """Seconds until the autoscaler had done what a claim is about, beyond the time that it must wait."""
    for name, waits_s, budget_s, beyond_s, verdict in _scales(found, folder, record):
        seen = [max(0.0, beyond_s[1])] if beyond_s else []
        if not seen and verdict is Verdict.FAIL:  # watched, and it did not: worse than any figure
            seen = [float("inf")]
        yield name, found[promise_of(record), name].is_that(budget_s, window_s=waits_s), seen


def _served(found: Figures, folder: Path, record: TestRecord) -> Iterator[Seen]:
    for claim in filter(_is_of_all_windows, record.claims):
        for (promise_id, name), figure in found.items():
            if (
                promise_id != promise_of(record)
                or not figure.is_share
                or OPERATIONS.get(name) != claim.args.get("names")
            ):
                continue
            deadline_s = claim.args.get("deadline_s", IN_TIME_S)
            same = figure.is_that(1 - claim.args["at_least"], window_s=claim.args["window_s"], deadline_s=deadline_s)
            windows = judge(folder, claim.claim).data.get("windows") if same else None
            yield name, same, [1 - windows["worst_availability"]] if windows else []


def _is_of_all_windows(claim: Judged) -> bool:
    """Whether it is about the fault's time too: before it the stack is to be well, and after it to be well again."""
    args = claim.args
    return (
        claim.checker == "availability.in_windows" and bool(args.get("fault_id")) and args.get("part", "all") == "all"
    )
