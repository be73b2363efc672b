"""A sabotage as a fault: planted through the engine and its ledger, so that `crucible heal` removes it.

What was there before is kept whole in the ledger; undoing needs neither the catalogue nor the process that planted.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaos.fault import Evidence, NothingToBreak, Target
from chaos.sabotages import objects
from chaos.sabotages.catalogue import find
from chaos.sabotages.steps import Change, changes_of
from chaos.sabotages.topics import Topics, topic_change
from chaos.world import World
from fixtures.kafka.partitions import lacking
from fixtures.kubernetes.api import get_if_there

TOPIC = "Topic"
KAFKA = "kafka"
NEW = "not there before"
NEVER_ADOPTED = "sabotages are planted only on a cluster that Crucible made, never on an adopted one"


@dataclass(frozen=True)
class Planted:
    """A sabotage of the stack.

    Effect: the API shows each object as changed, and each pod of a role that was rolled is new, Ready and serving.
    Healed: each object is the original again, what was made is gone, every role is whole without a pod of the
    sabotage, the autoscalers have figures and Kafka's partitions all their replicas.

    Args:
        sabotage: its id.
    """

    world: World
    sabotage: str
    effect_within_s: float = 150.0
    healed_within_s: float = 240.0

    def targets(self) -> list[Target]:
        entry = find(self.sabotage)
        refuse_adopted(self.world)
        made = [
            Target(change.kind, change.name, _uid(change), change.namespace, change.to_json())
            for change in changes_of(entry, self.world)
        ]
        for topic in (step.topic for step in entry.plant if step.topic):
            made.append(Target(TOPIC, topic.topic, topic.topic, facts=topic_change(topic, self._bootstrap)))
        return made

    def inject(self, targets: list[Target]) -> None:
        for target in targets:
            if target.kind == TOPIC:
                Topics(self._bootstrap).set(target.name, target.facts["after"])
            else:
                objects.make(Change(**target.facts), self.world)

    def effect(self, targets: list[Target]) -> Evidence | None:
        entry = find(self.sabotage)
        for target in targets:
            if target.kind == TOPIC:
                wanted = target.facts["after"]
                if Topics(self._bootstrap).settings(target.name, sorted(wanted)) != wanted:
                    return None
                continue
            change = Change(**target.facts)
            if change.role and not objects.is_rolled(
                self.world.stack.role(change.role), self.world, self.sabotage, all_of_it=entry.live == "rolled"
            ):
                return None
            if not objects.stands(change, self.world):
                return None
        rolled = [target.facts["role"] for target in targets if target.facts.get("role")]
        if KAFKA in rolled and lacking(self._bootstrap) != []:
            return None
        return {
            "changed": [f"{target.kind} {target.name}" for target in targets],
            "rolled": {role: self.world.tally(self.world.stack.role(role)) for role in rolled},
        }

    def heal(self, targets: list[Target]) -> None:
        # what pods mount is removed last, so that none of them is left without it
        for target in reversed(targets):
            if target.kind == TOPIC:
                Topics(self._bootstrap).set(target.name, target.facts["before"])
            else:
                objects.undo(Change(**target.facts), self.world)

    def healed(self, targets: list[Target]) -> Evidence | None:
        if self._left(targets):
            return None
        return {
            "as before": [f"{target.kind} {target.name}" for target in targets],
            "roles": [self.world.tally(role) for role in self.world.stack.roles.values()],
        }

    def undone(self, targets: list[Target]) -> bool:
        return self.healed(targets) is not None

    def state(self, targets: list[Target]) -> str:
        return "; ".join(objects.unsettled(self.world)) or f"every role is whole; {self._objects(targets)}"

    def _objects(self, targets: list[Target]) -> str:
        changes = [Change(**target.facts) for target in targets if target.kind != TOPIC]
        changed = [f"{change.kind} {change.name}" for change in changes if objects.stands(change, self.world)]
        return f"as changed: {', '.join(changed) or 'no object'}"

    def _left(self, targets: list[Target]) -> list[str]:
        """What is not as it was, dearest question last."""
        left = objects.unsettled(self.world)
        for target in targets if not left else []:
            if target.kind == TOPIC:
                before = target.facts["before"]
                if Topics(self._bootstrap).settings(target.name, sorted(before)) != before:
                    left.append(f"topic {target.name}")
            elif not objects.is_undone(Change(**target.facts), self.world):
                left.append(f"{target.kind} {target.name}")
        if not left:
            left += self._blind_autoscalers()
        if not left and any(target.facts.get("role") == KAFKA for target in targets):
            left += ["kafka"] if lacking(self._bootstrap) != [] else []
        return left

    def _blind_autoscalers(self) -> list[str]:
        """Autoscalers that cannot scale at present, for want of figures."""
        blind = []
        for role in self.world.stack.roles.values():
            if role.scaling is None:
                continue
            path = Change("HorizontalPodAutoscaler", role.scaling.hpa, role.namespace).path
            scaler = get_if_there(self.world.cluster, path) or {}
            conditions = scaler.get("status", {}).get("conditions") or []
            if not any(c["type"] == "ScalingActive" and c["status"] == "True" for c in conditions):
                blind.append(f"autoscaler {role.scaling.hpa}")
        return blind

    @property
    def _bootstrap(self) -> str:
        return self.world.settings.kafka_bootstrap


def refuse_adopted(world: World) -> None:
    """Nothing of a sabotage touches what others made.

    Raises:
        NothingToBreak: the cluster is an adopted one.
    """
    if world.settings.adopt_context:
        raise NothingToBreak(NEVER_ADOPTED)


def _uid(change: Change) -> str:
    return objects.uid(change.before) if change.before else NEW
