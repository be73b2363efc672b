"""What Selection Input held before a sabotage: kept whole, put back with the same words, and told while it differs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from chaos.fault import NothingToBreak, Target
from chaos.sabotages import data
from chaos.sabotages.data import Data
from fixtures.errors import HarnessError

PATHS = {"/a": {"k": {"v": 1}}, "/b": {}}
TARGET = Target("SelectionInput", "state", "as it was", facts={"paths": PATHS})


class Held:
    """A stack that differs as is put here, and what is asked of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings = SimpleNamespace(adopt_context=None)
        self.words: list[str] = []
        self.asked: list[Any] = []
        stack = SimpleNamespace(keepers=["manager", "director"])
        self.fault = Data(SimpleNamespace(settings=self.settings, cluster="cluster", stack=stack), "toy")  # type: ignore[arg-type]
        monkeypatch.setattr(data, "held", lambda settings: ({"paths": PATHS, "offset": 3}, self.told("held", settings)))
        monkeypatch.setattr(data, "put_back", lambda *words: self.told("put back", *words))
        monkeypatch.setattr(data, "differences", self.differences)

    def told(self, *words: Any) -> None:
        assert words[1] is self.settings
        self.asked.append((words[0], *words[2:]))

    def differences(self, *words: Any) -> Any:
        self.told("differences", *words)
        return SimpleNamespace(words=lambda: self.words)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    return Held(monkeypatch)


LOOK = ("differences", "cluster", ["manager", "director"])


def test_what_is_held_is_kept_whole_when_all_hold_the_same(held: Held) -> None:
    (target,) = held.fault.targets()
    assert target.to_json() == TARGET.to_json()
    assert held.asked == [("held",), (*LOOK, None)]
    held.fault.inject([target])
    assert held.fault.effect([target]) == {"kept": "2 paths"}
    assert len(held.asked) == 2
    assert (held.fault.effect_within_s, held.fault.healed_within_s) == (1.0, 60.0)


def test_nothing_is_kept_of_a_cluster_of_others_or_where_one_differs_already(held: Held) -> None:
    held.words = ["the director lacks /a", "another"]
    with pytest.raises(HarnessError) as refused:
        held.fault.targets()
    assert str(refused.value) == (
        "before anything is planted, the director lacks /a: what one defect left would be taken for the next one's; "
        "`crucible down`, then `crucible up`"
    )
    held.settings.adopt_context = "kind-x"  # type: ignore[assignment]
    held.asked.clear()
    with pytest.raises(NothingToBreak) as nothing:
        held.fault.targets()
    assert str(nothing.value) == ("sabotages are planted only on a cluster that Crucible made, never on an adopted one")
    assert held.asked == []


def test_it_is_put_back_and_healed_when_nothing_differs_from_it(held: Held) -> None:
    held.fault.heal([TARGET])
    assert held.asked == [("put back", "cluster", ["manager", "director"], PATHS)]
    assert held.fault.healed([TARGET]) == {"as before": "2 paths"}
    assert (held.fault.undone([TARGET]), held.fault.state([TARGET])) == (True, "all hold what was held")
    held.words = ["a", "b", "c", "d"]
    assert (held.fault.healed([TARGET]), held.fault.undone([TARGET])) == (None, False)
    assert held.fault.state([TARGET]) == "a; b; c"
    assert held.asked[1:] == [(*LOOK, PATHS)] * 6
