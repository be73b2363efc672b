"""The stack as Kubernetes sees it."""

from __future__ import annotations

from typing import Any

from chaos import session
from fixtures.kubernetes.conditions import is_ready

__all__ = ["enough_nodes", "ready_count", "role_is_ready"]


def role_is_ready(role: str, at_least: int = 1, configuration: Any = None, secrets: Any = None) -> bool:
    """Whether a role has `at_least` Ready pods behind its Service; a role without any pod is an error, not False."""
    return ready_count(role, configuration) >= at_least


def ready_count(role: str, configuration: Any = None, secrets: Any = None) -> int:
    """How many pods of a role are Ready and get traffic."""
    with session.activity(configuration) as here:
        wanted = here.world.stack.role(role)
        pods = here.world.pods(wanted)
        if not pods:
            raise LookupError(f"role {role} ({wanted.label_selector} in {wanted.namespace}) has no pod at all")
        serving = here.world.serving(wanted)
        return sum(is_ready(pod) and pod["metadata"]["uid"] in serving for pod in pods)


def enough_nodes(at_least: int, configuration: Any = None, secrets: Any = None) -> bool:
    """Whether `at_least` nodes are Ready, control plane included."""
    with session.activity(configuration) as here:
        return sum(is_ready(node) for node in here.world.objects("nodes")) >= at_least
