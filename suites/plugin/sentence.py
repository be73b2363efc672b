"""The sentence that a test proves or refutes."""

from __future__ import annotations

import pytest


def sentence_of(item: pytest.Item) -> str:
    """The first line of the test's docstring; its name when it has none."""
    doc = getattr(getattr(item, "function", None), "__doc__", None) or item.name
    return str(doc).strip().splitlines()[0]
