"""What is installed against loss: each net taken away, weakened or exchanged turns the claim red, and is named."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.kubernetes.api import kubectl_path
from fixtures.settings import ROOT
from fixtures.stack.map import load_stack_map
from reports.checkers.installed import alone, nets
from reports.installed import is_seen, nets_of
from reports.verdict import Finding, Verdict
from suites.conformance.looking import promised_nets

PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "PodDisruptionBudget": "poddisruptionbudgets",
           "HorizontalPodAutoscaler": "horizontalpodautoscalers", "Namespace": "namespaces"}  # fmt: skip
ROLES = load_stack_map().roles


@cache
def built() -> str:
    words = [kubectl_path(), "kustomize", str(ROOT / "fixtures/stack/manifests")]
    found: dict[str, list[Any]] = {}
    for item in yaml.safe_load_all(subprocess.run(words, capture_output=True, text=True, check=True).stdout):
        if item and item["kind"] in PLURALS:
            found.setdefault(PLURALS[item["kind"]], []).append(item)
    return json.dumps(found)


def objects() -> dict[str, list[Any]]:
    return json.loads(built())


def find(found: dict[str, list[Any]], kind: str, name: str) -> Any:
    return next(item for item in found[kind] if item["metadata"]["name"] == name)


def judged(folder: Path, role: str, found: dict[str, list[Any]]) -> Finding:
    (folder / "state/t").mkdir(parents=True, exist_ok=True)
    (folder / "state/t/installed.json").write_text(json.dumps(found))
    where = ROLES[role]
    return nets(folder, test="t", role=role, namespace=where.namespace, workload=where.workload,
                promised=promised_nets(None)[role])  # fmt: skip


@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_manifests_install_what_is_promised(tmp_path: Path, role: str) -> None:
    finding = judged(tmp_path, role, objects())
    assert finding.verdict is Verdict.PASS, finding.reason


def pod(found: dict[str, list[Any]], name: str, kind: str = "deployments") -> Any:
    return find(found, kind, name)["spec"]["template"]["spec"]


def without(*path: Any) -> Callable[[Any], None]:
    def change(spec: Any) -> None:
        for step in path[:-1]:
            spec = spec[step]
        del spec[path[-1]]

    return change


def put(value: Any, *path: Any) -> Callable[[Any], None]:
    def change(spec: Any) -> None:
        for step in path[:-1]:
            spec = spec[step]
        spec[path[-1]] = value

    return change


BOX = ("containers", 0)
CUTS: list[tuple[Callable[[Any], None], str]] = [
    (without(*BOX, "readinessProbe"), "readiness of gateway is absent"),
    (without(*BOX, "livenessProbe"), "liveness of gateway is absent"),
    (without(*BOX, "startupProbe"), "startup of gateway is absent"),
    (put(30, *BOX, "readinessProbe", "initialDelaySeconds"), "delay_s 30"),
    (put(10, *BOX, "readinessProbe", "periodSeconds"), "period_s 10"),
    (put(1, *BOX, "livenessProbe", "failureThreshold"), "failures 1"),
    (put({"exec": {"command": ["true"]}}, *BOX, "readinessProbe"), "exec"),
    (without(*BOX, "lifecycle"), "drain of gateway is absent"),
    (put({"exec": {"command": ["true"]}}, *BOX, "lifecycle", "preStop"), "drain of gateway is exec"),
    (without(*BOX, "resources", "limits"), "limits of gateway is absent"),
    (put("1Mi", *BOX, "resources", "requests", "memory"), "requests of gateway"),
    (put(0, "terminationGracePeriodSeconds"), "grace_s is 0"),
    (without("tolerations"), "not-ready 300"),
    (put(60, "tolerations", 0, "tolerationSeconds"), "not-ready 60"),
    (without("affinity"), "spread is absent"),
    (put(False, "securityContext", "runAsNonRoot"), "non_root False"),
    (without("serviceAccountName"), "account is default"),
    (without("automountServiceAccountToken"), "holds_token is True"),
    (without(*BOX, "securityContext", "capabilities"), "confined of gateway"),
]


@pytest.mark.parametrize(("cut", "named"), CUTS, ids=[named for _, named in CUTS])
def test_each_net_that_is_cut_is_named(tmp_path: Path, cut: Callable[[Any], None], named: str) -> None:
    found = objects()
    cut(pod(found, "gateway"))
    finding = judged(tmp_path, "gateway", found)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason.startswith("gateway: ")
    assert named in finding.reason


def test_a_roll_out_that_takes_more_at_once_is_named(tmp_path: Path) -> None:
    found = objects()
    find(found, "deployments", "gateway")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] = "100%"
    reason = judged(tmp_path, "gateway", found).reason
    assert "update is RollingUpdate, 1 more, 100% fewer, promised RollingUpdate, 1 more, 0 fewer" in reason
    find(found, "namespaces", "acd")["metadata"]["labels"]["pod-security.kubernetes.io/enforce-version"] = "v1.22"
    assert "namespace_enforces is restricted, v1.22" in judged(tmp_path, "gateway", found).reason


def test_budgets_updates_numbers_and_the_namespace(tmp_path: Path) -> None:
    found = objects()
    find(found, "poddisruptionbudgets", "kafka")["spec"]["maxUnavailable"] = 3
    find(found, "statefulsets", "kafka-controller")["spec"] |= {"updateStrategy": {"type": "OnDelete"}, "replicas": 2}
    find(found, "namespaces", "acd")["metadata"]["labels"] = {}
    reason = judged(tmp_path, "kafka", found).reason
    for named in (
        "disruption is maxUnavailable 3",
        "update is OnDelete",
        "replicas is 2",
        "namespace_enforces is absent",
    ):
        assert named in reason


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("minReplicas",), 1, "min 1"), (("maxReplicas",), 50, "max 50"),
        (("behavior", "scaleDown", "stabilizationWindowSeconds"), 0, "down_window_s 0"),
        (("behavior", "scaleDown", "selectPolicy"), "Disabled", "down Disabled"),
        (("behavior", "scaleUp", "policies"), [], "up Max of no policy"),
        (("metrics", 0, "resource", "name"), "memory", "memory 70 %"),
        (("metrics", 0, "resource", "target", "averageUtilization"), 99, "cpu 99 %"),
        (("scaleTargetRef", "name"), "director", "autoscaler is absent"),
    ],
)  # fmt: skip
def test_the_autoscaler_is_the_promised_one(tmp_path: Path, path: tuple[Any, ...], value: Any, named: str) -> None:
    found = objects()
    put(value, *path)(found["horizontalpodautoscalers"][0]["spec"])
    finding = judged(tmp_path, "manager", found)
    assert (finding.verdict, named in finding.reason) == (Verdict.FAIL, True), finding.reason


def test_a_workload_that_is_gone_is_a_fail_and_nobody_looking_is_not(tmp_path: Path) -> None:
    found = objects()
    found["deployments"] = []
    assert judged(tmp_path, "gateway", found).verdict is Verdict.FAIL
    assert judged(tmp_path, "gateway", {}).verdict is Verdict.INCONCLUSIVE
    (tmp_path / "state/t/installed.json").write_text('{"deployments": [')
    args: dict[str, Any] = {"test": "t", "role": "r", "namespace": "acd", "workload": "gateway"}
    assert nets(tmp_path, **args, promised={"grace_s": 15}).verdict is Verdict.INCONCLUSIVE
    assert nets(tmp_path, **args, promised={}).verdict is Verdict.INCONCLUSIVE


def test_a_role_that_stands_twice_is_seen(tmp_path: Path) -> None:
    roles = [{"role": r.name, "namespace": r.namespace, "workload": r.workload, "selector": r.selector}
             for r in ROLES.values()]  # fmt: skip
    found = objects()
    judged(tmp_path, "gateway", found)
    assert alone(tmp_path, test="t", roles=roles).verdict is Verdict.PASS
    twin = copy.deepcopy(find(found, "deployments", "director"))
    twin["metadata"]["name"] = "director-2"
    found["deployments"].append(twin)
    found["pods"] = [{"metadata": {"name": "loose", "namespace": "acd", "labels": ROLES["gateway"].selector}}]
    judged(tmp_path, "gateway", found)
    finding = alone(tmp_path, test="t", roles=roles)
    assert finding.verdict is Verdict.FAIL
    assert "director: deployment director-2 stands beside director" in finding.reason
    assert "gateway: pod loose, which nothing owns" in finding.reason
    assert alone(tmp_path, test="t", roles=[]).verdict is Verdict.INCONCLUSIVE


def test_a_net_that_nobody_looked_for_is_neither_there_nor_missing(tmp_path: Path) -> None:
    """A name that no net has, and a kind that an older run did not keep."""
    judged(tmp_path, "gateway", objects())
    args: dict[str, Any] = {"test": "t", "role": "r", "namespace": "acd", "workload": "gateway"}
    for net in ("autoscalr", "autoscaler of gateway", "readiness", "readiness of "):
        for value in (None, 30):
            assert nets(tmp_path, **args, promised={net: value}).verdict is Verdict.INCONCLUSIVE, net
    old = {kind: found for kind, found in objects().items() if kind != "namespaces"}
    finding = judged(tmp_path, "gateway", old)
    assert (finding.verdict, "namespace_enforces" in finding.reason) == (Verdict.INCONCLUSIVE, True)


def test_each_net_that_is_taken_out_of_objects_has_a_name_that_is_known() -> None:
    found = objects()
    for role in ROLES.values():
        taken = nets_of(found, namespace=role.namespace, workload=role.workload)
        assert [net for net in taken if not is_seen(net, found)] == []
