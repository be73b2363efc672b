"""When users were not served: every bound of it, from rows written by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dossier_maker import START_NS, Story

from reports.answers import old_answer
from reports.layout import REQUEST_HEADER
from reports.outage import Outage, outage

Row = tuple[float, float, float, str]
"""Planned, sent and ended (timeline seconds), and the error."""


def load(folder: Path, *rows: Row) -> Path:
    """A load of one request a second from 0 s on, with these rows; a second without a row was never sent."""
    story = Story(folder)
    count, good = len(rows), sum(error == "" for *_, error in rows)
    for kind, t, data in (("started", 0, {}), ("steady", 0.1, {}), ("finished", 20, {"sent": count, "ok": good})):
        story.event("load", f"load.{kind}", "viewers", t, planned=20, **data)
    story.write()
    (folder / "load").mkdir()
    lines = [REQUEST_HEADER]
    for *times, error in rows:
        status = 200 if error == "" else 0
        lines.append(",".join(str(START_NS + round(t * 1e9)) for t in times) + f",1,GET /live,{status},10,{error}")
    (folder / "load/requests-viewers.csv").write_text("\n".join(lines) + "\n")
    plan = {"load": "viewers", "users": 1, "rate_per_s": 1.0, "start_ns": START_NS, "duration_s": 20, "planned": 20}
    (folder / "load/viewers.plan.json").write_text(json.dumps(plan))
    return folder


def row(t: float, error: str = "", *, late_s: float = 0.0, took_s: float = 0.125) -> Row:
    return t, t + late_s, t + late_s + took_s, error


OUT = [row(2.5), row(3.5), row(4.5, "reset"), row(5.5), row(6.5, "reset", took_s=0.5), row(7.5, took_s=0.25), row(8.5)]


def test_every_bound_of_an_outage(tmp_path: Path) -> None:
    found = outage(load(tmp_path, *OUT), "viewers", after_s=4)
    assert found == Outage(4.5, 6.5, (6.5, 7.75), 2, 5, (3.5, 4.625))


def test_nothing_bad_is_no_outage(tmp_path: Path) -> None:
    found = outage(load(tmp_path, *OUT), "viewers", after_s=7.5)
    assert found == Outage(None, None, None, 0, 2)


@pytest.mark.parametrize(
    ("after_s", "before_s", "total", "bad"), [(4.5, 6.5, 2, 1), (4.6, 6.6, 2, 1), (0, 99, 7, 2), (9, 99, 0, 0)]
)
def test_what_was_sent_at_the_first_moment_is_inside_and_at_the_last_not(
    after_s: float, before_s: float, total: int, bad: int, tmp_path: Path
) -> None:
    found = outage(load(tmp_path, *OUT), "viewers", after_s=after_s, before_s=before_s)
    assert (found.total, found.bad) == (total, bad)


def test_never_served_again_has_no_end_and_never_served_before_begins_with_the_stretch(tmp_path: Path) -> None:
    found = outage(load(tmp_path, row(4.5, "reset"), row(5.5, "reset")), "viewers", after_s=3)
    assert found == Outage(4.5, 5.5, None, 2, 2, (3, 4.625))


def test_good_after_the_stretch_does_not_end_it(tmp_path: Path) -> None:
    assert outage(load(tmp_path, *OUT), "viewers", after_s=4, before_s=7).first_good_s is None


@pytest.mark.parametrize(("took_s", "bad"), [(2.0, 0), (2.25, 1)])
def test_a_good_answer_that_comes_too_late_is_bad(took_s: float, bad: int, tmp_path: Path) -> None:
    folder = load(tmp_path, row(3.5), row(4.5, took_s=took_s))
    assert outage(folder, "viewers", after_s=0, deadline_s=2).bad == bad


@pytest.mark.parametrize(("took_s", "bad"), [(5.0, 0), (5.25, 1)])
def test_a_user_waits_five_seconds_unless_told_otherwise(took_s: float, bad: int, tmp_path: Path) -> None:
    assert outage(load(tmp_path, row(4.5, took_s=took_s)), "viewers", after_s=0).bad == bad


def test_what_the_generator_sent_late_is_not_the_stacks_lateness_but_its_error_is_an_error(tmp_path: Path) -> None:
    folder = load(tmp_path, row(4.5, late_s=4, took_s=1.5), row(10.5, "reset", late_s=1))
    assert outage(folder, "viewers", after_s=0) == Outage(11.5, 11.5, None, 1, 2, (8.5, 11.625))


@pytest.mark.parametrize(("behind_s", "bad"), [(1.2, 0), (2.0, 0), (2.1, 1)])
def test_an_answer_of_so_long_ago_is_as_late_as_one_that_takes_so_long(
    behind_s: float, bad: int, tmp_path: Path
) -> None:
    """What the shares call served, the outage called not served."""
    folder = load(tmp_path, row(3.5), row(4.5, old_answer(behind_s, "stands at 4")))
    assert outage(folder, "viewers", after_s=0, deadline_s=2).bad == bad
