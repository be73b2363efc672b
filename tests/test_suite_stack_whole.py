"""The stack as suites see it: what each wait is for, how long, on which look it ends, and what it says meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_world import figure, pod
from urllib3.exceptions import HTTPError

from fixtures.errors import UsageError
from fixtures.kubernetes.api import ApiError
from fixtures.settings import Profile, Settings
from fixtures.stack.map import Scaling, StackMap
from fixtures.wait import WaitFailed, WaitTimeout
from suites.plugin import stack as plugin_stack
from suites.plugin.stack import Stack
from suites.profiles import EFFORTS

MAP = StackMap.model_validate({
    "roles": {
        "web": {
            "name": "web", "kind": "Deployment", "workload": "web", "namespace": "acd", "selector": {"app": "web"},
            "replicas": 2, "recovery_s": 12, "timing": {"grace_s": 2},
            "scaling": {"hpa": "web", "min": 2, "max": 5, "target_percent": 50, "stabilisation_s": 60, "metrics_s": 31,
                        "sync_s": 15, "start_s": 5},
        },
        "db": {"name": "db", "kind": "StatefulSet", "workload": "db", "namespace": "acd", "selector": {"app": "db"},
               "replicas": 1, "recovery_s": 30},
    },
    "facts": {"share": 0.9},
    "budgets": {"recovery.web": {"served": "share / 3"}},
})  # fmt: skip


class Looked:
    """A stack whose looks are what is put here; and each wait that was asked for, which ends at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.deployments: list[Any] = []
        self.pods: list[Any] = []
        self.figures: Any = []
        self.asked: list[Any] = []
        self.waits: list[dict[str, Any]] = []
        self.clock = 100.0
        self.ends: Exception | None = None
        watcher: Any = SimpleNamespace(
            deployments=SimpleNamespace(objects=lambda: self.deployments), changed=object(),
            pods_of=lambda role: self.pods if role == "web" else [],
        )  # fmt: skip
        cluster: Any = SimpleNamespace(get=self.get)
        none: Any = None
        self.stack = Stack(Settings(profile=Profile.NIGHTLY), 1, cluster, MAP, watcher, none, Path())
        monkeypatch.setattr(plugin_stack, "wait_for", self.wait_for)
        monkeypatch.setattr(plugin_stack, "time", SimpleNamespace(monotonic=lambda: self.clock))

    def get(self, path: str, **query: Any) -> Any:
        self.asked.append((path, query))
        if isinstance(self.figures, Exception):
            raise self.figures
        return {"items": [figure(name) for name in self.figures]}

    def wait_for(self, condition: Callable[[], Any], **how: Any) -> None:
        self.waits.append({"condition": condition, **how})
        if self.ends is not None:
            raise self.ends

    def stands(self, spec: int, ready: int | None, *, name: str = "web", namespace: str = "acd") -> None:
        status = {} if ready is None else {"status": {"readyReplicas": ready}}
        meta = {"name": name, "namespace": namespace}
        self.deployments = [
            {"metadata": {"name": "web", "namespace": "other"}, "spec": {"replicas": 91}},
            {"metadata": {"name": "other", "namespace": "acd"}, "spec": {"replicas": 92}},
            {"metadata": meta, "spec": {"replicas": spec}, **status},
        ]

    def wait(self) -> tuple[Callable[[], Any], Callable[[], Any], dict[str, Any]]:
        """The one wait that was asked for: its condition, its description, and the rest."""
        (how,) = self.waits
        self.waits.clear()
        return how.pop("condition"), how.pop("describe"), how


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Looked:
    return Looked(monkeypatch)


def test_what_the_stack_map_and_the_profile_say(looked: Looked) -> None:
    stack = looked.stack
    assert stack.effort == EFFORTS[Profile.NIGHTLY]
    assert stack.role("db") is MAP.roles["db"]
    assert stack.budget("recovery.web", "served") == pytest.approx(0.3)
    found: Scaling = stack.scaling("web")
    assert (found.hpa, found.max) == ("web", 5)
    with pytest.raises(LookupError) as nothing:
        stack.scaling("db")
    assert str(nothing.value) == "the stack map gives role db no autoscaler"
    with pytest.raises(UsageError, match="no role is called 'x'"):
        stack.scaling("x")


def test_replicas_are_those_asked_for_and_those_ready(looked: Looked) -> None:
    looked.stands(3, 2)
    assert looked.stack.replicas("web") == (3, 2)
    looked.stands(3, None)
    assert looked.stack.replicas("web") == (3, 0)
    for elsewhere in ({"name": "x"}, {"namespace": "x"}):
        looked.stands(3, 2, **elsewhere)
        with pytest.raises(LookupError) as nothing:
            looked.stack.replicas("web")
        assert str(nothing.value) == "no deployment web in acd"


