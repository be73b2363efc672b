"""How much effort a profile spends; what is promised never depends on it."""

from __future__ import annotations

from dataclasses import dataclass

from fixtures.settings import Profile


@dataclass(frozen=True)
class Effort:
    """Rates and lengths of one profile.

    Args:
        rounds: how often each recovery and ordering test runs, each with a victim of its own.
        viewers_per_s: planned viewer requests per second.
        operators_per_s: planned operator requests per second.
        after_s: seconds of load that are observed after the fault is healed: time to settle, and a window of 5 s.
        scaling_cores: of the Manager's processors, what its load takes: 2.5 times what two replicas may use at rest.
        min_acked: acknowledged writes below which the ordering suite cannot tell.
    """

    rounds: int
    viewers_per_s: float
    operators_per_s: float
    after_s: float
    scaling_cores: float
    min_acked: int


EFFORTS = {
    Profile.SMOKE: Effort(1, 30, 10, 26, 0.35, 100),
    Profile.QUICK: Effort(1, 50, 15, 26, 0.35, 300),
    Profile.NIGHTLY: Effort(3, 50, 20, 30, 0.35, 500),
    Profile.CERTIFY: Effort(10, 50, 20, 30, 0.35, 1000),
}
