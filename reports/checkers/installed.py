"""Is what is installed against loss what was promised: probes, drain, spread, budgets, limits, the autoscaler?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports import layout
from reports.installed import NotInstalled, is_seen, nets_of, read, strangers
from reports.verdict import Finding, Verdict


def nets(dossier: Path, *, test: str, role: str, namespace: str, workload: str, promised: dict[str, Any]) -> Finding:
    """Each net promised for a role is installed just so; one that is missing, weaker or another is named.

    Args:
        test: name of the folder under `state/` with the objects as they were found.
        role: the role, for the sentence.
        namespace: of its workload.
        workload: the name of it.
        promised: value by net, as `reports.installed.nets_of` takes them out of objects.

    Example::

        Claim.of(installed.nets, test="t", role="gateway", namespace="acd", workload="gateway", promised={"grace_s": 9})
    """
    file = layout.state(test, layout.INSTALLED)
    budget = f"{len(promised)} nets as promised"
    if not promised:
        return Finding(Verdict.INCONCLUSIVE, f"{role}: nothing was promised, so nothing was judged")
    try:
        objects = read(dossier, file)
    except NotInstalled as error:
        return Finding(Verdict.INCONCLUSIVE, str(error), budget=budget, evidence=(file,))
    try:
        found = nets_of(objects, namespace=namespace, workload=workload)
    except NotInstalled as error:
        return Finding(Verdict.FAIL, f"{role}: {error}", "none", budget, (file,))
    if unseen := [net for net in promised if not is_seen(net, objects)]:
        said = f"{role}: nobody looked for {', '.join(unseen)}, so whether it is installed is unknown"
        return Finding(Verdict.INCONCLUSIVE, said, budget=budget, evidence=(file,))
    wrong = [
        f"{net} is {_show(found.get(net))}, promised {_show(value)}"
        for net, value in promised.items()
        if found.get(net) != value
    ]
    measured = f"{len(promised) - len(wrong)} of {len(promised)}"
    if wrong:
        return Finding(Verdict.FAIL, f"{role}: {'; '.join(wrong)}", measured, budget, (file,))
    return Finding(Verdict.PASS, f"{role} has its {len(promised)} nets", measured, budget, (file,))


def alone(dossier: Path, *, test: str, roles: list[dict[str, Any]]) -> Finding:
    """No role stands twice: what its selector matches belongs to its own workload.

    Args:
        test: name of the folder under `state/` with the objects as they were found.
        roles: `{"role", "namespace", "workload", "selector"}` each.
    """
    file = layout.state(test, layout.INSTALLED)
    if not roles:
        return Finding(Verdict.INCONCLUSIVE, "no role was named")
    try:
        objects = read(dossier, file)
    except NotInstalled as error:
        return Finding(Verdict.INCONCLUSIVE, str(error), evidence=(file,))
    wrong = []
    for one in roles:
        beside = strangers(objects, namespace=one["namespace"], workload=one["workload"], selector=one["selector"])
        wrong += [f"{one['role']}: {stranger} stands beside {one['workload']}" for stranger in beside]
    verdict = Verdict.FAIL if wrong else Verdict.PASS
    said = "; ".join(wrong) or f"each of {len(roles)} roles stands once"
    return Finding(verdict, said, f"{len(wrong)} strangers", "none", (file,))


def _show(value: Any) -> str:
    if value is None or value in ([], {}, ""):
        return "absent"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_show(part)}" for key, part in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
