"""One sabotage from beginning to end: planted, its promises run, undone, and proven undone."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from chaos.engine import Engine, fault_of
from chaos.heal import heal_open, replay
from chaos.sabotages.data import Data
from chaos.sabotages.planted import Planted
from chaos.sabotages.sabotage import Sabotage
from chaos.world import World
from fixtures.cluster.state import above_floor, diff, snapshot, unhealthy
from fixtures.cluster.up import up
from fixtures.errors import CrucibleError, HarnessError, UsageError
from fixtures.ledger import Ledger
from fixtures.lock import lock
from fixtures.settings import Settings
from fixtures.stack.map import stack_map_of
from fixtures.timeline import Timeline
from fixtures.wait import WaitTimeout, wait_for
from reports.verdict import Verdict
from suites.sabotage.child import Ended, run_promises
from suites.sabotage.commit import commit
from suites.sabotage.outcome import Outcome, outcome_of
from suites.sabotage.results import Result, Seconds

logger = logging.getLogger("crucible")
Tell = Callable[[str], None]
WHOLE_WITHIN_S = 120.0
FREE_WITHIN_S = 60.0
KEPT_DOSSIERS = 2


class Runner:
    """Runs sabotages one at a time on the cluster of the settings.

    Args:
        settings: which cluster.
        folder: where each leaves `<id>/<time>/`: the timeline of its planting and undoing, and the run's dossier.
        seed: of the runs under them.
        tell: called with what happens, for people.

    Example::

        result = Runner(settings, Path("reports/out/sabotage"), seed=81, tell=print).run(find("drop-write"))
    """

    def __init__(self, settings: Settings, folder: Path, *, seed: int, tell: Tell) -> None:
        self.settings, self.folder, self.seed, self._tell = settings, folder, seed, tell
        self._ledger = Ledger(settings.cluster_home)
        self._stands = False
        self._standing_s = 0.0
        self._good: dict[str, object] | None = None

    def run(self, sabotage: Sabotage) -> Result:
        """Plant, run, undo; whatever fails on the way is the harness's failure, and the sabotage is undone."""
        began = time.monotonic()
        place = self.folder / sabotage.id / datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        place.mkdir(parents=True)
        ended, planted_s, undone_s, trouble = Ended(), 0.0, 0.0, ""
        before: dict[str, object] | None = None
        try:
            before = self._plant(sabotage, place)
            planted_s = time.monotonic() - began
            self._tell(f"  planted after {planted_s:.0f} s; runs {', '.join(sabotage.promises)}")
            ended = run_promises(
                sabotage.promises, place / "dossier", settings=self.settings, seed=self.seed, sabotage=sabotage.id
            )
            trouble = ended.trouble
        except Exception as error:  # whatever it was, it is undone, and the next sabotage goes on
            trouble = words(error) if before else f"not planted: {words(error)}"
        finally:
            undoing = time.monotonic()
            undo_trouble = self._undo(sabotage, place)
            undone_s = time.monotonic() - undoing
        if before is not None:
            left = self._left(before)
            undone_s = time.monotonic() - undoing
            undo_trouble = undo_trouble or (f"after undoing, {left[0]} ({len(left)} in all)" if left else "")
        self._stands = self._stands and not undo_trouble  # `up` may put right what was left
        outcome, reason = outcome_of(sabotage, ended.verdicts, ended.own, ended.by, ended.unhealed)
        if trouble or undo_trouble:
            outcome, reason = Outcome.HARNESS, "; ".join(filter(None, (trouble, undo_trouble)))
        self._forget_old(sabotage)
        total = time.monotonic() - began - self._standing_s  # building what is sabotaged is no part of it
        planted_s = max(0.0, planted_s - self._standing_s)
        return Result(
            sabotage=sabotage.id, family=sabotage.family.value, digest=sabotage.digest, outcome=outcome, reason=reason,
            seed=self.seed, verdicts=shown(sabotage, ended), dossier=str((place / "dossier").relative_to(self.folder)),
            commit=commit(),
            seconds=Seconds(plant=_s(planted_s), promises=_s(ended.seconds), undo=_s(undone_s), total=_s(total)),
        )  # fmt: skip

    def _plant(self, sabotage: Sabotage, place: Path) -> dict[str, object]:
        """See that the stack is whole, remember how it stands, and break it."""
        with self._locked(), self._engine(sabotage, place) as (engine, world):
            heal_open(self.settings)  # what a dead run left
            standing = time.monotonic()
            self._stand_up()
            self._standing_s = time.monotonic() - standing
            self._until_whole(world)
            before = snapshot(world.cluster, world.stack)
            self._good = self._good or before
            engine.inject(Data(world, sabotage.id))  # first, so that it is undone last
            if not sabotage.is_of_the_harness:
                engine.inject(Planted(world, sabotage.id))
        return before

    def _undo(self, sabotage: Sabotage, place: Path) -> str:
        """Undo whatever is open, ours last; what went wrong in words, empty when all is undone."""
        trouble = ""
        try:
            with self._locked(), self._engine(sabotage, place) as (engine, world):
                for entry in reversed(self._ledger.open_entries()):
                    try:
                        if entry.is_sabotage(sabotage.id):
                            engine.heal(fault_of(entry, world), entry)
                        else:  # what the run under the sabotage left; a certificate is not ours to write
                            replay(self._ledger, entry, world)
                    except Exception as error:  # the next one may still be undone
                        logger.error("%s is not undone: %s", entry.id, error)
                        trouble = f"{entry.id} is not undone: {error}"
        except Exception as error:
            trouble = f"not undone: {words(error)}"
        return trouble

    def _left(self, before: dict[str, object]) -> list[str]:
        """What differs from before the sabotage, once it had time to settle; nothing when all is as it was.

        An autoscaler has to be back at its floor: what goes on shrinking would be blamed on the next sabotage.
        """
        left: list[str] = []
        try:
            with World(self.settings, stack_map_of(self.settings), seed=0, experiment="sabotage") as world:

                def is_back() -> bool:
                    now = snapshot(world.cluster, world.stack)
                    left[:] = diff(before, now) + above_floor(now)
                    return not left

                wait_for(is_back, what="the stack to be as before", within_s=WHOLE_WITHIN_S, every_s=1.0)
        except WaitTimeout:
            return left
        except Exception as error:
            return [f"the stack cannot be compared: {words(error)}"]
        return []

    def _stand_up(self) -> None:
        """The stack of this checkout; once, since each sabotage is proven undone."""
        if not self._stands:
            up(self.settings, logger.info)
            self._stands = True

    def _until_whole(self, world: World) -> None:
        """Whole, and as the first sabotage found it: what one left would be taken for the sight of the next."""
        wrong: list[str] = []

        def whole() -> bool:
            now = snapshot(world.cluster, world.stack)
            left = diff(self._good, now) if self._good else []
            wrong[:] = unhealthy(now) + above_floor(now) + [f"since an earlier sabotage {one}" for one in left]
            return not wrong

        try:
            wait_for(whole, what="a whole stack to sabotage", within_s=WHOLE_WITHIN_S, every_s=1.0)
        except WaitTimeout as timeout:
            raise HarnessError(
                f"the stack is not whole before anything is planted: {wrong[0]}", next_command="crucible up"
            ) from timeout

    @contextmanager
    def _engine(self, sabotage: Sabotage, place: Path) -> Iterator[tuple[Engine, World]]:
        timeline = Timeline(place)
        try:
            with World(
                self.settings, stack_map_of(self.settings), seed=self.seed, experiment=f"sabotage-{sabotage.id}"
            ) as world:
                yield Engine(self._ledger, timeline, run=place.name, experiment=f"sabotage-{sabotage.id}"), world
        finally:
            timeline.close()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The cluster's lock; a run that has just ended may hold it for a moment."""
        with lock_of(self.settings, FREE_WITHIN_S):
            yield

    def _forget_old(self, sabotage: Sabotage) -> None:
        places = sorted((self.folder / sabotage.id).iterdir())
        for old in places[:-KEPT_DOSSIERS]:
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def lock_of(settings: Settings, within_s: float) -> Iterator[None]:
    """The cluster's lock, waited for.

    Raises:
        UsageError: another process holds it all the time.
    """
    until = time.monotonic() + within_s
    while True:
        holding = lock(settings)
        try:
            holding.__enter__()
        except UsageError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)
        else:
            break
    try:
        yield
    finally:
        holding.__exit__(None, None, None)


def words(error: Exception) -> str:
    """An error for the result: ours are sentences, of others the kind is told too."""
    return error.message if isinstance(error, CrucibleError) else f"{type(error).__name__}: {error}"


def shown(sabotage: Sabotage, ended: Ended) -> dict[str, Verdict]:
    """The verdicts that decide: of what must turn red its own, of the sentinels the whole."""
    return ended.verdicts | {promise: ended.own[promise] for promise in sabotage.must_turn_red if promise in ended.own}


def _s(seconds: float) -> float:
    return round(seconds, 1)
