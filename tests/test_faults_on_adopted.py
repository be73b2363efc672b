"""Faults on a kind cluster of others: name, labels and Docker are as if it were ours, yet no node of it is touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fake_world import STACK, Still, container, docker

from chaos.fault import NothingToBreak
from chaos.faults.nodes import KillNode
from chaos.faults.pods import KillPod
from chaos.world import World
from fixtures.cluster.owner import new_owner, write_owner
from fixtures.docker.containers import Containers
from fixtures.errors import UsageError
from fixtures.settings import Settings

__all__ = ["docker"]
LEFT_ALONE = "this is an adopted cluster: its nodes are others'"


class Staging(Still):
    """A kind cluster `staging` of others, with our stack on it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        del self.is_adopted
        self.settings = settings


@pytest.fixture(params=["by the settings", "by its record alone"])
def staging(request: pytest.FixtureRequest, docker: Path, tmp_path: Path) -> Staging:
    for name in ("w1", "w2", "w3"):
        container(docker, name, cluster="staging")
    settings = Settings(cluster="staging", adopt_context="kind-staging", home=tmp_path / "home")
    if request.param == "by its record alone":  # a shell in which the variable is not set
        settings = Settings(cluster="staging", home=tmp_path / "home")
        settings.cluster_home.mkdir(parents=True)
        write_owner(settings, replace(new_owner(settings, "adopted", []), context="kind-staging"))
    return Staging(settings)


def test_no_node_of_it_is_a_target(staging: Staging, docker: Path) -> None:
    with pytest.raises(NothingToBreak, match=LEFT_ALONE) as refused:
        KillNode(staging, role_on_it="web").targets()
    assert "next: unset CRUCIBLE_CLUSTER CRUCIBLE_ADOPT_CONTEXT" in str(refused.value)
    assert (docker / "asked").read_text() == ""


@pytest.mark.parametrize(
    "act",
    [
        lambda nodes: nodes.kill("w1"),
        lambda nodes: nodes.start("w1"),
        lambda nodes: nodes.kill_inside("w1", ["c-web-1"]),
    ],
)  # fmt: skip
def test_no_container_of_it_is_touched(staging: Staging, docker: Path, act: Callable[[Containers], None]) -> None:
    assert not staging.containers.is_ours("w1")
    assert not staging.containers.is_worker("w1")
    assert staging.containers.running_inside("w1") == set()
    with pytest.raises(UsageError, match=LEFT_ALONE):
        act(staging.containers)
    assert (docker / "asked").read_text() == ""


def test_a_pod_of_the_stack_is_deleted_there_and_nothing_is_done_inside_its_node(
    staging: Staging, docker: Path
) -> None:
    fault = KillPod(staging, "web", count=2)
    victims = fault.targets()
    fault.inject(victims)
    assert [path.rpartition("/")[2] for path, _ in staging.api.deleted] == [pod.name for pod in victims]
    staging.all["pods"] = []
    found = fault.effect(victims)
    assert found is not None
    assert set(found["runtime"].values()) == {"not asked: its node is no container of ours"}
    assert (docker / "asked").read_text() == ""


def test_a_cluster_that_crucible_made_is_not_adopted(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.cluster_home.mkdir(parents=True)
    assert not World(settings, STACK, seed=1, experiment="e").is_adopted
    write_owner(settings, new_owner(settings, "crucible/node:1", []))
    assert not World(settings, STACK, seed=1, experiment="e").is_adopted
