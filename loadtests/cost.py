"""What a request of `manager_load` costs the Manager's processor, and how many of them take so many cores here.

Autoscalers work by processor time, and the same rate that moves one on a fast machine leaves nothing for anybody else
on a slow one. So that load is asked for in cores, and becomes requests per second by what a request costs here.
"""

from __future__ import annotations

import json
import statistics
import time

from fixtures.stack.services.record import canonical, parse_json

BODY = json.dumps({"load": [{"id": n, "name": f"edge-{n}", "weight": n * 1.5} for n in range(1000)]}).encode()
"""50 KB that the Manager reads, checks and writes: some milliseconds of its processor, where a read is one or two."""

WHOLE = 1.1
"""What a request costs on the average of writes and reads, HTTP included, by what the body of a write costs (measured:
5.9 ms by 5.6)."""

TRIES = 60


def requests_per_s(cores: float) -> float:
    """The rate at which requests take so many cores of the Manager, all its replicas together, in steps of five.

    Args:
        cores: processor seconds per second.

    Example::

        load("manager_load", requests_per_s(0.35))
    """
    return max(5.0, 5 * round(cores / (WHOLE * _seconds_of_a_body()) / 5))


def _seconds_of_a_body() -> float:
    """Processor seconds that the Manager's own functions take for a body, the median of some tries."""
    took = []
    for _ in range(TRIES):
        began = time.thread_time()
        value = parse_json(BODY)
        canonical(value)
        json.dumps(value)
        took.append(time.thread_time() - began)
    return statistics.median(took)
