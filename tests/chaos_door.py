"""A fault without a cluster: doors are files, a broken door is a missing file. Real state, so crashes are real too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.fault import Evidence, NothingToBreak, Target


@dataclass
class House:
    """The world of doors; `hook` is called at each step, to crash there."""

    folder: Path
    hook: Callable[[str], None] = field(default=lambda step: None)


@dataclass(frozen=True)
class OpenDoors:
    """Removes each door's file; healing writes it again."""

    world: House
    prefix: str = "door"
    effect_within_s: float = 0.3
    healed_within_s: float = 0.3

    def targets(self) -> list[Target]:
        doors = sorted(self.world.folder.glob(f"{self.prefix}*"))
        if not doors:
            raise NothingToBreak(f"no door is called {self.prefix}*")
        return [Target("Door", d.name, f"uid-{d.name}", facts={"paint": d.read_text()}) for d in doors]

    def inject(self, targets: list[Target]) -> None:
        self.world.hook("inject.begin")
        for door in targets:
            (self.world.folder / door.name).unlink()
            self.world.hook("inject.one")
        self.world.hook("inject.end")

    def effect(self, targets: list[Target]) -> Evidence | None:
        self.world.hook("effect")
        gone = [door.name for door in targets if not (self.world.folder / door.name).exists()]
        return {"gone": gone} if len(gone) == len(targets) else None

    def heal(self, targets: list[Target]) -> None:
        self.world.hook("heal.begin")
        for door in targets:
            (self.world.folder / door.name).write_text(door.facts["paint"])
            self.world.hook("heal.one")
        self.world.hook("heal.end")

    def healed(self, targets: list[Target]) -> Evidence | None:
        self.world.hook("healed")
        there = [d.name for d in targets if (self.world.folder / d.name).exists()]
        return {"there": there} if len(there) == len(targets) else None

    def state(self, targets: list[Target]) -> str:
        return f"{sum((self.world.folder / d.name).exists() for d in targets)} doors there"


def answer(value: Any = True, configuration: Any = None, secrets: Any = None) -> Any:
    """A probe that answers what it is told, or raises `no data`."""
    if value == "raise":
        raise ConnectionError("no data")
    return value


def act(fail: bool = False, configuration: Any = None, secrets: Any = None) -> str:
    """An action that works or does not."""
    if fail:
        raise RuntimeError("could not")
    return "done"


def wait_for_look(file: str, configuration: Any = None, secrets: Any = None) -> bool:
    """An action that ends when the hypothesis has been looked at while it ran."""
    from fixtures.wait import wait_for

    Path(file).touch()
    wait_for(lambda: Path(file + ".looked").exists(), what="a look", within_s=5, every_s=0.02)
    return True


def holds_unless(file: str, configuration: Any = None, secrets: Any = None) -> bool:
    """A probe that is False once, while the action above runs."""
    if Path(file).exists() and not Path(file + ".looked").exists():
        Path(file + ".looked").touch()
        return False
    return True
