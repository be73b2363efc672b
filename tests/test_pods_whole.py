"""Which pods are a role's and what each says of itself, in whole sentences."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.kubernetes.conditions import condition_of, has_condition, is_ready
from fixtures.kubernetes.pods import in_role, is_made_by, pods_of, trouble
from fixtures.stack.map import Role

Item = dict[str, Any]


def role(kind: str = "Deployment") -> Role:
    about = {
        "name": "web",
        "kind": kind,
        "workload": "web",
        "namespace": "acd",
        "selector": {"app": "web", "tier": "1"},
    }
    return Role.model_validate(about | {"replicas": 2, "recovery_s": 30})


def pod(status: Item | None = None, *, node: str | None = "w1", **meta: Any) -> Item:
    made: Item = {"metadata": {"name": "web-1", "namespace": "acd"} | meta, "spec": {"nodeName": node} if node else {}}
    return made if status is None else made | {"status": status}


def ready(status: str = "True") -> Item:
    return {"conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": status}]}


def test_a_pod_is_a_roles_by_namespace_and_all_of_its_labels() -> None:
    ours = pod(labels={"app": "web", "tier": "1", "more": "x"})
    others = [
        pod(labels={"app": "web"}), pod(labels={"app": "web", "tier": "2"}), pod(),
        pod(namespace="cdn", labels={"app": "web", "tier": "1"}),
    ]  # fmt: skip
    second = pod(name="web-2", labels={"app": "web", "tier": "1"})
    assert pods_of(role(), iter([second, *others, ours])) == [second, ours]
    assert [in_role(each, role()) for each in (ours, *others)] == [True, False, False, False, False]


def owner(kind: str, name: str, controller: bool | None = True) -> Item:
    return {"kind": kind, "name": name} | ({} if controller is None else {"controller": controller})


@pytest.mark.parametrize(
    ("kind", "owners", "is_its"),
    [
        ("Deployment", [owner("ReplicaSet", "web-5f")], True),
        ("Deployment", [owner("ReplicaSet", "web-a-5f")], False),
        ("Deployment", [owner("Deployment", "web")], False),
        ("Deployment", [owner("ReplicaSet", "other-5f"), owner("ReplicaSet", "web-5f")], False),
        ("Deployment", [owner("Rack", "x", None), owner("Rack", "y", False), owner("ReplicaSet", "web-5f")], True),
        ("StatefulSet", [owner("StatefulSet", "web")], True),
        ("StatefulSet", [owner("DaemonSet", "web")], False),
        ("DaemonSet", [owner("DaemonSet", "web")], True),
        ("DaemonSet", [owner("DaemonSet", "web-5f")], False),
        ("DaemonSet", [owner("ReplicaSet", "web-5f")], False),
        ("DaemonSet", [owner("Rack", "x", None)], False),
    ],
)
def test_a_pod_is_made_by_its_first_controller(kind: str, owners: list[Item], is_its: bool) -> None:
    assert is_made_by(pod(ownerReferences=owners), role(kind)) is is_its


def test_a_pod_of_nobody_is_no_role_s() -> None:
    assert is_made_by(pod(), role()) is False
    assert is_made_by(pod(ownerReferences=None), role()) is False


def container(name: str, *, restarts: int | None = None, **state: Any) -> Item:
    more = {} if restarts is None else {"restartCount": restarts}
    return {"name": name, "state": state} | more


RUNNING = {"running": {"startedAt": "noon"}}
LONG = "m" * 200


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (pod(ready()), ""),
        (pod(ready("False")), "web-1 on w1: not Ready"),
        (pod(None, node=None), "web-1: not Ready"),
        (pod(ready(), deletionTimestamp="now"), "web-1 on w1: on its way out"),
        (
            pod({"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Full", "message": LONG}]},
                node=""),
            f"web-1: Full ({'m' * 160})",
        ),
        (pod({"conditions": [{"type": "PodScheduled", "status": "False"}]}), "web-1 on w1: None (no word)"),
        (pod({"containerStatuses": None, "initContainerStatuses": None}), "web-1 on w1: not Ready"),
        (
            pod({"containerStatuses": [
                container("a", restarts=1, waiting={"reason": "Back", "message": LONG}),
                container("b", waiting={"message": "m"}),
                container("c", restarts=2, terminated={"exitCode": 0}), container("d", terminated={"exitCode": 1}),
                container("e", restarts=3, **RUNNING) | {"started": True, "ready": False},
                container("f", **RUNNING) | {"started": False}, container("g", **RUNNING) | {"ready": True},
                {"name": "h"}, {"ready": False},
            ], "initContainerStatuses": [
                container("i", terminated={"exitCode": 0}), container("j", restarts=4, terminated={"exitCode": 2}),
            ]}, deletionTimestamp="now"),
            f"web-1 on w1: on its way out, j ended with 2 after 4 restarts, a Back after 1 restarts ({'m' * 160}), "
            "b None (m), c ended with 0 after 2 restarts, d ended with 1, "
            "e runs since noon after 3 restarts, started, not Ready, f runs since noon, not yet started, not Ready, "
            "h runs since None, not yet started, not Ready, None runs since None, not yet started, not Ready",
        ),
    ],
)  # fmt: skip
def test_a_pod_says_in_one_sentence_what_keeps_it_from_being_ready(found: Item, said: str) -> None:
    assert trouble(found) == said


def test_a_condition_is_found_by_its_type() -> None:
    whole = pod(ready())
    assert condition_of(whole, "Ready") == {"type": "Ready", "status": "True"}
    assert condition_of(whole, "ready") is None
    for nothing in (pod(), pod({}), pod({"conditions": None})):
        assert condition_of(nothing, "Ready") is None
        assert has_condition(nothing, "Ready") is False
        assert is_ready(nothing) is False
    assert [has_condition(pod(ready(word)), "Ready") for word in ("True", "False", "Unknown")] == [True, False, False]
    assert is_ready(whole) is True
    assert is_ready(pod(ready(), deletionTimestamp="now")) is False
    assert is_ready(pod(ready("False"))) is False
