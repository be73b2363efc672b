"""One engine for all faults: ledger → inject → certify → heal → certify, each step on the timeline."""

from __future__ import annotations

import importlib
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chaos.fault import Evidence, Fault, NotEffective, NotHealed, NothingToBreak, Target, describe, recipe
from fixtures.errors import HarnessError
from fixtures.ledger import Entry, Ledger
from fixtures.timeline import Timeline
from fixtures.wait import WaitTimeout, wait_for

logger = logging.getLogger("crucible")
BeforeAct = Callable[[str, list[Target]], None]
LOOK_EVERY_S = 0.05  # looks are at memory first; this bounds how late evidence is seen


@dataclass(frozen=True)
class Proof:
    """Proof of one half of a fault: that it took effect, or that it was healed.

    Args:
        fault_id: the fault.
        victims: `{kind, namespace, name, uid}` each.
        t: when the evidence was seen, in seconds since the start of the run.
        evidence: the evidence, as JSON values.
    """

    fault_id: str
    fault: str
    victims: list[dict[str, str]]
    t: float
    evidence: Evidence

    def to_json(self) -> dict[str, Any]:
        """As an activity returns it to Chaos Toolkit."""
        return {"fault_id": self.fault_id, "fault": self.fault, "victims": self.victims, "t": round(self.t, 6),
                "evidence": self.evidence}  # fmt: skip


class Engine:
    """Breaks and mends; nothing else in Crucible does.

    Args:
        ledger: where undo steps are kept.
        timeline: where the steps are told.
        run: the folder name of the dossier.
        experiment: the experiment's run; the subject of the events.
        before_act: called with a fault's id and its targets when nothing is broken yet; what it raises changes nothing.

    Example::

        with engine.broken(KillPod(world, role="gateway")) as certificate:
            ...
    """

    def __init__(
        self, ledger: Ledger, timeline: Timeline, *, run: str, experiment: str, before_act: BeforeAct | None = None
    ) -> None:
        self.ledger, self.timeline, self.run, self.experiment = ledger, timeline, run, experiment
        self._before_act = before_act

    def inject(self, fault: Fault) -> Proof:
        """Break something and return the proof that it is broken; it stays on the ledger until healed.

        Raises:
            NothingToBreak: no target matched; nothing was done.
            NotEffective: there was no evidence of an effect in time; the fault was healed again.
            Exception: what `inject` itself raised; the fault was healed again.
        """
        fault_id = f"{self.experiment}-{secrets.token_hex(3)}"
        name = describe(fault)
        try:
            targets = fault.targets()
            if not targets:
                raise NothingToBreak(f"{name} found no target")
        except NothingToBreak as nothing:
            self._event("fault.planned", fault_id, fault=name, victims=[])
            self._event("fault.not_effective", fault_id, fault=name, victims=[], evidence=nothing.message)
            raise
        victims = [target.victim() for target in targets]
        self._event("fault.planned", fault_id, fault=name, victims=victims)
        self._look(fault_id, targets)
        entry = Entry(fault_id, recipe(fault), [t.to_json() for t in targets], self.run, self.experiment)
        self.ledger.open(entry)
        try:
            self._event("fault.injecting", fault_id, fault=name, victims=victims)
            fault.inject(targets)
            self._event("fault.injected", fault_id, fault=name, victims=victims)
            evidence = self._effect(fault, targets, name)
        except Exception as error:
            self._tell("fault.not_effective", fault_id, fault=name, victims=victims, evidence=str(error))
            self._heal_after(error, fault, entry)
            raise
        t = self._event("fault.effective", fault_id, fault=name, victims=victims, evidence=evidence)
        return Proof(fault_id, name, victims, t, evidence)

    def heal(self, fault: Fault, entry: Entry) -> Proof:
        """Undo a fault and return the proof that nothing of it is left; only then it leaves the ledger.

        Raises:
            NotHealed: there was no evidence in time; the fault stays on the ledger.
            HarnessError: it is healed, but the timeline could not be written; the fault stays on the ledger.
        """
        targets, name = entry.pinned(), describe(fault)
        victims = [target.victim() for target in targets]
        untold = self._tell("fault.healing", entry.id, fault=name, victims=victims)
        try:
            fault.heal(targets)
            evidence = wait_until_healed(fault, targets, within_s=fault.healed_within_s)
        except Exception as error:
            undone = is_undone(fault, targets)
            self._tell("fault.not_healed", entry.id, fault=name, victims=victims, evidence=str(error), undone=undone)
            raise
        if untold is not None:  # healed, but not for the record: no certificate, and `crucible heal` closes the entry
            raise untold
        t = self._event("fault.healed", entry.id, fault=name, victims=victims, evidence=evidence)
        self.ledger.done(entry.id)
        return Proof(entry.id, name, victims, t, evidence)

    def mine(self) -> list[Entry]:
        """The open entries of this experiment's run, newest first: the order in which they are undone."""
        entries = [e for e in self.ledger.open_entries() if (e.run, e.experiment) == (self.run, self.experiment)]
        return entries[::-1]

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[Proof]:
        """Break for the length of a `with` block; leaving it heals, whatever happened inside."""
        certificate = self.inject(fault)
        try:
            yield certificate
        finally:
            self.heal(fault, next(e for e in self.mine() if e.id == certificate.fault_id))

    def _look(self, fault_id: str, targets: list[Target]) -> None:
        try:
            if self._before_act is not None:
                self._before_act(fault_id, targets)
        except Exception as error:
            logger.error("before %s nothing could be kept of its victims: %s", fault_id, error)

    def _effect(self, fault: Fault, targets: list[Target], name: str) -> Evidence:
        try:
            return wait_for(
                lambda: fault.effect(targets), what=f"the effect of {name}", within_s=fault.effect_within_s,
                every_s=LOOK_EVERY_S, describe=lambda: fault.state(targets),
            ).value  # fmt: skip
        except WaitTimeout as timeout:
            raise NotEffective(f"no evidence that {name} took effect: {timeout.message}") from timeout

    def _heal_after(self, error: Exception, fault: Fault, entry: Entry) -> None:
        """Heal what failed midway; the first error is the one to report, and the ledger keeps what cannot be healed."""
        try:
            self.heal(fault, entry)
        except Exception as second:
            logger.error("after %r, healing %s failed too: %s", error, entry.id, second)

    def _tell(self, kind: str, fault_id: str, **data: Any) -> HarnessError | None:
        """Write an event where what follows must happen all the same: a full disk never keeps a fault in."""
        try:
            self._event(kind, fault_id, **data)
        except HarnessError as error:
            logger.error("%s of %s is not on the timeline: %s", kind, fault_id, error)
            return error
        return None

    def _event(self, kind: str, fault_id: str, **data: Any) -> float:
        return self.timeline.event("fault", kind, self.experiment, fault_id=fault_id, **data)


