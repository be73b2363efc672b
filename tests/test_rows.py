"""Request rows as a load left them: what is read, and what no honest writer leaves is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.layout import REQUEST_HEADER
from reports.rows import BACK_NS, RequestsError, read_rows

GOOD = "10,20,30,1,GET /live,302,512,"


def rows(folder: Path, *lines: str, header: str = REQUEST_HEADER, end: str = "\n") -> Path:
    path = folder / "requests-viewers.csv"
    path.write_text("\n".join([header, *lines]) + end)
    return path


def refused(path: Path) -> str:
    with pytest.raises(RequestsError) as caught:
        read_rows(path)
    return str(caught.value)


def test_every_column_comes_back(tmp_path: Path) -> None:
    columns, torn = read_rows(rows(tmp_path, GOOD, "11,21,31,2,PUT /x,0,0,read: timed out"))
    assert {name: column.tolist() for name, column in columns.items()} == {
        "planned_ns": [10, 11], "start_ns": [20, 21], "end_ns": [30, 31], "user": [1, 2],
        "name": ["GET /live", "PUT /x"], "status": [302, 0], "bytes": [512, 0], "error": ["", "read: timed out"],
    }  # fmt: skip
    assert torn == 0


def test_a_torn_last_line_is_left_out_and_counted_and_a_header_alone_is_no_rows(tmp_path: Path) -> None:
    columns, torn = read_rows(rows(tmp_path, GOOD, "11,21", end=""))
    assert (columns["start_ns"].tolist(), torn) == ([20], 1)
    columns, torn = read_rows(rows(tmp_path))
    assert (len(columns["start_ns"]), torn) == (0, 0)


def test_no_file_and_another_header_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "requests-x.csv") == "load/requests-x.csv is missing: the load left no rows"
    message = f"load/requests-viewers.csv:1 is not the header {REQUEST_HEADER}"
    assert refused(rows(tmp_path, GOOD, header="planned_ns,start_ns")) == message


@pytest.mark.parametrize(
    "line",
    [
        "10,20,30,1,GET /live,302,512",
        f"{GOOD},",
        *(
            ",".join(["x" if i == at else field for i, field in enumerate(GOOD.split(","))])
            for at in (0, 1, 2, 3, 5, 6)
        ),
    ],
)
def test_a_line_that_is_no_row_is_named(line: str, tmp_path: Path) -> None:
    assert refused(rows(tmp_path, GOOD, line, GOOD)) == "load/requests-viewers.csv:3 is not a request row"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("10,9,30,1,GET /live,302,512,", "was sent before it was planned, or ended before it was sent"),
        ("10,20,19,1,GET /live,302,512,", "was sent before it was planned, or ended before it was sent"),
        ("10,20,30,1,GET /live,99,512,", "finds nothing wrong with no answer"),
        ("10,20,30,1,GET /live,500,512,", "finds nothing wrong with no answer"),
        ("10,20,30,1,GET /live,503,512,status 502", "names another status than it has"),
        ("10,20,30,1,GET /live,302,512,status 503", "names another status than it has"),
    ],
)
def test_a_row_that_cannot_be_true_is_named(line: str, why: str, tmp_path: Path) -> None:
    assert refused(rows(tmp_path, GOOD, line, GOOD)) == f"load/requests-viewers.csv:3 {why}: it contradicts itself"


@pytest.mark.parametrize(
    "line",
    [
        "10,10,10,1,GET /live,302,512,", "10,20,30,1,GET /live,100,512,", "10,20,30,1,GET /live,499,512,",
        "10,20,30,1,GET /live,503,512,status 503", "10,20,30,1,GET /live,0,0,reset",
    ],
)  # fmt: skip
def test_a_row_at_the_edge_of_what_can_be_true_is_read(line: str, tmp_path: Path) -> None:
    assert len(read_rows(rows(tmp_path, line))[0]["error"]) == 1


def test_rows_stand_in_the_order_of_their_ends_but_for_a_little(tmp_path: Path) -> None:
    late = 1000 + BACK_NS

    def ended(at: int) -> str:
        return f"10,20,{at},1,GET /live,302,512,"

    assert len(read_rows(rows(tmp_path, ended(late), ended(1000)))[0]["error"]) == 2
    message = refused(rows(tmp_path, ended(late), ended(late), ended(999)))
    assert message == "load/requests-viewers.csv:4 was written after a later one: it contradicts itself"
