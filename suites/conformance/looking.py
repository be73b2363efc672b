"""Looks at what is installed, left in the dossier for the checkers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from fixtures.stack.map import DEFAULT
from reports import layout
from reports.text import anchor
from suites.conformance.masked import without_secrets
from suites.plugin.stack import Stack

NETS = "nets.yaml"
APPS, POLICY = "/apis/apps/v1", "/apis/policy/v1"
KINDS = {
    "deployments": f"{APPS}/namespaces/{{ns}}/deployments",
    "statefulsets": f"{APPS}/namespaces/{{ns}}/statefulsets",
    "daemonsets": f"{APPS}/namespaces/{{ns}}/daemonsets",
    "poddisruptionbudgets": f"{POLICY}/namespaces/{{ns}}/poddisruptionbudgets",
    "horizontalpodautoscalers": "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers",
}


def promised_nets(stack_map: Path | None) -> dict[str, dict[str, Any]]:
    """The nets promised for each role, from the file beside the stack map; none where there is no such file."""
    path = (stack_map or DEFAULT).with_name(NETS)
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text()) if path.exists() else {}
    return found


def look_at_objects(stack: Stack, test: str) -> str:
    """Leave the objects of the stack's namespaces in the dossier; returns the name of their folder under `state/`.

    It is passed on with every dossier, so secrets that stand in them are not: literal values, words of commands.
    """
    namespaces = sorted({role.namespace for role in stack.map.roles.values()})
    found: dict[str, list[Any]] = {"namespaces": [stack.cluster.get(f"/api/v1/namespaces/{ns}") for ns in namespaces]}
    for kind, path in KINDS.items():
        found[kind] = [item for ns in namespaces for item in stack.cluster.get(path.format(ns=ns))["items"]]
    pods = [item for ns in namespaces for item in stack.cluster.get(f"/api/v1/namespaces/{ns}/pods")["items"]]
    found["pods"] = [{"metadata": pod["metadata"]} for pod in pods]  # their templates are in their owners
    file = stack.dossier / layout.state(anchor(test), layout.INSTALLED)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(without_secrets(found), indent=1))
    return anchor(test)
