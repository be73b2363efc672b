"""Healing what runs left open: replays the ledger."""

from __future__ import annotations

import logging
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.engine import fault_of, wait_until_healed
from chaos.world import World
from fixtures.errors import CrucibleError, HarnessError
from fixtures.ledger import Entry, Ledger, process_start
from fixtures.settings import Settings
from fixtures.stack.map import stack_map_of
from fixtures.wait import WaitTimeout, wait_for

logger = logging.getLogger("crucible")
ENDS_WITHIN_S = 20.0


@dataclass(frozen=True)
class Healed:
    """One entry of the ledger after its replay; `error` is empty when it is healed."""

    entry: Entry
    error: str = ""


def heal_open(settings: Settings, *, run: str | None = None) -> list[Healed]:
    """Heal each fault that the ledger holds open, newest first; idempotent.

    One that cannot be healed stays open, is told in its `error`, and does not stop the others.

    Args:
        settings: which cluster; the sabotage that they name is meant to stand, and is left alone.
        run: only the faults of this run (the folder name of its dossier); all when None.

    Example::

        for one in heal_open(settings): print(one.entry.id, one.error or "healed")
    """
    ledger = Ledger(settings.cluster_home)
    entries = [
        entry
        for entry in ledger.open_entries()
        if run in (None, entry.run) and not entry.is_sabotage(settings.sabotage)
    ]
    if not entries:
        return []
    end_leftovers(entries)  # an experiment that goes on would break again what is healed here
    with World(settings, stack_map_of(settings), seed=0, experiment="heal") as world:
        return [_attempt(ledger, entry, world) for entry in sorted(entries, key=lambda e: e.unix_ns, reverse=True)]


def heal_all(settings: Settings) -> list[Healed]:
    """As `heal_open`, for those who need a stack without faults.

    Raises:
        HarnessError: one is still in; it names each.
    """
    done = heal_open(settings)
    if left := [f"{one.entry.id}: {one.error}" for one in done if one.error]:
        raise HarnessError(f"not healed: {'; '.join(left)}", next_command="crucible heal")
    return done


def _attempt(ledger: Ledger, entry: Entry, world: World) -> Healed:
    try:
        replay(ledger, entry, world)
    except Exception as error:
        logger.error("%s is not healed: %s", entry.id, error)
        return Healed(entry, str(error) if isinstance(error, CrucibleError) else f"{type(error).__name__}: {error}")
    return Healed(entry)


def replay(ledger: Ledger, entry: Entry, world: Any) -> None:
    """Undo one entry, see that it is undone, and take it off the ledger.

    It writes no event: a certificate is what the experiment itself proved, and healing afterwards must not forge one.
    """
    fault, targets = fault_of(entry, world), entry.pinned()
    fault.heal(targets)
    wait_until_healed(fault, targets, within_s=fault.healed_within_s)
    ledger.done(entry.id)


def end_leftovers(entries: list[Entry]) -> list[int]:
    """End experiments whose run is dead but that go on by themselves; returns their pids.

    Only a `chaos` process that wrote an open entry, and is still the same process by its start time, is touched.
    """
    alive = {e.pid: e.pid_start for e in entries if _is_leftover(e)}
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


def _is_leftover(entry: Entry) -> bool:
    is_same = process_start(entry.pid) == entry.pid_start
    return is_same and entry.pid != os.getpid() and _is_chaos(entry.pid)


def _is_chaos(pid: int) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(Path(os.fsdecode(word)).name == "chaos" for word in words[:2]) or b"chaos.child" in words[:3]


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return True
