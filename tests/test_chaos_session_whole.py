"""The session of a `chaos run`: what it opens and in which order, what it refuses, and where its evidence goes."""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from fake_world import STACK
from urllib3.exceptions import HTTPError

from chaos import session
from fixtures.errors import HarnessError, UsageError
from fixtures.kubernetes import watcher
from fixtures.ledger import Entry, Ledger, Target
from fixtures.settings import ROOT, Settings
from fixtures.timeline import Timeline


class Opened(AbstractContextManager["Opened"]):
    """Something that notes when it is opened and closed, and with what it was made."""

    def __init__(self, did: list[Any], name: str, *made_of: Any) -> None:
        self.did, self.name, self.made_of = did, name, made_of
        self.cluster = f"cluster of {name}"

    def __enter__(self) -> Opened:
        self.did.append(f"{self.name} opens")
        return self

    def __exit__(self, *_: object) -> None:
        self.did.append(f"{self.name} closes")

    def objects(self, kind: str) -> list[str]:
        return [f"all {kind}"]


@pytest.fixture
def did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a session opens, with all that it would need a cluster for made here; the kubeconfig is there."""
    done: list[Any] = []

    def world(settings: Settings, stack: Any, *, seed: int, experiment: str) -> Opened:
        return Opened(done, "world", settings, stack, seed, experiment)

    def fresh(out: Path, *, of_promises: bool) -> Path:
        assert (out, of_promises) == (ROOT / "reports/out", False)
        (tmp_path / "fresh").mkdir()
        return tmp_path / "fresh"

    monkeypatch.setattr(session, "World", world)

    def watched(cluster: Any, stack: Any, timeline: Timeline) -> Opened:
        assert (cluster, stack, type(timeline)) == ("cluster of world", STACK, Timeline)
        return Opened(done, "watcher")

    monkeypatch.setattr(watcher, "Watcher", watched)
    monkeypatch.setattr(session, "lock", lambda settings: Opened(done, "lock", settings.cluster_home))
    monkeypatch.setattr(session, "stack_map_of", lambda settings: {tmp_path / "home": STACK}[settings.home])
    monkeypatch.setattr(session, "create", fresh)
    monkeypatch.setattr(session, "take", lambda *words: done.append(("take", *words)))
    monkeypatch.setattr(session.secrets, "randbelow", lambda limit: limit - 1)
    for name in [name for name in os.environ if name.startswith("CRUCIBLE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CRUCIBLE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    home = Settings(home=tmp_path / "home").cluster_home
    home.mkdir(parents=True)
    (home / "kubeconfig").touch()
    monkeypatch.setattr(session, "_current", None)
    monkeypatch.setattr(session, "_refused", None)
    return done


def test_what_comes_after_a_session_that_could_not_be_opened_says_why_there_is_none(
    did: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise HTTPError("refused")

    with monkeypatch.context() as here:
        here.setattr(session, "World", away)
        with pytest.raises(HTTPError):
            session.begin({"experiment": "toy"})
    with pytest.raises(HarnessError) as said:
        session.current()
    assert str(said.value) == "nothing was broken, since no session could be opened: refused"
    shutil.rmtree(tmp_path / "fresh")
    session.begin({"experiment": "toy"})
    assert session.current().alone
    session.close()
    with pytest.raises(UsageError, match="expected the control"):
        session.current()


def test_alone_it_locks_watches_and_makes_a_dossier(
    did: list[Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    session.begin({"experiment": "toy"})
    here = session.current()
    world: Any = here.world
    assert did == ["lock opens", "world opens", "watcher opens"]
    assert here.alone is True
    assert here.folder == tmp_path / "fresh/experiments/toy-1"
    assert here.folder.is_dir()
    assert (world.made_of[1:], world.made_of[0].home) == ((STACK, 2**31 - 1, "toy"), tmp_path / "home")
    assert here.timeline.path == tmp_path / "fresh/timeline.jsonl"
    engine = here.engine
    assert (engine.run, engine.experiment) == ("fresh", "toy-1")
    assert engine.ledger.path == tmp_path / "home/clusters/crucible/ledger.jsonl"
    assert engine.timeline is here.timeline
    assert f"dossier {tmp_path}/fresh, seed {2**31 - 1}" in [record.getMessage() for record in caplog.records]
    targets = [Target("Pod", "web-1", "u-web-1")]
    before_act: Any = engine._before_act
    before_act("f1", targets)
    words = did.pop()
    assert words == ("take", "cluster of world", ["all pods"], targets, here.folder / "before" / "f1")
    session.close()
    assert did[3:] == ["watcher closes", "world closes", "lock closes"]
    with pytest.raises(ValueError, match="closed file"):
        here.timeline.event("harness", "too.late", "x")
    session.close()
    with pytest.raises(UsageError) as refused:
        session.current()
    assert str(refused.value) == (
        "expected the control chaos.controls.crucible in the experiment, found none: nothing would judge it\n"
        "  next: compare it with chaos/experiments/gateway-pod-kill.yaml"
    )


def test_put_there_by_a_harness_it_neither_locks_nor_watches_and_another_begin_ends_it(
    did: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run/experiments/toy-4"
    folder.mkdir(parents=True)
    (tmp_path / "home/clusters/crucible/kubeconfig").unlink()
    Timeline(tmp_path / "run").close()
    monkeypatch.setenv("CRUCIBLE_RUN_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("CRUCIBLE_SEED", "0")
    monkeypatch.chdir(folder)
    session.begin({"experiment": "toy"})
    here: Any = session.current()
    assert (did, here.alone, here.folder, here.world.made_of[2]) == (["world opens"], False, folder, 0)
    assert (here.engine.run, here.engine.experiment) == ("run", "toy-4")
    session.begin({"experiment": "other"})
    assert did == ["world opens", "world closes", "world opens"]
    assert session.current() is not here
    session.close()


def test_a_dossier_that_is_given_is_used_when_it_is_fresh(
    did: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRUCIBLE_RUN_DIR", str(tmp_path / "mine"))
    (tmp_path / "mine/experiments/toy-1").mkdir(parents=True)
    (tmp_path / "mine/experiments/toy-2").mkdir(parents=True)
    session.begin({"experiment": "toy"})
    assert session.current().folder == tmp_path / "mine/experiments/toy-3"
    assert not (tmp_path / "fresh").exists()
    session.close()
    did.clear()
    with pytest.raises(UsageError) as refused:
        session.begin({"experiment": "toy"})
    assert str(refused.value) == (
        f"{tmp_path}/mine holds another run, whose timeline would go on\n  next: unset CRUCIBLE_RUN_DIR"
    )
    assert did == []


def test_what_it_refuses_it_refuses_whole_and_gives_back_what_it_held(
    did: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for without in (None, {}, {"experiment": ""}):
        with pytest.raises(UsageError) as refused:
            session.begin(without)
        assert str(refused.value) == (
            "expected `configuration: {experiment: <name of the file>}` in the experiment, found none"
        )
    home = tmp_path / "home/clusters/crucible"
    Ledger(home).open(Entry("p1", {"module": "m", "type": "T", "args": {"sabotage": "no-probe"}}, []))
    Ledger(home).open(Entry("f1", {}, []))
    Ledger(home).open(Entry("f2", {}, []))
    monkeypatch.setenv("CRUCIBLE_SABOTAGE", "no-probe")
    with pytest.raises(UsageError) as refused:
        session.begin({"experiment": "toy"})
    assert str(refused.value) == "f1 of an earlier run is not undone yet\n  next: crucible heal"
    assert did == ["lock opens", "lock closes"]
    Ledger(home).done("f1")
    Ledger(home).done("f2")
    session.begin({"experiment": "toy"})  # what is planted is meant to stand
    session.close()
    (home / "kubeconfig").unlink()
    with pytest.raises(UsageError) as refused:
        session.begin({"experiment": "toy"})
    assert str(refused.value) == "expected cluster 'crucible' to be up, found none\n  next: crucible up"
