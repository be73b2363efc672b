"""Reads EDN, the notation of Clojure data, as far as histories use it: keywords become strings without their colon."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reports.checkers.kafka.operation import BadHistory

TOKEN = re.compile(r'[\s,]+|;[^\n]*|#_|#\{|[(){}\[\]]|"(?:\\.|[^"\\])*"|#[A-Za-z][\w./-]*|[^\s,;(){}\[\]"]+')
CLOSE = {"(": ")", "[": "]", "{": "}", "#{": "}"}
WORDS = {"nil": None, "true": True, "false": False}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def read_edn(text: str) -> Iterator[Any]:
    """Each value of the text in turn; a tag such as `#jepsen.history.Op` is left out, a set becomes a list.

    Raises:
        BadHistory: with the line of what is not EDN; `where` is `:line`.
    """
    tokens = _tokens(text)
    for mark, line in tokens:
        if mark == "#_":
            _next(line, tokens)
        else:
            yield _value(mark, line, tokens)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    at, line = 0, 1
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise BadHistory(f"not EDN: {text[at : at + 40]!r}", where=f":{line}")
        mark = match.group()
        if not (mark[0].isspace() or mark[0] in ",;"):
            yield mark, line
        line += mark.count("\n")
        at = match.end()


def _value(mark: str, line: int, tokens: Iterator[tuple[str, int]]) -> Any:
    if mark in CLOSE:
        items = _until(CLOSE[mark], line, tokens)
        if mark != "{":
            return items
        if len(items) % 2:
            raise BadHistory("a map has a key without a value", where=f":{line}")
        return {_frozen(items[at]): items[at + 1] for at in range(0, len(items), 2)}
    if mark[0] == "#":  # a tag; or #_, which leaves out the value behind it
        return _next(line, tokens) if mark != "#_" else (_next(line, tokens), _next(line, tokens))[1]
    if mark[0] == '"':
        return re.sub(r"\\(.)", lambda m: ESCAPES.get(m.group(1), m.group(1)), mark[1:-1])
    if mark[0] == ":":
        return mark[1:]
    return _word(mark, line)


def _word(mark: str, line: int) -> Any:
    if mark in WORDS:
        return WORDS[mark]
    number = mark.rstrip("NM")
    for read in (int, float):
        try:
            return read(number)
        except ValueError:
            continue
    if mark in (")", "]", "}"):
        raise BadHistory(f"{mark!r} closes nothing", where=f":{line}")
    return mark  # a symbol


def _until(close: str, line: int, tokens: Iterator[tuple[str, int]]) -> list[Any]:
    items: list[Any] = []
    for mark, at in tokens:
        if mark == close:
            return items
        if mark == "#_":
            _next(at, tokens)
        else:
            items.append(_value(mark, at, tokens))
    raise BadHistory(f"what opens here is never closed with {close!r}: is the file cut off?", where=f":{line}")


def _next(line: int, tokens: Iterator[tuple[str, int]]) -> Any:
    for mark, at in tokens:
        return _value(mark, at, tokens)
    raise BadHistory("the text ends after a tag", where=f":{line}")


def _frozen(key: Any) -> Any:
    return tuple(key) if isinstance(key, list) else key