def wait_until_healed(fault: Fault, targets: list[Target], *, within_s: float) -> Evidence:
    """Wait for the evidence that nothing is left of a fault, and return it; NotHealed when there is none in time."""
    name = describe(fault)
    try:
        return wait_for(
            lambda: fault.healed(targets), what=f"{name} to be healed", within_s=within_s, every_s=LOOK_EVERY_S,
            describe=lambda: fault.state(targets),
        ).value  # fmt: skip
    except WaitTimeout as timeout:
        raise NotHealed(
            f"no evidence that {name} was healed: {timeout.message}", next_command="crucible heal"
        ) from timeout


def is_undone(fault: Fault, targets: list[Target]) -> bool:
    """Whether the harness's own part of the healing is done; what nobody can tell is not."""
    try:
        return fault.undone(targets)
    except Exception as error:
        logger.error("nobody can tell whether %s is undone: %s", describe(fault), error)
        return False


def fault_of(entry: Entry, world: Any) -> Fault:
    """Make the fault of a ledger entry again, to act on `world`; a fault that wraps another comes back with it."""
    return _made(entry.fault, world)


def _made(recipe: dict[str, Any], world: Any) -> Fault:
    def value(of: Any) -> Any:
        if isinstance(of, dict) and of.keys() == {"module", "type", "args"}:
            return _made(of, world)
        return tuple(of) if isinstance(of, list) else of

    kind = getattr(importlib.import_module(recipe["module"]), recipe["type"])
    fault: Fault = kind(world=world, **{name: value(of) for name, of in recipe["args"].items()})
    return fault
