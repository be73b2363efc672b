"""What is installed, as every dossier has it: no secret that stands in an object, and the same nets as before."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.stack.map import load_stack_map
from reports.installed import nets_of
from suites.conformance.looking import look_at_objects
from suites.conformance.masked import without_secrets

SECRET = "hunter22x"
TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "web", "password": "label"}},
    "spec": {
        "containers": [{
            "name": "main", "command": ["redis-server", "--requirepass", SECRET],
            "args": [f"--password={SECRET}", "--hz", "10"],
            "env": [{"name": "DB_PASSWORD", "value": SECRET}, {"name": "PORT", "value": "8080"},
                    {"name": "URL", "value": f"redis://:{SECRET}@db"},
                    {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s"}}}],
            "readinessProbe": {"exec": {"command": ["redis-cli", "-a", SECRET, "ping"]}},
            "livenessProbe": {"httpGet": {"path": "/", "port": 80,
                                          "httpHeaders": [{"name": "X-Api-Key", "value": SECRET}]}},
            "lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", "kill -INT 1"]}}},
        }],
        "initContainers": [{"name": "first", "env": [{"name": "API_KEY", "value": SECRET}]}],
        "dnsConfig": {"options": [{"name": "timeout", "value": "1"}]},
    },
}  # fmt: skip
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def workload() -> dict[str, Any]:
    item = {"metadata": {"name": "web", "namespace": "acd"}, "spec": {"template": copy.deepcopy(TEMPLATE)}}
    item["metadata"]["annotations"] = {APPLIED: json.dumps(item), "note": "plain"}  # type: ignore[assignment]
    return item


def nets(item: dict[str, Any]) -> dict[str, Any]:
    return nets_of({"deployments": [item]}, namespace="acd", workload="web")


def test_no_secret_that_stands_in_an_object_is_left_and_the_nets_are_the_same() -> None:
    item = workload()
    found = without_secrets(item)
    assert SECRET not in json.dumps(found)
    assert nets(found) == nets(item)
    assert item == workload(), "what is in memory stays as it is"
    main = found["spec"]["template"]["spec"]["containers"][0]
    assert main["command"] == ["redis-server", "--requirepass", "***"]
    assert main["args"] == ["--password=***", "--hz", "10"]
    assert main["env"] == [
        {"name": "DB_PASSWORD", "value": "***"}, {"name": "PORT", "value": "8080"},
        {"name": "URL", "value": "redis://:***@db"},
                    {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s"}}},
    ]  # fmt: skip
    assert main["lifecycle"] == TEMPLATE["spec"]["containers"][0]["lifecycle"], "a command without a secret stays"
    assert found["spec"]["template"]["metadata"] == TEMPLATE["metadata"], "labels are what selectors match"
    assert found["metadata"]["annotations"] == {APPLIED: "***", "note": "plain"}


def test_what_is_looked_at_is_left_without_secrets(tmp_path: Path) -> None:
    def get(path: str) -> Any:
        pods = [{"metadata": {"name": "p", "namespace": "acd", "annotations": {"db-password": SECRET}}}]
        items = {"deployments": [workload()], "pods": pods}.get(path.rpartition("/")[2], [])
        return {"items": items, "metadata": {"name": path.rpartition("/")[2]}}

    stack: Any = SimpleNamespace(map=load_stack_map(), cluster=SimpleNamespace(get=get), dossier=tmp_path)
    folder = look_at_objects(stack, "suites/x.py::t")
    text = (tmp_path / "state" / folder / "installed.json").read_text()
    assert SECRET not in text
    assert '"web"' in text


WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
COMMANDS = st.lists(
    WORDS | st.sampled_from(["--password", "-a", "redis-cli", "--token=x y", "PASSWORD=abc"]), max_size=5
)


@given(command=COMMANDS, probe=COMMANDS, stop=COMMANDS, name=WORDS, value=WORDS)
@settings(deadline=None)
def test_the_nets_are_the_same_whatever_is_masked(
    command: list[str], probe: list[str], stop: list[str], name: str, value: str
) -> None:
    item = workload()
    main = item["spec"]["template"]["spec"]["containers"][0]
    main |= {"command": command, "readinessProbe": {"exec": {"command": probe}},
             "lifecycle": {"preStop": {"exec": {"command": stop}}},
             "env": [{"name": name, "value": value}]}  # fmt: skip
    found = without_secrets(item)
    assert nets(found) == nets(item)
    assert without_secrets(found) == found
