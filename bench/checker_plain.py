"""What one would write first, to measure the checker against: plain Python and plain SQL.

Both count the same eight classes of the checker's twenty-two, those that need no order of processes:
inconsistent-offsets, duplicate, lost-write, unseen, phantom, realtime-order, int-poll-skip and int-nonmonotonic-poll.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from reports.checkers.kafka.check.partition import Rows
from reports.checkers.kafka.check.store import Store

Row = tuple[int, int, int, int, int, int]  # key, operation, offset, value, invoke time, time


def rows_of(store: Store, rows: Rows) -> tuple[list[Row], list[Row]]:
    """Sends and polls as rows, in history order; all operations of the bench are ok."""
    both = []
    for kind in ("sends", "polls"):
        found: list[Row] = []
        for key in store.sends:
            table = store.table(kind, key)
            op = table["op"]
            columns = (op, table["offset"], table["value"], rows.invoke_time[op], rows.time[op])
            found += [(key, *row) for row in zip(*(column.tolist() for column in columns), strict=True)]
        both.append(sorted(found, key=lambda row: row[1]))
    return both[0], both[1]


def in_python(sends: list[Row], polls: list[Row]) -> Counter[str]:
    """Dictionaries and loops."""
    log: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    offsets_of: dict[tuple[int, int], set[int]] = defaultdict(set)
    sent = {(key, value) for key, _, _, value, _, _ in sends}
    read: set[tuple[int, int]] = set()
    for key, _, offset, value, _, _ in [*sends, *polls]:
        log[key][offset].add(value)
        offsets_of[key, value].add(offset)
    highest: dict[int, int] = defaultdict(lambda: -1)
    for key, _, offset, value, _, _ in polls:
        read.add((key, value))
        highest[key] = max(highest[key], offset)
    place = {key: {offset: i for i, offset in enumerate(sorted(offsets))} for key, offsets in log.items()}
    seen: Counter[str] = Counter()
    seen["inconsistent-offsets"] = sum(len(values) > 1 for offsets in log.values() for values in offsets.values())
    seen["duplicate"] = sum(len(offsets) > 1 for offsets in offsets_of.values())
    seen["phantom"] = len(read - sent)
    seen["unseen"] = len(sent - read)
    seen["lost-write"] = sum(max(offsets_of[kv]) <= highest[kv[0]] for kv in sent - read)
    by_answer = sorted(sends, key=lambda row: row[5])
    acked, top = 0, dict[int, int]()
    for key, _, offset, _, begun, _ in sorted(sends, key=lambda row: row[4]):
        while acked < len(by_answer) and by_answer[acked][5] < begun:
            top[by_answer[acked][0]] = max(top.get(by_answer[acked][0], -1), by_answer[acked][2])
            acked += 1
        seen["realtime-order"] += top.get(key, -1) > offset
    last: dict[int, tuple[int, int]] = {}
    for key, op, offset, _, _, _ in polls:
        here = place[key][offset]
        if key in last and last[key][0] == op:
            seen["int-poll-skip"] += here - last[key][1] > 1
            seen["int-nonmonotonic-poll"] += here - last[key][1] < 1
        last[key] = (op, here)
    return seen


QUERY = """
with log as (select key, "offset", value from sends union select key, "offset", value from polls),
places as (select key, "offset", dense_rank() over (partition by key order by "offset") as place
           from (select distinct key, "offset" from log)),
read as (select distinct key, value from polls),
tops as (select key, max("offset") as top from polls group by key),
unread as (select s.* from sends s anti join read using (key, value)),
steps as (select place - lag(place) over (partition by key, op order by turn) as step
          from polls join places using (key, "offset")),
acked as (select key, "time", max("offset") over (partition by key order by "time") as top from sends)
select (select count(*) from (select 1 from log group by key, "offset" having count(distinct value) > 1)),
       (select count(*) from (select 1 from log group by key, value having count(distinct "offset") > 1)),
       (select count(*) from read anti join sends using (key, value)),
       (select count(*) from unread),
       (select count(*) from unread join tops using (key) where "offset" <= top),
       (select count(*) from sends s asof join acked a on s.key = a.key and s.invoked > a."time"
        where a.top > s."offset"),
       (select count(*) from steps where step > 1),
       (select count(*) from steps where step < 1)
"""
ANSWERS = ("inconsistent-offsets", "duplicate", "phantom", "unseen", "lost-write", "realtime-order", "int-poll-skip",
           "int-nonmonotonic-poll")  # fmt: skip


def in_sql(connection: Any) -> Counter[str]:
    """One query of DuckDB over tables `sends` and `polls`, on one thread."""
    return Counter(dict(zip(ANSWERS, connection.execute(QUERY).fetchone(), strict=True)))


def tables(store: Store, rows: Rows) -> Any:
    """A connection on which `in_sql` finds its tables."""
    import duckdb
    import numpy as np
    import pyarrow as pa

    connection = duckdb.connect(config={"threads": 1})
    for kind in ("sends", "polls"):
        parts = []
        for key in store.sends:
            table = store.table(kind, key)
            op = table["op"]
            parts.append(pa.table({
                "key": np.full(len(op), key), "op": op, "turn": np.arange(len(op)), "offset": table["offset"],
                "value": table["value"], "invoked": rows.invoke_time[op], "time": rows.time[op],
            }))  # fmt: skip
        whole = pa.concat_tables(parts)
        connection.register(f"{kind}_in", whole)
        connection.table(f"{kind}_in").create(kind)
    return connection
