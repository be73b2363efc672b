# ruff: noqa: E501 - a sentence on one line
"""Histories and what a person reads about them: the class, one sentence, and the operations that show it."""

from __future__ import annotations

Sentence = tuple[str, str, str, tuple[int, ...]]

OF_RECORDS: list[Sentence] = [
    (
        "lost-write",
        "0 ok send x=1@2 x=2@0 x=3@7 | 1 ok poll x=2@0 | 1 ok poll x=9@2 | 2 ok poll x=3@7",
        "process 0 sent 1 to x/0 at offset 2 (ok), and no poll returned it, though process 2 polled offset 7 beyond it",
        (1, 7),
    ),
    (
        "realtime-order",
        "0 ok send x=5@3 | 0 ok send x=1@9 | 1 ok send x=2@3",
        "value 1 was acknowledged at offset 9 of x/0, 0.000010 ms before 2 was sent, which stands at offset 3",
        (3, 5),
    ),
    (
        "duplicate",
        "0 ok send x=1@3 | 1 ok poll x=1@4 | 1 ok poll x=1@5 | 1 ok poll x=1@6",
        "value 1 of x/0 was sent once and stands at offsets 3, 4, 5, 6",
        (1, 3, 5),
    ),
    (
        "int-poll-skip",
        "0 ok send x=1@0 x=2@1 x=3@2 x=4@3 | 1 ok poll x=1@0,2@1,4@3,4@3",
        "process 1 polled 2 at offset 1 of x/0 and next 4 at offset 3: over 1 known record, the first at offset 2",
        (3,),
    ),
    (
        "phantom",
        "0 ok send x=1@0 | 1 ok poll x=abc@1",
        "process 1 polled abc at offset 1 of x/0, which nobody ever sent",
        (3,),
    ),
    (
        "inconsistent-offsets",
        "0 ok send x=1@0 x=4@1 | 1 ok poll x=1@0 | 2 ok poll x=2@0",
        "offset 0 of x/0 holds 1 as process 1 polled it, and 2 as process 2 polled it",
        (3, 5),
    ),
    (
        "inconsistent-offsets",
        "0 ok send x=1@5 | 1 ok poll x=2@5",
        "offset 5 of x/0 holds 2 as process 1 polled it, and 1 as process 0 was told",
        (3, 1),
    ),
    (
        "duplicate",
        "0 ok send x=1@3 | 1 ok poll x=1@4,1@5",
        "value 1 of x/0 was sent once and stands at offsets 3, 4, 5",
        (1, 3),
    ),
    (
        "G1a",
        "0 fail send x=1 | 1 ok poll x=1@0",
        "process 1 polled 1 at offset 0 of x/0, whose send definitely failed",
        (1, 3),
    ),
    (
        "precommitted-read",
        "0 ok txn +x=1@0 ?x=1@0",
        "process 0 polled 1 at offset 0 of x/0, which the same operation sent and had not committed",
        (1,),
    ),
    (
        "lost-write",
        "0 ok send x=1@2 | 0 ok send x=2@7 | 1 ok poll x=2@7",
        "process 0 sent 1 to x/0 at offset 2 (ok), and no poll returned it, though process 1 polled offset 7 beyond it",
        (1, 5),
    ),
    (
        "lost-write",
        "0 info send x=1@2 x=2@7 | 1 ok poll x=2@7",
        "process 0 sent 1 to x/0 at offset 2 (info, and another record of it was read), and no poll returned it, though process 1 polled offset 7 beyond it",
        (1, 3),
    ),
    (
        "unseen",
        "0 ok send x=1",
        "process 0 sent 1 to x/0 at an unknown offset (ok), and no poll returned it",
        (1,),
    ),
    (
        "unseen",
        "0 ok send x=1@0",
        "process 0 sent 1 to x/0 at offset 0 (ok), and no poll returned it",
        (1,),
    ),
    (
        "duplicate",
        "0 ok send x=1@3 | 1 ok poll x=1@4,1@5,1@6,1@7,1@9",
        "value 1 of x/0 was sent once and stands at offsets 3, 4, 5, 6",
        (1, 3),
    ),
    (
        "inconsistent-offsets",
        "1 ok poll x=1@0 | 1 ok poll x=2@0 | 2 ok poll x=3@0 | 3 ok poll x=4@0 | 4 ok poll x=5@0 | 5 ok poll x=6@0",
        "offset 0 of x/0 holds 1 as process 1 polled it, and 2 as process 1 polled it, and 3 as process 2 polled it, and 4 as process 3 polled it",
        (1, 3, 5, 7),
    ),
    (
        "realtime-order",
        "0 ok send x=5@2 | 0 ok send x=1@9 | 1 ok send x=2@3 | 2 ok send x=7@10",
        "value 1 was acknowledged at offset 9 of x/0, 0.000010 ms before 2 was sent, which stands at offset 3",
        (3, 5),
    ),
    (
        "lost-write",
        "0 ok send x=1@2 | 0 ok send x=2@7 x=3@8 x=4@9 | 3 info poll x=3@8 | 1 ok poll x=3@8,4@9 | 2 ok poll x=2@7",
        "process 0 sent 1 to x/0 at offset 2 (ok), and no poll returned it, though process 2 polled offset 7 beyond it",
        (1, 9),
    ),
    (
        "phantom",
        "0 ok send x=1@0 | 1 ok poll x=1@0,9@4",
        "process 1 polled 9 at offset 4 of x/0, which nobody ever sent",
        (3,),
    ),
    (
        "corrupt",
        "0 ok send x=1@0 | 1 ok poll x=1@0!",
        "process 1 polled 1 at offset 0 of x/0, whose payload does not match its checksum",
        (1, 3),
    ),
    (
        "realtime-order",
        "0 ok send x=1@9 | 1 ok send x=2@3",
        "value 1 was acknowledged at offset 9 of x/0, 0.000010 ms before 2 was sent, which stands at offset 3",
        (1, 3),
    ),
    (
        "poll-skip",
        "0 ok send x=1@0 x=2@4 x=3@5 x=4@6 | 1 ok poll x=1@0 | 1 ok poll x=4@6",
        "process 1 polled 1 at offset 0 of x/0 and next 4 at offset 6: over 2 known records, the first at offset 4",
        (3, 5),
    ),
    (
        "nonmonotonic-poll",
        "0 ok send x=1@0 x=2@1 | 1 ok poll x=1@0,2@1 | 1 ok poll x=1@0",
        "process 1 polled 2 at offset 1 of x/0 and next 1 at offset 0, which is before it",
        (3, 5),
    ),
    (
        "nonmonotonic-poll",
        "0 ok send x=1@0 x=2@1 | 1 ok poll x=1@0,2@1 | 1 ok poll x=2@1",
        "process 1 polled 2 at offset 1 of x/0 and next 2 at offset 1: the same place again",
        (3, 5),
    ),
    (
        "int-poll-skip",
        "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok poll x=1@0,3@2",
        "process 1 polled 1 at offset 0 of x/0 and next 3 at offset 2: over 1 known record, the first at offset 1",
        (3,),
    ),
    (
        "int-nonmonotonic-poll",
        "0 ok send x=1@0 x=2@1 | 1 ok poll x=2@1,1@0",
        "process 1 polled 2 at offset 1 of x/0 and next 1 at offset 0, which is before it",
        (3,),
    ),
    (
        "nonmonotonic-send",
        "0 ok send x=1@1 | 0 ok send x=2@0",
        "process 0 sent 1 and next 2 to x/0, and they stand at offsets 1 and 0, which is before it",
        (1, 3),
    ),
    (
        "int-nonmonotonic-send",
        "0 ok send x=1@8 x=2@8",
        "process 0 sent 1 and next 2 to x/0, and they stand at offsets 8 and 8: the same place again",
        (1,),
    ),
    (
        "int-send-skip",
        "0 ok send x=1@0 x=3@2 | 1 ok send x=2@1",
        "process 0 sent 1 and next 3 to x/0, and they stand at offsets 0 and 2: over 1 known record, the first at offset 1",
        (1,),
    ),
]  # fmt: skip

