"""What runs measured, kept with the project: dossiers are deleted, and ten runs are spread over many sittings."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from fixtures.errors import HarnessError
from fixtures.whole import write_whole


class Measured(BaseModel):
    """What one run measured of one figure, as harm.

    Args:
        promise_id: whose figure it is; empty for an estimate.
        name: of the figure.
        formula: that the figure had then; what was measured for another formula was measured of another stack.
        allowed: harm that the figure allowed then; None for an estimate.
        window_s: of the figure then, as it has one.
        deadline_s: of the figure then, as it has one.
        harm: seconds to recover or the share lost, one or more.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings")
    promise_id: str
    name: str
    formula: str
    allowed: float | None = None
    window_s: float = 0.0
    deadline_s: float = 0.0
    harm: tuple[float, ...]


class Measurements(BaseModel):
    """The file: by run, what it measured.

    Example::

        kept = Measurements.read(Path("docs/reference/budgets.json"))
        kept.runs["20261126-190211-a3b4"] = [Measured(...)]
        kept.write(Path("docs/reference/budgets.json"))
    """

    model_config = ConfigDict(extra="ignore", ser_json_inf_nan="strings")
    runs: dict[str, list[Measured]] = {}

    @classmethod
    def read(cls, file: Path) -> Measurements:
        """What is kept; nothing when there is no file.

        Raises:
            HarnessError: it cannot be read; it is not overwritten.
        """
        if not file.exists():
            return cls()
        try:
            return cls.model_validate_json(file.read_text())
        except (OSError, ValidationError) as error:
            raise HarnessError(f"{file} cannot be read: {error}", next_command=f"git checkout {file}") from error

    def write(self, file: Path) -> None:
        """Write it whole or not at all, a run to a line so that a change is read as one."""
        lines = [
            f" {json.dumps(name)}: [{','.join(one.model_dump_json() for one in self.runs[name])}]"
            for name in sorted(self.runs)
        ]
        write_whole(file, '{"runs": {\n' + ",\n".join(lines) + "\n}}\n", mode=0o644)
