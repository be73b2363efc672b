"""An independent witness of an outage: one connection after the other, a millisecond apart, until told to stop.

`python -m bench.prober PORT PATH` prints a JSON line at the first good answer, and for each time at which bad answers
end: the bounds, on CLOCK_MONOTONIC, of the moment at which service was there (again). It shares nothing with the loads,
their rows or the checkers.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time

PAUSE_S = 0.001
PATIENCE_S = 0.1
"""A connection that nobody answers for so long is bad; it bounds how far apart two looks can be."""


def is_good(port: int, request: bytes) -> bool:
    """Whether one request gets a redirect."""
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as one:
            one.settimeout(PATIENCE_S)
            one.sendall(request)
            return one.recv(64).startswith(b"HTTP/1.1 302")
    except OSError:
        return False


def probe(port: int, path: str) -> None:
    """Ask until standard input is closed."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
    last_bad_ns: int | None = None
    has_begun = False
    while not select.select([sys.stdin], [], [], PAUSE_S)[0]:
        start_ns = time.monotonic_ns()
        if not is_good(port, request):
            last_bad_ns = start_ns
        elif last_bad_ns is not None or not has_begun:
            has_begun = True
            print(json.dumps({"back_ns": [last_bad_ns or start_ns, time.monotonic_ns()]}), flush=True)  # noqa: T201
            last_bad_ns = None


if __name__ == "__main__":
    probe(int(sys.argv[1]), sys.argv[2])
