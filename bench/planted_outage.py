"""A server that is away for known stretches of time: the planted truth for recovery times.

`python -m bench.planted_outage PORT OUTAGES SEED` prints one JSON line when it serves, one per outage with
the bounds, on CLOCK_MONOTONIC, of the moments at which it went and came back. It goes by closing its listening socket,
as a killed process does, and in every second outage by answering 503, as a gateway without an upstream does.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time

GOOD = b"HTTP/1.1 302 Found\r\nLocation: http://edge-1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
BAD = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Server:
    """Answers every request the same way until told otherwise."""

    def __init__(self, port: int) -> None:
        self.port, self.answer = port, GOOD
        self._server: asyncio.Server | None = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self.answer)
            await writer.drain()
            writer.close()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def come(self) -> tuple[int, int]:
        """Serve; the bounds of the moment at which it began to."""
        before = time.monotonic_ns()
        self.answer = GOOD
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1024)
            self.port = self._server.sockets[0].getsockname()[1]
        return before, time.monotonic_ns()

    async def go(self, *, refuse: bool) -> tuple[int, int]:
        """Be away; the bounds of the moment at which it was gone."""
        before = time.monotonic_ns()
        if refuse and self._server is not None:
            self._server.close()
            self._server = None
        else:
            self.answer = BAD
        return before, time.monotonic_ns()


async def plant(port: int, outages: int, seed: int) -> None:
    """Serve, be away `outages` times for 0.3 to 1.2 s, and serve on until standard input is closed."""
    draw, server = random.Random(seed), Server(port)
    await server.come()
    say({"port": server.port})
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.readline)  # the load is steady
    for number in range(outages):
        await asyncio.sleep(draw.uniform(0.4, 0.8))
        gone = await server.go(refuse=number % 2 == 0)
        await asyncio.sleep(draw.uniform(0.3, 1.2))
        say({"gone_ns": gone, "back_ns": await server.come()})
    await loop.run_in_executor(None, sys.stdin.readline)


def say(line: object) -> None:
    """One line of JSON for the bench."""
    print(json.dumps(line), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(plant(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
