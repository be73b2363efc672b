"""Changing objects and putting them back: each request that is made, in order, and what counts as done."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest

from chaos.sabotages.objects import is_undone, make, stands, undo
from chaos.sabotages.steps import Change
from fixtures.errors import HarnessError
from fixtures.kubernetes.api import ApiError
from fixtures.stack.map import StackMap

MARK = "crucible.dev/sabotage"
US = {"fieldManager": "crucible-sabotage"}
THEIRS = [{"manager": "crucible"}]
OURS = [*THEIRS, {"manager": "crucible-sabotage"}]
PATH, FOLDER = "/apis/apps/v1/namespaces/acd/deployments/web", "/apis/apps/v1/namespaces/acd/deployments"
PODS = "/api/v1/namespaces/acd/pods"
SCALED = StackMap.model_validate({
    "roles": {
        "web": {"name": "web", "kind": "Deployment", "workload": "web", "namespace": "acd", "selector": {"app": "web"},
                "replicas": 2, "recovery_s": 30,
                "scaling": {"hpa": "h", "min": 2, "max": 5, "target_percent": 50, "stabilisation_s": 1, "metrics_s": 1,
                            "sync_s": 1, "start_s": 1}},
        "db": {"name": "db", "kind": "Deployment", "workload": "db", "namespace": "acd", "selector": {"app": "db"},
               "replicas": 2, "recovery_s": 30},
    }
})  # fmt: skip


def item(replicas: int = 2, *, x: int = 0, managers: Any = None, **metadata: Any) -> dict[str, Any]:
    meta = {"name": "web", "uid": "u", "resourceVersion": "7", "generation": 3, "creationTimestamp": "c",
            "selfLink": "s", "labels": {"a": "b"}, **({} if managers is None else {"managedFields": managers}),
            **metadata}  # fmt: skip
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {"replicas": replicas, "x": x},
            "status": {"ready": 1}}  # fmt: skip


class Api:
    """One object as it stands, and what is asked."""

    def __init__(self, live: Any = None, *, refuses: list[Any] | None = None) -> None:
        self.live, self.asked, self.refuses = live, list[Any](), refuses or []

    def get(self, path: str) -> Any:
        if self.live is None:
            raise ApiError("GET", path, 404, "not there")
        self.looked = path
        return copy.deepcopy(self.live)

    def request(self, method: str, path: str, **how: Any) -> None:
        self.asked.append((method, path, copy.deepcopy(how)))
        if self.refuses:
            raise self.refuses.pop(0)

    def delete(self, path: str, body: Any = None) -> None:
        self.asked.append(("DELETE", path, body))


def world(live: Any = None, *, stack: StackMap = SCALED, refuses: list[Any] | None = None) -> Any:
    return SimpleNamespace(cluster=Api(live, refuses=refuses), stack=stack)


def change(before: Any = None, after: Any = None, *, name: str = "db", kind: str = "Deployment", **how: Any) -> Change:
    return Change(kind, name, "acd", before, after, **how)


def test_a_change_is_made_by_one_request() -> None:
    here = world()
    make(change(after={"made": 1}), here)
    make(change(before=item()), here)
    make(change(before=item(), after=item(x=1), patch=[{"op": "x"}], patch_type="t"), here)
    path = f"{FOLDER}/db"
    assert here.cluster.asked == [
        ("POST", FOLDER, {"body": {"made": 1}, "query": US}),
        ("DELETE", path, {"preconditions": {"uid": "u"}}),
        ("PATCH", path, {"body": [{"op": "x"}], "content_type": "t", "query": US}),
    ]


def test_a_change_stands_when_the_api_shows_it() -> None:
    assert stands(change(before=item()), world()) is True
    assert stands(change(before=item()), world(item())) is False
    assert stands(change(before=item(), after=item(x=1)), world()) is False
    for name, live, expected in (
        ("db", item(x=1, generation=9), True), ("db", item(x=2), False), ("db", item(3, x=1), False),
        ("web", item(3, x=1), True), ("web", item(x=2), False),
    ):  # fmt: skip
        assert stands(change(item(), item(x=1), name=name), world(live)) is expected, (name, live)
    pod_made = change(after={"kind": "Pod"}, kind="Pod")
    for status, expected in (({"phase": "Running"}, True), ({"phase": "Pending"}, False), (None, False)):
        live = {"metadata": {}} | ({} if status is None else {"status": status})
        assert stands(pod_made, world(live)) is expected
    assert stands(change(after={"kind": "ConfigMap"}, kind="ConfigMap"), world({"metadata": {}})) is True


def test_what_was_made_is_removed_once_and_only_where_it_is_ours() -> None:
    made = change(after={}, kind="Pod", name="sabotage-toy")
    ours = {"metadata": {"uid": "u", "labels": {MARK: "toy"}}}
    here = world(ours)
    undo(made, here)
    assert here.cluster.looked == f"{PODS}/sabotage-toy"
    undo(change(after={}, kind="ConfigMap", name="sabotage-toy"), here)
    assert here.cluster.asked == [
        ("DELETE", f"{PODS}/sabotage-toy", {"preconditions": {"uid": "u"}, "gracePeriodSeconds": 3}),
        ("DELETE", "/api/v1/namespaces/acd/configmaps/sabotage-toy", {"preconditions": {"uid": "u"}}),
    ]
    for live in (None, {"metadata": {"uid": "u", "labels": {}, "deletionTimestamp": "t"}}):
        here = world(live)
        undo(made, here)
        assert here.cluster.asked == []
        assert is_undone(made, here) is (live is None)
    for labels in ({}, {"labels": None}, {"labels": {"other": "toy"}}):
        with pytest.raises(HarnessError) as refused:
            undo(made, world({"metadata": {"uid": "u", **labels}}))
        assert str(refused.value) == f"Pod sabotage-toy is not ours (it has no label {MARK}); it is left alone"


RESTORED = ("PATCH", PATH, {
    "body": [{"op": "replace", "path": "/metadata/managedFields", "value": THEIRS}],
    "content_type": "application/json-patch+json",
})  # fmt: skip
KEPT = {"name": "web", "uid": "u", "generation": 3, "creationTimestamp": "c", "selfLink": "s", "labels": {"a": "b"}}


def original(replicas: int, **metadata: Any) -> dict[str, Any]:
    return {**item(replicas), "metadata": {**KEPT, **metadata}}


def test_an_original_is_put_back_whole_with_the_replicas_that_its_autoscaler_wants() -> None:
    changed = change(item(managers=THEIRS), item(x=1), name="web")
    here = world(item(4, x=1, managers=OURS))
    undo(changed, here)
    assert here.cluster.asked == [("PUT", PATH, {"body": original(4), "query": US}), RESTORED]
    elsewhere = SCALED.model_copy(update={"roles": {"db": SCALED.roles["db"]}})
    here = world(item(4, x=1), stack=elsewhere)
    undo(change(item(), item(x=1), name="web"), here)
    assert here.cluster.asked == [("PUT", PATH, {"body": original(2), "query": US})]


def test_a_kind_that_wants_its_version_named_is_asked_again_with_it() -> None:
    needs = ApiError("PUT", PATH, 422, "metadata.resourceVersion: must be specified")
    here = world(item(4, x=1, resourceVersion="88"), refuses=[needs])
    undo(change(item(managers=THEIRS), item(x=1), name="web"), here)
    assert here.cluster.asked == [
        ("PUT", PATH, {"body": original(4), "query": US}),
        ("PUT", PATH, {"body": original(4, resourceVersion="88"), "query": US}),
        RESTORED,
    ]
    for other in (ApiError("PUT", PATH, 409, "metadata.resourceVersion"), ApiError("PUT", PATH, 422, "spec is wrong")):
        here = world(item(4, x=1), refuses=[other])
        with pytest.raises(ApiError) as caught:
            undo(change(item(managers=THEIRS), item(x=1), name="web"), here)
        assert caught.value is other
        assert len(here.cluster.asked) == 1


def test_what_was_deleted_is_made_anew_without_what_it_was_born_with() -> None:
    here = world()
    undo(change(item(managers=THEIRS), name="web"), here)
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"a": "b"}},
            "spec": {"replicas": 2, "x": 0}}  # fmt: skip
    assert here.cluster.asked == [("POST", FOLDER, {"body": body, "query": US}), RESTORED]
    bare = item(managers=[])
    del bare["status"]
    here = world()
    undo(change(bare, name="web"), here)
    assert here.cluster.asked == [("POST", FOLDER, {"body": body, "query": US})]


@pytest.mark.parametrize(
    ("before", "now", "restores"),
    [
        (THEIRS, OURS, True), (THEIRS, THEIRS, False), (OURS, OURS, False), (THEIRS, [], True), (THEIRS, None, True),
        (None, OURS, False), (OURS, [], True),
    ],
)  # fmt: skip
def test_fields_are_given_back_to_those_who_managed_them(before: Any, now: Any, restores: bool) -> None:
    here = world(item(managers=now))
    changed = change(item(managers=before), item(x=1), name="web")
    assert is_undone(changed, here) is True
    undo(changed, here)
    given = ("PATCH", PATH, {**RESTORED[2], "body": [{**RESTORED[2]["body"][0], "value": before}]})
    assert here.cluster.asked == ([given] if restores else [])


def test_an_original_is_back_when_all_that_is_its_owner_s_is() -> None:
    changed = change(item(), item(x=1), name="web")
    assert is_undone(changed, world()) is False
    assert is_undone(changed, world(item(5))) is True
    assert is_undone(changed, world(item(x=1))) is False
    assert is_undone(change(item(), item(x=1)), world(item(5))) is False
    service = change(item(), item(x=1), kind="Service", name="web")
    assert is_undone(service, world(item(5))) is False
