"""The one session of a `chaos run`: its world, engine and evidence, opened by the control of its experiment.

Inside a test the dossier comes from CRUCIBLE_RUN_DIR, and the test's process already watches the cluster. Alone, the
session makes a dossier under reports/out, takes the cluster's lock and watches for itself.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from chaoslib.exceptions import ActivityFailed

from chaos.engine import Engine, fault_of
from chaos.fault import Fault
from chaos.sabotages.unhealed import as_sabotaged
from chaos.world import World
from fixtures.errors import CrucibleError, HarnessError, UsageError
from fixtures.failure.last_words import take
from fixtures.ledger import Ledger, Target
from fixtures.lock import lock
from fixtures.settings import ROOT, Settings, load_settings
from fixtures.stack.map import stack_map_of
from fixtures.timeline import Timeline
from reports.layout import EXPERIMENTS, LAST_WORDS, TIMELINE, create

logger = logging.getLogger("chaostoolkit")
T = TypeVar("T")


@dataclass
class Session:
    """What activities work with."""

    world: World
    engine: Engine
    timeline: Timeline
    folder: Path
    alone: bool
    keep: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    kept: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gives, made by the first activity that asks for it; what must be given back goes into `keep`."""
        if name not in self.kept:
            self.kept[name] = make()
        made: T = self.kept[name]
        return made

    def sabotaged(self, fault: Fault) -> Fault:
        """The fault as this run heals it: the very same, unless a sabotage of healing stands planted."""
        settings = self.world.settings
        return as_sabotaged(fault, self.world, sabotage=settings.sabotage, experiment=self.world.experiment)


_current: Session | None = None
_refused: Exception | None = None  # why there is none, though the control asked for it


def begin(configuration: dict[str, Any] | None) -> None:
    """Open the session of this process; the control does, so that without it no fault acts.

    Args:
        configuration: the experiment's; its `experiment` is the experiment's name.

    Raises:
        UsageError: the experiment has no name, or a setting is wrong.
    """
    global _current, _refused  # noqa: PLW0603 - Chaos Toolkit hands nothing from activity to activity
    try:
        _current = _begun(configuration)
    except Exception as error:
        _refused = error
        raise


def _begun(configuration: dict[str, Any] | None) -> Session:
    name = (configuration or {}).get("experiment")
    if not name:
        raise UsageError("expected `configuration: {experiment: <name of the file>}` in the experiment, found none")
    close()
    return _open(str(name), load_settings())


def current() -> Session:
    """The session of this process.

    Raises:
        UsageError: the experiment runs without Crucible's control, so nothing would judge it.
        HarnessError: the control could not open one.
    """
    if _current is None and _refused is not None:
        raise HarnessError(f"nothing was broken, since no session could be opened: {_refused}")
    if _current is None:
        raise UsageError(
            "expected the control chaos.controls.crucible in the experiment, found none: nothing would judge it",
            next_command="compare it with chaos/experiments/gateway-pod-kill.yaml",
        )
    return _current


def close() -> None:
    """End the session, if there is one."""
    global _current, _refused  # noqa: PLW0603
    _refused = None
    if _current is not None:
        _current.keep.close()
        _current = None


@contextlib.contextmanager
def activity(configuration: dict[str, Any] | None) -> Iterator[Session]:
    """The session for one activity; what goes wrong in it is an ActivityFailed with words for a person."""
    try:
        yield current()
    except CrucibleError as error:
        raise ActivityFailed(str(error)) from error
    except (LookupError, OSError, ValueError) as error:
        raise ActivityFailed(f"{type(error).__name__}: {error}") from error


def heal(kind: type, configuration: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Heal each fault of this kind that this experiment has open; none open is fine, so it may be called twice."""
    with activity(configuration) as here:
        module, name = kind.__module__, kind.__name__
        mine = [e for e in here.engine.mine() if (e.fault["module"], e.fault["type"]) == (module, name)]
        return [here.engine.heal(here.sabotaged(fault_of(entry, here.world)), entry).to_json() for entry in mine]


def _open(name: str, settings: Settings) -> Session:
    with contextlib.ExitStack() as opening:
        here = _enter(name, settings, opening)
        here.keep = opening.pop_all()
    return here


def _enter(name: str, settings: Settings, keep: contextlib.ExitStack) -> Session:
    seed = settings.seed if settings.seed is not None else secrets.randbelow(2**31)
    alone = not _is_put_there(settings.run_dir)
    if alone:
        if settings.run_dir is not None and (settings.run_dir / TIMELINE).exists():
            raise UsageError(
                f"{settings.run_dir} holds another run, whose timeline would go on",
                next_command="unset CRUCIBLE_RUN_DIR",
            )
        if not settings.kubeconfig.exists():
            raise UsageError(f"expected cluster {settings.cluster!r} to be up, found none", next_command="crucible up")
        keep.enter_context(lock(settings))
        left = [e for e in Ledger(settings.cluster_home).open_entries() if not e.is_sabotage(settings.sabotage)]
        if left:
            raise UsageError(f"{left[0].id} of an earlier run is not undone yet", next_command="crucible heal")
    run_dir = settings.run_dir or create(ROOT / "reports" / "out", of_promises=False)
    stack = stack_map_of(settings)
    folder = _folder(run_dir, name)
    timeline = Timeline(run_dir)
    keep.callback(timeline.close)
    world = keep.enter_context(World(settings, stack, seed=seed, experiment=name))
    if alone:
        from fixtures.kubernetes.watcher import Watcher

        logger.info(f"dossier {run_dir}, seed {seed}")
        keep.enter_context(Watcher(world.cluster, stack, timeline))

    def before_act(fault_id: str, targets: list[Target]) -> None:
        take(world.cluster, world.objects("pods"), targets, folder / LAST_WORDS / fault_id)

    engine = Engine(
        Ledger(settings.cluster_home), timeline, run=run_dir.name, experiment=folder.name, before_act=before_act
    )
    return Session(world, engine, timeline, folder, alone)


def _is_put_there(run_dir: Path | None) -> bool:
    """Whether a harness runs this experiment, in its folder of the harness' dossier, and locks and watches itself."""
    return run_dir is not None and Path.cwd().parent == (run_dir / EXPERIMENTS).resolve()


def _folder(run_dir: Path, name: str) -> Path:
    """The folder of this run of the experiment: the working folder when the harness put us there, else a new one."""
    return Path.cwd() if _is_put_there(run_dir) else new_folder(run_dir, name)


def new_folder(run_dir: Path, name: str) -> Path:
    """Make `<run dir>/experiments/<name>-<n>`, with the first free n from 1."""
    number = 1
    while True:
        folder = run_dir / EXPERIMENTS / f"{name}-{number}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        else:
            return folder
