"""Making and removing a cluster where others make theirs: on one Docker, under the same name, from the same image."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.cluster import kind_cluster
from fixtures.cluster.down import down
from fixtures.cluster.kind_cluster import ensure_cluster
from fixtures.cluster.kind_config import Machine
from fixtures.errors import CommandError, HarnessError, UsageError
from fixtures.images.ensure import Images
from fixtures.settings import Settings

IMAGES = Images("crucible/node:1", {}, Path("kind"), "kindnet")


class Docker:
    """A Docker Engine as far as kind and `up` ask it, shared by all who use it; kind itself is `kind`."""

    def __init__(self) -> None:
        self.env: dict[str, str] = {}
        self.containers: dict[str, dict[str, Any]] = {}
        self.made, self.fails_after = 0, 99
        self.networks: dict[str, set[str]] = {}

    def docker(self, *words: str, **_: Any) -> str:
        if words[:2] == ("network", "ls"):
            return "\n".join(self.networks)
        if words[:2] == ("network", "inspect"):
            return str(len(self.networks[words[2]]))
        if words[:2] == ("network", "rm"):
            assert not self.networks.pop(words[2])
        if words[0] == "ps":
            network = words[-1].partition("network=")[2]
            if network and network not in self.networks:
                raise CommandError(["docker"], 1, "", "network not found")
            return "\n".join(self.networks[network] if network else self.containers)
        if words[0] == "inspect":
            return json.dumps([self.containers[each] for each in words[1:]])
        if words[0] == "rm":
            for gone in words[3:]:
                del self.containers[gone]
                for attached in self.networks.values():
                    attached.discard(gone)
        return "5" if words[0] == "exec" else ""

    def kind(self, words: list[str | Path], *, stdin: str, **_: Any) -> None:
        """As kind creates: a container for each node; a failure leaves what there was, as when kind is killed."""
        config = yaml.safe_load(stdin)
        if self.containers:
            raise CommandError(["kind"], 1, "", "node(s) already exist for a cluster of that name")
        (network,) = self.networks or (f"kind's {self.made}",)
        self.networks.setdefault(network, set())
        for number, node in enumerate(config["nodes"]):
            if number == self.fails_after:
                raise CommandError(["kind"], 1, "", "could not")
            self.made += 1
            self.networks[network].add(f"id{self.made}")
            self.containers[f"id{self.made}"] = {
                "Name": f"/{config['name']}-{number}", "Id": f"id{self.made}", "State": {"Status": "running"},
                "Config": {"Image": node["image"]}, "NetworkSettings": {"Networks": {}},
                "Mounts": [{"Type": "bind", "Destination": m["containerPath"]} for m in node["extraMounts"]],
            }  # fmt: skip
        Path(words[-1]).touch()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Docker:
    found = Docker()
    monkeypatch.setattr(kind_cluster, "run", found.kind)
    monkeypatch.setattr(kind_cluster, "this_machine", lambda: Machine(cgroup_v1=False, may_lower_oom_score=True))
    monkeypatch.setattr(kind_cluster, "check_free", lambda *_: None)
    monkeypatch.setattr(kind_cluster, "write_marker", lambda *_: None)
    monkeypatch.setattr(kind_cluster, "_answers", lambda *_, **__: True)
    monkeypatch.setattr(sys.modules[down.__module__], "ensure_engine", lambda *_, **__: found)
    return found


@pytest.fixture
def home_of(tmp_path: Path) -> Callable[[str], Settings]:
    def settings(who: str) -> Settings:
        found = Settings(home=tmp_path / who)
        found.cluster_home.mkdir(parents=True, exist_ok=True)
        return found

    return settings


def bring_up(settings: Settings, engine: Docker) -> None:
    ensure_cluster(settings, engine, IMAGES, lambda _: None)  # type: ignore[arg-type]


def test_an_up_that_failed_takes_nobody_s_cluster_that_came_after_it(
    engine: Docker, home_of: Callable[[str], Settings]
) -> None:
    """Ours failed and left no container; theirs has our name and our image, and is whole."""
    ours, theirs = home_of("ours"), home_of("theirs")
    engine.fails_after = 0
    with pytest.raises(HarnessError, match="kind could not make cluster 'crucible'"):
        bring_up(ours, engine)
    engine.fails_after = 99
    bring_up(theirs, engine)
    standing = dict(engine.containers)
    with pytest.raises(UsageError, match="that Crucible did not make"):
        bring_up(ours, engine)
    with pytest.raises(UsageError, match="that Crucible did not make"):
        down(ours)
    assert engine.containers == standing
    assert down(theirs)
    bring_up(ours, engine)  # the way is free, and nothing of the failure stands in it


@pytest.mark.parametrize("way", [bring_up, lambda settings, engine: down(settings)])
def test_what_an_up_that_was_killed_had_made_is_still_ours(
    engine: Docker, home_of: Callable[[str], Settings], way: Callable[[Settings, Docker], None]
) -> None:
    ours = home_of("ours")
    engine.fails_after = 2
    with pytest.raises(HarnessError):
        bring_up(ours, engine)
    assert list(engine.containers) == ["id1", "id2"]
    engine.fails_after = 99
    way(ours, engine)
    assert not {"id1", "id2"} & set(engine.containers)


def test_what_appears_after_the_look_is_not_removed(
    engine: Docker, home_of: Callable[[str], Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another `up` on the same Docker needs only to be quicker than ours."""
    ours, theirs = home_of("ours"), home_of("theirs")
    bring_up(ours, engine)
    engine.containers.clear()  # removed by hand
    plan = kind_cluster.plan_nodes

    def plan_and_be_late(*words: Any, **more: Any) -> Any:
        planned = plan(*words, **more)
        monkeypatch.setattr(kind_cluster, "plan_nodes", plan)
        bring_up(theirs, engine)
        return planned

    monkeypatch.setattr(kind_cluster, "plan_nodes", plan_and_be_late)
    with pytest.raises(HarnessError, match="already exist"):
        bring_up(ours, engine)
    assert down(theirs)


