"""`crucible sabotage evidence`: spoil a dossier again and again, and find the claims that pass all the same."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

import click

from reports.sabotage.cases import ESCAPED, Bench, Outcome

SAY_EVERY_S = 20.0
_bench: list[Bench] = []


@click.command()
@click.argument("dossier", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--cases", default=2000, show_default=True, help="How many mutations.")
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same mutations.")
@click.option("--first", default=0, show_default=True, help="Number of the first case: with --cases 1, one again.")
@click.option("--donor", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Another run's dossier.")
@click.option("--out", type=click.Path(path_type=Path), help="Write every outcome that is an escape, and counts: JSON.")
def evidence(dossier: Path, cases: int, seed: int, first: int, donor: Path | None, out: Path | None) -> None:
    """Mutate copies of a good DOSSIER; each claim must turn, or its PASS be proven right.

    Exit code: 0 no claim escaped, 1 one did, 3 no claim passes on the dossier as it is.
    """
    bench = Bench(dossier, seed, donor)
    if not bench.good or not bench.files:
        click.echo("no claim of this dossier passes, so none can be fooled\n  next: crucible recheck " + str(dossier))
        sys.exit(3)
    for spared in bench.spared:
        about = f"{spared.claim.checker}{spared.claim.args}"
        click.echo(f"not attacked, for it does not pass as it is: {spared.verdict.value} {about}: {spared.reason}")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    escapes: list[Outcome] = []
    began = said = time.monotonic()
    with ProcessPoolExecutor(2, initializer=_begin, initargs=(dossier, seed, donor)) as pool:
        for done, case in enumerate(pool.map(_case, range(first, first + cases), chunksize=2), 1):
            for one in case:
                counts[one.way][one.outcome] += 1
                if one.outcome == ESCAPED:
                    escapes.append(one)
                    click.echo(f"ESCAPED --seed {seed} --first {one.case} --cases 1: {one.way} {one.file}: {one.claim}")
            if time.monotonic() - said > SAY_EVERY_S:
                said = time.monotonic()
                click.echo(
                    f"{done} of {cases} cases after {said - began:.0f} s, {len(escapes)} answers escaped", err=True
                )
    for way in sorted(counts):
        click.echo(f"{way:18} " + ", ".join(f"{name} {count}" for name, count in counts[way].most_common()))
    total = sum(counts.values(), Counter())
    click.echo(
        f"{cases} cases in {time.monotonic() - began:.0f} s, {len(bench.good)} claims: "
        + ", ".join(f"{n} {c}" for n, c in total.most_common())
    )
    if out:
        result = {
            "seed": seed,
            "cases": cases,
            "counts": counts,
            "not_attacked": len(bench.spared),
            "escapes": [asdict(one) for one in escapes],
        }
        out.write_text(json.dumps(result, indent=2))
    sys.exit(1 if escapes else 0)


def _begin(dossier: Path, seed: int, donor: Path | None) -> None:
    _bench[:] = [Bench(dossier, seed, donor)]


def _case(case: int) -> list[Outcome]:
    return _bench[0].run(case)
