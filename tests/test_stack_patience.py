"""What waits for a part of the stack waits longer than the part is away when it fails over as promised."""

from __future__ import annotations

from fixtures.stack.map import load_stack_map
from fixtures.stack.services.environment import read_environment


def test_the_worker_stays_in_its_group_while_the_group_s_coordinator_is_replaced() -> None:
    facts = load_stack_map().facts
    replaced_s = facts["session_s"] + facts["heartbeat_s"] + facts["election_s"]
    session_s = read_environment({}).session_timeout_ms / 1000
    assert session_s > replaced_s + session_s / 10 + 2, "last heard a heartbeat before, and a look to find the new one"