@pytest.mark.parametrize("name", ["wait_for_replicas", "observe_replicas"])
def test_a_role_at_rest_has_exactly_so_many_and_all_ready(looked: Looked, name: str) -> None:
    getattr(looked.stack, name)("web", 3, within_s=7.0)
    condition, describe, how = looked.wait()
    assert how == {"what": "web: 3 replicas, all Ready", "within_s": 7.0, "wake": looked.stack.watcher.changed}
    answers = {}
    for spec, ready in ((3, 3), (3, 2), (4, 3), (3, 4)):
        looked.stands(spec, ready)
        answers[spec, ready] = condition()
        assert describe() == (spec, ready)
    assert answers == {(3, 3): True, (3, 2): False, (4, 3): False, (3, 4): False}


def test_more_than_so_many_must_be_asked_for_and_ready_for_a_while(looked: Looked) -> None:
    looked.stack.observe_replicas_above("web", 2, within_s=9.0)
    condition, describe, how = looked.wait()
    assert how == {"what": "web: more than 2 replicas Ready", "within_s": 9.0, "hold_for_s": 5,
                   "wake": looked.stack.watcher.changed}  # fmt: skip
    answers = {}
    for spec, ready in ((3, 3), (3, 2), (2, 3), (5, 4)):
        looked.stands(spec, ready)
        answers[spec, ready] = condition()
    assert answers == {(3, 3): True, (3, 2): False, (2, 3): False, (5, 4): True}
    assert describe() == (5, 4)


def test_a_figure_of_each_ready_pod_is_waited_for(looked: Looked) -> None:
    looked.stack.observe_figures("web")
    condition, describe, how = looked.wait()
    assert how == {"what": "web: a figure of each pod", "within_s": 62, "every_s": 1.0}
    assert (condition(), describe()) == (False, "none of no pod is Ready")
    looked.pods = [pod("web-2", "w1"), pod("web-1", "w1"), pod("web-3", "w1", is_ready=False)]
    assert (condition(), describe()) == (False, "none of web-1, web-2")
    looked.figures = ["web-1", "db-1"]
    assert (condition(), describe()) == (False, "none of web-2")
    for away in (ApiError("GET", "/apis", 404, "not there"), HTTPError("away")):
        looked.figures = away
        assert (condition(), describe()) == (False, "none of web-1, web-2")
    looked.figures = ["web-1", "web-2"]
    looked.pods[0]["status"]["conditions"][0]["lastTransitionTime"] = "2026-11-21T04:00:25Z"
    assert (condition(), describe()) == (False, "none of web-2"), "its window began before it was Ready"
    looked.pods[0]["status"]["conditions"][0]["lastTransitionTime"] = "2026-11-21T04:00:15Z"
    assert condition() is True
    assert looked.asked == [("/apis/metrics.k8s.io/v1beta1/namespaces/acd/pods", {"labelSelector": "app=web"})] * 7


def test_a_step_under_way_is_over_when_all_are_ready_or_none_came_for_longer_than_a_pod_may_take(
    looked: Looked,
) -> None:
    looked.stack.observe_under_way("web")
    condition, describe, how = looked.wait()
    assert how == {"what": "web: all pods that its autoscaler asked for Ready", "within_s": 44.0,
                   "wake": looked.stack.watcher.changed}  # fmt: skip
    looks = []
    for spec, ready, clock in (
        (3, 2, 500.0), (3, 2, 511.0), (3, 2, 511.01), (4, 2, 512.0), (4, 3, 523.0), (4, 4, 523.0), (2, 3, 600.0),
        (2, 3, 611.1),
    ):  # fmt: skip
        looked.stands(spec, ready)
        looked.clock = clock
        looks.append(condition())
    assert looks == [False, False, True, False, False, True, False, True]
    assert describe() == (2, 3)


def test_time_that_runs_out_is_left_for_the_checker_and_nothing_else_is(looked: Looked) -> None:
    looked.ends = WaitTimeout("waited", last=0)
    looked.stack.observe_replicas("web", 3, within_s=1)
    looked.stack.observe_replicas_above("web", 3, within_s=1)
    looked.stack.observe_figures("web")
    looked.stack.observe_under_way("web")
    assert len(looked.waits) == 4
    with pytest.raises(WaitTimeout):
        looked.stack.wait_for_replicas("web", 3, within_s=1)
    looked.ends = WaitFailed("it died")
    with pytest.raises(WaitFailed):
        looked.stack.observe_replicas("web", 3, within_s=1)
