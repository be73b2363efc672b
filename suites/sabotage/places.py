"""Where results are: those of this machine, and the record that is kept with the project."""

from __future__ import annotations

from fixtures.settings import ROOT

FOLDER = ROOT / "reports" / "out" / "sabotage"
RECORD = ROOT / "docs" / "reference" / "sabotages.json"
