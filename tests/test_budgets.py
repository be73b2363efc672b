"""Budgets: each figure is computed from the formula that is printed, over facts that the manifests confirm."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from fixtures.cluster.kind_config import CONTROLLER_MANAGER
from fixtures.errors import UsageError
from fixtures.settings import ROOT
from fixtures.stack.formula import FormulaError, value_of
from fixtures.stack.map import load_stack_map
from fixtures.stack.services.environment import read_environment
from fixtures.stack.services.kafka_clients import client_settings
from fixtures.stack.services.log_producer import ANSWER_S
from reports.claim import Claim
from suites.plugin.promise import Promise
from suites.promised import figures
from suites.recovery import under_load

MANIFESTS = Path(load_stack_map.__code__.co_filename).parent / "manifests" / "acd"
STACK = load_stack_map()


def test_a_formula_is_computed_from_its_facts() -> None:
    assert value_of("1 - a.silent_s / 2 ** tries", {"a.silent_s": 1, "tries": 2}) == 0.75


@pytest.mark.parametrize("formula", ["1 +", "a.b", "f(1)", "'x'", "1 / 0", "True if 1 else 0", "[1][0]"])
def test_what_is_no_formula_is_refused(formula: str) -> None:
    with pytest.raises(FormulaError):
        value_of(formula, {})


def test_a_budget_that_the_map_does_not_have_is_named() -> None:
    with pytest.raises(UsageError, match=r"no budget served of recovery\.unheard-of"):
        STACK.budget("recovery.unheard-of", "served")


def test_every_formula_can_be_computed_and_promises_something() -> None:
    for promise_id, names in STACK.budgets.items():
        for name in names:
            figure = STACK.budget(promise_id, name)
            assert figure > 0, (promise_id, name)
            if not name.endswith("_s"):
                assert figure < 1, (promise_id, name)


def _containers(kind: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    for path in MANIFESTS.parent.glob("*/*.yaml"):
        for found in yaml.safe_load_all(path.read_text()):
            if found and found["kind"] == kind and found["metadata"]["name"] == name:
                return found, found["spec"]["template"]["spec"]["containers"][0]
    raise LookupError(f"no {kind} {name} in {MANIFESTS}")


@pytest.mark.parametrize("role", [role for role in STACK.roles.values() if role.timing], ids=lambda role: role.name)
def test_the_facts_of_probes_are_those_of_the_manifests(role: Any) -> None:
    _, container = _containers(role.kind, role.workload)
    ready, startup = container["readinessProbe"], container.get("startupProbe")
    assert role.timing["readiness_period_s"] == ready.get("periodSeconds", 10)
    assert role.timing.get("initial_delay_s", 0) == ready.get("initialDelaySeconds", 0)
    assert role.timing.get("startup_period_s", 0) == (startup["periodSeconds"] if startup else 0)
    for key in role.timing:
        assert key in {"grace_s", "place_s", "start_s", "startup_period_s", "initial_delay_s", "readiness_period_s"}


def test_the_facts_of_kafka_the_cluster_and_the_gateway_are_those_of_their_files() -> None:
    kafka = dict(
        line.split("=", 1)
        for line in (MANIFESTS / "files" / "kafka.properties").read_text().splitlines()
        if "=" in line
    )
    assert STACK.facts["session_s"] == int(kafka["broker.session.timeout.ms"]) / 1000
    assert STACK.facts["heartbeat_s"] == int(kafka["broker.heartbeat.interval.ms"]) / 1000
    assert STACK.facts["election_s"] == int(kafka["controller.quorum.election.timeout.ms"]) / 1000
    assert STACK.facts["node_grace_s"] == float(CONTROLLER_MANAGER["node-monitor-grace-period"].rstrip("s"))
    assert STACK.facts["node_monitor_s"] == float(CONTROLLER_MANAGER["node-monitor-period"].rstrip("s"))
    assert STACK.facts["taint_s"] == 1 / float(CONTROLLER_MANAGER["node-eviction-rate"])
    assert float(CONTROLLER_MANAGER["node-eviction-rate"]) != 1.0, "with a rate of 1 no node is ever tainted"
    assert STACK.facts["quorum_s"] == int(kafka["controller.quorum.fetch.timeout.ms"]) / 1000
    assert STACK.facts["answer_s"] == ANSWER_S
    clients = client_settings(read_environment({}), "manager")
    assert STACK.facts["retry_s"] == clients["reconnect.backoff.max.ms"] / 1000
    outage_s = sum(STACK.facts[name] for name in ("quorum_s", "election_s", "session_s", "heartbeat_s"))
    assert outage_s < read_environment({}).kafka_grace_s, "no Manager leaves its Service for a broker that dies"
    nginx = (MANIFESTS / "files" / "nginx.conf").read_text()
    assert f"proxy_next_upstream_tries {STACK.facts['tries']:g};" in nginx


def test_the_rates_are_the_lowest_of_all_profiles() -> None:
    from suites.profiles import EFFORTS

    assert STACK.facts["viewers_per_s"] == min(effort.viewers_per_s for effort in EFFORTS.values())
    operators = min(effort.operators_per_s for effort in EFFORTS.values())
    assert STACK.facts["writes_per_s"] == pytest.approx(0.6 * operators)
    assert STACK.facts["reads_per_s"] == STACK.facts["keys_per_s"] == pytest.approx(0.2 * operators)


class _World:
    """Records what a test of a suite claims, without a cluster."""

    map = STACK

    def role(self, name: str) -> Any:
        return STACK.role(name)

    def budget(self, promise_id: str, name: str) -> float:
        return STACK.budget(promise_id, name)

    class effort:  # noqa: N801
        viewers_per_s, operators_per_s, after_s = 30, 10, 10


def claims_of(test: Any, monkeypatch: pytest.MonkeyPatch) -> list[Claim]:
    broken = under_load.Broken("f1", "x-1", "load")
    monkeypatch.setitem(test.__globals__, "break_under_load", lambda *_, **__: broken)
    promise = Promise("t", "s")
    test(promise, cast(Any, _World()), cast(Any, None), cast(Any, None))
    return promise.claims


def _tests() -> dict[str, Any]:
    from suites.recovery import test_gateway_pod_kill as gateway
    from suites.recovery import test_kafka_broker_pod_kill as kafka
    from suites.recovery import test_manager_pod_kill as manager
    from suites.recovery import test_worker_node_kill as node

    return {
        "gateway": gateway.test_losing_a_gateway_pod_keeps_viewers_served,
        "kafka": kafka.test_losing_a_broker_keeps_operators_served,
        "manager": manager.test_losing_a_manager_pod_keeps_operators_served,
        "node": node.test_losing_a_worker_node_does_not_stop_viewers,
    }


@pytest.mark.parametrize("which", ["gateway", "kafka", "manager", "node"])
def test_each_recovery_promise_claims_proof_health_before_progress_availability_and_recovery(
    which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = claims_of(_tests()[which], monkeypatch)
    kinds = [claim.checker for claim in claims]
    for wanted in ("certificate.experiment_completed", "certificate.proven", "progress.during_fault"):
        assert wanted in kinds
    assert any(kind in {"recovery.within", "recovery.of_all_hit"} for kind in kinds)
    windows = [claim.args for claim in claims if claim.checker == "availability.in_windows"]
    assert [args["at_least"] for args in windows if args.get("part") == "before"] == [0.98]
    assert [args for args in windows if args.get("part") != "before"]


@pytest.mark.parametrize("which", ["kafka", "manager"])
def test_writes_have_a_threshold_and_progress_of_their_own(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = claims_of(_tests()[which], monkeypatch)
    for checker in ("availability.in_windows", "progress.during_fault"):
        named = [claim.args["names"] for claim in claims if claim.checker == checker and claim.args.get("names")]
        assert named == list(under_load.OPERATIONS.values())


@pytest.mark.parametrize("file", sorted((ROOT / "suites" / "recovery").glob("test_*.py")), ids=lambda file: file.stem)
def test_a_sentence_promises_what_its_budgets_say(file: Path) -> None:
    """Whoever reads the sentence reads the figure that is judged, in whole percent."""
    text = file.read_text()
    promise_id = re.search(r'promise\("([^"]+)"\)', text).group(1)  # type: ignore[union-attr]
    shares = [name for name in STACK.budgets[promise_id] if not name.endswith("_s")]
    allowed = {int(100 * STACK.budget(promise_id, name) + 1e-6) for name in shares}
    sentence = re.search(r'-> None:\n    """(.+)', text).group(1)  # type: ignore[union-attr]
    told = {int(number) for number in re.findall(r"(\d+) %", sentence)}
    assert told == allowed


