"""Whatever happens under a sabotage, it is undone, proven undone, and told for what it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_stack import FakeStack, rendered

from chaos.sabotages import data
from chaos.sabotages.catalogue import find
from fixtures.errors import HarnessError
from fixtures.kubernetes.informer import KubeObject
from fixtures.ledger import Entry, Ledger
from fixtures.lock import lock
from fixtures.selection_input.put_back import Differences
from fixtures.settings import Profile, Settings
from fixtures.wait import wait_for
from reports.verdict import Verdict
from suites.sabotage import child, runner
from suites.sabotage.child import Ended
from suites.sabotage.outcome import Outcome
from suites.sabotage.results import Result
from suites.sabotage.runner import Runner

ENTRY = find("director-without-budget")
PDB = "/apis/policy/v1/namespaces/acd/poddisruptionbudgets/director"
OTHER = "/apis/policy/v1/namespaces/acd/poddisruptionbudgets/gateway"
PATHS = {"cdn/hosts": {"edge-1": {"v": 1}}}
SEEN = dict.fromkeys(ENTRY.must_turn_red, Verdict.FAIL) | dict.fromkeys(ENTRY.must_stay_green, Verdict.PASS)


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> list[KubeObject]:
    return rendered(tmp_path_factory.mktemp("home"))


@pytest.fixture
def stack(manifests: list[KubeObject], monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    """A stack in memory in the place of the cluster; it is whole, unless a member is gone."""
    stack = FakeStack(manifests)
    monkeypatch.setattr(runner, "World", lambda *_, **__: stack)
    monkeypatch.setattr(runner, "snapshot", lambda *_: sorted(stack.api.items))
    monkeypatch.setattr(runner, "diff", lambda before, after: [f"{one} is gone" for one in before if one not in after])
    monkeypatch.setattr(runner, "unhealthy", lambda _: [])
    monkeypatch.setattr(runner, "above_floor", lambda _: [])
    monkeypatch.setattr(runner, "up", lambda *_: None)
    monkeypatch.setattr(data, "held", lambda _: ({"paths": PATHS}, 5))
    monkeypatch.setattr(data, "differences", lambda *_: Differences())
    monkeypatch.setattr(data, "put_back", lambda *_: None)
    monkeypatch.setattr(runner, "WHOLE_WITHIN_S", 0.2)
    monkeypatch.setattr(runner, "FREE_WITHIN_S", 0.2)
    return stack


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, under: Callable[..., Ended]) -> Result:
    monkeypatch.setattr(runner, "run_promises", under)
    settings = Settings(home=tmp_path / "home")
    return Runner(settings, tmp_path / "out", seed=7, tell=lambda _: None).run(ENTRY)


def test_it_stands_while_its_promises_run_and_is_gone_after(
    stack: FakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def under(promises: Any, dossier: Path, *, settings: Settings, seed: int, sabotage: str) -> Ended:
        assert PDB not in stack.api.items
        kept, planted = Ledger(settings.cluster_home).open_entries()
        assert (kept.fault["type"], planted.fault["type"]) == ("Data", "Planted")
        assert kept.pinned()[0].facts == {"paths": PATHS}
        assert kept.is_sabotage(ENTRY.id)
        with lock(settings):
            pass  # the run under it must get the cluster
        return Ended(SEEN, SEEN, 12.0)

    result = run(tmp_path, monkeypatch, under)
    assert result.outcome is Outcome.CAUGHT
    assert PDB in stack.api.items
    assert Ledger(tmp_path / "home" / "clusters" / "crucible").open_entries() == []
    assert result.seconds.promises == 12
    assert (tmp_path / "out" / ENTRY.id).is_dir()


def test_what_the_run_under_it_left_broken_is_healed_too(
    stack: FakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    healed: list[str] = []
    monkeypatch.setattr(runner, "replay", lambda ledger, entry, world: (healed.append(entry.id), ledger.done(entry.id)))

    def under(promises: Any, dossier: Path, *, settings: Settings, seed: int, sabotage: str) -> Ended:
        Ledger(settings.cluster_home).open(Entry("left-1", {"module": "m", "type": "KillNode", "args": {}}, []))
        return Ended(SEEN, SEEN, 1.0)

    assert run(tmp_path, monkeypatch, under).outcome is Outcome.CAUGHT
    assert healed == ["left-1"]


def test_a_stuck_run_is_the_harness_failing_and_all_is_undone(
    stack: FakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(tmp_path, monkeypatch, lambda *_, **__: Ended(SEEN, SEEN, 1.0, "the run did not end within 5 s"))
    assert result.outcome is Outcome.HARNESS
    assert "did not end" in result.reason
    assert PDB in stack.api.items


def test_an_interruption_undoes_it_before_it_goes_on(
    stack: FakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def under(*_: Any, **__: Any) -> Ended:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, monkeypatch, under)
    assert PDB in stack.api.items


def test_what_is_not_as_before_is_told(stack: FakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def under(*_: Any, **__: Any) -> Ended:
        del stack.api.items["/api/v1/namespaces/acd/services/director"]
        return Ended(SEEN, SEEN, 1.0)

    result = run(tmp_path, monkeypatch, under)
    assert result.outcome is Outcome.HARNESS
    assert "services/director is gone" in result.reason


@pytest.mark.parametrize("where", ["unhealthy", "up"])
def test_an_error_that_nobody_foresaw_is_told_and_the_next_goes_on(
    where: str, stack: FakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise AttributeError("no such thing")

    monkeypatch.setattr(runner, where, broken)
    result = run(tmp_path, monkeypatch, lambda *_, **__: pytest.fail("nothing may run"))
    assert result.outcome is Outcome.HARNESS
    assert result.reason == "not planted: AttributeError: no such thing"


def test_a_stack_that_is_not_whole_is_not_sabotaged(
    stack: FakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "unhealthy", lambda _: ["pod acd/x: not Ready"])
    result = run(tmp_path, monkeypatch, lambda *_, **__: pytest.fail("nothing may run"))
    assert result.outcome is Outcome.HARNESS
    assert "not whole before anything is planted: pod acd/x: not Ready" in result.reason
    assert stack.api.asked == []


def test_a_cluster_in_use_by_another_is_left_alone(
    stack: FakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "home")
    holder = "import fcntl,os,sys,time; f=os.open(sys.argv[1],os.O_RDWR|os.O_CREAT); fcntl.flock(f,fcntl.LOCK_EX)"
    settings.cluster_home.mkdir(parents=True)
    words = [
        sys.executable,
        "-c",
        f"{holder}; print(1,flush=True); time.sleep(30)",
        str(settings.cluster_home / "lock"),
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        result = run(tmp_path, monkeypatch, lambda *_, **__: pytest.fail("nothing may run"))
        other.kill()
    assert result.outcome is Outcome.HARNESS
    assert "is in use by" in result.reason


def stub(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(child, "words_of", lambda *_: [sys.executable, "-c", script])


def test_a_run_that_is_stuck_is_ended_with_all_that_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "inner"
    stub(monkeypatch, (
        "import subprocess,sys,time,signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"p=subprocess.Popen(['sleep','60']); open({str(inner)!r},'w').write(str(p.pid)); time.sleep(60)"
    ))  # fmt: skip

    def once_it_started_more(promises: object) -> float:
        wait_for(lambda: inner.exists() and inner.read_text(), what="the run to start a process", within_s=30)
        return 0.1

    monkeypatch.setattr(child, "limit_s", once_it_started_more)
    monkeypatch.setattr(child, "ENDS_WITHIN_S", 0.5)
    ended = child.run_promises(ENTRY.promises, tmp_path / "dossier", settings=Settings(), seed=7)
    assert ended.trouble == "the run did not end within 0.1 s"
    wait_for(lambda: _is_dead(int(inner.read_text())), what="what the run had started to end", within_s=5)


def _is_dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_run_that_dies_at_once_says_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub(monkeypatch, "import sys; print('no such cluster'); sys.exit(2)")
    ended = child.run_promises(ENTRY.promises, tmp_path / "dossier", settings=Settings(), seed=7)
    assert ended.verdicts == {}
    assert "ended with 2 and judged nothing: no such cluster" in ended.trouble


def test_an_interruption_ends_the_run_in_its_orderly_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    stub(monkeypatch, (
        "import signal,sys,time;"
        f"signal.signal(signal.SIGTERM, lambda *_: (open({str(told)!r},'w').close(), sys.exit(0)));"
        "print(1,flush=True); time.sleep(60)"
    ))  # fmt: skip

    def interrupt() -> None:
        while not (tmp_path / "output.txt").exists() or not (tmp_path / "output.txt").read_text():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    # A shell gives what it starts in the background an ignored SIGINT, and the tests may run there.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt, daemon=True).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            child.run_promises(ENTRY.promises, tmp_path / "dossier", settings=Settings(), seed=7)
    finally:
        signal.signal(signal.SIGINT, before)
    assert told.exists()


def test_the_run_under_it_knows_what_stands_and_nothing_else_changes(tmp_path: Path) -> None:
    settings = Settings(namespace="other", sabotage="toy", run_dir=tmp_path, profile=Profile.SMOKE)
    given = child.environment(settings)
    assert given["CRUCIBLE_SABOTAGE"] == "toy"
    assert given["CRUCIBLE_RUN_DIR"] == str(tmp_path)
    assert given["CRUCIBLE_NAMESPACE"] == "other"
    words = child.words_of(ENTRY.promises, 7)
    assert words[1:4] == ["-m", "suites.sabotage.bound", str(os.getpid())]
    assert words[4:9] == ["run", "--profile", "smoke", "--seed", "7"]
    assert [words[i + 1] for i, word in enumerate(words) if word == "--promise"] == list(ENTRY.promises)


def test_data_that_differ_before_are_not_blamed_on_a_sabotage(
    stack: FakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "differences", lambda *_: Differences({"operators/1": "director-7 holds it otherwise"}))
    result = run(tmp_path, monkeypatch, lambda *_, **__: pytest.fail("nothing may run"))
    assert result.outcome is Outcome.HARNESS
    assert "not planted: before anything is planted, director-7 holds it otherwise" in result.reason
    assert stack.api.asked == []
    assert Ledger(tmp_path / "home" / "clusters" / "crucible").open_entries() == []


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, OSError], ids=["ends", "is interrupted", "fails"])
def test_however_the_run_under_it_ends_the_data_are_put_back_last(
    error: type[BaseException] | None, stack: FakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: list[Any] = []
    wrong = Differences(unknown=["director-7 is behind"])
    monkeypatch.setattr(data, "differences", lambda *_: Differences() if put or PDB in stack.api.items else wrong)

    def back(*told: Any) -> None:
        assert PDB in stack.api.items
        put.append(told[3])

    monkeypatch.setattr(data, "put_back", back)

    def under(*_: Any, **__: Any) -> Ended:
        if error:
            raise error("told")
        return Ended(SEEN, SEEN, 1.0)

    if error is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, monkeypatch, under)
    else:
        result = run(tmp_path, monkeypatch, under)
        assert (result.outcome, result.reason) in (
            (Outcome.CAUGHT, result.reason), (Outcome.HARNESS, "OSError: told")
        )  # fmt: skip
    assert put == [PATHS]


def test_data_that_cannot_be_put_back_stay_on_the_ledger_for_heal(
    stack: FakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> None:
        raise HarnessError("a b/c of Selection Input cannot be put back")

    monkeypatch.setattr(data, "put_back", refused)
    result = run(tmp_path, monkeypatch, lambda *_, **__: Ended(SEEN, SEEN, 1.0))
    assert result.outcome is Outcome.HARNESS
    assert "is not undone: a b/c of Selection Input cannot be put back" in result.reason
    (left,) = Ledger(tmp_path / "home" / "clusters" / "crucible").open_entries()
    assert left.fault["type"] == "Data"


def test_nothing_is_remembered_or_put_back_of_an_adopted_cluster(
    stack: FakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "put_back", lambda *_: pytest.fail("it is another's"))
    stack.settings = stack.settings.model_copy(update={"adopt_context": "customer"})
    monkeypatch.setattr(runner, "run_promises", lambda *_, **__: pytest.fail("nothing may run"))
    own = find("no-heal")
    result = Runner(Settings(home=tmp_path / "home"), tmp_path / "out", seed=7, tell=lambda _: None).run(own)
    assert result.outcome is Outcome.HARNESS
    assert "never on an adopted one" in result.reason


def test_nothing_is_planted_on_what_an_earlier_sabotage_left(
    stack: FakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The campaign went on over it, and what was left turned the next promise red: two more were "caught"."""
    ups: list[str] = []
    monkeypatch.setattr(runner, "up", lambda *_: ups.append("up"))
    asked: list[str] = []

    def under(*_: Any, **__: Any) -> Ended:
        asked.append("run")
        del stack.api.items[OTHER]  # what the undoing knows nothing of
        return Ended(SEEN, SEEN, 1.0)

    monkeypatch.setattr(runner, "run_promises", under)
    one = Runner(Settings(home=tmp_path / "home"), tmp_path / "out", seed=7, tell=lambda _: None)
    kept = stack.api.items[OTHER]
    first, second = one.run(ENTRY), one.run(ENTRY)
    assert (first.outcome, second.outcome) == (Outcome.HARNESS, Outcome.HARNESS)
    assert f"after undoing, {OTHER} is gone" in first.reason
    assert (
        f"not planted: the stack is not whole before anything is planted: since an earlier sabotage {OTHER} is gone"
        in (second.reason)
    )
    assert (len(asked), len(ups)) == (1, 2), "`up` may put it right"
    stack.api.items[OTHER] = kept
    monkeypatch.setattr(runner, "run_promises", lambda *_, **__: Ended(SEEN, SEEN, 1.0))
    assert one.run(ENTRY).outcome is Outcome.CAUGHT
