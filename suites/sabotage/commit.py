"""Which state of this project made a result."""

from __future__ import annotations

import subprocess
from pathlib import Path

from fixtures.settings import ROOT


def commit(root: Path = ROOT) -> str:
    """The short commit id of a checkout, with `+` when its files differ from it; empty when there is no git."""
    try:
        words = ["git", "-C", str(root), "describe", "--always", "--abbrev=10", "--exclude=*", "--dirty=+"]
        return subprocess.run(words, check=True, capture_output=True, text=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
