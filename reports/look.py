"""What a look at a stack holds (`state/<test>/before.json`): each key, always; one without a key was not taken so.

What is not there before and not there after is no difference, so a look must not be able to leave out what it saw.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Whole(BaseModel):
    """No key more or less, and no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Described(Whole):
    """What nodes and workloads both say of themselves."""

    labels: dict[str, str]
    annotations: dict[str, str]
    finalizers: list[str]
    owners: list[str]
    leaving: bool


class Node(Described):
    """A node, as the API server tells it."""

    ready: bool
    unschedulable: bool
    taints: list[str]


class Workload(Described):
    """A Deployment, StatefulSet or DaemonSet; `spec` is a hash, `owned` the autoscaler's floor and ceiling."""

    spec: str
    ready: int
    desired: int
    owned: list[int] | None


class Endpoints(Whole):
    """How many ready endpoints a Service has, for how many Ready pods, and how many lead to none of these."""

    endpoints: int
    pods: int
    stray: int


class Inside(Whole):
    """What a fault may leave inside a node."""

    qdisc: list[str]
    iptables: list[str] = Field(alias="iptables rule")
    nftables: list[str] = Field(alias="nftables table")
    sysctl: dict[str, str]
    stopped: list[str] = Field(alias="stopped process")
    paused: list[str] = Field(alias="paused container")


class NotAsked(Whole):
    """Why nobody could look inside a node."""

    asked: str


class Look(Whole):
    """All of it."""

    version: int
    sabotage: str
    nodes: dict[str, Node]
    workloads: dict[str, Workload]
    endpoints: dict[str, Endpoints]
    not_ready: list[str]
    of_runs: list[str]
    containers: dict[str, str]
    inside: dict[str, Inside | NotAsked]
    topics: dict[str, str] | None
    groups: dict[str, str] | None
    behind: list[str]
    kafka: str
    objects: dict[str, dict[str, str]]
    ledger: list[str]


def whole(raw: Any) -> dict[str, Any]:
    """The look itself, when it is whole; running nodes and those that were looked into are the same.

    Raises:
        ValueError: it is none; says what is wrong first.

    Example::

        diff(*(whole(json.loads(path.read_bytes())) for path in (before, after)))
    """
    try:
        look = Look.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error
    running = {name for name, state in look.containers.items() if state == "running"}
    if strange := sorted(running ^ look.inside.keys()):
        raise ValueError(f"{', '.join(strange)}: running, or looked into, and not both")
    found: dict[str, Any] = raw
    return found