OF_CYCLES: list[Sentence] = [
    (
        "G0",
        "0 invoke txn +x=1@0 +y=1@1 | 1 invoke txn +x=2@1 +y=2@0 | 0 ok txn +x=1@0 +y=1@1 | 1 ok txn +x=2@1 +y=2@0",
        "operation 2 sent to x/0 just before operation 3, yet operation 3 sent to y/0 just before operation 2",
        (2, 3),
    ),
    (
        "G0-process",
        "3 invoke txn +x=1@0 +y=4@1 | 0 ok send x=2@1 | 0 ok send y=3@0 | 3 ok txn +x=1@0 +y=4@1",
        "process 0 did operation 2 before operation 4, yet operation 4 sent to y/0 just before operation 5, yet operation 5 sent to x/0 just before operation 2",
        (2, 4, 5),
    ),
    (
        "G0-process",
        "3 invoke txn +x=1@0 +y=4@1 | 0 ok send x=2@1 | 0 invoke send y=3 | 3 ok txn +x=1@0 +y=4@1 | 0 ok send y=3@0",
        "process 0 did operation 2 before operation 5, yet operation 5 sent to y/0 just before operation 4, yet operation 4 sent to x/0 just before operation 2",
        (2, 5, 4),
    ),
    (
        "G0-realtime",
        "3 invoke txn +x=1@0 +y=4@1 | 0 ok send x=2@1 | 1 ok send y=3@0 | 3 ok txn +x=1@0 +y=4@1",
        "operation 2 was answered before operation 4 was invoked, yet operation 4 sent to y/0 just before operation 5, yet operation 5 sent to x/0 just before operation 2",
        (2, 4, 5),
    ),
    (
        "G0-process",
        "0 ok send x=1@1 | 0 ok assign x | 0 fail send x=3 | 0 ok send x=2@0",
        "process 0 did operation 1 before operation 7, yet operation 7 sent to x/0 just before operation 1",
        (1, 7),
    ),
    (
        "G1c-process",
        "0 ok send z=9@1 | 0 ok send y=1@0 | 0 ok txn +z=8@0 ?y=1@0",
        "process 0 did operation 1 before operation 3, yet operation 3 sent to y/0 what was polled by operation 5, yet operation 5 sent to z/0 just before operation 1",
        (1, 3, 5),
    ),
    (
        "poll-skip",
        "0 ok send x=1@0 x=2@4 x=3@5 x=4@6 | 1 ok poll x=2@4 | 1 ok poll x=4@6",
        "process 1 polled 2 at offset 4 of x/0 and next 4 at offset 6: over 1 known record, the first at offset 5",
        (3, 5),
    ),
    (
        "G0-realtime",
        "0 ok send x=1@1 | 1 ok send x=2@0",
        "operation 1 was answered before operation 3 was invoked, yet operation 3 sent to x/0 just before operation 1",
        (1, 3),
    ),
    (
        "G1c",
        "0 invoke txn +x=1 ? | 1 invoke txn +y=2 ? | 0 ok txn +x=1@0 ?y=2@0 | 1 ok txn +y=2@0 ?x=1@0",
        "operation 2 sent to x/0 what was polled by operation 3, yet operation 3 sent to y/0 what was polled by operation 2",
        (2, 3),
    ),
    (
        "G1c-process",
        "0 ok poll x=1@0 | 0 ok send x=1@0",
        "process 0 did operation 1 before operation 3, yet operation 3 sent to x/0 what was polled by operation 1",
        (1, 3),
    ),
    (
        "G1c-realtime",
        "1 ok poll x=1@0 | 0 ok send x=1@0",
        "operation 1 was answered before operation 3 was invoked, yet operation 3 sent to x/0 what was polled by operation 1",
        (1, 3),
    ),
]  # fmt: skip
