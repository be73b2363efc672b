"""Which edges make a cycle of each class. The oracle has a table of its own, so that a mistake in one shows."""

from __future__ import annotations

# class → the kinds of edges in its graph, and those of which a strongly connected set must hold one
CYCLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "G0": (("ww",), ("ww",)),
    "G0-process": (("ww", "process"), ("ww", "process")),
    "G0-realtime": (("ww", "process", "realtime"), ("ww", "realtime")),
    "G1c": (("ww", "wr"), ("wr",)),
    "G1c-process": (("ww", "wr", "process"), ("wr", "process")),
    "G1c-realtime": (("ww", "wr", "process", "realtime"), ("wr", "realtime")),
}
