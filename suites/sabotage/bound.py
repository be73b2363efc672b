"""The run under a sabotage, bound to the process that planted it: `python -m suites.sabotage.bound PARENT_PID run …`.

When that process is gone, by SIGKILL even, the run gets SIGTERM: it plays its rollbacks and gives the cluster back, so
that `crucible heal` can undo the sabotage.
"""

from __future__ import annotations

import sys

from chaos.child import ORPHANED, die_with


def main() -> None:
    """Bind to the parent, then be the `crucible` command."""
    parent = int(sys.argv.pop(1))
    if not die_with(parent):
        sys.exit(ORPHANED)
    from cli import main as crucible  # after the binding: it takes a moment

    sys.argv[0] = "crucible"
    crucible()


if __name__ == "__main__":
    main()
