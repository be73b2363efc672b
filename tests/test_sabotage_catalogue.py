"""The catalogue: an entry names promises that there are and changes what is there; each promise has a sabotage."""

from __future__ import annotations

import ast
import copy
import json
from pathlib import Path

import pytest
import yaml
from fake_stack import FakeStack, rendered

from chaos.engine import Engine
from chaos.sabotages import planted
from chaos.sabotages.catalogue import catalogue, find, read
from chaos.sabotages.planted import Planted
from chaos.sabotages.sabotage import Family, Sabotage
from chaos.sabotages.unhealed import EXPERIMENT, ID
from fixtures.errors import UsageError
from fixtures.kubernetes.informer import KubeObject
from fixtures.ledger import Ledger
from fixtures.settings import ROOT
from fixtures.stack.map import load_stack_map
from fixtures.stack.services.switches import Switches
from fixtures.timeline import Timeline

ENTRIES = catalogue()
OF_THE_STACK = [entry.id for entry in ENTRIES.values() if not entry.is_of_the_harness]
WITHOUT_SABOTAGE = {
    "conformance.node-services": "a node's services are the machine's: no change of an object stops them",
}
"""Promises that no entry can turn red, each with the reason."""


def promises() -> set[str]:
    """The ids in the markers of the suites."""
    return {
        node.args[0].value
        for path in (ROOT / "suites").glob("*/test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "promise"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> list[KubeObject]:
    return rendered(tmp_path_factory.mktemp("home"))


class FakeTopics:
    """Topics whose settings are kept in a dictionary."""

    set_now: dict[str, str | None] = {}  # noqa: RUF012 - one for all, as a broker's

    def __init__(self, bootstrap: str) -> None:
        pass

    def settings(self, topic: str, names: list[str]) -> dict[str, str | None]:
        return {name: self.set_now.get(name) for name in names}

    def set(self, topic: str, settings: dict[str, str | None]) -> None:
        self.set_now.update(settings)


def test_there_are_at_least_45_and_every_family_has_some() -> None:
    assert len(ENTRIES) >= 45
    assert {entry.family for entry in ENTRIES.values()} == set(Family)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=str)
def test_an_entry_names_promises_that_there_are(entry: Sabotage) -> None:
    assert set(entry.promises) <= promises()


def test_each_promise_has_a_sabotage_or_a_reason_why_it_cannot_have_one() -> None:
    seen = {promise for entry in ENTRIES.values() for promise in entry.must_turn_red}
    assert promises() - seen == set(WITHOUT_SABOTAGE), "write a sabotage, or the reason why there can be none"


@pytest.mark.parametrize("name", OF_THE_STACK)
def test_an_entry_changes_what_is_there_and_is_undone(
    name: str, manifests: list[KubeObject], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeTopics, "set_now", {})
    monkeypatch.setattr(planted, "Topics", FakeTopics)
    monkeypatch.setattr("chaos.sabotages.topics.Topics", FakeTopics)
    monkeypatch.setattr(planted, "lacking", lambda _: [])
    stack = FakeStack(manifests)
    before = copy.deepcopy(stack.api.items)
    engine = Engine(Ledger(tmp_path), Timeline(tmp_path), run="r", experiment="sabotage-1")
    with engine.broken(Planted(stack, name, 3.0, 3.0)) as certificate:
        assert certificate.evidence["changed"]
        assert stack.api.items != before or any(FakeTopics.set_now.values())
    assert {path: (item.get("spec"), item.get("data")) for path, item in stack.api.items.items()} == {
        path: (item.get("spec"), item.get("data")) for path, item in before.items()
    }
    assert not any(FakeTopics.set_now.values())


def test_the_sabotage_of_healing_is_the_one_that_the_experiments_know() -> None:
    [entry] = [entry for entry in ENTRIES.values() if entry.is_of_the_harness]
    step = entry.plant[0].heals_nothing
    assert step
    assert (entry.id, step.experiment) == (ID, EXPERIMENT)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"family": "kafka"}, "expected it as kafka/toy.yaml"),
        ({"id": "other"}, "expected it as gateway/other.yaml"),
        ({"plant": [{"patch": {"role": "gateway"}}]}, "either `strategic` or `json`"),
        ({"plant": [{"patch": {"role": "a", "kind": "b", "name": "c", "strategic": {}}}]}, "either a role, or a kind"),
        ({"plant": [{}]}, "expected one way to plant, found none"),
        ({"plant": []}, "at least 1 item"),
        ({"must_turn_red": []}, "at least 1 item"),
        ({"must_stay_green": ["conformance.roles-ready"]}, "both red and green"),
        ({"must_turn_red": ["a.b", "a.b"]}, "named twice"),
        ({"colour": "blue"}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_file(tmp_path: Path, change: dict[str, object], why: str) -> None:
    import yaml

    entry = {
        "id": "toy", "family": "gateway", "why": "because a user would miss it",
        "plant": [{"delete": {"kind": "Service", "name": "gateway"}}], "must_turn_red": ["conformance.roles-ready"],
        **change,
    }  # fmt: skip
    path = tmp_path / "gateway" / "toy.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(entry))
    with pytest.raises(UsageError, match=why) as refused:
        read(path)
    assert str(path) in str(refused.value)


def test_an_unknown_id_is_answered_with_those_that_are_like_it() -> None:
    with pytest.raises(UsageError, match="perhaps hpa-ceiling-of-fifty, hpa-ceiling-of-two"):
        find("hpa-ceiling")


def test_the_digest_follows_what_is_planted_and_not_the_words_about_it() -> None:
    entry = ENTRIES["hpa-gone"]
    assert entry.digest == entry.model_copy(update={"why": "other words, same defect"}).digest
    assert entry.digest != entry.model_copy(update={"must_turn_red": ("conformance.roles-ready",)}).digest


def test_a_broker_is_missed_later_than_promised_and_no_later_than_its_undoing_can_bear() -> None:
    """A broker that is rolled back waits for the end of its session, two of three as a rule; all is to take 90 s."""
    [step] = [step.edit for step in ENTRIES["broker-missed-late"].plant]
    assert step is not None
    session_s = int(step.put.rpartition("=")[2]) / 1000
    stack = load_stack_map()
    experiment = yaml.safe_load((ROOT / "chaos" / "experiments" / "kafka-broker-pod-kill.yaml").read_text())
    [probe] = experiment["steady-state-hypothesis"]["probes"]
    tries_s = probe["provider"]["arguments"]["within_s"]
    assert session_s - stack.facts["heartbeat_s"] > 1.25 * tries_s, "else its writer may get through in time"
    assert 1.5 * (stack.facts["session_s"] + stack.facts["heartbeat_s"] + stack.facts["election_s"]) < tries_s
    rolled_s, started_s = 30, 8  # both ways, as measured; a session runs on while its broker stops and starts
    assert rolled_s * 2 + 2 * (session_s - started_s) <= 90


def test_rules_of_switches_are_understood_by_the_service_that_gets_them() -> None:
    services = {"manager": "acd-manager"}
    steps = [step.switch for entry in ENTRIES.values() for step in entry.plant if step.switch]
    assert steps
    for step in steps:
        Switches.read(json.dumps(list(step.rules))).check(services.get(step.role, step.role))


def test_a_catalogue_without_entries_is_a_mistake_and_not_a_score(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found none"):
        catalogue(tmp_path)
