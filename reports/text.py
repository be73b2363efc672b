"""What a person reads in a terminal: why a test failed, and how a run ended."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from reports.run import Run, TestRecord
from reports.verdict import Verdict


def failure_text(test: TestRecord, run: Run) -> str:
    """A test's verdict with its word first, then promise, measure, fault, load, where to look, how to repeat.

    Example::

        pytest.fail(failure_text(record, run), pytrace=False)
    """
    bad = [judged for judged in test.claims if judged.verdict not in {Verdict.PASS, Verdict.SKIPPED}]
    lines = [f"{test.verdict}: {test.reason}"]
    lines += [_line(*sabotaged(run).split(" ", 1))] if run.sabotage else []
    lines.append(_line("promise", test.promise or test.id))
    for judged in bad:
        if judged.measured:
            lines.append(_line("measured", judged.measured + (f"; promised {judged.budget}" if judged.budget else "")))
        if judged.reason != test.reason:
            lines.append(_line("also", f"{judged.verdict}: {judged.reason}"))
    if test.error and test.error != test.reason:
        lines.append(_line("also", f"{Verdict.INCONCLUSIVE}: {test.error}"))
    lines += [_line("fault", fault_text(certificate)) for certificate in test.certificates]
    if test.load:
        lines.append(_line("load", load_text(test.load)))
    evidence = list(dict.fromkeys(file for judged in bad for file in judged.evidence)) or test.evidence
    folder = f"reports/out/{run.run_id}"
    if test.failure is not None:
        lines.append(_line("gathered", test.failure.summary))
    lines.append(_line("look at", "  ".join([f"{folder}/report.html#{anchor(test.id)}", *evidence])))
    lines.append(_line("repeat", repeat(test, run)))
    return "\n".join(lines)


def summary(run: Run, dossier: Path | None = None) -> str:
    """A table of all promises, worst first, then the run's verdict and where its report is."""
    rows = sorted(run.tests, key=lambda test: list(Verdict).index(test.verdict))
    lines = [sabotaged(run), ""] if run.sabotage else []
    for test in rows:
        lines.append(f"{test.verdict:<12}  {test.seconds:6.1f} s  {test.promise or test.id}")
        if test.verdict is not Verdict.PASS:
            lines += [f"{'':24}{line}" for line in test.reason.splitlines()]
    lines += [f"{Verdict.INCONCLUSIVE:<12}            {gap}" for gap in run.gaps]
    counts = ", ".join(f"{count} {verdict}" for verdict, count in run.counts().items()) or "no test ran"
    planted = f"; {sabotaged(run)}" if run.sabotage else ""
    lines += ["", f"{run.verdict}: {run.reason}{planted}", f"{counts}; seed {run.seed}, profile {run.profile or '?'}"]
    if dossier is not None:
        lines.append(f"report  {dossier / 'report.html'}")
        lines.append(f"again   crucible recheck {dossier}")
    return "\n".join(lines)


def repeat(test: TestRecord, run: Run) -> str:
    """The command that runs this test again with the same choices, and with the same defect planted."""
    if run.sabotage:
        words = ["crucible", "sabotage", "run", run.sabotage]
    else:
        words = ["crucible", "run", test.id, *(["--profile", run.profile] if run.profile else [])]
    words += ["--seed", str(run.seed)] if run.seed is not None else []
    return shlex.join(words)


def sabotaged(run: Run) -> str:
    """What whoever reads the verdicts of a run under a planted defect has to know first."""
    return f"sabotage {run.sabotage} stood planted on purpose: this says nothing of the stack as it is"


def anchor(test: str) -> str:
    """A test's id as one plain word, for the fragment in the report and for its folder: letters, digits and dashes."""
    return "".join(c if c.isalnum() and c.isascii() else "-" for c in test.removeprefix("suites/"))


def fault_text(certificate: dict[str, Any]) -> str:
    """A fault in one line: what was hit, when it took effect, when it was healed."""
    victims = ", ".join(f"{v.get('name')} (uid {str(v.get('uid'))[:8]})" for v in certificate.get("victims", ()))
    effective, healed = certificate.get("effective"), certificate.get("healed")
    said = f"{certificate.get('fault')} -> {victims or 'nothing'}"
    if not effective:
        return f"{said}; effect not proven"
    said += f"; effective at {effective['t']:.3f} s"
    return said + (f", healed after {healed['t'] - effective['t']:.1f} s" if healed else ", healing not proven")


def load_text(load: dict[str, Any]) -> str:
    """The load in one line: how much of what was planned was sent, and how it was answered."""
    said = f"{load.get('sent', '?')} of {load.get('planned', '?')} planned requests sent"
    answers = [f"{load[name]} {name}" for name in ("ok", "failed", "missing") if name in load]
    return said + (f": {', '.join(answers)}" if answers else "")


def _line(word: str, text: str) -> str:
    return f"  {word:<9} {text}"
