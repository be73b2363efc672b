"""From files to a verdict in one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.check.dump import read_dump
from reports.checkers.kafka.check.result import Result
from reports.checkers.kafka.formats.reading import Reading
from reports.checkers.kafka.guarantees import Guarantees
from reports.checkers.kafka.operation import BadHistory


def check_files(
    paths: Sequence[Path],
    guarantees: Guarantees | None = None,
    *,
    topic: Path | None = None,
    topic_name: str | None = None,
    numbered: bool = False,
) -> Result:
    """Judge the history in these files, which are of one run.

    Args:
        paths: JSON lines (`.gz` too), Parquet or Arrow.
        guarantees: what the caller knows of the configuration; the files' own headers say the rest.
        topic: a full dump of the topic, which tells records lost on the broker from those not polled.
        topic_name: the topic of rows in the dump that do not say it.
        numbered: events are numbered from 0 without a hole, so one that is left out was lost.

    Raises:
        BadHistory: they are no history; the message names file and line.

    Example::

        result = check_files([Path("history.jsonl")], Guarantees.parse("acks=all"))
        print(result.verdict, result.reason)
    """
    reading = Reading(paths, numbered=numbered)
    checker = Checker(names=reading.names)
    try:
        for batch in reading.batches():
            checker.feed(batch)
        checker.guarantees = (guarantees or Guarantees()).over(reading.recorded)
        checker.notes = reading.notes
        return checker.verdict(read_dump(topic, topic_name) if topic else None)
    except MemoryError:
        raise BadHistory(
            "judging it takes more memory than there is; nothing is said about it", where=str(paths[0])
        ) from None
    except BadHistory as error:
        if error.where or not error.indexes:
            raise
        lines = ", ".join(filter(None, (reading.locate(index) for index in error.indexes)))
        raise BadHistory(error.message, where=lines or str(paths[0]), indexes=error.indexes) from None
