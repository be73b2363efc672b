"""The hosts that viewers must be sent to: written once as `cdn/hosts`, so that who is sent elsewhere is seen.

Without them every Director answers with its default host, one that lost its whole state as well as one that has it.
"""

from __future__ import annotations

import json
import logging
import time

import gevent

from loadtests.answer import Answer, judge
from loadtests.exchange import Connections

HOSTS = {f"edge-{number}": f"http://edge-{number}.example" for number in range(1, 5)}
PATH = "/api/v1/selection_input/cdn/hosts"
KNOWN_WITHIN_S = 15.0
IN_A_ROW = 20
WRONG = "wrong-location"
logger = logging.getLogger("crucible")


def make_known(host: str) -> None:
    """See to it that `cdn/hosts` holds HOSTS, and wait for the Directors to know; a stack that does not is not spared.

    Whatever goes wrong here is logged only: the load is sent all the same, and its rows say what viewers got.
    """
    connections = Connections(host, keep=False)
    there = connections.exchange("GET", PATH)
    if there.status == 200 and _object(there) == HOSTS:
        return
    headers = {"Content-Type": "application/json"}
    told = connections.exchange("PUT", PATH, headers, json.dumps(HOSTS).encode())
    if error := judge(told, 200, 201):
        logger.error("the hosts of viewers cannot be written: %s", error)
        return
    deadline, right = time.monotonic() + KNOWN_WITHIN_S, 0
    while right < IN_A_ROW and time.monotonic() < deadline:
        path = f"/live/known-{right}/manifest"
        right = 0 if wrong_location(connections.exchange("GET", path), path) else right + 1
        gevent.sleep(0.05)
    if right < IN_A_ROW:
        logger.error("not every Director knows the hosts after %g s", KNOWN_WITHIN_S)


def wrong_location(answer: Answer, path: str) -> str:
    """Why a redirect is no good, or '': its place must be this path at one of the hosts of the log."""
    if error := judge(answer, 302):
        return error
    where = answer.headers.get("location")
    if not where:
        return "302 without Location"
    return "" if where in {host + path for host in HOSTS.values()} else f"{WRONG}: {str(where)[:80].replace(',', ' ')}"


def _object(answer: Answer) -> object:
    try:
        return json.loads(answer.body)
    except ValueError:
        return None
