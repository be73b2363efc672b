"""Histories that no Kafka ever produced: any mixture of operations, offsets and outcomes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Event = dict[str, Any]
KEYS = ["a/0", "a/1", "b/0"]
OFFSETS = st.integers(0, 7)
KINDS = st.sampled_from(["ok", "ok", "ok", "ok", "info", "fail"])


class _Writer:
    """Gives each process its events with growing time and index, and a new name after an info."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.time = 0
        self.names = {slot: slot for slot in range(3)}
        self.open: dict[int, Event] = {}

    def write(self, slot: int, kind: str, f: str, value: Any, gap: int, **more: Any) -> None:
        self.time += gap
        event = {"index": len(self.events), "time": self.time, "process": self.names[slot], "type": kind, "f": f}
        self.events.append(event | ({"value": value} if value is not None else {}) | more)
        if kind == "info":
            self.names[slot] += 10


@st.composite
def scrambled(draw: st.DrawFn, longest: int = 14, names_as_text: bool = False) -> list[Event]:  # noqa: PLR0912
    """Well-formed events with everything else arbitrary: values are unique per key, and little more."""
    out = _Writer()
    sparse = draw(st.sampled_from([1, 1, 1, 10_000, 1 << 59]))  # offsets far apart take other paths through the checker
    offsets = OFFSETS.map(lambda offset: offset * sparse)
    next_value = dict.fromkeys(KEYS, 0)
    pending: dict[int, tuple[str, list[Any], dict[str, Any]]] = {}

    def name(value: int) -> int | str:
        return f"v{value}" if names_as_text and value % 3 else value

    for _ in range(draw(st.integers(1, longest))):
        slot, gap = draw(st.integers(0, 2)), draw(st.integers(0, 2))
        if slot not in pending:
            f = draw(st.sampled_from(["send", "poll", "txn", "txn", "assign", "subscribe"]))
            value: list[Any] = []
            more: dict[str, Any] = {}
            if f in ("assign", "subscribe"):
                value = draw(
                    st.lists(st.sampled_from(KEYS if f == "assign" else ["a", "b", "a/0"]), max_size=3, unique=True)
                )
                more = draw(st.sampled_from([{}, {}, {"seek_to_beginning": True}])) if f == "assign" else {}
            else:
                for micro in draw(
                    st.lists(st.sampled_from({"txn": ["send", "poll"]}.get(f, [f])), min_size=1, max_size=4)
                ):
                    if micro == "poll":
                        value.append(["poll"])
                    else:
                        key = draw(st.sampled_from(KEYS))
                        value.append(["send", key, name(next_value[key])])
                        next_value[key] += draw(st.sampled_from([1, 1, 1, 100_000]))
            out.write(slot, "invoke", f, value, gap, **more)
            pending[slot] = f, value, more
        else:
            f, value, more = pending.pop(slot)
            kind = draw(KINDS)
            if f in ("assign", "subscribe"):
                out.write(slot, kind, f, value, gap, **more)
                continue
            if kind != "ok" and draw(st.booleans()) and draw(st.booleans()):
                out.write(slot, kind, f, None, gap)
                continue
            answer: list[Any] = []
            for micro in value:
                if micro[0] == "send":
                    offset = draw(st.one_of(offsets, offsets, st.none()))
                    bare = kind != "ok" and draw(st.booleans())
                    answer.append(["send", micro[1], micro[2] if bare else [offset, micro[2]]])
                else:
                    answer.append(["poll", draw(_polled(next_value, name, offsets))])
            rebalance = draw(st.sampled_from([{}, {}, {"rebalance": ["a/0"]}, {"rebalance": KEYS}]))
            out.write(slot, kind, f, answer, gap, **rebalance)
    return out.events


@st.composite
def _polled(
    draw: st.DrawFn, next_value: dict[str, int], name: Any, offsets: st.SearchStrategy[int]
) -> dict[str, list[Any]]:
    polled: dict[str, list[Any]] = {}
    for key in draw(st.lists(st.sampled_from(KEYS), max_size=2, unique=True)):
        values = st.integers(0, min(next_value[key], 8))
        records = draw(st.lists(st.tuples(offsets, values, st.sampled_from([0, 0, 0, 1])), max_size=4))
        polled[key] = [[o, name(v), 7, 8] if torn else [o, name(v)] for o, v, torn in records]
    return polled
