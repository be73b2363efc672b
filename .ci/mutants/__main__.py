"""Mutation tests of the whole judge: `.ci/mutants [--all] [--sample N --seed N] [--list] [PART-OF-A-NAME…]`.

Changes one thing at a time in the modules that pyproject.toml names (`[tool.mutants]`) and asks whether a test
notices. Works in a copy; keeps what it learns in the cache folder, and judges only what neither that nor the record of
the project (`--record`) knows. Exits 1 when a
group is below its bar, 2 when something could not be judged.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mutants.campaign import Campaign
from mutants.scope import RECORD, ROOT, read_scope
from mutants.table import counts, interval, missed, survivors, table


def main(words: list[str]) -> int:
    """Judge and report."""
    told = arguments(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that the worker ends as well
    scope = read_scope()
    copy = Path(os.environ.get("MUTANTS_DIR", tempfile.gettempdir() + "/crucible-mutants"))
    cache = Path(os.environ.get("CRUCIBLE_HOME", Path.home() / ".crucible")) / "cache/mutants"
    checkout = fresh_copy(copy)
    campaign = Campaign(
        scope, checkout, cache, parts=told.part, tests=told.tests, children=told.children, longest_s=told.longest
    )
    chosen = campaign.mutants
    if not chosen:
        print(f"no mutant's name contains {' or '.join(told.part)}; see --list")
        return 2
    if told.sample:
        chosen = drawn(chosen, told.sample, told.seed)
    if told.record:
        print(f"of {campaign.record(ROOT / RECORD)} mutants {RECORD} says what became of them")
        return 0
    if told.list:
        print("\n".join(campaign.listed(chosen)))
        return 0
    if not told.report:
        campaign.judge(chosen, anew=told.all)
    known = campaign.known(chosen)
    print(survivors(chosen, known, checkout) + "\n\n" + table(chosen, known, scope))
    below = 0
    for group in scope.all_groups:
        mine = [each for each in chosen if scope.group_of_mutant(each.name, each.path) is group]
        n = counts(mine, known)
        if told.sample and mine:
            low, high = interval(n["killed"] + n["time"], n["all"] - n["not judged"])
            print(f"{group.name}: of all its mutants between {low:.1%} and {high:.1%} are killed (19 times in 20)")
        if mine and missed(group, n):
            below += 1
            print(f"{group.name}: below its bar of {group.killed:.0%}")
    unjudged = sum(known.get(each.name) is None for each in chosen)
    if unjudged:
        print(f"{unjudged} mutants were not judged")
    for each in campaign.gone:
        print(f"named.toml must follow the code: {each}")
    return 1 if below else 2 if unjudged or campaign.gone else 0


def arguments(words: list[str]) -> argparse.Namespace:
    """What a person asked for."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("part", nargs="*", help="judge only mutants whose names contain one of these")
    parser.add_argument("--all", action="store_true", help="judge also what is known already")
    parser.add_argument("--list", action="store_true", help="say the names and what is known, judge nothing")
    parser.add_argument("--report", action="store_true", help="the figures of what is known, judge nothing")
    parser.add_argument("--record", action="store_true", help=f"write {RECORD}, from which others go on; judge nothing")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="a sample of N of each group, by chance")
    parser.add_argument("--seed", type=int, default=1, help="decides the sample")
    parser.add_argument(
        "--tests", action="append", default=[], metavar="PART", help="use only test files named like it"
    )
    parser.add_argument("--children", type=int, default=2 * (os.cpu_count() or 1), help="how many are judged at a time")
    parser.add_argument(
        "--longest", type=float, default=20.0, help="seconds of tests that a mutant gets, fastest first"
    )
    return parser.parse_args(words)


def drawn(mutants: list, number: int, seed: int) -> list:  # type: ignore[type-arg]
    """`number` of each group's mutants, by chance that the seed decides."""
    scope = read_scope()
    dice = random.Random(seed)
    chosen = []
    for group in scope.all_groups:
        mine = [each for each in mutants if scope.group_of_mutant(each.name, each.path) is group]
        picked = set(dice.sample(range(len(mine)), min(number, len(mine))))
        chosen += [each for at, each in enumerate(mine) if at in picked]
    return chosen


def fresh_copy(folder: Path) -> Path:
    """The checkout as it is now, so that it can be edited meanwhile."""
    copy = folder / "checkout"
    shutil.rmtree(copy, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-zco", "--exclude-standard"], cwd=ROOT, capture_output=True,
                            text=True, check=True).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not (ROOT / name).is_symlink():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    return copy


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
