"""What run.json holds of the evidence of a failure: where the stack's own words are, and what could not be had."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FailureEvidence(BaseModel):
    """Logs, Events, descriptions and journals, gathered when a test was not PASS and before anything was healed.

    Args:
        folder: of the dossier.
        files: names in it, what tells most first.
        missing: why, by the name of what could not be had.
    """

    model_config = ConfigDict(extra="ignore")
    folder: str
    files: list[str] = []
    missing: dict[str, str] = {}

    @property
    def paths(self) -> list[str]:
        """The files, relative to the dossier."""
        return [f"{self.folder}/{file}" for file in self.files]

    @property
    def summary(self) -> str:
        """How much there is, in one line."""
        lacking = "; ".join(f"{name}: {why}" for name, why in list(self.missing.items())[:3])
        more = f" and {len(self.missing) - 3} more" if len(self.missing) > 3 else ""
        if not self.files:
            return f"nothing could be gathered ({lacking or 'nobody tried'}{more})"
        return f"{self.folder} ({len(self.files)} files" + (f"; without {lacking}{more})" if lacking else ")")