def test_the_network_that_kind_made_for_us_goes_with_the_cluster(
    engine: Docker, home_of: Callable[[str], Settings]
) -> None:
    ours = home_of("ours")
    engine.fails_after = 1
    with pytest.raises(HarnessError):
        bring_up(ours, engine)
    engine.fails_after = 99
    bring_up(ours, engine)  # the first one went with the container of the failure
    assert list(engine.networks) == ["kind's 1"]
    down(ours)
    assert engine.networks == {}


def test_a_network_that_somebody_made_beforehand_stays(engine: Docker, home_of: Callable[[str], Settings]) -> None:
    """With an MTU or a subnet that the machine needs, say; nothing is attached to it before the first `up`."""
    ours = home_of("ours")
    engine.networks["theirs"] = set()
    bring_up(ours, engine)
    down(ours)
    assert engine.networks == {"theirs": set()}


def test_a_network_that_somebody_made_in_place_of_ours_stays(
    engine: Docker, home_of: Callable[[str], Settings]
) -> None:
    ours = home_of("ours")
    bring_up(ours, engine)
    engine.containers.clear()
    engine.networks = {"theirs": set()}
    bring_up(ours, engine)
    down(ours)
    assert engine.networks == {"theirs": set()}


def test_a_network_that_others_use_by_now_stays_and_is_ours_again_when_they_left(
    engine: Docker, home_of: Callable[[str], Settings]
) -> None:
    ours = home_of("ours")
    bring_up(ours, engine)
    (network,) = engine.networks
    engine.networks[network].add("theirs")
    engine.containers.popitem()
    bring_up(ours, engine)  # a node is gone: all are made anew
    assert network in engine.networks
    engine.networks[network] &= set(engine.containers)
    down(ours)
    assert engine.networks == {}
