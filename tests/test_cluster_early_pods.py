"""Pods that came up before kube-proxy are replaced, and only once it runs."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.cluster import early_pods
from fixtures.cluster.early_pods import EARLY, replace_early_pods
from fixtures.errors import HarnessError


class Api:
    """Answers with one kube-proxy after the other, and writes down what is deleted."""

    def __init__(self, *looks: dict[str, Any]) -> None:
        self.looks = list(looks)
        self.deleted: list[tuple[str, str]] = []

    def get(self, path: str, **query: Any) -> Any:
        if not self.looks:
            raise HarnessError("away")
        return {"items": [self.looks.pop(0)]}

    def request(self, method: str, path: str, *, query: dict[str, Any], body: Any) -> None:
        assert (method, self.looks) == ("DELETE", [])
        self.deleted.append((path, query["labelSelector"]))


def proxy(started: str, *, ready: bool = True, node: str = "crucible-control-plane") -> dict[str, Any]:
    return {
        "metadata": {"name": "kube-proxy-x", "namespace": "kube-system"},
        "spec": {"nodeName": node},
        "status": {
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [{"state": {"running": {"startedAt": started}}}],
        },
    }


def test_they_go_when_kube_proxy_runs_on_their_node() -> None:
    at = "2026-01-01T00:00:00Z"
    api = Api(proxy(at, node="crucible-worker"), proxy(at, ready=False), proxy(at))
    replace_early_pods(api)  # type: ignore[arg-type]
    assert [selector for _, selector in api.deleted] == [selector for _, selector in EARLY]


def test_a_kube_proxy_from_before_the_restart_does_not_count() -> None:
    api = Api(proxy("2025-12-31T23:59:59Z"), proxy("2026-01-01T00:00:00Z"))
    replace_early_pods(api, since_unix=1_767_225_600.5)  # type: ignore[arg-type]
    assert len(api.deleted) == len(EARLY)


def test_it_only_saves_time_so_its_failure_is_told_and_passed_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def late(*_: object, **__: object) -> None:
        raise HarnessError("waited 30 s")

    monkeypatch.setattr(early_pods, "wait_for", late)
    api = Api()
    replace_early_pods(api)  # type: ignore[arg-type]
    assert api.deleted == []
    assert "waited 30 s" in caplog.text
