"""The witnesses of the recovery bench: exact about processes and outages that are known here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.deaths import Deaths, first_process
from bench.stated_recovery import Moment, Trial, first_back
from fixtures.errors import HarnessError
from fixtures.settings import ROOT
from fixtures.wait import wait_for
from reports.interval import Interval


def test_a_death_is_seen_when_it_happens() -> None:
    child = subprocess.Popen(["sleep", "60"])
    with Deaths([child.pid, os.getpid()]) as deaths:
        before_ns = time.monotonic_ns()
        child.kill()
        child.wait()
        after_ns = time.monotonic_ns()
        wait_for(lambda: deaths.at_ns, what="a death", within_s=60, every_s=0.01)
    (at_ns,) = deaths.at_ns  # this process lives
    assert before_ns <= at_ns <= after_ns + 200_000_000


def test_the_first_process_of_a_container_is_number_one_in_it(tmp_path: Path) -> None:
    for pid, cgroup, spaces in ((8, "other", "8 1"), (9, "abc123", "9 44 7"), (10, "abc123", "10 45 1")):
        folder = tmp_path / str(pid)
        folder.mkdir()
        (folder / "cgroup").write_text(f"0::/kubelet/cri-containerd-{cgroup}.scope\n")
        (folder / "status").write_text(f"Name:\tnginx\nNSpid:\t{spaces}\n")
    (tmp_path / "self").mkdir()
    (tmp_path / "11").mkdir()
    assert first_process("abc123", tmp_path) == 10
    with pytest.raises(HarnessError, match="no first process"):
        first_process("unknown", tmp_path)


def test_the_prober_brackets_the_moment_at_which_service_comes_back() -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.planted_outage", "0", "2", "5"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout
    assert server.stdin
    port = json.loads(server.stdout.readline())["port"]
    prober = subprocess.Popen(
        [sys.executable, "-m", "bench.prober", str(port), "/"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert prober.stdout
    found = [_back(prober.stdout.readline())]  # it asks before the first outage
    server.stdin.write("\n")
    server.stdin.flush()
    planted = [json.loads(server.stdout.readline())["back_ns"] for _ in range(2)]
    while found[-1][1] < planted[-1][0]:
        found.append(_back(prober.stdout.readline()))
    prober.communicate("\n", timeout=10)
    server.kill()
    server.communicate()
    for truth in planted:
        assert any(back[0] <= truth[1] and truth[0] <= back[1] for back in found)


def _back(line: str) -> list[int]:
    back: list[int] = json.loads(line)["back_ns"]
    return back


def test_a_truth_that_reaches_out_of_what_is_stated_is_outside() -> None:
    stated = Interval(10.0, 10.2)
    assert Moment(stated, Interval(10.0, 10.2)).inside
    assert not Moment(stated, Interval(9.9, 10.1)).inside
    assert not Moment(stated, Interval(10.1, 10.3)).inside
    trial = Trial(Moment(Interval(1.0, 1.2), Interval(1.05, 1.05)), Moment(Interval(6.0, 6.04), Interval(6.01, 6.02)))
    assert trial.duration.inside
    assert trial.duration.error_s == pytest.approx(abs((4.8 + 5.04) / 2 - (4.96 + 4.97) / 2))
    assert trial.back.error_s == pytest.approx(0.005)


def test_service_is_back_once_and_a_later_hiccup_is_not_its_return() -> None:
    """Seen live: a hiccup of the prober half a minute later was taken for the end of the outage."""
    backs = [[105.4, 105.5], [41.7, 41.8], [46.05, 46.1], [12.0, 12.1]]
    assert first_back(backs, Interval(41.622, 42.319)) == Interval(46.05, 46.1)
    assert first_back(backs, Interval(106.0, 107.0)) is None
