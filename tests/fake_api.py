"""An API server in memory that patches as the real one does: kubectl's own code, run on the object alone."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

from fixtures.command import run
from fixtures.errors import CommandError
from fixtures.kubernetes.api import ApiError, kubectl_path
from fixtures.kubernetes.informer import KubeObject

TYPES = {"application/strategic-merge-patch+json": "strategic", "application/json-patch+json": "json"}


def patched(item: KubeObject, patch: Any, content_type: str) -> KubeObject:
    """The object with the patch applied; CommandError when it does not apply."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "object.json"
        path.write_text(json.dumps(item))
        kind = TYPES[content_type]
        words: list[str | Path] = [kubectl_path(), "patch", "--local", "--filename", path, "--output", "json"]
        words += ["--type", kind, "--patch", json.dumps(patch), "--show-managed-fields"]
        answer: KubeObject = json.loads(run(words).stdout)
    return answer


class FakeApi:
    """Objects by their API path."""

    def __init__(self, items: dict[str, KubeObject]) -> None:
        self.items = copy.deepcopy(items)
        self.asked: list[tuple[str, str]] = []

    def get(self, path: str, **_: Any) -> KubeObject:
        return copy.deepcopy(self._at("GET", path))

    def delete(self, path: str, body: Any = None) -> None:
        self._check_uid("DELETE", path, body["preconditions"]["uid"])
        self.asked.append(("DELETE", path))
        del self.items[path]

    def request(self, method: str, path: str, *, query: Any = None, body: Any = None, content_type: str = "") -> Any:
        dry = "dryRun" in (query or {})
        if not dry:
            self.asked.append((method, path))
        if method == "POST":
            item = copy.deepcopy(body)
            item["metadata"].setdefault("uid", f"u-{item['metadata']['name']}")
            item["metadata"].setdefault("resourceVersion", "7")
            if item["kind"] == "Pod":
                item["status"] = {"phase": "Running"}
            if item["kind"] == "HorizontalPodAutoscaler":
                item["status"] = {"conditions": [{"type": "ScalingActive", "status": "True"}]}
            self.items[f"{path}/{item['metadata']['name']}"] = item
            return item
        before = self._at(method, path)
        if method == "PUT":
            self._check_uid(method, path, body["metadata"]["uid"])
            if "/poddisruptionbudgets/" in path and "resourceVersion" not in body["metadata"]:
                raise ApiError(method, path, 422, "metadata.resourceVersion: must be specified for an update")
            after = copy.deepcopy(body)
            after["metadata"].setdefault("resourceVersion", before["metadata"].get("resourceVersion", "1"))
            if "managedFields" in before["metadata"]:  # they are kept where a PUT says nothing of them
                after["metadata"].setdefault("managedFields", copy.deepcopy(before["metadata"]["managedFields"]))
            self.items[path] = self._owned(after, query)
            return body
        try:
            after = patched(before, body, content_type)
        except CommandError as error:
            raise ApiError(method, path, 422, error.stderr) from error
        if not dry:
            self.items[path] = self._owned(after, query)
        return after

    @staticmethod
    def _owned(item: KubeObject, query: Any) -> KubeObject:
        """With the one who wrote it among its managers, where there are any."""
        managers, writer = item["metadata"].get("managedFields"), (query or {}).get("fieldManager")
        if managers is not None and writer and writer not in {one["manager"] for one in managers}:
            managers.append({"manager": writer, "operation": "Update"})
        return item

    def _at(self, method: str, path: str) -> KubeObject:
        if path not in self.items:
            raise ApiError(method, path, 404, "not there")
        return self.items[path]

    def _check_uid(self, method: str, path: str, uid: str) -> None:
        if self._at(method, path)["metadata"]["uid"] != uid:
            raise ApiError(method, path, 409, "precondition failed: UID")
