"""After each test the stack must be as it was before; what a test left broken is mended before the next one."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from urllib3.exceptions import HTTPError

from chaos.heal import heal_all
from fixtures.cluster.state import diff, is_seen, snapshot
from fixtures.errors import HarnessError
from fixtures.ledger import Ledger
from fixtures.wait import WaitTimeout, wait_for
from fixtures.whole import write_whole
from reports import layout
from reports.checkers import conformance
from reports.claim import Claim
from reports.text import anchor
from suites.plugin.stack import Stack

BACK_WITHIN_S = 90.0
"""An autoscaler's stabilisation window and reaction lie in here, and a node's return."""

LOOKS = 3


class Restorer:
    """Compares the stack with how it stood before the test, and mends what is open in the ledger."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._ledger = Ledger(stack.settings.cluster_home)
        self._before: dict[str, Any] = {}
        self._left: list[str] = []
        self._last: dict[str, Any] = {}  # what the last look saw; nothing where it could not

    def remember(self, test: str) -> None:
        """Keep the state before a test as evidence; a node that was too slow to be looked into is asked again."""
        for _ in range(LOOKS):
            self._before = snapshot(self._stack.cluster, self._stack.map)
            if is_seen(self._before):
                break
        self._write(test, layout.BEFORE, json.dumps(self._before, indent=1))

    def claims(self, test: str) -> list[Claim]:
        """What is claimed of the time after each test: nothing is left changed."""
        return [Claim.of(conformance.as_it_was, test=anchor(test))]

    def restore(self, test: str) -> None:
        """Wait until nothing differs any more, and keep what does as evidence.

        A fault that the ledger still holds open will not mend itself, so it is not waited for.
        """
        within_s = 1.0 if self._is_broken() else BACK_WITHIN_S
        with suppress(WaitTimeout):  # the diff below says what is left, and its checker judges it
            self._wait_until_back(within_s)
        # the look that ended the wait is the evidence: another one, a moment later, may meet the autoscaler's next step
        after = self._last or snapshot(self._stack.cluster, self._stack.map)
        self._write(test, layout.AFTER, json.dumps(after, indent=1))
        self._write(test, layout.DIFF, "".join(line + "\n" for line in diff(self._before, after)))

    def mend(self) -> None:
        """Heal what the test left open, so that the next one starts from a whole stack.

        Raises:
            HarnessError: a fault is still in, or the stack is not as it was in time.
        """
        if self._is_broken():
            heal_all(self._stack.settings)
            self._wait_until_back(BACK_WITHIN_S)

    def _is_broken(self) -> bool:
        """Whether a fault stands that is not meant to."""
        sabotage = self._stack.settings.sabotage
        return any(not entry.is_sabotage(sabotage) for entry in self._ledger.open_entries())

    def _wait_until_back(self, within_s: float) -> None:
        wait_for(
            self._is_back, what="the stack to be as it was", within_s=within_s, every_s=0.5, describe=lambda: self._left
        )

    def _is_back(self) -> bool:
        """One look; what still differs is kept to be told, since a look is a dozen requests."""
        self._last = {}
        try:
            self._last = snapshot(self._stack.cluster, self._stack.map)
            self._left = diff(self._before, self._last)
        except (HarnessError, HTTPError) as blip:  # the API server may be away for a moment; the wait is bounded
            self._left = [f"the API server does not answer: {type(blip).__name__}"]
        return not self._left

    def _write(self, test: str, name: str, text: str) -> None:
        path = self._stack.dossier / layout.state(anchor(test), name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text, mode=0o644)
