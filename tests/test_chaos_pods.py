"""Killing pods: victims by seed, SIGKILL under a UID, and only independent evidence is believed."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_world import Still, container, docker, pod
from hypothesis import given
from hypothesis import strategies as st

from chaos.fault import NothingToBreak
from chaos.faults.pods import KillPod
from chaos.world import choose

__all__ = ["docker"]


@given(seed=st.integers(0, 2**31), order=st.permutations([f"pod-{i}" for i in range(9)]))
def test_the_same_seed_chooses_the_same_victims_whatever_their_order(seed: int, order: list[str]) -> None:
    chosen = choose(order, 2, name=str, key=f"{seed}:e:1")
    assert chosen == choose(sorted(order), 2, name=str, key=f"{seed}:e:1")


def test_another_seed_or_another_turn_can_choose_another_victim() -> None:
    names = [f"pod-{i}" for i in range(9)]
    assert len({choose(names, 1, name=str, key=f"{seed}:e:1")[0] for seed in range(50)}) > 1
    assert len({choose(names, 1, name=str, key=f"7:e:{turn}")[0] for turn in range(50)}) > 1


def test_victims_are_ready_pods_of_the_role_pinned_by_uid() -> None:
    world = Still()
    world.all["pods"][0] = pod("web-1", "w1", is_ready=False)
    world.all["pods"].append(pod("web-3", "w1", going=True))
    (victim,) = KillPod(world, "web").targets()
    assert victim.victim() == {"kind": "Pod", "namespace": "acd", "name": "web-2", "uid": "u-web-2"}


@pytest.mark.parametrize("count", [3, 99])
def test_too_few_pods_are_nothing_to_break(count: int) -> None:
    with pytest.raises(NothingToBreak, match=f"expected at least {count} Ready pod.*found 2"):
        KillPod(Still(), "web", count).targets()


def test_a_pod_is_killed_by_sigkill_and_deleted_under_its_uid(docker: Path) -> None:
    container(docker, "w1")
    world = Still()
    world.all["pods"] = world.all["pods"][:1]
    fault = KillPod(world, "web")
    fault.inject(fault.targets())
    assert (docker / "asked").read_text() == "exec w1 ctr -n k8s.io tasks kill --signal SIGKILL c-web-1\n"
    ((path, body),) = world.api.deleted
    assert path == "/api/v1/namespaces/acd/pods/web-1"
    assert body == {"gracePeriodSeconds": 1, "preconditions": {"uid": "u-web-1"}}


def test_a_pod_kill_is_proven_only_when_api_and_runtime_agree(docker: Path) -> None:
    container(docker, "w1")
    world = Still()
    fault = KillPod(world, "web")
    victim = next(t for s in range(99) for t in KillPod(Still(seed=s), "web").targets() if t.name == "web-1")
    assert fault.effect([victim]) is None, "its UID is still in the API"
    world.all["pods"] = [p for p in world.all["pods"] if p["metadata"]["name"] != "web-1"]
    assert fault.effect([victim]) is None, "the runtime still runs its container"
    (docker / "tasks.txt").write_text("TASK PID STATUS\nc-web-1 12 STOPPED\n")
    evidence = fault.effect([victim])
    assert evidence is not None
    assert evidence["uids"] == ["u-web-1"]


def test_a_role_is_healed_only_with_enough_new_pods_that_get_traffic() -> None:
    world = Still()
    fault = KillPod(world, "db")
    (victim,) = fault.targets()
    pods = [p for p in world.all["pods"] if p["metadata"]["uid"] != victim.uid]
    world.all["pods"] = pods
    assert fault.healed([victim]) is None, "one is missing"
    world.all["pods"] = [*pods, pod(victim.name, "w1", uid="new", is_ready=False)]
    assert fault.healed([victim]) is None, "it is not Ready"
    world.all["pods"] = [*pods, pod(victim.name, "w1", uid="new")]
    world.lagging = {"new"}
    assert fault.healed([victim]) is None, "the Service does not send it traffic"
    world.lagging = set()
    evidence = fault.healed([victim])
    assert evidence is not None
    assert [new["uid"] for new in evidence["new"]] == ["new"]


def test_a_pod_that_was_never_hit_counts_as_healed() -> None:
    world = Still()
    fault = KillPod(world, "web")
    assert fault.healed(fault.targets()) is not None


def test_the_same_seed_means_the_same_place_whatever_the_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Deployment's pods have random names; two clusters alike must lose the same one."""

    def victims(suffixes: list[str]) -> list[str]:
        found = []
        for seed in range(20):
            world = Still(seed=seed)
            world.all["pods"] = [pod(f"web-{suffix}", f"w{n}") for n, suffix in enumerate(suffixes, 1)]
            found += [victim.facts["node"] for victim in KillPod(world, "web").targets()]
        return found

    assert victims(["aaa", "mmm", "zzz"]) == victims(["zzz", "aaa", "mmm"])
    assert len(set(victims(["aaa", "mmm", "zzz"]))) == 3


def test_two_pods_on_one_node_are_told_by_age() -> None:
    world = Still()
    world.all["pods"] = [
        pod("web-z", "w1", born="2026-11-21T04:00:00Z"),
        pod("web-a", "w1", born="2026-11-21T05:00:00Z"),
    ]
    other = Still()
    other.all["pods"] = [
        pod("web-b", "w1", born="2026-11-21T04:00:00Z"),
        pod("web-y", "w1", born="2026-11-21T05:00:00Z"),
    ]
    (one,), (two,) = KillPod(world, "web").targets(), KillPod(other, "web").targets()
    assert (one.name, two.name) in (("web-z", "web-b"), ("web-a", "web-y"))


def test_a_pod_that_somebody_made_by_hand_under_the_role_s_labels_is_no_victim() -> None:
    """Nothing would bring it back."""
    world = Still()
    theirs = pod("web-debug", "w3")
    del theirs["metadata"]["ownerReferences"]
    world.all["pods"] = [pod("web-1", "w1"), theirs]
    assert [victim.name for victim in KillPod(world, "web").targets()] == ["web-1"]
    with pytest.raises(NothingToBreak, match="at least 2 Ready"):
        KillPod(world, "web", count=2).targets()
