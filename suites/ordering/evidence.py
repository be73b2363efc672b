"""The end phase of the ordering suite: everything is read back, by readers that share nothing with the stack."""

from __future__ import annotations

import json
from pathlib import Path

from fixtures.journal import applied_offset, fetch_journal
from fixtures.topic import read_topic
from fixtures.wait import wait_for
from suites.plugin.types import Stack


def gather(stack: Stack, *, within_s: float = 60.0) -> None:
    """Leave `kafka/topic.jsonl` and `kafka/journal.jsonl` in the dossier once the worker has applied the whole topic.

    The topic is read first; then the worker gets `within_s` seconds to apply it to its end. One that does not is not
    waited for longer: the journal is fetched as it is, and the checker says what is missing.
    """
    folder = stack.dossier / "kafka"
    folder.mkdir(exist_ok=True)
    read_topic(stack.settings.kafka_bootstrap, folder / "topic.jsonl")
    end = last_offset(folder / "topic.jsonl")
    stack.try_wait(
        lambda: wait_for(
            lambda: applied_offset(stack.settings) >= end, what=f"the worker to apply offset {end}", within_s=within_s
        )
    )
    fetch_journal(stack.settings, folder / "journal.jsonl")


def last_offset(topic: Path) -> int:
    """The highest offset in a topic file; -1 when it holds no record."""
    offsets = [row["offset"] for row in map(json.loads, topic.read_text().splitlines()) if "offset" in row]
    return max(offsets, default=-1)
