"""After healing: the stack is whole, and nothing differs from how `up` left it; or it is said what does."""

from __future__ import annotations

from collections.abc import Callable

from urllib3.exceptions import HTTPError

from fixtures.cluster.state import State, diff, read_snapshot, settling, snapshot
from fixtures.errors import CrucibleError
from fixtures.kubernetes.api import Cluster
from fixtures.settings import Settings
from fixtures.stack.map import stack_map_of
from fixtures.wait import WaitTimeout, wait_for

WHOLE_WITHIN_S = 120.0
"""A workload that was scaling when its run died starts and stops pods for a minute and a half."""
STAYS_AFTER_S = 3.0


def wait_until_whole(settings: Settings, *, within_s: float = WHOLE_WITHIN_S) -> list[str]:
    """Wait until nothing differs from the snapshot of `up`, and return what does when waiting longer is pointless.

    What controllers are at work on is waited for; what nobody is going to change is told at once. Without a cluster or
    a snapshot there is nothing to compare.

    Args:
        settings: which cluster.
        within_s: at most so many seconds.
    """
    before = read_snapshot(settings.cluster_home / "snapshot.json")
    if before is None or not settings.kubeconfig.exists():
        return []
    cluster, stack_map = Cluster(settings), stack_map_of(settings)
    return wait_until_like(before, lambda: snapshot(cluster, stack_map), within_s=within_s)


def wait_until_like(before: State, look: Callable[[], State], *, within_s: float) -> list[str]:
    """As `wait_until_whole`, for any way to look."""
    left: list[str] = []

    def is_over() -> bool:
        """Whether all is as it was, or what is not will stay so."""
        try:
            now = look()
        except (HTTPError, CrucibleError) as away:
            left[:] = [f"the API server does not answer: {str(away).splitlines()[0]}"]
            return False
        left[:] = diff(before, now)
        return not settling(now)

    try:
        wait_for(
            lambda: is_over() and not left, what="the stack to be as `up` left it", within_s=STAYS_AFTER_S,
            every_s=0.5, describe=lambda: _said(left),
        )  # fmt: skip
    except WaitTimeout:
        try:  # what stays is told when nothing else is at work any more
            wait_for(is_over, what="the stack to be as `up` left it", within_s=max(0.0, within_s - STAYS_AFTER_S),
                     every_s=0.5, hold_for_s=STAYS_AFTER_S if left else 0.0, describe=lambda: _said(left))  # fmt: skip
        except WaitTimeout:
            return list(left)
    return list(left)


def _said(left: list[str]) -> str:
    return "; ".join(left[:3]) + (f" and {len(left) - 3} more" if len(left) > 3 else "") or "nothing differs"
