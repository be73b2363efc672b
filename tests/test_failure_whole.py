"""Evidence of a failure, compared whole: each file with its text, each question that was asked, and the note beside."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.docker.containers import NodeContainer
from fixtures.failure import gathering, words
from fixtures.failure.gathering import gather
from fixtures.failure.last_words import take
from fixtures.failure.words import Gathered
from fixtures.ledger import Target
from fixtures.settings import Settings

Item = dict[str, Any]
NOON = "2026-11-27 12:00:00 UTC"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def pod(name: str, namespace: str = "acd", *, node: str = "w1", main: int = 0, side: int | None = None) -> Item:
    counts = {"main": main} | ({} if side is None else {"side": side})
    return {
        "metadata": {"name": name, "namespace": namespace, "uid": f"u-{name}"},
        "spec": {"nodeName": node, "containers": [{"name": each} for each in counts]},
        "status": {"containerStatuses": [{"name": each, "restartCount": n} for each, n in counts.items()]},
    }


PODS = {"acd": [pod("b", main=2, side=0), pod("a", node="w2")], "cdn": [pod("c", "cdn", side=1)]}
SECRETS = {"acd": "horse-battery", "cdn": "correct-staple"}


class Cluster:
    """Answers as an API server, kubectl and Docker would, and keeps what it was asked."""

    def __init__(self, *, context: str | None = None) -> None:
        self.settings = Settings(adopt_context=context, cluster="mine")
        self.asked: list[tuple[Any, ...]] = []

    def get(self, path: str) -> Item:
        *_, namespace, plural = path.split("/")
        assert path == f"/api/v1/namespaces/{namespace}/{plural}"
        secret = {"data": {"key": encoded(SECRETS[namespace])}}
        return {"items": [secret] if plural == "secrets" else PODS[namespace]}

    def kubectl(self, *args: str, within_s: float) -> str:
        self.asked.append((*args, within_s))
        return f"{args[0]} horse-battery correct-staple\n"

    def log(self, *args: str, lines: int, previous: bool, within_s: float) -> str:
        self.asked.append((*args, lines, previous, within_s))
        return "" if args[2] == "side" and previous else f"{'/'.join(args)}{' before' if previous else ''}\n"

    def docker(self, *args: str, within_s: float) -> str:
        self.asked.append((*args, within_s))
        return f"journal of {args[1]} horse-battery"


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """All is written at noon."""
    at = time.strptime(NOON, "%Y-%m-%d %H:%M:%S UTC")
    stopped = SimpleNamespace(monotonic=lambda: 0.0, gmtime=lambda: at, strftime=time.strftime)
    monkeypatch.setattr(words, "time", stopped)


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def note(when: str, **missing: str) -> str:
    return json.dumps({"gathered": NOON, "when": when, "missing": missing}, indent=1) + "\n"


MASKED = "*** ***\n"
NAMES = [
    "a.log", "b.log", "b.previous.log", "c.log", "events-cdn.txt", "events.txt", "nodes.txt",
    "pods-cdn.txt", "pods.txt", "workloads-cdn.txt", "workloads.txt",
]  # fmt: skip


@pytest.mark.usefixtures("noon")
def test_all_that_the_stack_says_of_itself_is_gathered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, folder = Cluster(), tmp_path / "deep" / "x"
    nodes = [NodeContainer(name, "i", state, "i") for name, state in (("w1", "running"), ("w2", "paused"))]
    monkeypatch.setattr(gathering, "find_engine", lambda: cluster)
    monkeypatch.setattr(
        gathering, "node_containers", lambda engine, name: nodes if (engine, name) == (cluster, "mine") else []
    )
    found = gather(cluster, ["acd", "cdn"], folder, nodes=["w2", "w1", "w9", "w1"], since_s=12.9)  # type: ignore[arg-type]
    away = {"c.previous.log": "it is empty", "w2.journal": "the node is paused",
            "w9.journal": "the node is no container of ours"}  # fmt: skip
    assert found == Gathered([*NAMES, "w1.journal"], away)
    assert texts(folder) == {
        "about.json": note("after judging and before healing", **away),
        "nodes.txt": f"describe {MASKED}", "pods.txt": f"describe {MASKED}", "pods-cdn.txt": f"describe {MASKED}",
        "workloads.txt": f"describe {MASKED}", "workloads-cdn.txt": f"describe {MASKED}",
        "events.txt": f"get {MASKED}", "events-cdn.txt": f"get {MASKED}", "w1.journal": "journal of w1 ***",
        "a.log": "acd/a/main\n", "b.previous.log": "acd/b/main before\n",
        "b.log": "==> container main <==\nacd/b/main\n==> container side <==\nacd/b/side\n",
        "c.log": "==> container main <==\ncdn/c/main\n==> container side <==\ncdn/c/side\n",
    }  # fmt: skip


def asked_of(cluster: Cluster) -> list[tuple[Any, ...]]:
    return sorted(cluster.asked, key=repr)


@pytest.mark.usefixtures("noon")
def test_each_question_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(context="theirs")
    monkeypatch.setattr(gathering, "find_engine", lambda: cluster)
    monkeypatch.setattr(gathering, "node_containers", lambda *_: [NodeContainer("w1", "i", "running", "i")])
    found = gather(cluster, ["acd", "cdn"], tmp_path, nodes=["w1"])  # type: ignore[arg-type]
    assert found.missing["w1.journal"] == "the node is no container of ours"
    sort = ("--sort-by=.lastTimestamp", "--output=wide", 10.0)
    kinds = "deployments,statefulsets,hpa,pdb"
    about = [
        question
        for namespace in ("acd", "cdn")
        for question in (
            ("get", "events", "--namespace", namespace, *sort),
            ("describe", "pods", "--namespace", namespace, 10.0),
            ("describe", kinds, "--namespace", namespace, 10.0),
        )
    ]
    logs = [
        ("acd", "a", "main", False), ("acd", "b", "main", False), ("acd", "b", "main", True),
        ("acd", "b", "side", False), ("cdn", "c", "main", False), ("cdn", "c", "side", False),
        ("cdn", "c", "side", True),
    ]  # fmt: skip
    bounded = [(*three, 400, previous, 10.0) for *three, previous in logs]
    assert asked_of(cluster) == sorted([("describe", "nodes", 10.0), *about, *bounded], key=repr)


@pytest.mark.parametrize(("since_s", "more"), [(None, ()), (0.0, ("--since=@0",)), (99.9, ("--since=@99",))])
def test_a_journal_is_asked_for_from_a_moment_on(
    since_s: float | None, more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster()
    nodes = [NodeContainer(name, "i", "running", "i") for name in ("w1", "w2")]
    monkeypatch.setattr(gathering, "find_engine", lambda: cluster)
    monkeypatch.setattr(gathering, "node_containers", lambda engine, name: nodes)
    asks, missing = gathering._journals(cluster, ["w2", "w1"], since_s)  # type: ignore[arg-type]
    assert [(name, ask()) for name, ask in asks.items()] == [
        (f"{node}.journal", f"journal of {node} horse-battery") for node in ("w1", "w2")
    ]
    assert cluster.asked == [
        ("exec", node, "journalctl", "--no-pager", "--lines=400", *more, 10.0) for node in ("w1", "w2")
    ]
    assert missing == {}
    monkeypatch.setattr(gathering, "find_engine", lambda: None)
    assert gathering._journals(cluster, ["w1"], since_s) == (  # type: ignore[arg-type]
        {}, {"w1.journal": "the node is no container of ours"},
    )  # fmt: skip
    assert gathering._journals(cluster, [], since_s) == ({}, {})  # type: ignore[arg-type]


@pytest.mark.usefixtures("noon")
def test_the_last_words_of_all_that_a_node_carries_and_of_pods(tmp_path: Path) -> None:
    cluster, pods = Cluster(), [*PODS["cdn"], *PODS["acd"], pod("d", main=1), pod("far", node="w7")]
    targets = [Target("Node", "w9", "n9"), Target("Node", "w2", "n2"), Target("Pod", "c", "u-c", "cdn"),
               Target("Pod", "d", "u-d", "acd"), Target("Topic", "far", "u-far")]  # fmt: skip
    take(cluster, pods, targets, tmp_path / "x")  # type: ignore[arg-type]
    logs = [("acd", "a", "main", False), ("acd", "d", "main", False), ("acd", "d", "main", True),
            ("cdn", "c", "main", False), ("cdn", "c", "side", False), ("cdn", "c", "side", True)]  # fmt: skip
    described = [
        ("describe", "nodes", "w2", "w9", 3.0), ("describe", "pods", "--namespace", "acd", "a", "d", 3.0),
        ("describe", "pods", "--namespace", "cdn", "c", 3.0),
    ]  # fmt: skip
    bounded = [(*three, 200, previous, 3.0) for *three, previous in logs]
    assert asked_of(cluster) == sorted([*described, *bounded], key=repr)
    found = texts(tmp_path / "x")
    assert found.keys() == {"about.json", "a.log", "c.log", "d.log", "d.previous.log", "nodes.txt", "pods-acd.txt",
                            "pods-cdn.txt"}  # fmt: skip
    assert found["about.json"] == note("before the act", **{"c.previous.log": "it is empty"})
    assert {found[name] for name in ("nodes.txt", "pods-acd.txt", "pods-cdn.txt")} == {f"describe {MASKED}"}


@pytest.mark.usefixtures("noon")
def test_a_node_that_carries_nothing_is_described_all_the_same(tmp_path: Path) -> None:
    cluster = Cluster()
    take(cluster, PODS["acd"], [Target("Node", "w9", "n9")], tmp_path)  # type: ignore[arg-type]
    assert cluster.asked == [("describe", "nodes", "w9", 3.0)]
    take(cluster, PODS["acd"], [Target("Pod", "z", "u-z", "acd")], tmp_path / "no")  # type: ignore[arg-type]
    assert not (tmp_path / "no").exists()


@pytest.mark.usefixtures("noon")
def test_a_cluster_that_does_not_answer_is_told_in_300_letters(tmp_path: Path) -> None:
    class Away(Cluster):
        def get(self, path: str) -> Item:
            raise OSError("x" * 400)

    said = f"the cluster did not answer: OSError: {'x' * 400}"[:300]
    found = gather(Away(), ["acd"], tmp_path / "a", nodes=["w1"])  # type: ignore[arg-type]
    assert found == Gathered([], {"everything": said})
    assert texts(tmp_path / "a") == {"about.json": note("after judging and before healing", everything=said)}
    take(Away(), PODS["acd"], [Target("Pod", "a", "u-a", "acd")], tmp_path / "b")  # type: ignore[arg-type]
    assert texts(tmp_path / "b") == {"about.json": note("before the act", everything=said)}
