"""A fault in words and as a recipe, and the child that is bound to its parent before it does anything."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from fake_world import Still

from chaos import child
from chaos.fault import arguments, describe, is_fault, recipe
from chaos.faults.nodes import KillNode
from chaos.faults.pods import KillPod
from chaos.sabotages.unhealed import Unhealed


@dataclass(frozen=True)
class Plain:
    """No fault: it has no targets."""

    world: Any
    role: str = "x"


def test_a_fault_is_told_without_what_is_as_usual() -> None:
    world = Still()
    assert describe(KillPod(world, "web")) == "KillPod role=web"
    assert describe(KillPod(world, "web", 2, effect_within_s=1.5)) == "KillPod role=web count=2 effect_within_s=1.5"
    assert describe(KillNode(world)) == "KillNode"
    assert describe(KillNode(world, "web", ("db", "log"))) == "KillNode role_on_it=web avoid_roles=db,log"
    assert describe(KillNode(world, avoid_roles=["db"])) == "KillNode avoid_roles=db"  # type: ignore[arg-type]
    assert describe(Unhealed(world, KillPod(world, "db"))) == "KillPod role=db"


def test_a_fault_is_kept_as_what_makes_it_again() -> None:
    world = Still()
    pod = KillPod(world, "web", 2)
    args = {"role": "web", "count": 2, "grace_s": 0, "effect_within_s": 45.0, "healed_within_s": 180.0}
    assert arguments(pod) == args
    kept = {"module": "chaos.faults.pods", "type": "KillPod", "args": args}
    assert recipe(pod) == kept
    assert recipe(Unhealed(world, pod)) == {
        "module": "chaos.sabotages.unhealed", "type": "Unhealed", "args": {"fault": kept},
    }  # fmt: skip
    assert recipe(Plain(world, Plain(world))) == {  # type: ignore[arg-type]
        "module": __name__, "type": "Plain", "args": {"role": Plain(world)},
    }  # fmt: skip
    assert [is_fault(value) for value in (pod, Plain(world), "web", SimpleNamespace(targets=1))] == [
        True, False, False, False,
    ]  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the kernel is asked for, and what `chaos` is called with; it gives back 7."""
    calls: list[Any] = []
    library = SimpleNamespace(prctl=lambda *words: calls.append(words))
    monkeypatch.setattr(child, "ctypes", SimpleNamespace(CDLL=lambda name: {None: library}[name]))
    command = ModuleType("chaostoolkit.__main__")
    vars(command)["cli"] = lambda: calls.append(list(sys.argv)) or 7
    monkeypatch.setitem(sys.modules, "chaostoolkit.__main__", command)
    return calls


def test_the_kernel_is_asked_first_and_then_it_is_the_chaos_command(
    monkeypatch: pytest.MonkeyPatch, asked: list[Any]
) -> None:
    parent = os.getppid()
    assert child.die_with(parent) is True
    assert child.die_with(parent + 1) is False
    bond = (1, signal.SIGTERM)
    assert asked == [bond, bond]
    monkeypatch.setattr(sys, "argv", ["child.py", str(parent), "run", "x.yaml"])
    with pytest.raises(SystemExit) as ended:
        child.main()
    assert ended.value.code == 7
    assert asked[2:] == [bond, ["chaos", "run", "x.yaml"]]
    monkeypatch.setattr(sys, "argv", ["child.py", str(parent + 1), "run"])
    with pytest.raises(SystemExit) as ended:
        child.main()
    assert ended.value.code == 3
    assert asked[4:] == [bond]


@pytest.mark.parametrize("error", [OSError("none"), AttributeError("prctl")])
def test_where_the_kernel_cannot_bind_it_goes_on(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(name: Any) -> Any:
        raise error

    monkeypatch.setattr(child, "ctypes", SimpleNamespace(CDLL=refuse))
    assert child.die_with(os.getppid()) is True
