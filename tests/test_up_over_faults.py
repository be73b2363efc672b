"""`crucible up` lays no other stack over what a fault changed: its healing would put the old objects back over it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from fixtures.cluster.kind_cluster import Standing
from fixtures.cluster.owner import Owner
from fixtures.errors import UsageError
from fixtures.ledger import Entry, Ledger
from fixtures.settings import Settings

ID = "sabotage-hpa-frozen-1a2b3c"


up_module = importlib.import_module("fixtures.cluster.up")  # the package has a function of that name


class Applied(Exception):
    """It went so far as to write."""


def ensure(settings: Settings, monkeypatch: pytest.MonkeyPatch, marker: dict[str, str]) -> None:
    def applied(*_: Any) -> None:
        raise Applied

    monkeypatch.setattr(up_module, "check_marker", lambda *_: marker)
    monkeypatch.setattr(up_module, "write_marker", applied)
    standing = Standing(Owner(id="me", node_image="node:1", workers=3, ports=[], holds="node:1"))
    up_module._ensure_stack(settings, standing, "kind: None", lambda _: None, own_cni=False, adopted=None)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(home=tmp_path)
    found.cluster_home.mkdir(parents=True)
    return found


def test_another_stack_is_refused_while_a_fault_is_open(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(settings.cluster_home)
    ledger.open(Entry(ID, {"module": "m", "type": "T", "args": {}}, []))
    with pytest.raises(UsageError, match=ID) as refused:
        ensure(settings, monkeypatch, {"id": "me", "applied": "another"})
    assert "crucible heal" in str(refused.value.next_command)
    ledger.done(ID)
    with pytest.raises(Applied):
        ensure(settings, monkeypatch, {"id": "me", "applied": "another"})


def test_a_cluster_without_a_stack_gets_one_whatever_an_old_ledger_says(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cluster that the ledger speaks of is gone, and there is nothing to put back."""
    Ledger(settings.cluster_home).open(Entry(ID, {"module": "m", "type": "T", "args": {}}, []))
    with pytest.raises(Applied):
        ensure(settings, monkeypatch, {"id": "me"})
