"""Hand-made histories: for each class some in which it must be found, and near misses in which it must not."""

from __future__ import annotations

# class → (must be found, must not be found)
CASES: dict[str, tuple[list[str], list[str]]] = {
    "inconsistent-offsets": (
        [
            "0 ok send x=1@0 | 1 ok poll x=2@0",
            "0 ok send x=1@0 x=2@1 | 1 ok poll x=1@0 | 2 ok poll x=2@0",
            "0 info send x=1@0 x=3 | 1 ok send x=2@0 | 2 ok poll x=3@1",  # the info is proven by its other record
            "0 ok send x=1@0 | 1 fail poll x=2@0",  # even a poll of a failed operation must tell the truth
        ],
        [
            "0 ok send x=1@0 | 1 ok send y=2@0 | 2 ok poll x=1@0&y=2@0",  # two keys
            "0 info send x=1@0 | 1 ok send x=2@0 | 2 ok poll x=2@0",  # nothing proves the info
            "0 fail send x=1@0 | 1 ok send x=2@0 | 2 ok poll x=2@0",
            "0 ok send x=1@0 | 1 ok poll x=1@0 | 2 ok poll x=1@0",
        ],
    ),
    "duplicate": (
        [
            "0 ok send x=1@0 | 1 ok poll x=1@0,1@1",
            "0 ok send x=1@0 | 1 ok poll x=1@1",
            "0 info send x=1 | 1 ok poll x=1@0 | 2 ok poll x=1@4",
            "0 info send x=1@3 | 1 ok poll x=1@4",
        ],
        [
            "0 ok send x=1@0 y=1@1 | 1 ok poll x=1@0&y=1@1",
            "0 ok send x=1 | 1 ok poll x=1@7 | 2 ok poll x=1@7",
            "0 info send x=1@3 | 1 info poll x=1@4",  # no ok poll proves that the info happened
            "0 ok send x=1@0 | 1 ok poll x=1@0 | 1 ok poll x=1@0",  # polled twice is not there twice
        ],
    ),
    "G1a": (
        [
            "0 fail send x=1 | 1 ok poll x=1@0",
            "0 fail txn +x=1@0 ? | 1 ok poll x=1@0",
            "0 fail send x=1 y=2 | 1 ok send y=3@0 | 2 ok poll y=3@0,2@1",
        ],
        [
            "0 info send x=1 | 1 ok poll x=1@0",
            "0 fail send x=1 | 1 ok send y=1@0 | 2 ok poll y=1@0",  # the same value in another key
            "0 fail send x=1 | 1 fail poll x=1@0",  # only what an ok operation read counts
            "0 fail send x=1@0 | 1 ok send x=2@1 | 2 ok poll x=2@1",
        ],
    ),
    "precommitted-read": (
        [
            "0 ok txn +x=1@0 ?x=1@0",
            "0 ok txn ?x=1@0 +x=1@0",
            "0 fail txn +x=1@0 ?x=1@0",
            "0 info txn +y=2 +x=1@0 ? ?x=1@0",
        ],
        [
            "0 ok txn +x=1@0 ?y=1@0 | 1 ok send y=1@0",
            "0 ok send x=1@0 | 0 ok poll x=1@0",
            "0 ok txn +x=1@0 ? | 1 ok txn +x=2@1 ?x=1@0",
        ],
    ),
    "lost-write": (
        [
            "0 ok send x=1@0 | 0 ok send x=2@1 | 1 ok poll x=2@1",
            "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok poll x=1@0,3@2",
            "0 info send x=1@0 x=2@1 | 1 ok poll x=2@1",  # the info is proven by x=2
            "0 ok send x=1@0 | 0 ok send x=2@1 | 1 info poll x=1@0 | 2 ok poll x=2@1",  # seen only by an info poll
            "0 ok send x=1 | 0 ok send x=2@1 | 1 fail poll x=1@0 | 2 ok poll x=2@1",
        ],
        [
            "0 ok send x=1@0 | 0 ok send x=2@1 | 1 ok poll x=1@0",  # nobody has read so far
            "0 info send x=1@0 | 2 ok send x=2@1 | 1 ok poll x=2@1",  # it may not have happened
            "0 fail send x=1@0 | 0 ok send x=2@1 | 1 ok poll x=2@1",
            "0 ok send x=1 | 0 ok send x=2@1 | 1 ok poll x=2@1",  # nobody knows where x=1 stands
            "0 ok send x=1@0 | 1 ok send y=2@5 | 2 ok poll y=2@5",
        ],
    ),
    "unseen": (
        [
            "0 ok send x=1@0",
            "0 ok send x=1@0 x=2@1 | 1 ok poll x=1@0",
            "0 ok send x=1 | 1 info poll x=1@0",
        ],
        [
            "0 info send x=1@0",
            "0 fail send x=1@0",
            "0 ok send x=1@0 | 1 ok poll x=1@0",
            "0 invoke send x=1 | 1 ok poll x=1@0 | 0 ok send x=1@0",  # polled before it was acknowledged
        ],
    ),
    "phantom": (
        [
            "1 ok poll x=1@0",
            "0 ok send y=1@0 | 1 ok poll x=1@0",
            "0 ok send x=1@0 | 1 fail poll x=1@0,9@1",
        ],
        [
            "0 fail send x=1 | 1 ok poll x=1@0",  # an aborted read, but somebody sent it
            "0 invoke send x=1 | 1 ok poll x=1@0",  # never answered
            "1 ok poll | 0 ok send x=1@0 | 1 ok poll x=1@0",
        ],
    ),
    "corrupt": (
        [
            "0 ok send x=1@0 | 1 ok poll x=1@0!",
            "0 ok send x=1@0 | 1 fail poll x=1@0!",
            "0 ok send x=1@0 x=2@1 | 1 ok txn ?x=1@0,2@1!",
        ],
        [
            "0 ok send x=1@0 | 1 ok poll x=1@0",
            "1 ok poll",
            "0 ok send x=1@0 | 1 ok poll x=9@0",  # another value, but whole
        ],
    ),
    "realtime-order": (
        [
            "0 ok send x=1@1 | 1 ok send x=2@0",
            "0 ok send x=1 | 1 ok send x=2 | 2 ok poll x=2@0,1@1",
            "0 ok send x=1@5 | 1 info send x=2 | 2 ok poll x=2@3",
            "0 ok send x=1@1 | 0 ok send x=2@0",
        ],
        [
            "0 invoke send x=1 | 1 invoke send x=2 | 0 ok send x=1@1 | 1 ok send x=2@0",  # at the same time
            "0 ok send x=1@1 | 1 ok send y=2@0",
            "0 info send x=1@1 | 1 ok send x=2@0 | 2 ok poll x=2@0,1@1",  # the first was not acknowledged
            "0 ok send x=1@1 | 1 info send x=2@0",  # the second may not have happened
            "0 ok send x=1@0 | 1 ok send x=2@1",
        ],
    ),
    "poll-skip": (
        [
            "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok poll x=1@0 | 1 ok poll x=3@2",
            "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok poll x=1@0 | 1 ok assign x y | 1 ok poll x=3@2",
            "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok poll x=1@0 | 1 fail poll x=2@1 | 1 ok poll x=3@2",
            "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok subscribe x | 1 ok poll x=1@0 | 1 ok poll x=3@2",
        ],
        [
            "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok poll x=1@0 | 1 ok assign y | 1 ok assign x | 1 ok poll x=3@2",
            "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok poll x=1@0 | 1 ok assign* x | 1 ok poll x=3@2",
            "0 ok send x=1@0 x=3@2 | 1 ok poll x=1@0 | 1 ok poll x=3@2",  # offset 1 is a marker
            "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok poll x=1@0 | 2 ok poll x=3@2",  # another process
            "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok poll x=1@0,2@1 | 1 ok poll | 1 ok poll x=3@2",
        ],
    ),
    "nonmonotonic-poll": (
        [
            "0 ok send x=1@0 x=2@1 | 1 ok poll x=1@0,2@1 | 1 ok poll x=1@0",
            "0 ok send x=1@0 x=2@1 | 1 ok poll x=1@0,2@1 | 1 ok poll x=2@1",
            "0 ok send x=1@0 x=2@1 | 1 ok poll x=2@1 | 1 ok assign x | 1 fail poll x=1@0",
            "0 ok send x=1@0 | 1 ok subscribe x | 1 ok poll x=1@0 | 1 ok subscribe x y | 1 ok poll x=1@0",
        ],
        [
            "0 ok send x=1@0 x=2@1 | 1 ok poll x=2@1 | 1 ok assign* x | 1 ok poll x=1@0",
            "0 ok send x=1@0 x=2@1 | 1 ok poll x=2@1 | 1 ok subscribe y | 1 ok poll x=1@0",
            "0 ok send x=1@0 x=2@1 | 1 fail poll x=1@0,2@1 | 1 ok poll x=1@0,2@1",  # a failed poll moves nobody
            "0 ok send x=1@0 y=1@0 | 1 ok poll x=1@0 | 1 ok poll y=1@0",
        ],
    ),
    "int-poll-skip": (
        [
            "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok poll x=1@0,3@2",
            "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok txn ?x=1@0 ? ?x=3@2",
            "0 ok send x=1@0 x=2@1 x=3@2 | 1 info poll x=1@0,3@2 ~y",
        ],
        [
            "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok poll x=1@0,3@2 ~x",
            "0 ok send x=1@0 x=3@2 | 1 ok poll x=1@0,3@2",
            "0 ok send x=1@0 y=2@1 x=3@2 | 1 ok poll x=1@0,3@2&y=2@1",
            "0 ok send x=1@0 x=3@2 | 2 info send x=2@1 | 1 ok poll x=1@0,3@2",  # nothing proves x=2
        ],
    ),
    "int-nonmonotonic-poll": (
        [
            "0 ok send x=1@0 x=2@1 | 1 ok poll x=2@1,1@0",
            "0 ok send x=1@0 | 1 ok poll x=1@0,1@0",
            "0 ok send x=1@0 x=2@1 | 1 ok txn ?x=2@1 ?x=1@0",
        ],
        [
            "0 ok send x=1@0 x=2@1 | 1 ok txn ?x=2@1 ?x=1@0 ~x",
            "0 ok send x=1@0 x=2@1 | 1 ok poll x=2@1 | 1 ok poll x=1@0",
            "0 ok send x=2@1 y=1@0 | 1 ok poll x=2@1&y=1@0",
        ],
    ),
    "nonmonotonic-send": (
        [
            "0 ok send x=1@1 | 0 ok send x=2@0",
            "0 ok send x=1@1 | 0 info send x=2 | 1 ok poll x=2@0",
            "0 ok send x=1 x=2@3 | 0 ok txn +x=3@2 ?",
        ],
        [
            "0 ok send x=1@1 | 1 ok send x=2@0",  # two processes: that is realtime order
            "0 ok send x=1@1 | 0 fail send x=2@0",
            "0 ok send x=1@1 | 0 ok send x=2@2 | 0 ok send y=1@0",
            "0 ok send x=1@1 | 0 ok assign y | 0 ok send x=2@0",  # as Jepsen: an assign begins anew
        ],
    ),
    "int-nonmonotonic-send": (
        [
            "0 ok send x=1@1 x=2@0",
            "0 ok send x=1@0 x=2@0",
            "0 info txn +x=1 +x=2 | 1 ok poll x=2@0,1@1",
        ],
        [
            "0 ok send x=1@1 y=2@0",
            "0 fail send x=1@1 x=2@0",
            "0 info send x=1@1 x=2@0",
            "0 ok send x=1@0 x=2@1",
        ],
    ),
    "int-send-skip": (
        [
            "0 ok send x=1@0 x=3@2 | 1 ok send x=2@1",
            "0 ok txn +x=1@0 +x=3@2 | 1 info send x=2 | 2 ok poll x=2@1",
            "0 ok send x=1@0 x=3@2 | 2 fail poll x=9@1",
        ],
        [
            "0 ok send x=1@0 x=3@2",
            "0 ok send x=1@0 x=3@2 | 1 fail send x=2@1",
            "0 ok send x=1@0 | 1 ok send x=2@1 | 0 ok send x=3@2",
        ],
    ),
}
