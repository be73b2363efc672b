"""Whether a sabotage stands, as the ledger knows it: what is judged under one that was undone tells nothing of it."""

from __future__ import annotations

from chaos.sabotages.catalogue import find
from chaos.sabotages.data import Data
from chaos.sabotages.planted import Planted
from fixtures.ledger import Ledger
from fixtures.settings import Settings


def missing(settings: Settings) -> str:
    """Why nobody can say that the sabotage of the settings stands; empty when it does, or when they name none.

    One of the healing changes nothing of the stack, so all that stands of it is what was remembered before it.

    Raises:
        UsageError: no sabotage is called that.
        HarnessError: the ledger cannot be read.
    """
    if not settings.sabotage:
        return ""
    kind = Data if find(settings.sabotage).is_of_the_harness else Planted
    for entry in Ledger(settings.cluster_home).open_entries():
        if entry.is_sabotage(settings.sabotage) and entry.fault["type"] == kind.__name__:
            return ""
    return f"sabotage {settings.sabotage} does not stand: the ledger has no open entry of it"
