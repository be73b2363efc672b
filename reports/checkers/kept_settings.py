"""Do those who keep data run with the settings that keep it? Judged from what the processes themselves said."""

from __future__ import annotations

from pathlib import Path

from reports import timeline
from reports.verdict import Finding, Verdict, worst_of

KIND = "settings.seen"
AT_LEAST = ">="


def as_promised(dossier: Path, *, promised: dict[str, dict[str, str]], test: str) -> Finding:
    """Each process was asked in this test, and runs with each promised setting.

    Args:
        promised: by subject of the `settings.seen` events: setting -> value, or `>=n` for a number of at least n.
        test: the test that asked.

    Example::

        Claim.of(as_promised, promised={"redis-master-0": {"appendonly": "yes"}}, test=test)
    """
    seen = timeline.read(dossier)
    since, until = seen.span_of_test(test)
    findings = []
    for subject, settings in promised.items():
        events = seen.query(KIND, subject=subject, since=since, until=until)
        told = [event for event in events if isinstance(event.data.get("settings"), dict)]
        if not told:
            why = f": {events[-1].data.get('error')}" if events else ""
            findings.append(Finding(Verdict.INCONCLUSIVE, f"{subject} did not say its settings{why}"))
        findings += [_judge(subject, event.data["settings"], name, value) for event in told
                     for name, value in settings.items()]  # fmt: skip
    worst = worst_of(findings)
    good = sum(finding.verdict is Verdict.PASS for finding in findings)
    bad = [finding.reason for finding in findings if finding.verdict is worst.verdict]
    said = f"{good} settings as promised" if worst.verdict is Verdict.PASS else "; ".join(bad)
    return Finding(worst.verdict, said, f"{good} of {len(findings)}", f"all {len(findings)}", (timeline.FILE,))


def _judge(subject: str, told: dict[str, str], name: str, value: str) -> Finding:
    found = told.get(name)
    if found is None:
        return Finding(Verdict.FAIL, f"{subject} says nothing of {name}, which must be {value}")
    if holds(found, value):
        return Finding(Verdict.PASS, f"{subject}: {name}={found}")
    return Finding(Verdict.FAIL, f"{subject} runs with {name}={found}, promised {value}")


def holds(found: str, promised: str) -> bool:
    """Whether a setting has the promised value; -1 stands for no limit, as in Kafka's times."""
    if not promised.startswith(AT_LEAST):
        return found == promised
    try:
        number = float(found)
    except ValueError:
        return False
    return number == -1 or number >= float(promised.removeprefix(AT_LEAST))
