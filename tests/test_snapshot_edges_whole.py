"""Where a look at a cluster tells well from ill: ten seconds of a pod that leaves, and a ledger nobody can read."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from fixtures.cluster import state
from fixtures.ledger import Entry, Ledger

NOW = datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.UTC)


def leaving(late_s: float, *, phase: str = "Running", ready: str = "False") -> dict[str, Any]:
    deadline = NOW - datetime.timedelta(seconds=late_s)
    return {
        "metadata": {"name": "x", "namespace": "acd", "deletionTimestamp": deadline.isoformat()},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]},
    }


@pytest.mark.parametrize(
    ("pod", "is_stuck"),
    [
        (leaving(9.999), False),
        (leaving(10), False),
        (leaving(10.001), True),
        (leaving(3600, ready="True"), True),
        (leaving(3600, phase="Succeeded"), False),
        ({"metadata": {"name": "x"}}, True),
    ],
)
def test_a_pod_may_leave_ten_seconds_late(pod: dict[str, Any], is_stuck: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Frozen(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Frozen:
            return cls(2026, 11, 27, 12, tzinfo=tz)

    monkeypatch.setattr(datetime, "datetime", Frozen)
    assert state._is_unhealthy(pod) is is_stuck


def test_a_ledger_that_cannot_be_read_counts_as_open_in_its_own_words(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.open(Entry("f", {}, []))
    ledger.path.write_text("rubbish\n" + ledger.path.read_text())
    (said,) = state.open_entries(tmp_path)
    assert said == (
        f"{ledger.path}:1 cannot be read (Expecting value: line 1 column 1 (char 0)), "
        "so a fault may be open that nobody knows of"
    )
