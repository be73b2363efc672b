"""The format of a request row: what is written is what is read, whatever stands in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.layout import REQUEST_HEADER, RequestRow

TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)


@given(st.integers(0, 2**62), st.integers(0, 2**62), st.integers(0, 599), TEXT, TEXT)
def test_a_row_is_one_line_and_comes_back(start: int, end: int, status: int, name: str, error: str) -> None:
    line = RequestRow(start, start, end, 1, name, status, 7, error).line()
    again = RequestRow.of(line)
    assert again.line() == line
    assert (again.planned_ns, again.end_ns, again.status) == (start, end, status)
    assert not {"\n", "\r"} & set(line)


@pytest.mark.parametrize("line", [REQUEST_HEADER, "", "1,2,3", "1,2,3,4,n,200,5,e,more", "x,2,3,4,n,200,5,"])
def test_what_is_no_row_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"fields|invalid literal"):
        RequestRow.of(line)
