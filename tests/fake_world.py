"""A world that stands still, made by hand: what faults see, without a cluster."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from chaos.world import World
from fixtures.kubernetes.api import KubeObject
from fixtures.settings import Settings
from fixtures.stack.map import StackMap

__all__ = ["Still", "container", "docker", "figure", "node", "pod"]
BORN = "2026-11-21T04:00:00Z"
STACK = StackMap.model_validate({
    "roles": {
        name: {"name": name, "kind": kind, "workload": name, "namespace": "acd", "selector": {"app": name},
               "service": name, "replicas": 2, "recovery_s": 30}
        for name, kind in {"web": "Deployment", "db": "StatefulSet"}.items()
    }
})  # fmt: skip


def ready(value: bool) -> list[dict[str, str]]:
    return [{"type": "Ready", "status": str(value), "lastTransitionTime": BORN}]


def pod(
    name: str, node: str, *, uid: str = "", is_ready: bool = True, going: bool = False, born: str = BORN
) -> KubeObject:
    app = name.split("-", maxsplit=1)[0]
    owner = {"kind": "StatefulSet", "name": app} if app == "db" else {"kind": "ReplicaSet", "name": f"{app}-5f"}
    meta: KubeObject = {"name": name, "namespace": "acd", "uid": uid or f"u-{name}", "creationTimestamp": born,
                        "labels": {"app": app}, "ownerReferences": [{**owner, "controller": True}]}  # fmt: skip
    if going:
        meta["deletionTimestamp"] = BORN
    container = {"containerID": f"containerd://c-{name}", "state": {"running": {"startedAt": born}}}
    return {
        "metadata": meta,
        "spec": {"nodeName": node},
        "status": {"phase": "Running", "conditions": ready(is_ready), "containerStatuses": [container]},
    }


def figure(name: str, *, taken: str = "2026-11-21T04:00:30Z", window: str = "15s") -> KubeObject:
    """What the metrics API says of a pod."""
    return {"metadata": {"name": name}, "timestamp": taken, "window": window}


def node(name: str, *, is_ready: bool = True, **labels: str) -> KubeObject:
    addresses = [{"type": "InternalIP", "address": "10.0.0.9"}]
    return {
        "metadata": {"name": name, "uid": f"u-{name}", "labels": labels},
        "status": {"conditions": ready(is_ready), "addresses": addresses},
    }


class Api:
    """Records deletions; answers leases."""

    def __init__(self) -> None:
        self.deleted: list[tuple[str, Any]] = []
        self.renewed = "2026-11-21T05:00:00.5Z"

    def delete(self, path: str, body: Any = None) -> None:
        self.deleted.append((path, body))

    def get(self, path: str) -> KubeObject:
        return {"spec": {"renewTime": self.renewed}}


class Still(World):
    """A world that stands still: hand-made objects instead of informers."""

    def __init__(self, *, seed: int = 7) -> None:
        super().__init__(Settings(), STACK, seed=seed, experiment="e")
        self.cluster = self.api = Api()  # type: ignore[assignment]
        self.is_adopted = False  # whatever stands in the home of who runs the tests
        self.all: dict[str, list[KubeObject]] = {
            "pods": [pod(f"{app}-{i}", f"w{i}") for app in ("web", "db") for i in (1, 2)],
            "nodes": [node("w1"), node("w2"), node("w3")],
            "deployments": [{"metadata": {"name": "web"}, "spec": {"replicas": 2}}],
            "statefulsets": [{"metadata": {"name": "db"}, "spec": {"replicas": 2}}],
        }
        self.lagging: set[str] = set()

    def objects(self, kind: str, namespace: str | None = None) -> list[KubeObject]:
        if kind != "endpointslices":
            return self.all[kind]
        uids = [p["metadata"] for p in self.all["pods"] if p["metadata"]["uid"] not in self.lagging]
        return [
            {
                "metadata": {"labels": {"kubernetes.io/service-name": app}},
                "endpoints": [
                    {"conditions": {"ready": True}, "targetRef": {"uid": m["uid"]}}
                    for m in uids
                    if m["labels"]["app"] == app
                ],
            }
            for app in ("web", "db")
        ]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `docker` that answers from `<container>.json` and `tasks.txt`, and writes down what else it is asked."""
    script = tmp_path / "docker"
    script.write_text(
        f'#!/bin/sh\ncd {tmp_path}\ncase "$1 $2" in\n'
        '"version --format") echo \'{"Version": "27"}\'; exit;;\n'
        '"container inspect") test -f "$3.json" && exec cat "$3.json"; echo "No such container" >&2; exit 1;;\n'
        'esac\ncase "$*" in *"tasks list") exec cat tasks.txt;; esac\necho "$*" >> asked\n'
    )
    script.chmod(0o755)
    (tmp_path / "tasks.txt").write_text("TASK PID STATUS\nc-web-1 12 RUNNING\nc-web-2 13 STOPPED\n")
    (tmp_path / "asked").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def container(
    docker: Path, name: str, *, cluster: str = "crucible", role: str = "worker", running: bool = True
) -> None:
    labels = {"io.x-k8s.kind.cluster": cluster, "io.x-k8s.kind.role": role}
    state = {"Running": running, "ExitCode": 137, "StartedAt": "2026-11-21T05:00:00.123456789Z", "FinishedAt": BORN}
    networks = {"kind": {"IPAddress": "10.0.0.9", "GlobalIPv6Address": ""}}
    inspected = {"Config": {"Labels": labels}, "State": state, "NetworkSettings": {"Networks": networks}}
    (docker / f"{name}.json").write_text(json.dumps([inspected]))
