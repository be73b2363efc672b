"""Mending what dead runs left: replays the ledger's open entries."""

from __future__ import annotations

import logging
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.engine import fault_of, wait_until_healed
from chaos.ledger import Entry, Ledger, process_start
from chaos.world import World
from fixtures.errors import CrucibleError
from fixtures.settings import Settings
from fixtures.stack_map import load_stack_map
from fixtures.wait import WaitTimeout, wait_for

logger = logging.getLogger("crucible")
ENDS_WITHIN_S = 20.0


@dataclass(frozen=True)
class Mended:
    """One entry of the ledger after its replay; `error` is empty when it is healed."""

    entry: Entry
    error: str = ""


def mend(settings: Settings, entries: list[Entry]) -> list[Mended]:
    """Heal open entries, newest first; one that cannot be healed stays open and does not stop the others."""
    if not entries:
        return []
    ledger = Ledger(settings.cluster_home)
    with World(settings, load_stack_map(), seed=0, experiment="heal") as world:
        return [_attempt(ledger, entry, world) for entry in sorted(entries, key=lambda e: e.unix_ns, reverse=True)]


def _attempt(ledger: Ledger, entry: Entry, world: World) -> Mended:
    try:
        replay(ledger, entry, world)
    except Exception as error:
        logger.debug("healing %s", entry.id, exc_info=True)
        return Mended(entry, str(error) if isinstance(error, CrucibleError) else f"{type(error).__name__}: {error}")
    return Mended(entry)


def replay(ledger: Ledger, entry: Entry, world: Any) -> None:
    """Undo one entry, see that it is undone, and take it off the ledger.

    It writes no event: a certificate is what the experiment itself proved, and mending must not forge one.
    """
    fault, targets = fault_of(entry, world), entry.pinned()
    fault.heal(targets)
    wait_until_healed(fault, targets, within_s=fault.healed_within_s)
    ledger.done(entry.id)


def mend_run(settings: Settings, *, run: str, experiment: str) -> None:
    """Heal what one experiment of a run left open; what cannot be healed is told, and stays for `crucible heal`."""
    entries = [e for e in Ledger(settings.cluster_home).open_entries() if (e.run, e.experiment) == (run, experiment)]
    if entries:
        logger.warning("experiment %s left %d fault(s) open; healing them", experiment, len(entries))
    for one in mend(settings, entries):
        if one.error:
            logger.error("%s is not healed: %s", one.entry.id, one.error)


def end_leftovers(entries: list[Entry]) -> list[int]:
    """End experiments whose run is dead but that go on by themselves; returns their pids.

    Only a process that wrote an open entry, and is still the same process by its start time, is touched.
    """
    alive = {e.pid: e.pid_start for e in entries if e.pid != os.getpid() and process_start(e.pid) == e.pid_start}
    for pid, start in alive.items():
        os.kill(pid, signal.SIGTERM)
        try:
            wait_for(
                lambda pid=pid, start=start: process_start(pid) != start or _is_zombie(pid),  # type: ignore[misc]
                what=f"leftover process {pid} to end", within_s=ENDS_WITHIN_S,
            )  # fmt: skip
        except WaitTimeout:
            os.kill(pid, signal.SIGKILL)
    return sorted(alive)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return True
