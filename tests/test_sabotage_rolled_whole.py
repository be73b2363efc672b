"""When a sabotage counts as rolled out, and which roles are not whole again after it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fake_world import Still, pod

from chaos.sabotages import objects
from chaos.sabotages.objects import is_rolled, mark_of, unsettled

MARK = "crucible.dev/sabotage"


def marked(name: str, mark: str | None, node: str = "w1", **how: Any) -> dict[str, Any]:
    made = pod(name, node, **how)
    made["metadata"]["annotations"] = None if mark is None else {MARK: mark}
    return made


def test_a_role_is_rolled_when_each_of_its_own_pods_bears_the_mark_and_serves() -> None:
    here = Still()
    web = here.stack.roles["web"]
    assert (mark_of(marked("web-1", "toy")), mark_of(marked("web-1", None)), mark_of({"metadata": {}})) == (
        "toy",
        "",
        "",
    )

    def rolled(*pods: dict[str, Any], all_of_it: bool = True) -> bool:
        here.all["pods"] = list(pods)
        return is_rolled(web, here, "toy", all_of_it=all_of_it)

    one, two, old = marked("web-1", "toy"), marked("web-2", "toy"), marked("web-2", "other")
    twin = pod("web-9", "w1")
    twin["metadata"]["name"] = "sabotage-toy"
    assert is_rolled(web, here, "toy") is False
    assert [rolled(one, two), rolled(one, two, twin), rolled(one, old), rolled(one), rolled(one, two, old)] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert rolled(one, marked("web-2", "toy", is_ready=False)) is False
    assert [rolled(one, old, all_of_it=False), rolled(old, twin, all_of_it=False)] == [True, False]


def test_each_role_that_is_not_whole_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Still()
    settled = {"web": True, "db": True}
    asked: list[Any] = []

    def role_state(role: Any, workload: Any) -> Any:
        asked.append((role.name, workload["metadata"]["name"]))
        return SimpleNamespace(is_settled=settled[role.name])

    monkeypatch.setattr(objects, "role_state", role_state)
    here.all["deployments"].insert(0, {"metadata": {"name": "other"}})
    assert unsettled(here) == []
    assert asked == [("web", "web"), ("db", "db")]
    settled["db"] = False
    here.all["pods"].append(marked("web-3", "toy"))
    assert unsettled(here) == ["web still has pods of the sabotage", "db 2 of 2 Ready"]
    here.all["pods"].pop()
    here.all["deployments"].pop()
    here.all["pods"][2] = pod("db-1", "w1", is_ready=False)
    settled["db"] = True
    assert unsettled(here) == ["web has no Deployment", "db 1 of 2 Ready"]
