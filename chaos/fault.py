"""What a fault is: targets pinned by UID, an act, its undoing, and the evidence for both."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Protocol

from fixtures.errors import HarnessError

Evidence = dict[str, Any]


class NothingToBreak(HarnessError):
    """No target matched: the fault would hit nothing, so whatever follows would prove nothing (INVALID)."""


class NotEffective(HarnessError):
    """The act was made, but there is no evidence that it had an effect (INVALID)."""


class NotHealed(HarnessError):
    """The undoing was made, but there is no evidence that it worked (INVALID); the ledger keeps the fault open."""


@dataclass(frozen=True)
class Target:
    """One thing to break, pinned by UID so that its namesake is never hit instead.

    Args:
        kind: Pod, Node.
        name: its name.
        uid: its UID when it was chosen.
        namespace: empty for what has none.
        facts: what healing must know about the time before the act (JSON values); kept in the ledger.
    """

    kind: str
    name: str
    uid: str
    namespace: str = ""
    facts: dict[str, Any] = field(default_factory=dict, compare=False)

    def victim(self) -> dict[str, str]:
        """As certificates name it."""
        return {"kind": self.kind, "namespace": self.namespace, "name": self.name, "uid": self.uid}

    def to_json(self) -> dict[str, Any]:
        """As kept in the ledger."""
        return dataclasses.asdict(self)


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

    def state(self, targets: list[Target]) -> str:
        """How things stand, for the log of a wait and its timeout."""
        ...


def arguments(fault: Any) -> dict[str, Any]:
    """The fields that make this fault again, in another process, from the ledger."""
    return {f.name: getattr(fault, f.name) for f in dataclasses.fields(fault) if f.name != "world"}


def describe(fault: Any) -> str:
    """A fault as a person reads it, without what is as usual: `KillPod role=gateway`."""
    usual = {f.name: f.default for f in dataclasses.fields(fault)}
    words = [
        f"{name}={','.join(value) if isinstance(value, list | tuple) else value}"
        for name, value in arguments(fault).items()
        if value != usual[name]
    ]
    return " ".join([type(fault).__name__, *words])