@pytest.mark.parametrize("promise_id", [name for name in STACK.budgets if name.startswith("recovery.")])
def test_what_a_suite_claims_is_what_runs_are_measured_by(promise_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figure, window and deadline: were they written otherwise there, no run would measure anything any more."""
    name = promise_id.removeprefix("recovery.").replace("-", "_")
    module = importlib.import_module(f"suites.recovery.test_{name}")
    (test,) = [found for key, found in vars(module).items() if key.startswith("test_")]
    claims = claims_of(test, monkeypatch)
    windows = [claim.args for claim in claims if claim.checker == "availability.in_windows"]
    faults = {str(args["names"]): args for args in windows if args.get("part", "all") == "all"}
    budgets = {}
    for args in (claim.args for claim in claims if claim.checker.startswith("recovery.")):
        budgets |= args.get("budgets") or {args["role"]: args["budget_s"]}
    mine = {key[1]: figure for key, figure in figures(STACK).items() if key[0] == promise_id}
    assert len(mine) == len(faults) + len(budgets)
    for what, figure in mine.items():
        if not figure.is_share:
            assert figure.is_that(budgets[what]), what
            continue
        args = faults[str(under_load.OPERATIONS.get(what))]
        assert figure.is_that(1 - args["at_least"], window_s=args["window_s"], deadline_s=args["deadline_s"]), what
