"""What a sabotage is: a defect as data, with the promises that it must turn red.

None of the ways to plant builds an image, and each is undone by putting the original objects back.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

SENTINELS = ("conformance.edges-answer", "conformance.node-services")
"""Cheap promises that most sabotages leave alone: a red one says that more broke than was meant to."""

PROMISE = r"^[a-z-]+\.[a-z0-9-]+$"


class Family(StrEnum):
    """What kind of defect it is."""

    ANSWERS = "answers"
    SAFETY_NETS = "safety-nets"
    AUTOSCALER = "autoscaler"
    KAFKA = "kafka"
    GATEWAY = "gateway"
    DATA = "data"
    TWICE = "twice"
    HEALING = "healing"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Patch(_Strict):
    """An object changed by a patch: a role's workload, or any object by kind and name.

    Args:
        role: the role whose workload is meant.
        kind: of an object that is no role's workload.
        name: its name.
        namespace: where it lives, when it is not the stack's namespace.
        strategic: a strategic merge patch.
        json_patch: operations of RFC 6902 (`json` in the file).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    role: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    strategic: dict[str, Any] | None = None
    json_patch: tuple[dict[str, Any], ...] = Field((), alias="json")

    @model_validator(mode="after")
    def _is_whole(self) -> Patch:
        if bool(self.role) == bool(self.kind and self.name):
            raise ValueError("expected either a role, or a kind and a name")
        if (self.strategic is None) == (not self.json_patch):
            raise ValueError("expected either `strategic` or `json`")
        return self


class Edit(_Strict):
    """A file of a role's ConfigMap, edited in a copy which the role mounts instead.

    Args:
        role: the role that mounts it.
        file: the key.
        find: the text that must be there.
        put: what stands there instead, at each place.
    """

    role: str
    file: str
    find: str = Field(min_length=1)
    put: str


class Switch(_Strict):
    """Rules for the SWITCHES variable of a reference service; see docs/reference/reference-services.md."""

    role: str
    rules: tuple[dict[str, Any], ...] = Field(min_length=1)


class Delete(_Strict):
    """An object deleted by kind and name."""

    kind: str
    name: str
    namespace: str = ""


class Twin(_Strict):
    """One more pod with a role's labels that its workload knows nothing of.

    Args:
        role: whose labels it wears.
        body_of: whose pod it is; the role's own when empty.
    """

    role: str
    body_of: str = ""


class TopicSettings(_Strict):
    """Settings of a Kafka topic changed while it is in use."""

    topic: str
    settings: dict[str, str] = Field(min_length=1)


class HealsNothing(_Strict):
    """The healing of this experiment does nothing; see chaos/sabotages/unhealed.py."""

    experiment: str


class Step(_Strict):
    """One way to plant; exactly one field is given."""

    patch: Patch | None = None
    edit: Edit | None = None
    switch: Switch | None = None
    delete: Delete | None = None
    twin: Twin | None = None
    topic: TopicSettings | None = None
    heals_nothing: HealsNothing | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Step:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"expected one way to plant, found {sorted(self.model_fields_set) or 'none'}")
        return self

    @property
    def way(self) -> str:
        """Its name."""
        return next(iter(self.model_fields_set))


class Sabotage(_Strict):
    """One entry of the catalogue.

    Args:
        id: short and stable; also the name of its file.
        family: what kind of defect it is.
        why: why a user cares, as one sentence.
        plant: how it is planted.
        live: when it counts as planted: `rolled`, each pod of a changed workload is new and Ready; `started`, one new
            pod is there, for defects that keep a roll-out from ending.
        must_turn_red: promises that must be FAIL while it stands (or INVALID, where the healing is what is sabotaged).
        must_stay_green: promises that must be PASS meanwhile; two cheap sentinels unless it says otherwise.
    """

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)
    family: Family
    why: str = Field(min_length=20)
    plant: tuple[Step, ...] = Field(min_length=1)
    live: Literal["rolled", "started"] = "rolled"
    must_turn_red: tuple[str, ...] = Field(min_length=1)
    must_stay_green: tuple[str, ...] = SENTINELS

    @model_validator(mode="after")
    def _is_consistent(self) -> Sabotage:
        if both := set(self.must_turn_red) & set(self.must_stay_green):
            raise ValueError(f"{sorted(both)} cannot be both red and green")
        if len({*self.must_turn_red}) != len(self.must_turn_red):
            raise ValueError("a promise is named twice")
        return self

    @property
    def promises(self) -> tuple[str, ...]:
        """All promises to run while it stands."""
        return self.must_turn_red + self.must_stay_green

    @property
    def is_of_the_harness(self) -> bool:
        """Whether nothing of the stack is changed: what is sabotaged is the healing of the run itself."""
        return all(step.heals_nothing for step in self.plant)

    @property
    def digest(self) -> str:
        """What an earlier result is compared with: the same digest means the same sabotage."""
        return hashlib.sha256(self.model_dump_json(exclude={"why"}).encode()).hexdigest()[:12]
