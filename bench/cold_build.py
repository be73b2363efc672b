"""How long the builds took when nothing was cached, from the record that every build leaves.

Not repeated by the bench: that would take minutes, and the images that a running stack uses away.
"""

from __future__ import annotations

import json

from bench.figure import Figure
from fixtures.errors import UsageError
from fixtures.settings import Settings

BAR_S = 720.0
RECORD = "builds.jsonl"


def measure(settings: Settings) -> list[Figure]:
    """The newest build that made everything.

    Raises:
        UsageError: no build on this machine ever made everything.
    """
    path = settings.cache / RECORD
    builds = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    cold = [build for build in builds if build["made"] == build["of"]]
    if not cold:
        raise UsageError(
            f"no build from nothing is on record in {path}", next_command="CRUCIBLE_HOME=<a new folder> make run"
        )
    seconds = float(cold[-1]["seconds"])
    bar = f"\N{LESS-THAN OR EQUAL TO} {BAR_S / 60:g} min"
    return [Figure("cold-build", "builds, nothing cached", bar, f"{seconds / 60:.1f} min", seconds, seconds <= BAR_S)]
