"""Where mutants run: a mutated `heal` must not reach a cluster, a mutated `kill` no process but its own."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path


def fenced(command: list[str], checkout: Path) -> list[str]:
    """The command, in name spaces of its own where the system allows it.

    There is no network but its own loopback there, no process but its children, no Docker, no state of clusters, and
    the checkout that is tested cannot be written.
    """
    home = Path.home() / ".crucible"
    hidden = [home / "clusters", home / "engine"]
    lines = ["set -e", "ip link set lo up"]
    lines += [f"mount -t tmpfs none {shlex.quote(str(each))}" for each in hidden if each.is_dir()]
    for each in [home / "cache", checkout]:
        if each.is_dir():
            word = shlex.quote(str(each))
            lines += [f"mount --bind {word} {word}", f"mount -o remount,ro,bind {word}"]
    lines += [f"mount --bind /dev/null {each}" for each in ("/run/docker.sock",) if Path(each).exists()]
    lines.append('exec "$@"')
    own = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--pid", "--fork", "--kill-child",
           "--mount", "--mount-proc", "--net"]  # fmt: skip
    inside = [*own, "sh", "-c", "\n".join(lines), "fence"]
    if shutil.which("unshare") and subprocess.run([*inside, "true"], capture_output=True, check=False).returncode == 0:
        return [*inside, *command]
    print("warning: no name spaces here (unshare failed); mutants run unfenced, so keep no cluster of value about")
    return command
