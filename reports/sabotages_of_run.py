"""What run.json holds of the sabotages that a run planted."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, computed_field

from reports.verdict import Verdict


class Sabotages(BaseModel):
    """What became of the defects that a run planted on purpose, each of which a promise had to turn red for.

    Args:
        planned: how many the catalogue has.
        planted: how many were planted in the run's share of time.
        caught: how many the right promise turned red for.
        minutes: the share; None when all were to be planted.
        not_caught: `{"sabotage", "outcome", "reason"}` each: escaped, caught by another, INCONCLUSIVE only.
        not_judged: `{"sabotage", "reason"}` each: the harness failed.
        picture: the matrix, a file of the dossier.
        unspent: why the share of time was not spent at all; empty when it was.
    """

    model_config = ConfigDict(extra="ignore")
    planned: int
    planted: int
    caught: int
    minutes: float | None = None
    not_caught: list[dict[str, str]] = []
    not_judged: list[dict[str, str]] = []
    picture: str = ""
    unspent: str = ""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verdict(self) -> Verdict:
        """FAIL when one was not caught; INCONCLUSIVE when one could not be judged, or none was planted."""
        if self.not_caught:
            return Verdict.FAIL
        if self.unspent:
            return Verdict.INCONCLUSIVE
        all_seen = self.planted == self.caught and not self.not_judged
        enough = self.planted > 0 and (self.minutes is not None or self.planted == self.planned)
        return Verdict.PASS if all_seen and enough else Verdict.INCONCLUSIVE

    @property
    def reason(self) -> str:
        """Why, in one sentence."""
        for bad in self.not_caught:
            return f"sabotage {bad['sabotage']}: {bad['outcome']}: {bad['reason']}"
        for bad in self.not_judged:
            return f"sabotage {bad['sabotage']} could not be judged: {bad['reason']}"
        if self.unspent:
            return f"{self.unspent}, so its share of sabotages was not spent"
        return f"{self.caught} of {self.planted} sabotages caught, of {self.planned} that there are"
