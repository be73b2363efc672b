"""Every experiment is written so that it cannot end green without having proven something."""

from __future__ import annotations

import importlib
import inspect
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from chaoslib.experiment import ensure_experiment_is_valid

from chaos.controls.crucible import rollbacks
from chaos.run import FOLDER, names
from fixtures.stack.map import load_stack_map

KEYS = ["title", "description", "tags", "configuration", "secrets", "runtime", "controls",
        "steady-state-hypothesis", "method", "rollbacks"]  # fmt: skip


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return loaded


def lint(name: str, e: dict[str, Any]) -> list[str]:
    """What is wrong with an experiment; empty when nothing is."""
    wrong = []
    if list(e) != [key for key in KEYS if key in e]:
        wrong.append("keys are not in Chaos Toolkit's order")
    if len(e["title"].split()) < 4 or e["title"].endswith("?"):
        wrong.append("the title is not a claim")
    if e.get("configuration", {}).get("experiment") != name:
        wrong.append("configuration.experiment is not the file's name")
    if e.get("runtime") != {"hypothesis": {"strategy": "continuously"}, "rollbacks": {"strategy": "always"}}:
        wrong.append("strategies are not continuously and always")
    if [c["provider"]["module"] for c in e.get("controls", [])] != ["chaos.controls.crucible"]:
        wrong.append("the controls are not Crucible's alone")
    wrong += [f"control {c['name']} cannot be imported" for c in e.get("controls", []) if not _can_be_imported(c)]
    e = e | {"rollbacks": rollbacks(e)}
    activities = [*e["steady-state-hypothesis"]["probes"], *e["method"], *e["rollbacks"]]
    wrong += [f"{a['name']}: pauses" for a in activities if "pauses" in a]
    for probe in e["steady-state-hypothesis"]["probes"]:
        tolerance = probe.get("tolerance")
        if not (
            isinstance(tolerance, bool) or (isinstance(tolerance, dict) and tolerance["type"] in ("range", "probe"))
        ):
            wrong.append(f"{probe['name']}: tolerance {tolerance!r} is not a bool, a range or a probe")
    wrong += [problem for a in activities for problem in _wrong_call(a)]
    broken = {a["provider"]["module"] for a in e["method"] if a["provider"]["func"] == "kill"}
    wrong += [] if broken else ["nothing is broken"]
    for part in ("method", "rollbacks"):
        healed = {a["provider"]["module"] for a in e[part] if a["provider"]["func"] == "heal"}
        wrong += [f"{module} is not healed in {part}" for module in sorted(broken - healed)]
    return wrong


def _can_be_imported(control: dict[str, Any]) -> bool:
    """Chaos Toolkit itself only warns."""
    try:
        importlib.import_module(control["provider"]["module"])
    except ImportError:
        return False
    return True


def _wrong_call(activity: dict[str, Any]) -> list[str]:
    provider = activity["provider"]
    module = importlib.import_module(provider["module"])
    if provider["func"] not in module.__all__:
        return [f"{activity['name']}: {provider['module']} has no activity {provider['func']}"]
    arguments = provider.get("arguments", {})
    signature = inspect.signature(getattr(module, provider["func"]))
    wrong = [f"{activity['name']}: no argument {name}" for name in arguments if name not in signature.parameters]
    roles = [arguments[name] for name in ("role", "role_on_it") if name in arguments] + arguments.get("avoid_roles", [])
    wrong += [f"{activity['name']}: no role {role}" for role in roles if role not in load_stack_map().roles]
    if arguments.get("count", 1) < 1 or arguments.get("at_least", 1) < 1:
        wrong.append(f"{activity['name']}: is content with nothing")
    return wrong


def test_there_are_experiments() -> None:
    assert len(names()) >= 5


@pytest.mark.parametrize("name", names())
def test_an_experiment_with_one_fault_says_only_what_differs(name: str) -> None:
    faults = [a for a in load(name)["method"] if a["provider"]["func"] == "kill"]
    lines = (FOLDER / f"{name}.yaml").read_text().splitlines()
    assert len(lines) <= 20 if len(faults) == 1 else len(lines) <= 30
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("name", names())
def test_an_experiment_keeps_the_rules(name: str) -> None:
    experiment = load(name)
    assert lint(name, experiment) == []
    ensure_experiment_is_valid(experiment)


def put(path: str, value: Any) -> Any:
    def change(e: dict[str, Any]) -> None:
        *parents, last = [int(p) if p.isdigit() else p for p in path.split("/")]
        here: Any = e
        for parent in parents:
            here = here[parent]
        here[last] = value

    return change


SPOILED = {
    "strategies": put("runtime/rollbacks/strategy", "default"),
    "controls": put("controls", []),
    "cannot be imported": put("controls/0/provider/module", "chaos.controls.stricter"),
    "title": put("title", "Gateway"),
    "configuration.experiment": put("configuration/experiment", "other"),
    "pauses": put("method/0/pauses", {"after": 5}),
    "tolerance 200": put("steady-state-hypothesis/probes/0/tolerance", 200),
    "tolerance [200, 404]": put("steady-state-hypothesis/probes/0/tolerance", [200, 404]),
    "no activity": put("method/0/provider/func", "kil"),
    "no argument": put("method/0/provider/arguments", {"roles": "gateway"}),
    "no role": put("method/0/provider/arguments", {"role": "gatewya"}),
    "content with nothing": put("method/0/provider/arguments", {"role": "gateway", "count": 0}),
    "is not healed in method": lambda e: e["method"].pop(),
    "no activity hael": put(
        "rollbacks",
        [
            {
                "name": "x",
                "type": "action",
                "provider": {"type": "python", "module": "chaos.faults.pods", "func": "hael"},
            }
        ],
    ),
    "order": lambda e: e.update(title=e.pop("title")),
}


@pytest.mark.parametrize("rule", SPOILED)
def test_each_rule_can_be_broken(rule: str) -> None:
    experiment = deepcopy(load("gateway-pod-kill"))
    SPOILED[rule](experiment)
    assert any(rule in problem for problem in lint("gateway-pod-kill", experiment))


@pytest.mark.parametrize("path", sorted((FOLDER.parent).glob("[fpw]*/*.py")), ids=lambda p: p.stem)
def test_activities_take_configuration_and_secrets_last(path: Path) -> None:
    module = importlib.import_module(f"chaos.{path.parent.name}.{path.stem}")
    for name in getattr(module, "__all__", []):
        parameters = list(inspect.signature(getattr(module, name)).parameters.values())
        assert [p.name for p in parameters[-2:]] == ["configuration", "secrets"]
        assert all(p.default is None for p in parameters[-2:])
