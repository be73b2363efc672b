"""The fixtures of the suites."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING

import pytest

from suites.plugin.options import settings_key
from suites.plugin.promise import Promise
from suites.plugin.sentence import sentence_of
from suites.plugin.session import promise_key, session_key
from suites.profiles import EFFORTS

if TYPE_CHECKING:
    from chaos.run import Journal
    from loadtests.runner import Load
    from suites.plugin.stack import Stack
    from suites.plugin.types import Experiment


logger = logging.getLogger("crucible")
ROUND = "round"


@pytest.fixture
def promise(request: pytest.FixtureRequest) -> Promise:
    """What the test promises: its docstring; the test states claims about it."""
    made = Promise(request.node.nodeid, sentence_of(request.node))
    assert request.config.stash[session_key].dossier
    request.node.stash[promise_key] = made
    return made


@pytest.fixture
def stack(request: pytest.FixtureRequest) -> Stack:
    """The whole stack, up and watched."""
    return request.config.stash[session_key].stack()


@pytest.fixture
def load(request: pytest.FixtureRequest, stack: Stack) -> Load:
    """Starts loads through the gateway that leave their evidence in the dossier."""
    from loadtests.runner import Load

    settings = stack.settings.model_copy(update={"seed": _seed(request, stack)})
    return Load(settings, stack.dossier, stack.timeline)


@pytest.fixture
def experiment(request: pytest.FixtureRequest, stack: Stack, promise: Promise) -> Experiment:
    """Runs an experiment of `chaos/experiments/` to its end."""

    from chaos.run import run_experiment

    seed = _seed(request, stack)

    def run(name: str) -> Journal:
        promise.experiment = name
        journal = run_experiment(name, stack.dossier, settings=stack.settings, seed=seed)
        if not journal.ok:  # whose failure that is, the checkers say from the same files
            logger.warning("%s ended %s; %s", journal.folder, journal.status, "; ".join(journal.problems[-2:]))
        return journal

    return run


def _seed(request: pytest.FixtureRequest, stack: Stack) -> int:
    """Each round has victims and a load schedule of its own, the same again for the same seed of the run."""
    callspec = getattr(request.node, "callspec", None)
    return seed_of(stack.seed, int(callspec.params[ROUND]) if callspec else 1)


def seed_of(seed: int, round_number: int) -> int:
    """The seed of a round: the run's for the first, and then none that the next seed's rounds would repeat."""
    return seed if round_number == 1 else random.Random(f"{seed}:{round_number}").getrandbits(31)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that breaks something as often as the profile says."""
    if "experiment" not in metafunc.fixturenames:
        return
    rounds = EFFORTS[metafunc.config.stash[settings_key].profile].rounds
    if rounds > 1:
        metafunc.fixturenames.append(ROUND)
        metafunc.parametrize(ROUND, range(1, rounds + 1))
