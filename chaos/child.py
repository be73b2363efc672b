"""The `chaos` command as a child that does not outlive its parent unnoticed: `python -m chaos.child PARENT_PID run …`.

Before anything else it asks the kernel for SIGTERM when its parent dies, by SIGKILL even, so that the rollbacks still
run; and since the parent may have died before the asking, it looks whether that still is its parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
ORPHANED = 3


def die_with(parent: int) -> bool:
    """Get SIGTERM when the parent dies; False when it is dead already, so that nothing may be begun."""
    with contextlib.suppress(OSError, AttributeError):  # Linux only; elsewhere `crucible heal` has to do
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    return os.getppid() == parent


def main() -> None:
    """Bind to the parent, then be the `chaos` command."""
    parent = int(sys.argv.pop(1))
    if not die_with(parent):
        sys.exit(ORPHANED)
    from chaostoolkit.__main__ import cli  # type: ignore[import-untyped]  # after the binding: it takes a second

    sys.argv[0] = "chaos"
    sys.exit(cli())


if __name__ == "__main__":
    main()
