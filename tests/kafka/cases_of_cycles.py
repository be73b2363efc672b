"""Hand-made histories of the cycle classes: some in which they must be found, and near misses."""

from __future__ import annotations

OVERLAP = "0 invoke txn {p} | 1 invoke txn {q} | 0 {end} txn {p} | 1 ok txn {q} | 2 ok poll {read}"


def _two(p: str, q: str, read: str, end: str = "ok") -> str:
    return OVERLAP.format(p=p, q=q, read=read, end=end)


CYCLE_CASES: dict[str, tuple[list[str], list[str]]] = {
    "G0": (
        [
            _two("+x=1@0 +y=1@1", "+x=2@1 +y=2@0", "x=1@0,2@1&y=2@0,1@1"),
            _two("+x=1@0 +x=3@2", "+x=2@1", "x=1@0,2@1,3@2"),
            _two("+x=1 +y=1", "+x=2@1 +y=2@0", "x=1@0,2@1&y=2@0,1@1", end="info"),
        ],
        [
            _two("+x=1@0 +y=1@0", "+x=2@1 +y=2@1", "x=1@0,2@1&y=1@0,2@1"),
            _two("+x=1@0 +y=1@1", "+x=2@1 +y=2@0", "x=2@1&y=2@0", end="info"),  # the info did not happen
            _two("+x=1@0 +z=1@1", "+x=2@1 +y=2@0", "x=1@0,2@1"),
            # nobody sent what stands before x=1, least of all whoever ended last
            "2 ok send x=5@0 | 0 invoke txn +x=1 +y=1 | 1 invoke txn +y=2 | 3 ok poll x=5@0,9@1,1@2 "
            "| 0 ok txn +x=1@2 +y=1@0 | 1 ok txn +y=2@1",
        ],
    ),
    "G0-process": (
        [
            "0 ok send x=1@1 | 0 ok send x=2@0",
            "3 invoke txn +x=1@0 +y=4@1 | 0 ok send x=2@1 | 0 ok send y=3@0 | 3 ok txn +x=1@0 +y=4@1",
            "0 ok txn +x=1@1 +y=1@0 | 0 ok txn +x=2@0 +y=2@1",
        ],
        [
            "0 ok send x=1@0 | 0 ok send x=2@1",
            "3 invoke txn +x=1@0 +y=4@1 | 0 ok send x=2@1 | 1 ok send y=3@0 | 3 ok txn +x=1@0 +y=4@1",
            _two("+x=1@0 +y=1@1", "+x=2@1 +y=2@0", "x=1@0"),
            # process 0 goes on within the stretch of the cycle, but outside the cycle
            "0 invoke txn +x=1 +y=1 | 1 invoke txn +x=2 +y=2 +k=2 | 0 ok txn +x=1@0 +y=1@1 | 0 ok send d=1@0 "
            "| 2 ok send k=1@0 | 1 ok txn +x=2@1 +y=2@0 +k=2@1",
        ],
    ),
    "G0-realtime": (
        [
            "0 ok send x=1@1 | 1 ok send x=2@0",
            "3 invoke txn +x=1@0 +y=4@1 | 0 ok send x=2@1 | 1 ok send y=3@0 | 3 ok txn +x=1@0 +y=4@1",
            "0 ok txn +x=1@1 +y=1@0 | 1 ok txn +x=2@0 +y=2@1",
        ],
        [
            "0 invoke send x=1 | 1 invoke send x=2 | 0 ok send x=1@1 | 1 ok send x=2@0",
            "0 ok send x=1@0 | 1 ok send x=2@1",
            _two("+x=1@0 +y=1@1", "+x=2@1 +y=2@0", "x=1@0"),
        ],
    ),
    "G1c": (
        [
            _two("+x=1@0 ?y=2@0", "+y=2@0 ?x=1@0", "x=1@0"),
            _two("+z=1@0 ?z=2@1", "+z=2@1", "z=1@0,2@1"),  # by way of the order of writes
            _two("+x=1 ?y=2@0", "+y=2@0 ?x=1@0", "x=1@0", end="info"),
        ],
        [
            _two("+x=1@0 ?", "+y=2@0 ?x=1@0", "x=1@0"),
            _two("+x=1@0 ?y=2@0", "+y=2@0 ?", "x=1@0"),
            _two("+x=1@0 ?y=2@0", "+y=2@0 ?x=1@0", "x=1@0", end="fail"),
        ],
    ),
    "G1c-process": (
        [
            "0 ok poll x=1@0 | 0 ok send x=1@0",
            "3 invoke txn +y=1@0 ?x=1@0 | 0 ok poll y=1@0 | 0 ok send x=1@0 | 3 ok txn +y=1@0 ?x=1@0",
            "0 ok txn ?x=1@0 +y=1@0 | 0 ok txn +x=1@0 ?",
        ],
        [
            "0 ok send x=1@0 | 0 ok poll x=1@0",
            "1 ok poll x=1@0 | 0 ok send x=1@0",
            "0 fail poll x=1@0 | 0 ok send x=1@0",
        ],
    ),
    "G1c-realtime": (
        [
            "1 ok poll x=1@0 | 0 ok send x=1@0",
            "3 invoke txn +y=1@0 ?x=1@0 | 0 ok poll y=1@0 | 1 ok send x=1@0 | 3 ok txn +y=1@0 ?x=1@0",
            "0 ok poll x=1@0 | 1 info send x=1",
        ],
        [
            "0 ok send x=1@0 | 1 ok poll x=1@0",
            "1 invoke poll | 0 ok send x=1@0 | 1 ok poll x=1@0",
            "0 invoke send x=1 | 1 ok poll x=1@0 | 0 ok send x=1@0",
        ],
    ),
}
