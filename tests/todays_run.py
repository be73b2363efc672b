"""A small run that was judged by the figures of today's stack map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dossier_maker import GATEWAY, SCALES, tell

from fixtures.stack.map import load_stack_map
from reports import dossier as dossiers
from reports.judging import judge_again
from reports.run import Run

STACK = load_stack_map()
SERVED = STACK.budget("recovery.gateway-pod-kill", "served")
SCALING: Any = STACK.role("manager").scaling
TODAY: dict[str, dict[str, Any]] = {
    "availability.in_windows": {"at_least": SERVED, "window_s": 5, "deadline_s": 1.0},
    "recovery.within": {"budget_s": STACK.role("gateway").recovery_s},
    "autoscaling.scaled_up": {"within_s": SCALING.up_s},
    "autoscaling.scaled_down": {"reaction_s": SCALING.down_s, "stabilisation_s": SCALING.stabilisation_s},
}
"""By checker: the arguments that are figures."""
PROMISES = {GATEWAY: "recovery.gateway-pod-kill", SCALES: "autoscaling.manager-scales"}


def told(folder: Path, **other: dict[str, Any]) -> tuple[Path, Run]:
    """A dossier like that of `dossier_maker.tell`, but judged by these figures.

    Args:
        folder: made.
        other: by the last name of a checker, arguments instead of today's.
    """
    folder, run = tell(folder)
    for test in run.tests:
        test.promise_id = PROMISES.get(test.id, "")
        for claim in test.claims:
            claim.args |= TODAY.get(claim.checker, {}) | other.get(claim.checker.rpartition(".")[2], {})
    run = judge_again(folder, run)
    dossiers.save(folder, run)
    return folder, run
