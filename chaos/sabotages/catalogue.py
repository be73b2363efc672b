"""The catalogue of sabotages: one YAML file each under `catalogue/<family>/`."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from chaos.sabotages.sabotage import Sabotage
from fixtures.errors import UsageError

FOLDER = Path(__file__).parent / "catalogue"


def catalogue(folder: Path = FOLDER) -> dict[str, Sabotage]:
    """All sabotages by id, in order of family and id.

    Raises:
        UsageError: a file is wrong, lies in the wrong place, or repeats an id; it names the file. Or there is none.

    Example::

        catalogue()["drop-write"].must_turn_red
    """
    found: dict[str, Sabotage] = {}
    for path in sorted(folder.glob("*/*.yaml")):
        sabotage = read(path)
        if sabotage.id in found:
            raise UsageError(f"{path}: another sabotage is called {sabotage.id} already")
        found[sabotage.id] = sabotage
    if not found:  # or a run that plants all of none would have seen everything
        raise UsageError(f"expected sabotages in {folder}/<family>/<id>.yaml, found none")
    return found


def read(path: Path) -> Sabotage:
    """One entry of the catalogue.

    Raises:
        UsageError: it cannot be read, or its id or family is not where it lies.
    """
    try:
        sabotage = Sabotage.model_validate(yaml.safe_load(path.read_text()))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise UsageError(f"sabotage {path}: {error}") from error
    if (sabotage.family.value, sabotage.id) != (path.parent.name, path.stem):
        raise UsageError(f"sabotage {path}: expected it as {sabotage.family.value}/{sabotage.id}.yaml")
    return sabotage


def find(name: str) -> Sabotage:
    """The sabotage of that id.

    Raises:
        UsageError: there is none.
    """
    known = catalogue()
    if name not in known:
        close = [other for other in known if name in other]
        raise UsageError(
            f"no sabotage is called {name!r}" + (f"; perhaps {', '.join(close[:5])}" if close else ""),
            next_command="crucible sabotage list",
        )
    return known[name]
