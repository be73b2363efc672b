"""One HTTP/1.1 exchange over a gevent socket: nothing is retried, followed or hidden.

Locust's own FastHttpUser sends GET, PUT and DELETE again over a new connection when a kept one turns out dead. That
would hide part of an outage, and would write a Selection Input record twice under one operation id. It also shares its
redirect setting between concurrent requests. Hence this one, over the same C parser.

A kept connection is looked at before it is used again: one that the other side closed meanwhile is replaced, as
browsers and SDKs do, so an idle close is not counted as an outage. Once a request is on its way there is no second try.
"""

from __future__ import annotations

import re
from select import POLLIN
from typing import Any
from urllib.parse import urlsplit

import gevent.socket
from gevent.monkey import get_original
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError, HTTPSocketResponse

from fixtures.errors import UsageError
from loadtests.answer import Answer

_poll: Any = get_original("select", "poll")  # gevent's own poll would yield; this one only looks
CONNECT_S = 2.0
READ_S = 5.0


class Connections:
    """The connections of one user to one host; several exchanges may run at once, each on its own connection.

    Args:
        host: `http://127.0.0.1:18080`.
        keep: keep connections for the next exchange; otherwise each exchange opens and closes its own.
    """

    def __init__(self, host: str, *, keep: bool) -> None:
        parts = urlsplit(host)
        self._address = (_loopback(host), parts.port or 80)
        self._keep = keep
        self._idle: list[Any] = []
        self._rest = (
            f" HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: crucible-load\r\n"
            f"Connection: {'keep-alive' if keep else 'close'}\r\n"
        )

    def exchange(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """Send one request and wait for its answer, at most `CONNECT_S` to connect and `READ_S` between bytes."""
        head = f"{method} {path}{self._rest}" + "".join(f"{k}: {v}\r\n" for k, v in (headers or {}).items())
        if body or method in {"POST", "PUT"}:
            head += f"Content-Length: {len(body)}\r\n"
        try:
            sock = self._connection()
        except TimeoutError:
            return Answer(0, error="connect: timed out", sent=False)
        except OSError as error:
            return Answer(0, error=f"connect: {error.strerror or error}", sent=False)
        keep = False
        try:
            sock.sendall(head.encode() + b"\r\n" + body)
            response = HTTPSocketResponse(sock, method=method)
            content = bytes(response.read())
            keep = self._keep and not response.should_close()
            return Answer(int(response.status_code), response, content)
        except TimeoutError:
            return Answer(0, error="read: timed out")
        except HTTPConnectionClosed:
            return Answer(0, error="read: closed without an answer")
        except (OSError, HTTPParseError) as error:
            return Answer(0, error=f"read: {getattr(error, 'strerror', None) or error}")
        finally:
            if keep:
                self._idle.append(sock)
            else:
                sock.close()

    def _connection(self) -> Any:
        while self._idle:
            sock = self._idle.pop()
            if not _readable(sock):  # readable while idle: the other side has closed it
                return sock
            sock.close()
        sock = gevent.socket.socket(gevent.socket.AF_INET, gevent.socket.SOCK_STREAM)
        try:
            sock.settimeout(CONNECT_S)
            sock.connect(self._address)
        except OSError:
            sock.close()
            raise
        sock.settimeout(READ_S)
        sock.setsockopt(gevent.socket.IPPROTO_TCP, gevent.socket.TCP_NODELAY, 1)
        return sock


def _loopback(host: str) -> str:
    """The IPv4 loopback address of a URL.

    Raises:
        UsageError: the URL leads anywhere else; this load is meant for a stack of one's own.
    """
    name = urlsplit(host).hostname or ""
    name = "127.0.0.1" if name == "localhost" else name
    if not host.startswith("http://") or not re.fullmatch(r"127(\.\d{1,3}){3}", name):
        raise UsageError(
            f"load goes only to http://127.0.0.1:<port>, the gateway of a stack on this machine; not to {host!r}",
            next_command="unset LOCUST_HOST, or leave --host out",
        )
    return name


def _readable(sock: Any) -> bool:
    poll = _poll()
    poll.register(sock.fileno(), POLLIN)
    return bool(poll.poll(0))
