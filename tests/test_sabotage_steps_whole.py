"""From steps to changes: each change of an object whole, what is asked for it as a dry run, and each refusal."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from chaos.fault import NothingToBreak
from chaos.sabotages.kinds import own, path_of
from chaos.sabotages.sabotage import Sabotage
from chaos.sabotages.steps import Change, changes_of
from fixtures.kubernetes.api import ApiError
from fixtures.kubernetes.objects import label_of
from fixtures.settings import Settings
from fixtures.stack.map import StackMap

MARK = "crucible.dev/sabotage"
MANAGER = "crucible-sabotage"
STRATEGIC, JSON = "application/strategic-merge-patch+json", "application/json-patch+json"
DRY = {"dryRun": "All", "fieldManager": MANAGER}
STACK = StackMap.model_validate({
    "roles": {
        name: {"name": name, "kind": kind, "workload": f"w-{name}", "namespace": namespace, "selector": {"app": name},
               "replicas": 2, "recovery_s": 30}
        for name, kind, namespace in (("web", "Deployment", "acd"), ("db", "StatefulSet", "data"))
    }
})  # fmt: skip
WEB, DB = "/apis/apps/v1/namespaces/acd/deployments/w-web", "/apis/apps/v1/namespaces/data/statefulsets/w-db"
MAPS = "/api/v1/namespaces/acd/configmaps"


def workload(name: str, app: str, *volumes: dict[str, Any]) -> dict[str, Any]:
    spec = {"containers": [{"name": app, "image": "i"}, {"name": "side"}], "volumes": list(volumes)}
    template = {"metadata": {"labels": {"app": app}, "annotations": {"old": "1"}}, "spec": spec}
    return {"metadata": {"name": name, "uid": f"u-{name}"}, "spec": {"replicas": 2, "template": template}}


class Api:
    """Objects by path; a dry run of a patch answers with what the test says comes of it."""

    def __init__(self) -> None:
        mounts = [{"name": "tmp"}, {"name": "a", "configMap": {"name": "first"}},
                  {"name": "b", "configMap": {"name": "second"}}]  # fmt: skip
        self.items: dict[str, Any] = {
            WEB: workload("w-web", "web", *mounts), DB: workload("w-db", "db"),
            f"{MAPS}/first": {"metadata": {"name": "first"}},
            f"{MAPS}/second": {"metadata": {"name": "second"}, "data": {"x.conf": "a on; b on;", "y.conf": "c on;"}},
            "/api/v1/namespaces/ours": {"metadata": {"name": "ours"}, "spec": {}},
            "/api/v1/namespaces/ours/services/s": {"metadata": {"name": "s"}, "spec": {"port": 1}},
            "/api/v1/namespaces/there/services/s": {"metadata": {"name": "s"}, "spec": {"port": 2}},
        }  # fmt: skip
        self.asked: list[Any] = []
        self.comes: Callable[[Any], object] = lambda item: item["spec"].update(new=1)

    def get(self, path: str) -> Any:
        if path not in self.items:
            raise ApiError("GET", path, 404, "not there")
        return copy.deepcopy(self.items[path])

    def request(self, method: str, path: str, **how: Any) -> Any:
        self.asked.append((method, path, how))
        found = self.get(path)
        self.comes(found)
        return found


def rolled(item: Any) -> None:
    item["spec"]["template"]["new"] = 1


@pytest.fixture
def api() -> Api:
    return Api()


def changes(api: Api, *plant: dict[str, Any]) -> list[Change]:
    entry = Sabotage.model_validate({
        "id": "toy", "family": "gateway", "why": "because a user would miss it", "plant": plant,
        "must_turn_red": ["conformance.roles-ready"],
    })  # fmt: skip
    world: Any = SimpleNamespace(stack=STACK, settings=Settings(namespace="ours"), cluster=api)
    return changes_of(entry, world)


def patched(api: Api, path: str, kind: str, name: str, space: str, body: Any, how: str, role: str) -> Change:
    """The change that a patch makes, with the one dry run that was asked for it."""
    before = {"apiVersion": "v1", "kind": kind, **api.items[path]}
    after = copy.deepcopy(api.items[path])
    api.comes(after)
    assert ("PATCH", path, {"body": body, "content_type": how, "query": DRY}) in api.asked
    return Change(kind, name, space, before, after, body, how, role)


def test_a_patch_that_rolls_a_role_marks_its_pods(api: Api) -> None:
    api.comes = rolled
    given = {"spec": {"replicas": 2, "template": {"metadata": {"annotations": {"a": "b"}, "labels": {"l": "m"}},
                                                  "spec": {"x": 1}}}}  # fmt: skip
    (found,) = changes(api, {"patch": {"role": "web", "strategic": given}})
    body = copy.deepcopy(given)
    body["spec"]["template"]["metadata"]["annotations"] = {"a": "b", MARK: "toy"}  # type: ignore[index]
    assert found == patched(api, WEB, "Deployment", "w-web", "acd", body, STRATEGIC, "web")
    assert (found.path, found.folder) == (WEB, WEB.rpartition("/")[0])
    assert found.to_json() == {"kind": "Deployment", "name": "w-web", "namespace": "acd", "before": found.before,
                               "after": found.after, "patch": body, "patch_type": STRATEGIC, "role": "web"}  # fmt: skip
    (bare,) = changes(api, {"patch": {"role": "db", "strategic": {"spec": {"template": {"spec": {}}}}}})
    assert bare.patch == {"spec": {"template": {"spec": {}, "metadata": {"annotations": {MARK: "toy"}}}}}
    assert (bare.kind, bare.name, bare.namespace, bare.role) == ("StatefulSet", "w-db", "data", "db")


def test_a_patch_that_rolls_nothing_is_left_as_it_is(api: Api) -> None:
    for given in ({"spec": {"replicas": 9}}, {"metadata": {"labels": {"a": "b"}}}):
        (found,) = changes(api, {"patch": {"role": "web", "strategic": given}})
        assert found == patched(api, WEB, "Deployment", "w-web", "acd", given, STRATEGIC, "")
    template = {"spec": {"template": {"spec": {}}}}
    for given, space in (({"kind": "Service", "name": "s"}, "ours"),
                         ({"kind": "Service", "name": "s", "namespace": "there"}, "there")):  # fmt: skip
        (found,) = changes(api, {"patch": {**given, "strategic": template}})
        path = f"/api/v1/namespaces/{space}/services/s"
        assert found == patched(api, path, "Service", "s", space, template, STRATEGIC, "")
    (found,) = changes(api, {"patch": {"kind": "Namespace", "name": "$namespace", "namespace": "x", "strategic": {}}})
    assert found == patched(api, "/api/v1/namespaces/ours", "Namespace", "ours", "", {}, STRATEGIC, "")


def test_a_json_patch_of_a_role_s_pods_marks_them_too(api: Api) -> None:
    api.comes = rolled
    one = {"op": "remove", "path": "/spec/template/spec/x"}
    other = {"op": "add", "path": "/spec/replicas", "value": 3}
    (found,) = changes(api, {"patch": {"role": "web", "json": [other, one]}})
    mark = {"op": "add", "path": "/spec/template/metadata/annotations", "value": {"old": "1", MARK: "toy"}}
    assert found == patched(api, WEB, "Deployment", "w-web", "acd", [other, one, mark], JSON, "web")
    del api.items[WEB]["spec"]["template"]["metadata"]["annotations"]
    (found,) = changes(api, {"patch": {"role": "web", "json": [one]}})
    assert found.patch == [one, {**mark, "value": {MARK: "toy"}}]
    (found,) = changes(api, {"patch": {"role": "web", "json": [other]}})
    assert found == patched(api, WEB, "Deployment", "w-web", "acd", [other], JSON, "")
    (found,) = changes(api, {"patch": {"kind": "Deployment", "name": "w-web", "namespace": "acd", "json": [one]}})
    assert found == patched(api, WEB, "Deployment", "w-web", "acd", [one], JSON, "")


def marked(spec: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": spec, "metadata": {"annotations": {MARK: "toy"}}}}}


def test_switches_are_set_in_the_first_container(api: Api) -> None:
    api.comes = rolled
    rules = [{"at": "http", "do": "delay"}, {"at": "x"}]
    (found,) = changes(api, {"switch": {"role": "web", "rules": rules}})
    value = '[{"at": "http", "do": "delay"}, {"at": "x"}]'
    variable = {"name": "SWITCHES", "value": value, "valueFrom": None}
    body = marked({"containers": [{"name": "web", "env": [variable]}]})
    assert found == patched(api, WEB, "Deployment", "w-web", "acd", body, STRATEGIC, "web")


def test_a_file_is_edited_at_each_place_in_a_copy_that_the_role_mounts(api: Api) -> None:
    api.comes = rolled
    copied, mounts = changes(api, {"edit": {"role": "web", "file": "x.conf", "find": "on", "put": "off"}})
    made = {
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "sabotage-toy", "namespace": "acd", "labels": {MARK: "toy", **label_of("toy")}},
        "data": {"x.conf": "a off; b off;", "y.conf": "c on;"},
    }  # fmt: skip
    assert copied == Change("ConfigMap", "sabotage-toy", "acd", after=made)
    body = marked({"volumes": [{"name": "b", "configMap": {"name": "sabotage-toy"}}]})
    assert mounts == patched(api, WEB, "Deployment", "w-web", "acd", body, STRATEGIC, "web")
    assert (copied.path, copied.folder) == (f"{MAPS}/sabotage-toy", MAPS)


def test_what_is_deleted_is_kept_whole_and_a_twin_wears_the_labels_of_one_and_the_body_of_the_other(api: Api) -> None:
    found = changes(api, {"delete": {"kind": "Service", "name": "s"}},
                    {"delete": {"kind": "Service", "name": "s", "namespace": "there"}})  # fmt: skip
    assert found == [
        Change("Service", "s", space, before={
            "apiVersion": "v1", "kind": "Service", **api.items[f"/api/v1/namespaces/{space}/services/s"],
        })
        for space in ("ours", "there")
    ]  # fmt: skip
    labels = {"app": "web", MARK: "toy", **label_of("toy")}
    for body_of, path in (({}, WEB), ({"body_of": "db"}, DB)):
        (twin,) = changes(api, {"twin": {"role": "web", **body_of}})
        assert twin == Change("Pod", "sabotage-toy", "acd", after={
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "sabotage-toy", "namespace": "acd", "labels": labels},
            "spec": api.items[path]["spec"]["template"]["spec"],
        })  # fmt: skip
    assert api.asked == []
    assert changes(api, {"topic": {"topic": "t", "settings": {"a": "b"}}}) == []


TEXT = {"role": "web", "find": "on", "put": "off"}


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        ([{"edit": {**TEXT, "file": "x.conf", "find": "zz"}}], "x.conf of role web has no 'zz'"),
        ([{"edit": {**TEXT, "file": "z.conf"}}], "role web mounts no ConfigMap with a file z.conf"),
        ([{"edit": {**TEXT, "file": "x.conf", "role": "db"}}], "role db mounts no ConfigMap with a file x.conf"),
        ([{"delete": {"kind": "Service", "name": "x"}}], "there is no Service x in ours"),
        ([{"delete": {"kind": "APIService", "name": "x", "namespace": "y"}}],
         "there is no APIService x in the cluster"),
        ([{"delete": {"kind": "Service", "name": "s"}}, {"patch": {"kind": "Service", "name": "s", "strategic": {}}}],
         "toy changes /api/v1/namespaces/ours/services/s twice"),
    ],
)  # fmt: skip
def test_each_refusal_says_what_is_missing(api: Api, plant: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(NothingToBreak) as refused:
        changes(api, *plant)
    assert str(refused.value) == said


def test_a_change_that_is_refused_or_changes_nothing_is_not_planted(api: Api) -> None:
    step = {"patch": {"role": "web", "strategic": {"spec": {}}}}
    api.comes = lambda item: item["metadata"].update(uid="another", generation=9)
    with pytest.raises(NothingToBreak) as refused:
        changes(api, step)
    assert str(refused.value) == "toy would change nothing of Deployment w-web"

    def refuse(item: Any) -> None:
        raise ApiError("PATCH", WEB, 422, "it is invalid")

    api.comes = refuse
    with pytest.raises(NothingToBreak) as refused:
        changes(api, step)
    assert str(refused.value) == f"toy cannot be planted: PATCH {WEB}: HTTP 422: it is invalid"


def test_what_of_an_object_is_its_owner_s() -> None:
    kept = {"crucible/x": "1"}
    theirs = {"deployment.kubernetes.io/revision": "2", "deprecated.daemonset.template.generation": "3"}
    item = {"apiVersion": "v1", "kind": "K", "status": {"a": 1}, "data": {"d": 1}, "spec": {"replicas": 2, "x": 1},
            "metadata": {"name": "n", "labels": {"l": "1"}, "annotations": {**kept, **theirs}}}  # fmt: skip
    mine = {"labels": {"l": "1"}, "annotations": kept, "data": {"d": 1}, "spec": {"replicas": 2, "x": 1}}
    assert own(item) == mine
    assert own(item, scaled=True) == mine | {"spec": {"x": 1}}
    assert item["spec"] == {"replicas": 2, "x": 1}
    assert own({"metadata": {}}, scaled=True) == {"labels": {}, "annotations": {}}
    assert path_of("Pod", namespace="a") == "/api/v1/namespaces/a/pods"
    assert path_of("Namespace") == "/api/v1/namespaces"
    with pytest.raises(KeyError, match="Secret"):
        path_of("Secret", "s", "a")
