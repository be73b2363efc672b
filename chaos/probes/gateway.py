"""The gateway as a client with a retry budget sees it."""

from __future__ import annotations

import http.client
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from chaos import session
from fixtures.wait import WaitTimeout, wait_for

__all__ = ["answers"]


def answers(
    path: str, within_s: float = 5.0, status: int = 200, attempt_s: float = 1.0,
    configuration: Any = None, secrets: Any = None,
) -> bool:  # fmt: skip
    """Whether the gateway gives this status for a path to a client that tries again until its budget is spent.

    Args:
        path: what to ask for.
        within_s: the retry budget in seconds.
        status: the promised status.
        attempt_s: seconds for one attempt, each on a connection of its own: a pod that died silently answers none.
    """
    with session.activity(configuration) as here:
        address = urlsplit(here.world.settings.gateway_url).netloc
        tries: list[str] = []

        def attempt() -> bool:
            tries.append(ask(address, path, attempt_s))
            return tries[-1] == str(status)

        with suppress(WaitTimeout):
            wait_for(attempt, what=f"{path} to answer {status}", within_s=within_s, describe=lambda: tries[-1])
        ok = tries[-1] == str(status)
        measured = {"tries": len(tries), "answers": tries[-5:]}
        here.timeline.event("probe", "probe.result", f"gateway {path}", ok=ok, measured=measured)
        return ok


def ask(address: str, path: str, within_s: float) -> str:
    """The status of one GET on a fresh connection, or the name of what went wrong."""
    connection = http.client.HTTPConnection(address, timeout=within_s)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
