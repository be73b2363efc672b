"""Waiting for a whole stack: what is compared, how long each wait lasts, and every word that is said meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from urllib3.exceptions import HTTPError

from chaos import settled
from chaos.settled import wait_until_like, wait_until_whole
from fixtures.errors import HarnessError
from fixtures.settings import Settings
from fixtures.wait import WaitTimeout


def test_without_a_snapshot_or_a_cluster_there_is_nothing_to_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    asked: list[Any] = []
    snapshots: dict[Path, Any] = {}
    monkeypatch.setattr(settled, "read_snapshot", snapshots.get)
    monkeypatch.setattr(settled, "Cluster", lambda settings: ("cluster", settings))
    monkeypatch.setattr(settled, "stack_map_of", lambda settings: ("map", settings))
    monkeypatch.setattr(settled, "snapshot", lambda *words: asked.append(words) or {"now": 1})

    def like(before: Any, look: Callable[[], Any], *, within_s: float) -> list[str]:
        asked.append((before, look(), within_s))
        return ["left"]

    monkeypatch.setattr(settled, "wait_until_like", like)
    settings.cluster_home.mkdir(parents=True)
    settings.kubeconfig.touch()
    assert wait_until_whole(settings) == []
    snapshots[settings.cluster_home / "snapshot.json"] = {"before": 1}
    assert wait_until_whole(settings) == wait_until_whole(settings, within_s=5.0) == ["left"]
    looked = (("cluster", settings), ("map", settings))
    assert asked == [looked, ({"before": 1}, {"now": 1}, 120.0), looked, ({"before": 1}, {"now": 1}, 5.0)]
    settings.kubeconfig.unlink()
    assert wait_until_whole(settings) == []


class Wait:
    """`wait_for` that looks once for each number of looks given, and ends in time or not."""

    def __init__(self, *ends_in_time: bool) -> None:
        self.ends, self.told = list(ends_in_time), list[Any]()

    def __call__(self, condition: Callable[[], Any], *, describe: Callable[[], str], **how: Any) -> None:
        self.told.append((how, condition(), describe()))
        if not self.ends.pop(0):
            raise WaitTimeout("waited", last=None)


WHAT = "the stack to be as `up` left it"


@pytest.mark.parametrize(
    ("left", "at_work", "ends", "within_s", "waits", "told"),
    [
        ([], [], (True,), 9.0, [({"within_s": 3.0}, True, "nothing differs")], []),
        (["a"], [], (False, True), 9.0,
         [({"within_s": 3.0}, False, "a"), ({"within_s": 6.0, "hold_for_s": 3.0}, True, "a")], ["a"]),
        (["a", "b", "c", "d", "e"], ["a"], (False, False), 1.0,
         [({"within_s": 3.0}, False, "a; b; c and 2 more"),
          ({"within_s": 0.0, "hold_for_s": 3.0}, False, "a; b; c and 2 more")], ["a", "b", "c", "d", "e"]),
        (["a", "b", "c"], [], (False, True), 3.0,
         [({"within_s": 3.0}, False, "a; b; c"), ({"within_s": 0.0, "hold_for_s": 3.0}, True, "a; b; c")],
         ["a", "b", "c"]),
        ([], ["x"], (False, True), 9.0,
         [({"within_s": 3.0}, False, "nothing differs"),
          ({"within_s": 6.0, "hold_for_s": 0.0}, False, "nothing differs")], []),
    ],
)  # fmt: skip
def test_what_stays_is_told_after_the_waits_that_it_is_worth(
    monkeypatch: pytest.MonkeyPatch, left: list[str], at_work: list[str], ends: Any, within_s: float, waits: Any,
    told: list[str],
) -> None:  # fmt: skip
    wait = Wait(*ends)
    monkeypatch.setattr(settled, "wait_for", wait)
    monkeypatch.setattr(settled, "diff", lambda before, now: left if (before, now) == ({"b": 1}, {"n": 1}) else ["?"])
    monkeypatch.setattr(settled, "settling", lambda now: at_work if now == {"n": 1} else ["?"])
    assert wait_until_like({"b": 1}, lambda: {"n": 1}, within_s=within_s) == told
    assert wait.told == [({"what": WHAT, "every_s": 0.5, **how}, over, said) for how, over, said in waits]


@pytest.mark.parametrize("error", [HTTPError("timed out\nmore"), HarnessError("timed out", next_command="x")])
def test_an_api_server_that_is_away_is_not_over(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    wait = Wait(False, False)
    monkeypatch.setattr(settled, "wait_for", wait)

    def look() -> Any:
        raise error

    away = "the API server does not answer: timed out"
    assert wait_until_like({}, look, within_s=9.0) == [away]
    assert [(over, said) for _, over, said in wait.told] == [(False, away), (False, away)]
