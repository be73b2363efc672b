"""What was looked at of a stack's objects: which nets they can show, and whom a role's selector matches beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.installed import NotInstalled, is_seen, read, strangers

LABELS = {"app": "web", "tier": "front"}


def workload(name: str = "web", namespace: str = "acd", labels: dict[str, str] | None = None) -> dict[str, Any]:
    template = {"metadata": {} if labels is None else {"labels": labels}, "spec": {"containers": [{"name": "main"}]}}
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"template": template}}


@pytest.mark.parametrize(
    ("net", "kinds", "seen"),
    [
        ("update", [], True), ("strange", [], False), ("readiness", [], False), ("readiness of one", [], True),
        ("readiness of ", [], False), ("update of one", [], False), ("replicas", [], False),
        ("replicas", ["horizontalpodautoscalers"], True), ("autoscaler", ["horizontalpodautoscalers"], True),
        ("disruption", ["poddisruptionbudgets"], True), ("disruption", ["namespaces"], False),
        ("namespace_enforces", ["namespaces"], True),
    ],
)  # fmt: skip
def test_whether_a_net_was_looked_at(net: str, kinds: list[str], seen: bool) -> None:
    assert is_seen(net, {kind: [] for kind in kinds}) is seen


def test_who_else_a_selector_matches() -> None:
    web, owned = {"app": "web"}, [{"uid": "u"}]
    pods = [{"metadata": {"name": n, "namespace": space, "labels": labels, **more}} for n, space, labels, more in (
        ("loose", "acd", LABELS, {}), ("owned", "acd", LABELS, {"ownerReferences": owned}),
        ("unowned", "acd", LABELS, {"ownerReferences": []}), ("far", "x", LABELS, {}), ("db", "acd", {"app": "db"}, {}),
    )] + [{"metadata": {"name": "plain", "namespace": "acd"}}]  # fmt: skip
    objects = {
        "deployments": [workload(labels=LABELS), workload("copy", labels=web), workload("far", "x", labels=web),
                        workload("db", labels={"app": "db"}), workload("plain")],
        "statefulsets": [workload("twin", labels=LABELS)], "daemonsets": [workload("all", labels=web)], "pods": pods,
    }  # fmt: skip
    where = {"namespace": "acd", "workload": "web"}
    assert strangers(objects, **where, selector=web) == [  # type: ignore[arg-type]
        "deployment copy", "statefulset twin", "daemonset all", "pod loose, which nothing owns",
        "pod unowned, which nothing owns",
    ]  # fmt: skip
    assert strangers(objects, **where, selector={}) == []  # type: ignore[arg-type]
    assert strangers({}, **where, selector=web) == []  # type: ignore[arg-type]


def test_objects_that_nobody_looked_at_are_told_by_file_and_reason(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"pods": [{"a": 1}], "nodes": []}')
    assert read(tmp_path, "x.json") == {"pods": [{"a": 1}], "nodes": []}
    for text, why in (("[1]", r"^x\.json holds no objects$"), ('{"pods": []}', r"^x\.json holds no objects$"),
                      ("{", r"^x\.json cannot be read, so nobody looked: Expecting property name")):  # fmt: skip
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(NotInstalled, match=why):
            read(tmp_path, "x.json")
    with pytest.raises(NotInstalled, match=r"^gone\.json cannot be read, so nobody looked: .*No such file"):
        read(tmp_path, "gone.json")
