"""Taking secrets out of objects of the API: values of variables and headers, words of commands, annotations."""

from __future__ import annotations

from typing import Any

from fixtures.failure.shapes import MASK, is_secret_name, mask_shapes
from reports.installed import digest_of

APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The whole object once more, as text."""


def without_secrets(item: Any) -> Any:
    """A copy of an object without what looks like a secret in it; what tells how it is installed stays.

    A command of a probe or a hook that holds one is replaced by its digest, by which it is known all the same.

    Example::

        without_secrets({"env": [{"name": "DB_PASSWORD", "value": "s3cret"}]})  # … "value": "***"
    """
    if isinstance(item, list):
        return [without_secrets(one) for one in item]
    if not isinstance(item, dict):
        return item
    found = {key: _part(key, value) for key, value in item.items()}
    if isinstance(item.get("name"), str) and isinstance(item.get("value"), str):
        found["value"] = MASK if is_secret_name(item["name"]) else mask_shapes(item["value"])
    return found


def _part(key: str, value: Any) -> Any:
    if key == "annotations" and isinstance(value, dict):
        return {name: _annotation(name, str(text)) for name, text in value.items()}
    if key in {"command", "args"} and isinstance(value, list):
        return _words([str(word) for word in value])
    if key == "exec" and isinstance(value, dict) and isinstance(value.get("command"), list):
        masked = _words(value["command"])
        return value if masked == value["command"] else {"masked": masked, "digest": digest_of(value["command"])}
    return without_secrets(value)


def _annotation(name: str, text: str) -> str:
    return MASK if name == APPLIED or is_secret_name(name) else mask_shapes(text)


def _words(words: list[str]) -> list[str]:
    """The words of a command, each masked, and what one before it says is a secret."""
    found = list[str]()
    for number, word in enumerate(words):
        before = " ".join(words[:number])
        told = word and mask_shapes(f"{before} next-word").endswith(MASK)
        found.append(MASK if told and not word.startswith("-") else mask_shapes(word))
    return found
