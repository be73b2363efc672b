"""One stack map for everyone: the settings name its file and its namespace, for chaos and heal as for the suites."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_sabotage_catalogue import promises

from chaos import heal, session
from fixtures.errors import UsageError
from fixtures.ledger import Entry, Ledger
from fixtures.settings import Settings, load_settings
from fixtures.stack.map import StackMap, load_stack_map, stack_map_of


class Looked(Exception):
    """A world was asked for."""


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[StackMap]:
    """The stack maps that worlds are made with."""
    maps: list[StackMap] = []

    def world(settings: Settings, stack: StackMap, **_: object) -> None:
        maps.append(stack)
        raise Looked

    monkeypatch.setattr(session, "World", world)
    monkeypatch.setattr(heal, "World", world)
    return maps


def test_the_settings_namespace_is_where_the_roles_live() -> None:
    there = stack_map_of(Settings(namespace="cdn")).roles
    assert there["gateway"].namespace == "cdn"
    assert there["metrics-server"].namespace == "kube-system", "it names a namespace for itself"
    assert stack_map_of(Settings()).roles["gateway"].namespace == "acd"


def test_an_experiment_looks_where_the_suites_look(
    seen: list[StackMap], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRUCIBLE_NAMESPACE", "cdn")
    monkeypatch.setenv("CRUCIBLE_HOME", str(tmp_path))
    monkeypatch.setenv("CRUCIBLE_RUN_DIR", str(tmp_path / "run"))
    (folder := tmp_path / "run" / "experiments" / "toy-1").mkdir(parents=True)
    monkeypatch.chdir(folder)  # where a harness runs it
    with pytest.raises(Looked):
        session.begin({"experiment": "toy"})
    assert seen[0] == stack_map_of(load_settings())
    assert seen[0].role("gateway").namespace == "cdn"


def test_healing_looks_where_the_suites_look(seen: list[StackMap], tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, namespace="cdn")
    Ledger(settings.cluster_home).open(Entry("a", {}, []))
    with pytest.raises(Looked):
        heal.heal_open(settings)
    assert seen[0].role("gateway").namespace == "cdn"


def test_another_file_may_be_the_map(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(
        "namespace: cdn\nroles:\n  web: {kind: Deployment, workload: w, selector: {a: b}, replicas: 1, recovery_s: 9}\n"
    )
    assert stack_map_of(Settings(stack_map=file)).role("web").namespace == "cdn"
    assert stack_map_of(Settings(stack_map=file, namespace="acd")).role("web").namespace == "acd"
    with pytest.raises(UsageError, match=r"no-such\.yaml"):
        stack_map_of(Settings(stack_map=tmp_path / "no-such.yaml"))


@pytest.mark.parametrize("text", ["", "[]", "acd", "roles:", "roles: [a]", "roles: {a: }", "roles: {a: {}}", "\x00"])
def test_a_file_that_is_no_map_is_refused_with_its_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"stack map .*broken\.yaml: "):
        load_stack_map(path)


def test_a_child_sees_all_settings_and_no_stale_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRUCIBLE_NAMESPACE", "old")
    monkeypatch.delenv("CRUCIBLE_PROFILE", raising=False)  # make sets it
    given = Settings(home=tmp_path, namespace="cdn", workers=4, gateway_port=28080, adopt_context=None)
    given = given.model_copy(update={"run_dir": tmp_path / "run", "seed": 7})
    code = "from fixtures.settings import load_settings; print(load_settings().model_dump_json())"
    words = [sys.executable, "-c", code]
    said = subprocess.run(words, env=given.environment(), check=True, capture_output=True, text=True).stdout
    assert Settings.model_validate_json(said) == given
    assert "CRUCIBLE_PROFILE" not in given.environment(), "what was not set keeps its default"


def test_each_role_is_broken_by_a_suite_or_it_is_written_why_none_breaks_it() -> None:
    """A figure that nobody claims looks like a promise where it stands beside those that somebody does."""
    broken = {word for promise in promises() for word in [promise.removeprefix("recovery.")] if word != promise}
    for role in load_stack_map().roles.values():
        by = [word for word in broken if word.startswith(f"{role.name}-")]
        assert bool(by) != bool(role.unpromised), f"{role.name}: {by or 'no suite'}, reason {role.unpromised!r}"
