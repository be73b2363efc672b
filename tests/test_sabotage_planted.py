"""A sabotage is planted as a fault: by dry run first, whole originals on the ledger, and undone from these alone."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from fake_stack import FakeStack, rendered

from chaos.engine import Engine, fault_of
from chaos.fault import NotEffective, NothingToBreak
from chaos.sabotages import planted
from chaos.sabotages.planted import Planted
from chaos.sabotages.sabotage import Sabotage
from chaos.sabotages.steps import MARK
from fixtures.errors import HarnessError
from fixtures.kubernetes.informer import KubeObject
from fixtures.ledger import Ledger
from fixtures.timeline import Timeline

GATEWAY = "/apis/apps/v1/namespaces/acd/deployments/gateway"
MANAGER = "/apis/apps/v1/namespaces/acd/deployments/acd-manager"
DIRECTOR_PDB = "/apis/policy/v1/namespaces/acd/poddisruptionbudgets/director"


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> list[KubeObject]:
    return rendered(tmp_path_factory.mktemp("home"))


@pytest.fixture
def stack(manifests: list[KubeObject]) -> FakeStack:
    return FakeStack(manifests)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(Ledger(tmp_path), Timeline(tmp_path), run="r", experiment="sabotage-1")


def of(monkeypatch: pytest.MonkeyPatch, *plant: dict[str, Any], **more: Any) -> Sabotage:
    """An entry of a catalogue of one."""
    entry = Sabotage.model_validate({
        "id": "toy", "family": "gateway", "why": "because a user would miss it", "plant": plant,
        "must_turn_red": ["conformance.roles-ready"], **more,
    })  # fmt: skip
    monkeypatch.setattr(planted, "find", {"toy": entry}.__getitem__)
    return entry


NO_PROBE = {"patch": {"role": "gateway", "strategic": {
    "spec": {"template": {"spec": {"containers": [{"name": "gateway", "readinessProbe": None}]}}}
}}}  # fmt: skip
NO_RETRY = {
    "edit": {"role": "gateway", "file": "nginx.conf", "find": "next_upstream error timeout", "put": "next_upstream off"}
}


def test_only_what_differs_is_rolled_and_it_bears_the_mark(
    stack: FakeStack, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    of(monkeypatch, NO_PROBE)
    before = copy.deepcopy(stack.api.items)
    with engine.broken(Planted(stack, "toy", 2.0, 2.0)) as certificate:
        assert certificate.evidence["rolled"] == {"gateway": "gateway 2 of 2 Ready"}
        container = stack.api.items[GATEWAY]["spec"]["template"]["spec"]["containers"][0]
        assert "readinessProbe" not in container
        assert stack.api.items[GATEWAY]["spec"]["template"]["metadata"]["annotations"] == {MARK: "toy"}
        assert {key for key in before if stack.api.items[key] != before[key]} == {GATEWAY}
    assert _plain(stack.api.items) == _plain(before)
    assert engine.ledger.open_entries() == []


def test_a_file_is_edited_in_a_copy_that_only_this_role_mounts(
    stack: FakeStack, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    of(monkeypatch, NO_RETRY)
    before = copy.deepcopy(stack.api.items)
    with engine.broken(Planted(stack, "toy", 2.0, 2.0)):
        made = stack.api.items["/api/v1/namespaces/acd/configmaps/sabotage-toy"]
        assert "proxy_next_upstream off;" in made["data"]["nginx.conf"]
        volumes = stack.api.items[GATEWAY]["spec"]["template"]["spec"]["volumes"]
        assert {"name": "config", "configMap": {"name": "sabotage-toy"}} in volumes
    assert _plain(stack.api.items) == _plain(before)


def test_what_was_deleted_is_there_again_and_what_was_made_is_gone(
    stack: FakeStack, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    of(
        monkeypatch,
        {"delete": {"kind": "PodDisruptionBudget", "name": "director"}},
        {"twin": {"role": "selection-input"}},
    )
    before = copy.deepcopy(stack.api.items)
    with engine.broken(Planted(stack, "toy", 2.0, 2.0)):
        assert DIRECTOR_PDB not in stack.api.items
        twin = stack.api.items["/api/v1/namespaces/acd/pods/sabotage-toy"]
        assert stack.stack.role("selection-input").selector.items() <= twin["metadata"]["labels"].items()
    assert _plain(stack.api.items) == _plain(before)


def test_an_autoscaler_keeps_its_number_of_replicas_through_the_undoing(
    stack: FakeStack, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    of(monkeypatch, {"switch": {"role": "manager", "rules": [{"at": "http", "do": "delay"}]}})
    with engine.broken(Planted(stack, "toy", 2.0, 2.0)):
        stack.api.items[MANAGER]["spec"]["replicas"] = 4
    assert stack.api.items[MANAGER]["spec"]["replicas"] == 4
    env = stack.api.items[MANAGER]["spec"]["template"]["spec"]["containers"][0]["env"]
    assert [one for one in env if one["name"] == "SWITCHES"] == []


def test_the_ledger_alone_undoes_it(stack: FakeStack, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    of(monkeypatch, NO_RETRY)
    before = copy.deepcopy(stack.api.items)
    engine.inject(Planted(stack, "toy", 2.0, 2.0))
    monkeypatch.setattr(planted, "find", lambda _: pytest.fail("the catalogue is not needed to undo"))
    [entry] = engine.ledger.open_entries()
    assert entry.is_sabotage("toy"), "a run under it leaves it alone"
    again = fault_of(entry, stack)
    for _ in range(2):
        again.heal(entry.pinned())
        assert again.healed(entry.pinned())
    assert _plain(stack.api.items) == _plain(before)


@pytest.mark.parametrize("step", [NO_PROBE, {"delete": {"kind": "PodDisruptionBudget", "name": "director"}}])
def test_an_undoing_that_was_killed_halfway_leaves_no_field_in_our_hand(
    stack: FakeStack, engine: Engine, monkeypatch: pytest.MonkeyPatch, step: dict[str, Any]
) -> None:
    """Else no later `up` could take such a field away: it would still have an owner."""
    of(monkeypatch, step)
    path = GATEWAY if "patch" in step else DIRECTOR_PDB
    theirs = [{"manager": "crucible", "operation": "Apply"}]
    stack.api.items[path]["metadata"]["managedFields"] = copy.deepcopy(theirs)
    engine.inject(Planted(stack, "toy", 2.0, 2.0))
    [entry] = engine.ledger.open_entries()
    request = stack.api.request

    def killed(method: str, where: str, **more: Any) -> Any:
        answer = request(method, where, **more)
        if method in ("PUT", "POST"):
            raise KeyboardInterrupt
        return answer

    monkeypatch.setattr(stack.api, "request", killed)
    with pytest.raises(KeyboardInterrupt):
        fault_of(entry, stack).heal(entry.pinned())
    monkeypatch.setattr(stack.api, "request", request)
    assert "crucible-sabotage" in str(stack.api.items[path]["metadata"].get("managedFields", "crucible-sabotage"))
    again = fault_of(entry, stack)
    again.heal(entry.pinned())
    assert again.healed(entry.pinned())
    assert stack.api.items[path]["metadata"]["managedFields"] == theirs
    asked = len(stack.api.asked)
    again.heal(entry.pinned())
    assert len(stack.api.asked) == asked, "done once, it is done"


def test_undoing_what_never_happened_changes_nothing(stack: FakeStack, monkeypatch: pytest.MonkeyPatch) -> None:
    of(monkeypatch, NO_RETRY, {"delete": {"kind": "PodDisruptionBudget", "name": "director"}})
    fault = Planted(stack, "toy", 2.0, 2.0)
    targets = fault.targets()
    fault.heal(targets)
    assert fault.healed(targets)
    assert stack.api.asked == []


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (
            {"edit": {"role": "gateway", "file": "nginx.conf", "find": "no such words", "put": ""}},
            "has no 'no such words'",
        ),
        (
            {"edit": {"role": "gateway", "file": "other.conf", "find": "x", "put": ""}},
            "mounts no ConfigMap with a file",
        ),
        ({"delete": {"kind": "PodDisruptionBudget", "name": "nobody"}}, "there is no PodDisruptionBudget nobody"),
        ({"patch": {"role": "gateway", "strategic": {"spec": {"replicas": 2}}}}, "would change nothing"),
        ({"patch": {"role": "gateway", "json": [{"op": "remove", "path": "/spec/nothing"}]}}, "cannot be planted"),
    ],
)
def test_what_cannot_be_planted_is_refused_before_anything_is_touched(
    stack: FakeStack, engine: Engine, monkeypatch: pytest.MonkeyPatch, step: dict[str, Any], why: str
) -> None:
    of(monkeypatch, step)
    with pytest.raises(NothingToBreak, match=why):
        engine.inject(Planted(stack, "toy", 2.0, 2.0))
    assert stack.api.asked == []
    assert engine.ledger.open_entries() == []


def test_nothing_is_planted_on_a_cluster_that_is_not_ours(
    stack: FakeStack, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    of(monkeypatch, NO_PROBE)
    stack.settings = stack.settings.model_copy(update={"adopt_context": "kind-staging"})
    with pytest.raises(NothingToBreak, match="never on an adopted one"):
        engine.inject(Planted(stack, "toy", 2.0, 2.0))
    assert stack.api.asked == []


def test_a_namesake_is_never_overwritten(stack: FakeStack, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    of(monkeypatch, NO_PROBE)
    engine.inject(Planted(stack, "toy", 2.0, 2.0))
    stack.api.items[GATEWAY]["metadata"]["uid"] = "u-somebody-else"
    [entry] = engine.ledger.open_entries()
    with pytest.raises(HarnessError, match="precondition failed"):
        engine.heal(fault_of(entry, stack), entry)
    assert engine.ledger.open_entries() == [entry]


def test_an_object_of_our_name_that_we_did_not_make_is_left_alone(
    stack: FakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    of(monkeypatch, {"twin": {"role": "selection-input"}})
    fault = Planted(stack, "toy", 2.0, 2.0)
    targets = fault.targets()
    path = "/api/v1/namespaces/acd/pods/sabotage-toy"
    stack.api.items[path] = {
        "kind": "Pod",
        "metadata": {"name": "sabotage-toy", "uid": "u", "labels": {}, "namespace": "acd"},
    }
    with pytest.raises(HarnessError, match="is not ours"):
        fault.heal(targets)
    assert path in stack.api.items


def test_a_change_that_somebody_takes_back_is_not_effective(
    stack: FakeStack, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    of(monkeypatch, NO_PROBE)
    original = copy.deepcopy(stack.api.items[GATEWAY])
    request = stack.api.request

    def taken_back(method: str, path: str, **more: Any) -> Any:
        answer = request(method, path, **more)
        if "dryRun" not in more.get("query", {}):
            stack.api.items[path] = copy.deepcopy(original)
        return answer

    monkeypatch.setattr(stack.api, "request", taken_back)
    with pytest.raises(NotEffective):
        engine.inject(Planted(stack, "toy", effect_within_s=0.2))
    assert engine.ledger.open_entries() == []


def _plain(items: dict[str, KubeObject]) -> dict[str, Any]:
    """Objects without what a real API server renews."""
    return {
        path: {
            **{key: value for key, value in item.items() if key != "status"},
            "metadata": {k: v for k, v in item["metadata"].items() if k not in ("uid", "generation")},
        }
        for path, item in items.items()
    }
