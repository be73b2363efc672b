"""Is the stack what its map says: roles Ready in the promised number, edges answering, nothing left changed?"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from reports import layout, timeline
from reports.look import whole
from reports.pods import blind, gaps, pods_of
from reports.stack_state import UNSEEN, diff
from reports.under_way import Excuse, excuse
from reports.verdict import Finding, Verdict, worst_of


def roles_ready(dossier: Path, *, roles: Sequence[dict[str, Any]], test: str | None = None) -> Finding:
    """Each role has at least its floor of Ready pods, at most its maximum, and as many as its workload asks for.

    What an autoscaler asked for so lately that it need not be Ready yet may be missing, above the floor only.

    Args:
        roles: `{"role", "floor", "max"}` each; where an autoscaler owns the number also `"ready_s"`, the seconds that a
            pod may take to be Ready, and `"stabilisation_s"`.
        test: judge the state at the end of this test; the last state of the run when absent.

    Example::

        Claim("conformance.roles_ready", {"roles": [{"role": "kafka", "floor": 3, "max": 3}]})
    """
    seen = timeline.read(dossier)
    _, until = seen.span_of_test(test)
    findings = [_role_ready(seen, entry, until) for entry in roles]
    return _together(findings, f"{len(findings)} roles Ready", (timeline.FILE,))


def _role_ready(seen: timeline.Timeline, entry: dict[str, Any], until: float) -> Finding:
    role, floor, ceiling = entry["role"], entry["floor"], entry["max"]
    pods = pods_of(seen, role, until=until)
    workloads = [event for event in seen.query("workload.replicas", role=role) if event.t < until]
    end = until if until < float("inf") else seen.end
    if not pods and not workloads:
        return Finding(Verdict.INCONCLUSIVE, f"{role}: the watch saw neither pods nor workload")
    if any(blind(gaps(seen), kind, end) for kind in ("pod.", "workload.")):
        return Finding(Verdict.INCONCLUSIVE, f"{role}: the watch was lost when its state was to be judged")
    if not workloads:
        return Finding(Verdict.INCONCLUSIVE, f"{role}: the watch saw no workload")
    ready, wanted, counted = pods.serving(), int(workloads[-1].data["spec"]), int(workloads[-1].data["ready"])
    wrong, under_way = [], Excuse(Verdict.PASS, "")
    if ready < floor:
        wrong.append(f"{ready} of {floor} promised pods are Ready")
    elif ready < wanted:
        said = f"{ready} of {wanted} pods its workload asks for are Ready"
        if "ready_s" in entry:
            after = math.nextafter(end, math.inf) if until == math.inf else until  # the last event counts
            times = {name: float(entry[name]) for name in ("ready_s", "stabilisation_s")}
            under_way = excuse(seen, role, wanted - ready, until=after, **times)
            said += f": {under_way.why}"
        if "ready_s" not in entry or under_way.verdict is Verdict.FAIL:
            wrong.append(said)
    if max(ready, wanted) > ceiling:
        wrong.append(f"{max(ready, wanted)} pods, more than its maximum of {ceiling}")
    if wrong:
        return Finding(Verdict.FAIL, f"{role}: {' and '.join(wrong)}")
    if counted != ready:
        said = f"{role}: the watch saw {ready} Ready pods, and its workload counts {counted}"
        return Finding(Verdict.INCONCLUSIVE, said)
    why = f" ({under_way.why})" if under_way.why else ""
    return Finding(under_way.verdict, f"{role} {ready}/{wanted}{why}")


def edges_answer(
    dossier: Path,
    *,
    edges: dict[str, dict[str, Any]],
    times: int = 1,
    over_s: float = 0.0,
    test: str | None = None,
) -> Finding:
    """Each edge was asked so often, over so long, and gave each time the promised status, body and redirect.

    Args:
        edges: by name as the `probe.result` events have it for subject: `{"path", "status", "body", "location"}`, the
            last two regular expressions, empty where anything will do.
        times: how often each must have been asked; once tells little about several pods behind one name.
        over_s: seconds from the first to the last time.
        test: only what was asked in this test; in the whole run when absent.
    """
    seen = timeline.read(dossier)
    since, until = seen.span_of_test(test)
    findings = []
    for name, promised in edges.items():
        asked = seen.query("probe.result", subject=name, since=since, until=until)
        wrong = [(event, why) for event in asked if (why := _unlike(event.data.get("measured"), promised))]
        if wrong:
            said = f"{name} ({promised.get('path')}): {wrong[0][1]} at {wrong[0][0].t:.1f} s"
            findings.append(Finding(Verdict.FAIL, f"{said} ({len(wrong)} of {len(asked)} times)"))
        elif len(asked) < max(1, times) or asked[-1].t - asked[0].t < over_s:
            span = asked[-1].t - asked[0].t if asked else 0.0
            said = f"{name} was asked {len(asked)} times in {span:.1f} s; {times} in {over_s:g} s are needed"
            findings.append(Finding(Verdict.INCONCLUSIVE, said if asked else f"{name} was never asked"))
        else:
            findings.append(Finding(Verdict.PASS, f"{name} {len(asked)} times"))
    return _together(findings, f"{len(findings)} edges answer", (timeline.FILE,))


def _unlike(measured: Any, promised: dict[str, Any]) -> str:
    """How an answer is not the promised one; empty when it is."""
    if not isinstance(measured, dict):
        return "nobody noted what it answered"
    if measured.get("status") != promised.get("status"):
        why = f" ({measured['error']})" if measured.get("error") else ""
        return f"status {measured.get('status')}{why}, not {promised.get('status')}"
    for part in ("body", "location"):
        if promised.get(part) and not re.search(promised[part], str(measured.get(part) or "")):
            return f"{part} {str(measured.get(part) or '')[:80]!r}, not {promised[part]!r}"
    return ""


def node_services(dossier: Path, *, services: Sequence[str], test: str | None = None) -> Finding:
    """Each service of each node was looked at, and ran and was enabled each time.

    Args:
        services: `<node>.<service>` as the `probe.result` events have them for subject.
        test: only what was seen in this test; in the whole run when absent.
    """
    return _asked(dossier, services, test, "services of nodes run and are enabled")


def _asked(dossier: Path, subjects: Sequence[str], test: str | None, passed: str) -> Finding:
    seen = timeline.read(dossier)
    since, until = seen.span_of_test(test)
    findings = []
    for subject in subjects:
        asked = seen.query("probe.result", subject=subject, since=since, until=until)
        refused = [event for event in asked if event.data.get("ok") is not True]
        if not asked:
            findings.append(Finding(Verdict.INCONCLUSIVE, f"{subject} was never asked"))
        elif refused:
            data = refused[0].data
            why = f"{subject} answered {data.get('measured')}" + (f", not {e}" if (e := data.get("expected")) else "")
            findings.append(Finding(Verdict.FAIL, f"{why} ({len(refused)} of {len(asked)} times)"))
        else:
            findings.append(Finding(Verdict.PASS, subject))
    return _together(findings, f"{len(findings)} {passed}", (timeline.FILE,))


def as_it_was(dossier: Path, *, test: str) -> Finding:
    """Nothing of the cluster's state differs from before the test.

    The difference is taken anew from the two looks, `state/<test>/before.json` and `after.json`. `diff.txt` beside
    them is for people; where it says otherwise, one of the three is not what was written.

    Args:
        test: name of the folder under `state/`.
    """
    before, after, told = (layout.state(test, file) for file in (layout.BEFORE, layout.AFTER, layout.DIFF))
    if ".." in PurePosixPath(before).parts or PurePosixPath(test).is_absolute():
        return Finding(Verdict.INCONCLUSIVE, f"{test!r} is no folder under {layout.STATE}/")
    evidence, budget = (told, before, after), "no difference"
    try:
        looks = [whole(json.loads((dossier / file).read_bytes())) for file in (before, after)]
        changed = diff(*looks)
        lines = [line for line in (dossier / told).read_text(errors="replace").splitlines() if line.strip()]
    except OSError as error:
        said = f"{layout.STATE}/{test} cannot be read, so nobody compared: {error.filename}: {error.strerror}"
        return Finding(Verdict.INCONCLUSIVE, said)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Finding(Verdict.INCONCLUSIVE, f"{before} and {after} are not two whole looks at one cluster: {error}")
    if changed:
        more = f" … and {len(changed) - 5} more" if len(changed) > 5 else ""
        said = f"{len(changed)} lines of the cluster's state changed: " + " | ".join(changed[:5]) + more
        # while a fault is still in, what differs is its doing and not the stack's
        still_in = any(line.startswith("ledger: ") for line in changed)
        unseen = all(UNSEEN in line for line in changed)
        verdict = Verdict.INVALID if still_in else Verdict.INCONCLUSIVE if unseen else Verdict.FAIL
        return Finding(verdict, said, f"{len(changed)} lines", budget, evidence)
    if lines:
        said = f"{told} tells of {len(lines)} changes that {layout.BEFORE} and {layout.AFTER} do not show: {lines[0]}"
        return Finding(Verdict.INCONCLUSIVE, said, f"{len(lines)} lines", budget, evidence)
    return Finding(Verdict.PASS, "the cluster is as it was", budget, budget, evidence)


def _together(findings: list[Finding], passed: str, evidence: tuple[str, ...]) -> Finding:
    """All findings as one; the worst decides and every one as bad as it is named."""
    worst = worst_of(findings)
    good = sum(finding.verdict is Verdict.PASS for finding in findings)
    same = [finding.reason for finding in findings if finding.verdict is worst.verdict]
    reason = f"{passed}: {', '.join(same)}" if worst.verdict is Verdict.PASS else "; ".join(same) or worst.reason
    return Finding(worst.verdict, reason, f"{good} of {len(findings)}", f"all {len(findings)}", evidence)
