"""Entries of the catalogue of sabotages: each rule that an entry breaks is refused in its words, and what follows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from chaos.sabotages.sabotage import SENTINELS, Patch, Sabotage, Step


def entry(**changes: Any) -> Sabotage:
    return Sabotage.model_validate({
        "id": "toy", "family": "gateway", "why": "because a user would miss it",
        "plant": [{"delete": {"kind": "Service", "name": "s"}}], "must_turn_red": ["a.b", "c.d"], **changes,
    })  # fmt: skip


def words(error: ValidationError) -> list[str]:
    return [one["msg"] for one in error.errors()]


EITHER = "Value error, expected either a role, or a kind and a name"
ONE_WAY = "Value error, expected either `strategic` or `json`"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"role": "web", "strategic": {}}, None),
        ({"kind": "K", "name": "n", "json": [{"op": "x"}]}, None),
        ({"strategic": {}}, EITHER),
        ({"kind": "K", "strategic": {}}, EITHER),
        ({"name": "n", "strategic": {}}, EITHER),
        ({"role": "web", "kind": "K", "name": "n", "strategic": {}}, EITHER),
        ({"role": "web"}, ONE_WAY),
        ({"role": "web", "strategic": {}, "json": [{"op": "x"}]}, ONE_WAY),
    ],
)
def test_a_patch_names_one_object_and_one_way(given: dict[str, Any], said: str | None) -> None:
    if said is None:
        assert Patch.model_validate(given).model_dump(exclude_defaults=True)
        return
    with pytest.raises(ValidationError) as refused:
        Patch.model_validate(given)
    assert words(refused.value) == [said]


def test_a_step_is_one_way_to_plant() -> None:
    twin, topic = {"role": "web"}, {"topic": "t", "settings": {"a": "b"}}
    assert [Step.model_validate(one).way for one in ({"twin": twin}, {"topic": topic})] == ["twin", "topic"]
    for given, found in (({}, "none"), ({"twin": twin, "topic": topic}, "['topic', 'twin']")):
        with pytest.raises(ValidationError) as refused:
            Step.model_validate(given)
        assert words(refused.value) == [f"Value error, expected one way to plant, found {found}"]


def test_an_entry_is_consistent() -> None:
    for changes, said in (
        ({"must_stay_green": ["c.d", "e.f", "a.b"]}, "['a.b', 'c.d'] cannot be both red and green"),
        ({"must_turn_red": ["a.b", "a.b"]}, "a promise is named twice"),
    ):  # fmt: skip
        with pytest.raises(ValidationError) as refused:
            entry(**changes)
        assert words(refused.value) == [f"Value error, {said}"]
    assert entry().promises == ("a.b", "c.d", *SENTINELS)
    assert entry(must_stay_green=[]).promises == ("a.b", "c.d")


def test_only_what_changes_nothing_of_the_stack_is_of_the_harness() -> None:
    nothing = {"heals_nothing": {"experiment": "e"}}
    assert entry().is_of_the_harness is False
    assert entry(plant=[nothing]).is_of_the_harness is True
    assert entry(plant=[nothing, {"twin": {"role": "web"}}]).is_of_the_harness is False


def test_a_digest_is_of_all_but_the_reason() -> None:
    digest = entry().digest
    assert re.fullmatch("[0-9a-f]{12}", digest)
    assert entry(why="because another user would miss it").digest == digest
    changed = [entry(**change).digest for change in ({"live": "started"}, {"id": "other"}, {"must_turn_red": ["a.b"]})]
    assert len({digest, *changed}) == 4
