"""The one control of every experiment: makes it a test, keeps its evidence, fills in what is always the same.

What is the same everywhere is here once: each fault of the method is healed in the rollbacks. What must not be lost is
refused when it is missing: a hypothesis that is not looked at continuously, rollbacks that are not always played, a
name. And without this control no fault acts at all, since there is no session for it (`chaos.session`).
"""

from __future__ import annotations

from typing import Any

from chaoslib.exceptions import InterruptExecution

from chaos import session
from chaos.controls import evidence, interruption, strict

FAULTS = "chaos.faults."
RUNTIME = {"hypothesis": {"strategy": "continuously"}, "rollbacks": {"strategy": "always"}}

before_rollback_control = strict.before_rollback_control
after_activity_control = strict.after_activity_control


def before_experiment_control(context: dict[str, Any], configuration: Any = None, **_: Any) -> None:
    """Refuse an experiment that could end green without proof, complete it, and open its session."""
    if context.get("runtime") != RUNTIME:
        raise InterruptExecution(f"expected `runtime: {RUNTIME}` in the experiment, found {context.get('runtime')}")
    context["rollbacks"] = rollbacks(context)
    interruption.watch()
    evidence.before_experiment_control(context, configuration)


def after_experiment_control(
    context: dict[str, Any], state: dict[str, Any], configuration: Any = None, **_: Any
) -> None:
    """Judge the journal, then keep it."""
    try:
        strict.after_experiment_control(context, state)
        interruption.note(state)
    finally:
        evidence.after_experiment_control(context, state, configuration)
        session.close()


def rollbacks(experiment: dict[str, Any]) -> list[dict[str, Any]]:
    """Its rollbacks, with the healing of each fault of the method that none of them heals; the last fault first."""
    given: list[dict[str, Any]] = list(experiment.get("rollbacks") or [])
    healed = {activity["provider"]["module"] for activity in given if activity["provider"].get("func") == "heal"}
    faults = [activity["provider"]["module"] for activity in experiment["method"] if "provider" in activity]
    missing = [m for m in dict.fromkeys(reversed(faults)) if m.startswith(FAULTS) and m not in healed]
    return given + [_healing(module) for module in missing]


def _healing(module: str) -> dict[str, Any]:
    name = f"heal-{module.removeprefix(FAULTS)}"
    return {"name": name, "type": "action", "provider": {"type": "python", "module": module, "func": "heal"}}
