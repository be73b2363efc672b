"""What a fault is: targets pinned by UID, an act, its undoing, and the evidence for both."""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol

from fixtures.errors import HarnessError
from fixtures.ledger import Target

__all__ = ["Evidence", "Fault", "NotEffective", "NotHealed", "NothingToBreak", "Target", "arguments",
           "describe", "is_fault"]  # fmt: skip
Evidence = dict[str, Any]


class NothingToBreak(HarnessError):
    """No target matched: the fault would hit nothing, so whatever follows would prove nothing (INVALID)."""


class NotEffective(HarnessError):
    """The act was made, but there is no evidence that it had an effect (INVALID)."""


class NotHealed(HarnessError):
    """The undoing was made, but there is no evidence that it worked (INVALID); the ledger keeps the fault open."""


class Fault(Protocol):
    """A frozen dataclass whose first field is the `world` it acts on; the other fields are JSON values.

    `heal` must be idempotent, and harmless when `inject` never happened or stopped midway: after a crash nobody
    knows. `effect` and `healed` are asked repeatedly; None means not yet. Their evidence must come from another place
    than the call that did the act.
    """

    @property
    def effect_within_s(self) -> float:
        """Seconds after the act in which the evidence of its effect must come."""
        ...

    @property
    def healed_within_s(self) -> float:
        """Seconds after the undoing in which the evidence of healing must come."""
        ...

    def targets(self) -> list[Target]:
        """What will be hit; raises NothingToBreak rather than return nothing."""
        ...

    def inject(self, targets: list[Target]) -> None:
        """Break them."""
        ...

    def effect(self, targets: list[Target]) -> Evidence | None:
        """Proof that they are broken."""
        ...

    def heal(self, targets: list[Target]) -> None:
        """Undo."""
        ...

    def healed(self, targets: list[Target]) -> Evidence | None:
        """Proof that nothing of it is left."""
        ...

    def undone(self, targets: list[Target]) -> bool:
        """Whether all that `heal` itself has to do is done, whatever the stack makes of it.

        Asked when there is no evidence of healing in time. True: the stack does not get over the fault, which is its
        failure. False: the fault is still in, which is the harness's.
        """
        ...

    def state(self, targets: list[Target]) -> str:
        """How things stand, for the log of a wait and its timeout."""
        ...


def arguments(fault: Any) -> dict[str, Any]:
    """The fields that make this fault again, in another process, from the ledger."""
    return {f.name: getattr(fault, f.name) for f in dataclasses.fields(fault) if f.name != "world"}


def recipe(fault: Any) -> dict[str, Any]:
    """What the ledger keeps of a fault; `chaos.engine.fault_of` makes it again from this."""
    args = {name: recipe(value) if is_fault(value) else value for name, value in arguments(fault).items()}
    return {"module": type(fault).__module__, "type": type(fault).__name__, "args": args}


def describe(fault: Any) -> str:
    """A fault as a person reads it, without what is as usual: `KillPod role=gateway`, `KillNode`.

    One that stands for another is told as that: the events of one fault name one fault, or contradict each other.
    """
    fault = getattr(fault, "stands_for", fault)
    usual = {f.name: f.default for f in dataclasses.fields(fault)}
    words = [_word(name, value) for name, value in arguments(fault).items() if value != usual[name]]
    return " ".join([type(fault).__name__, *words])


def is_fault(value: Any) -> bool:
    """Whether an argument of a fault is a fault itself: one that wraps another."""
    return dataclasses.is_dataclass(value) and hasattr(value, "targets")


def _word(name: str, value: Any) -> str:
    if is_fault(value):
        return describe(value)
    return f"{name}={','.join(map(str, value)) if isinstance(value, list | tuple) else value}"
