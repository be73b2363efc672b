"""Makes an experiment a test: whatever Chaos Toolkit would let end with exit 0 although nothing was proven, fails.

A failed action stops the method at once (rollbacks still run, hence `rollbacks: always`). Failed activities, failed
rollbacks, a hypothesis that did not hold while the fault was in, or that never ran, make the run deviate or fail. The
journal gets `strict: true`: a control that cannot be imported is only a warning to Chaos Toolkit, so the harness
refuses a journal without the mark. A dry run gets `strict: "dry"`: it proves nothing and is not refused either.
"""

from __future__ import annotations

import logging
from typing import Any

from chaoslib.exceptions import InterruptExecution

logger = logging.getLogger("chaostoolkit")
_rolling_back = False


def before_rollback_control(context: dict[str, Any], **_: Any) -> None:
    """From here on a failure must not stop what is still to be undone."""
    global _rolling_back  # noqa: PLW0603 - a control has no other memory
    _rolling_back = True


def after_activity_control(context: dict[str, Any], state: dict[str, Any] | None = None, **_: Any) -> None:
    """Stop the method after an action that failed."""
    failed = context["type"] == "action" and (state is None or state.get("status") != "succeeded")
    if failed and not _rolling_back:
        raise InterruptExecution(f"action {context['name']!r} failed, so the fault is not proven")


def after_experiment_control(context: dict[str, Any], state: dict[str, Any], **_: Any) -> None:
    """Judge the journal (`state`), and mark it as judged."""
    if context.get("dry"):
        state["strict"] = "dry"
        return
    broken = broken_promises(state)
    for reason in broken:
        logger.error(f"strict: {reason}")
    state["deviated"] = bool(broken)  # Chaos Toolkit says so too of a probe that gave no answer after the method
    for reason in unproven(context, state):
        logger.error(f"strict: {reason}")
        if state["status"] == "completed":
            state["status"] = "failed"
    state["strict"] = True


def broken_promises(journal: dict[str, Any]) -> list[str]:
    """Where the hypothesis did not hold, though it was asked and answered."""
    states = journal["steady_states"]
    looks = [("before", states.get("before")), ("after", states.get("after"))]
    looks += [("during the fault", state) for state in states.get("during") or []]
    return [
        f"the hypothesis did not hold {when}: {_last_probe(state)}"
        for when, state in looks
        if state is not None and state.get("steady_state_met") is not True and not _unanswered(state)
    ]


def unproven(experiment: dict[str, Any], journal: dict[str, Any]) -> list[str]:
    """What was never shown: activities that failed, looks that were not made or got no answer."""
    states = journal["steady_states"]
    runs = [*(journal.get("run") or []), *(journal.get("rollbacks") or [])]
    reasons = [
        f"{run['activity']['type']} {run['activity']['name']!r} did not succeed"
        for run in runs
        if run.get("status") != "succeeded"
    ]
    if not any(run["activity"]["type"] == "action" for run in journal.get("run") or []):
        reasons.append("no action was run")
    if len(journal.get("rollbacks") or []) < len(experiment.get("rollbacks") or []):
        reasons.append("not every rollback was run")
    looks = {"before": [states.get("before")], "after": [states.get("after")], "during": states.get("during") or []}
    for when, made in looks.items():
        if not any(made):
            reasons.append(f"the hypothesis was never looked at {when} the fault")
        if any(state and _unanswered(state) for state in made):
            reasons.append(f"a probe of the hypothesis gave no answer {when} the fault")
    return reasons


def _unanswered(state: dict[str, Any]) -> bool:
    """Whether the look ended with a probe that raised, or without any probe: no data is not an answer."""
    probes = state.get("probes") or []
    return not probes or probes[-1].get("status") != "succeeded"


def _last_probe(state: dict[str, Any]) -> str:
    probe = state["probes"][-1]
    return f"{probe['activity']['name']!r} answered {probe.get('output')!r}"
