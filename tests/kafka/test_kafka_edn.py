"""Data in EDN, as Clojure writes it, become the plain data that they mean."""

from __future__ import annotations

from typing import Any

import pytest

from reports.checkers.kafka.formats.edn import read_edn
from reports.checkers.kafka.operation import BadHistory


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("nil true false", [None, True, False]),
        (":ok :a/b symbol", ["ok", "a/b", "symbol"]),
        ("1 -2 3N 4.5 4.5M 1e3", [1, -2, 3, 4.5, 4.5, 1000.0]),
        (r'"a\nb\tc\rd" "say \"x\"" "\\"', ["a\nb\tc\rd", 'say "x"', "\\"]),
        ("[1 [2] ()] #{1 2}", [[1, [2], []], [1, 2]]),
        ("{:a 1, :b {:c nil}}", [{"a": 1, "b": {"c": None}}]),
        ("{[1 2] :pair}", [{(1, 2): "pair"}]),
        ("; all of this line\n1 ; and the rest of this\n,2,", [1, 2]),
        ('#jepsen.history.Op{:a 1} #inst "2026"', [{"a": 1}, "2026"]),
        ("[1 #_2 3 #_[4 5]]", [[1, 3]]),
        ("1 #_2 3", [1, 3]),
        ("1 #_2", [1]),
        ("#_1", []),
        ("#tag #_1 2", [2]),
    ],
)
def test_a_text_becomes_the_data_that_it_means(text: str, values: list[Any]) -> None:
    read = list(read_edn(text))
    assert read == values
    assert [type(value) for value in read] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n\n[1\n2", ":3: what opens here is never closed with ']': is the file cut off?"),
        ("[1 2)", ":1: ')' closes nothing"),
        ("\n]", ":2: ']' closes nothing"),
        ("\n{:a 1\n:b}", ":2: a map has a key without a value"),
        ("1\n#tag", ":2: the text ends after a tag"),
        ("1\n\n#_", ":3: the text ends after a tag"),
        ("[1\n#_", ":2: the text ends after a tag"),
        ('1\n"never closed', ":2: not EDN: '\"never closed'"),
        ('"two\nlines"\n"' + "x" * 60, ":3: not EDN: '\"" + "x" * 39 + "'"),
    ],
)
def test_what_is_not_edn_is_refused_with_the_line_where_it_begins(text: str, message: str) -> None:
    with pytest.raises(BadHistory) as caught:
        list(read_edn(text))
    assert str(caught.value) == message
