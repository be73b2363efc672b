"""From the steps of a sabotage to the changes of objects that plant it; nothing is changed here.

Each change is asked of the API server as a dry run first, so that it is known whether it applies, and what will stand
there, before anything is touched.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from chaos.fault import NothingToBreak
from chaos.sabotages.kinds import own, path_of
from chaos.sabotages.sabotage import Delete, Edit, Patch, Sabotage, Step, Switch, Twin
from chaos.world import World
from fixtures.kubernetes.api import ApiError, get_if_there
from fixtures.kubernetes.informer import KubeObject
from fixtures.kubernetes.objects import label_of
from fixtures.stack.map import Role

MARK = "crucible.dev/sabotage"
"""On each pod of a role that was rolled, and on each object that was made."""

MANAGER = "crucible-sabotage"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True)
class Change:
    """One object as it was, and as it will be.

    Args:
        kind: of the object.
        name: its name.
        namespace: empty for what has none.
        before: the whole object; None when it is made.
        after: the object as a dry run gave it; None when it is deleted.
        patch: what makes one of the other.
        patch_type: its content type.
        role: whose pods are rolled by it; empty when none are.
    """

    kind: str
    name: str
    namespace: str
    before: KubeObject | None = None
    after: KubeObject | None = None
    patch: Any = None
    patch_type: str = ""
    role: str = ""

    @property
    def path(self) -> str:
        """Of the object."""
        return path_of(self.kind, self.name, self.namespace)

    @property
    def folder(self) -> str:
        """Of its kind."""
        return path_of(self.kind, namespace=self.namespace)

    def to_json(self) -> dict[str, Any]:
        """As kept in the ledger."""
        return asdict(self)


def changes_of(sabotage: Sabotage, world: World) -> list[Change]:
    """The changes that plant a sabotage, in the order in which they are made.

    Raises:
        NothingToBreak: an object is not there, a text to replace is not in it, or a change would change nothing.
    """
    planner = _Planner(sabotage, world)
    changes = [change for step in sabotage.plant for change in planner.of(step)]
    keys = [change.path for change in changes]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise NothingToBreak(f"{sabotage.id} changes {', '.join(sorted(twice))} twice")
    return changes


class _Planner:
    def __init__(self, sabotage: Sabotage, world: World) -> None:
        self._id, self._world = sabotage.id, world

    def of(self, step: Step) -> list[Change]:
        if step.patch:
            return [self._patch(step.patch)]
        if step.switch:
            return [self._switch(step.switch)]
        if step.edit:
            return self._edit(step.edit)
        if step.delete:
            return [self._delete(step.delete)]
        if step.twin:
            return [self._twin(step.twin)]
        return []  # topics are not Kubernetes' objects

    def _patch(self, patch: Patch) -> Change:
        if patch.role:
            role = self._world.stack.role(patch.role)
            kind, name, namespace = str(role.kind), role.workload, role.namespace
        else:
            name = patch.name.replace("$namespace", self._world.settings.namespace)
            kind, namespace = patch.kind, self._namespace(patch.kind, patch.namespace)
        if patch.strategic is not None:
            body = self._marked(patch.strategic, patch.role)
            return self._patched(kind, name, namespace, body, STRATEGIC, patch.role)
        operations = list(patch.json_patch)
        if patch.role and any(one["path"].startswith("/spec/template/") for one in operations):
            before = self._get(kind, name, namespace)
            annotations = before["spec"]["template"]["metadata"].get("annotations") or {}
            operations.append({"op": "add", "path": "/spec/template/metadata/annotations",
                               "value": annotations | {MARK: self._id}})  # fmt: skip
            return self._patched(kind, name, namespace, operations, JSON_PATCH, patch.role)
        return self._patched(kind, name, namespace, operations, JSON_PATCH, "")

    def _marked(self, patch: dict[str, Any], role: str) -> dict[str, Any]:
        """The patch with our mark on the pods that it rolls; a patch that rolls none is left as it is."""
        template = patch.get("spec", {}).get("template") if role else None
        if template is None:
            return patch
        meta = template.get("metadata", {})
        marked = {**template, "metadata": {**meta, "annotations": {**meta.get("annotations", {}), MARK: self._id}}}
        return {**patch, "spec": {**patch["spec"], "template": marked}}

    def _switch(self, switch: Switch) -> Change:
        role = self._world.stack.role(switch.role)
        workload = self._get(role.kind, role.workload, role.namespace)
        container = workload["spec"]["template"]["spec"]["containers"][0]["name"]
        variable = {"name": "SWITCHES", "value": json.dumps(list(switch.rules)), "valueFrom": None}
        body = {"spec": {"template": {"spec": {"containers": [{"name": container, "env": [variable]}]}}}}
        return self._patched(
            role.kind, role.workload, role.namespace, self._marked(body, role.name), STRATEGIC, role.name
        )

    def _edit(self, edit: Edit) -> list[Change]:
        """A copy of the ConfigMap with the edit in it, and the role mounting that copy."""
        role = self._world.stack.role(edit.role)
        volume, original = self._mounted(role, edit.file)
        text = original["data"][edit.file]
        if edit.find not in text:
            raise NothingToBreak(f"{edit.file} of role {edit.role} has no {edit.find!r}")
        name = f"sabotage-{self._id}"
        copy = {
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": role.namespace, "labels": {MARK: self._id, **label_of(self._id)}},
            "data": {**original["data"], edit.file: text.replace(edit.find, edit.put)},
        }  # fmt: skip
        body = {"spec": {"template": {"spec": {"volumes": [{"name": volume, "configMap": {"name": name}}]}}}}
        return [
            Change("ConfigMap", name, role.namespace, after=copy),
            self._patched(
                role.kind, role.workload, role.namespace, self._marked(body, role.name), STRATEGIC, role.name
            ),
        ]

    def _mounted(self, role: Role, key: str) -> tuple[str, KubeObject]:
        """The volume of a role's pods that holds a file, and the ConfigMap behind it."""
        workload = self._get(role.kind, role.workload, role.namespace)
        for volume in workload["spec"]["template"]["spec"].get("volumes", []):
            if name := volume.get("configMap", {}).get("name"):
                found = self._get("ConfigMap", name, role.namespace)
                if key in found.get("data", {}):
                    return volume["name"], found
        raise NothingToBreak(f"role {role.name} mounts no ConfigMap with a file {key}")

    def _delete(self, delete: Delete) -> Change:
        namespace = self._namespace(delete.kind, delete.namespace)
        before = self._get(delete.kind, delete.name, namespace)
        return Change(delete.kind, delete.name, namespace, before=before)

    def _twin(self, twin: Twin) -> Change:
        role, body_of = (self._world.stack.role(name) for name in (twin.role, twin.body_of or twin.role))
        template = self._get(body_of.kind, body_of.workload, body_of.namespace)["spec"]["template"]
        labels = self._get(role.kind, role.workload, role.namespace)["spec"]["template"]["metadata"]["labels"]
        name = f"sabotage-{self._id}"
        made = {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": name, "namespace": role.namespace, "labels": {**labels, MARK: self._id, **label_of(self._id)},
            },
            "spec": template["spec"],
        }  # fmt: skip
        return Change("Pod", name, role.namespace, after=made)

    def _patched(self, kind: str, name: str, namespace: str, body: Any, content_type: str, role: str) -> Change:
        before = self._get(kind, name, namespace)
        try:
            after = self._world.cluster.request(
                "PATCH", path_of(kind, name, namespace), body=body, content_type=content_type,
                query={"dryRun": "All", "fieldManager": MANAGER},
            )  # fmt: skip
        except ApiError as refused:
            raise NothingToBreak(f"{self._id} cannot be planted: {refused.message}") from refused
        if own(before) == own(after):
            raise NothingToBreak(f"{self._id} would change nothing of {kind} {name}")
        rolls = role if before.get("spec", {}).get("template") != after.get("spec", {}).get("template") else ""
        return Change(kind, name, namespace, before, after, body, content_type, rolls)

    def _get(self, kind: str, name: str, namespace: str) -> KubeObject:
        found = get_if_there(self._world.cluster, path_of(kind, name, namespace))
        if found is None:
            raise NothingToBreak(f"there is no {kind} {name} in {namespace or 'the cluster'}")
        return {"apiVersion": "v1", "kind": kind, **found}

    def _namespace(self, kind: str, given: str) -> str:
        return "" if kind in ("Namespace", "APIService") else given or self._world.settings.namespace
