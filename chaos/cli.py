"""`crucible heal`: undo what any dead run left broken."""

from __future__ import annotations

import contextlib
import time

import click

from chaos.heal import Healed, end_leftovers, heal_open
from chaos.settled import wait_until_whole
from fixtures.errors import HarnessError, UsageError
from fixtures.ledger import Entry, Ledger
from fixtures.lock import lock
from fixtures.settings import load_settings


@click.command()
@click.option(
    "--list", "--dry-run", "listing", is_flag=True, help="Show what is open and what would be undone; do nothing."
)
@click.option("--force", is_flag=True, help="Even while a run holds the cluster: its faults are healed under its feet.")
def heal(listing: bool, force: bool) -> None:
    """Undo every fault that an interrupted run left open, and wait until the stack is as `up` left it.

    Safe to call at any time, any number of times. It ends with 0 only when `crucible status --diff` has nothing to say.
    """
    settings = load_settings()
    ledger = Ledger(settings.cluster_home)
    if listing:
        entries = ledger.open_entries()
        click.echo("\n".join(f"open: {line(entry)}" for entry in entries) or "nothing is open")
        return
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(lock(settings))
        except UsageError as busy:
            if not force:
                raise UsageError(busy.message, next_command="wait for it to end, or crucible heal --force") from busy
        entries = ledger.open_entries()
        for pid in end_leftovers(entries):
            click.echo(f"ended: experiment process {pid} of a dead run")
        failed: list[Healed] = []
        for one in heal_open(settings):
            click.echo(f"{'NOT healed' if one.error else 'healed'}: {line(one.entry)}")
            if one.error:
                click.echo(f"  {one.error}")
                failed.append(one)
        left = [] if failed else wait_until_whole(settings)
    if failed:
        raise HarnessError(f"{len(failed)} fault(s) are still open", next_command="crucible status --diff")
    if not entries:
        click.echo("nothing is open")
    if left:
        click.echo("\n".join(left))
        raise HarnessError(
            f"nothing is open any more, but {len(left)} thing(s) are not as `up` left them",
            next_command="put right what is listed, or make all anew: crucible down && crucible up",
        )


def line(entry: Entry) -> str:
    """An entry for people."""
    victims = ", ".join(f"{target.kind.lower()} {target.name}" for target in entry.pinned())
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.unix_ns / 1e9))
    return f"{entry.fault['type']} of {victims}, by {entry.experiment} of run {entry.run}, {when}"
