"""A fault without a cluster: doors are files, a broken door is a missing file. Real state, so crashes are real too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos import session
from chaos.fault import Evidence, NothingToBreak, Target
from fixtures.wait import wait_for

Hook = Callable[[str], None]


@dataclass(frozen=True)
class OpenDoors:
    """Removes each door's file; healing writes it again. Its world is a hook called at each step, to crash there."""

    world: Any
    folder: str
    prefix: str = "door"
    effect_within_s: float = 0.3
    healed_within_s: float = 0.3

    def hook(self, step: str) -> None:
        if callable(self.world):
            self.world(step)

    def door(self, target: Target) -> Path:
        return Path(self.folder) / target.name

    def targets(self) -> list[Target]:
        doors = sorted(Path(self.folder).glob(f"{self.prefix}*"))
        if not doors:
            raise NothingToBreak(f"no door is called {self.prefix}*")
        return [Target("Door", d.name, f"uid-{d.name}", facts={"paint": d.read_text()}) for d in doors]

    def inject(self, targets: list[Target]) -> None:
        self.hook("inject.begin")
        for door in targets:
            self.door(door).unlink()
            self.hook("inject.one")
        self.hook("inject.end")

    def effect(self, targets: list[Target]) -> Evidence | None:
        self.hook("effect")
        gone = [door.name for door in targets if not self.door(door).exists()]
        return {"gone": gone} if len(gone) == len(targets) else None

    def heal(self, targets: list[Target]) -> None:
        self.hook("heal.begin")
        for door in targets:
            self.door(door).write_text(door.facts["paint"])
            self.hook("heal.one")
        self.hook("heal.end")

    def healed(self, targets: list[Target]) -> Evidence | None:
        self.hook("healed")
        there = [d.name for d in targets if self.door(d).exists()]
        return {"there": there} if len(there) == len(targets) else None

    def undone(self, targets: list[Target]) -> bool:
        self.hook("undone")
        return all(self.door(door).exists() for door in targets)

    def state(self, targets: list[Target]) -> str:
        return f"{sum(self.door(d).exists() for d in targets)} doors there"


_looks: list[object] = []


def answer(value: Any = True, configuration: Any = None, secrets: Any = None) -> Any:
    """A probe that answers what it is told."""
    _looks.append(value)
    return value


def act(fail: bool = False, looks: int = 0, configuration: Any = None, secrets: Any = None) -> str:
    """An action that works or does not, and lasts until the hypothesis has been looked at so often."""
    if fail:
        raise RuntimeError("could not")
    wait_for(lambda: len(_looks) >= looks, what="looks", within_s=60, every_s=0.02)
    return "done"


def wait_for_look(file: str, configuration: Any = None, secrets: Any = None) -> bool:
    """An action that ends when the hypothesis has been looked at while it ran."""
    Path(file).touch()
    wait_for(lambda: Path(file + ".looked").exists(), what="a look", within_s=60, every_s=0.02)
    return True


def holds_unless(file: str, configuration: Any = None, secrets: Any = None) -> bool:
    """A probe that is False once, while the action above runs."""
    if Path(file).exists() and not Path(file + ".looked").exists():
        Path(file + ".looked").touch()
        return False
    return True


def look_then_touch(file: str, configuration: Any = None, secrets: Any = None) -> None:
    """An action that leaves a file when the hypothesis has been looked at while it ran."""
    wait_for(lambda: len(_looks) >= 2, what="looks", within_s=60, every_s=0.02)
    Path(file).touch()


def silent_once(file: str, configuration: Any = None, secrets: Any = None) -> bool:
    """A probe that gives no answer as soon as the file is there."""
    if Path(file).exists():
        raise RuntimeError("no answer")
    return bool(answer())


def open_doors(folder: str, configuration: Any = None, secrets: Any = None) -> dict[str, Any]:
    """The fault as an activity."""
    with session.activity(configuration) as here:
        return here.engine.inject(OpenDoors(here.world, folder)).to_json()


def stay_open(file: str, configuration: Any = None, secrets: Any = None) -> None:
    """Keep the doors open until the file is there."""
    Path(file + ".open").touch()
    wait_for(Path(file).exists, what=file, within_s=60, every_s=0.02)


def shut_doors(configuration: Any = None, secrets: Any = None) -> list[dict[str, Any]]:
    """The healing as an activity."""
    return session.heal(OpenDoors, configuration)
