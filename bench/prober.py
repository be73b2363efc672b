"""An independent witness of an outage: a new connection each few milliseconds, whatever became of the others.

`python -m bench.prober PORT PATH` prints a JSON line at the first good answer, and for each time at which bad answers
end: the bounds, on CLOCK_MONOTONIC, of the moment at which service was there (again). It shares nothing with the loads,
their rows or the checkers.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque

EVERY_S = 0.005
"""How far apart two looks are: none waits for the one before, which may have met silence."""
PATIENCE_S = 0.1
"""A connection that nobody answers for so long is bad."""


async def is_good(port: int, request: bytes) -> tuple[bool, int]:
    """Whether one request gets a redirect, and when that was known."""
    writer = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            answer = await reader.readexactly(12)
    except (OSError, EOFError, TimeoutError):
        answer = b""
    finally:
        if writer is not None:
            writer.close()
    return answer == b"HTTP/1.1 302", time.monotonic_ns()


async def probe(port: int, path: str) -> None:
    """Ask until standard input has something to read, or is closed."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, stop.set)
    asked: deque[tuple[int, asyncio.Task[tuple[bool, int]]]] = deque()  # in the order in which they were sent
    last_bad_ns: int | None = None
    has_begun = False
    while not stop.is_set():
        asked.append((time.monotonic_ns(), asyncio.create_task(is_good(port, request))))
        await asyncio.sleep(EVERY_S)
        while asked and asked[0][1].done():
            start_ns, task = asked.popleft()
            good, end_ns = task.result()
            if not good:
                last_bad_ns = start_ns
            elif last_bad_ns is not None or not has_begun:
                has_begun = True
                print(json.dumps({"back_ns": [last_bad_ns or start_ns, end_ns]}), flush=True)  # noqa: T201
                last_bad_ns = None


if __name__ == "__main__":
    asyncio.run(probe(int(sys.argv[1]), sys.argv[2]))
