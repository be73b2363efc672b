"""The page on anomalies speaks of every class, and says of each what permits it as the checker does."""

from __future__ import annotations

import re
from pathlib import Path

from reports.checkers.kafka.guarantees import INTERLEAVED, PERMITTED_BY
from reports.checkers.kafka.operation import CLASSES

PAGE = (Path(__file__).parents[2] / "docs/explanation/kafka-anomalies.md").read_text()


def test_every_class_has_its_section_with_an_example() -> None:
    sections = dict(re.findall(r"^### (.+)\n(```\n(?:.*\n)+?```)", PAGE, re.MULTILINE))
    named = {name.split(" (")[0].strip() for title in sections for name in title.split(",")}
    assert named == set(CLASSES)


def test_the_table_names_every_class_once_and_what_is_never_or_always_permitted() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)[1:]
    permitted = {name: why for names, why in rows if names[0] != "-" for name in names.split(", ")}
    assert set(permitted) == set(CLASSES)
    assert {name for name, why in permitted.items() if why == "nothing"} == {
        n for n, by in PERMITTED_BY.items() if not by
    }
    always = {name for name, why in permitted.items() if why.startswith("always")}
    assert always == {name for name, by in PERMITTED_BY.items() if INTERLEAVED in by}
