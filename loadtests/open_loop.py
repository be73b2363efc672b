"""The open loop on Locust: each request starts at its planned time, whether or not earlier ones were answered.

Locust's users normally wait for an answer before they send again, so a stalled stack is asked less and looks better
(coordinated omission). Here each request has a greenlet of its own: a stall meets the full planned rate. A user that is
late all the same, because this machine is busy, sends at once, and the row keeps the planned time.
"""

from __future__ import annotations

import ctypes
import itertools
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from gevent import get_hub
from gevent.pool import Pool
from locust import User, events, task
from locust.exception import StopUser

from fixtures.errors import CrucibleError, UsageError
from fixtures.settings import ROOT, load_settings
from loadtests.answer import Answer
from loadtests.exchange import CONNECT_S, READ_S, Connections
from loadtests.rows import Plan, RequestRows
from loadtests.schedule import starts
from loadtests.shaping import Shaped, hold, read_shape
from reports import layout
from reports.pace import Stage

LEAD_S = 0.3
"""Seconds between the start of the test and the first slot: time to spawn the users."""
TAIL_S = 0.2
"""Seconds between the last slot and --run-time: the plan ends before Locust does."""
OUTSTANDING = 2000
"""Requests under way at once; beyond it one is recorded as not sent: the stack has long stopped answering."""
LONGEST_S = 3600
PR_SET_PDEATHSIG = 1


class Run:
    """One load: its plan, its rows, the requests under way. Made by Locust's events, used by its users."""

    plan: Plan
    rows: RequestRows
    dossier: Path
    host: str
    shaped: Shaped | None = None

    def __init__(self) -> None:
        self.numbers = itertools.count()
        self.requests = Pool()
        self.refused = False


run = Run()
logger = logging.getLogger("crucible")


@events.init_command_line_parser.add_listener
def add_options(parser: Any) -> None:
    """The options of every load."""
    parser.set_defaults(web_host="127.0.0.1")  # whoever reaches the web UI can load this stack
    parser.add_argument("--rate", type=float, default=0.0, help="requests/s of all users, at most; default 2.5 each")
    parser.add_argument("--seed", type=int, default=None, help="decides starts and payloads (CRUCIBLE_SEED)")
    group = parser.add_argument_group("Crucible")  # those of a group are not shown in the web UI
    group.add_argument("--dossier", default=None, help="folder for the rows (CRUCIBLE_RUN_DIR, or a new one)")
    group.add_argument("--load-name", default=None, help="name of this load in the dossier; default the file's")
    group.add_argument("--parent-pid", type=int, default=0, help="stop when this process is gone")


@events.init.add_listener
def prepare(environment: Any, **_: Any) -> None:
    """Check the options before anything is sent; a wrong one ends Locust with exit code 2."""
    options = environment.parsed_options
    try:
        settings = load_settings()
        run.host = environment.host = environment.host or settings.gateway_url
        Connections(environment.host, keep=False)
        options.seed = options.seed if options.seed is not None else settings.seed or 0
        options.num_users = options.num_users or 1
        if environment.shape_class is not None:
            run.shaped = read_shape(environment.shape_class, longest_s=LONGEST_S)
            hold(environment.shape_class, run.shaped)
            options.num_users, options.run_time = run.shaped.users, run.shaped.seconds
        options.spawn_rate = options.num_users  # all at once: the plan has a slot for each from the start
        if options.headless or options.run_time:  # never for ever, whoever forgets it; in the web UI there is a button
            options.run_time = min(options.run_time or LONGEST_S, LONGEST_S)
            if options.rate < 0 or options.run_time <= LEAD_S + TAIL_S:
                raise UsageError(f"--rate {options.rate:g} and -t {options.run_time:g} s leave nothing to send")
        run.dossier = Path(options.dossier or settings.run_dir or _own_dossier())
        if options.parent_pid:
            _die_with(options.parent_pid)
    except CrucibleError as error:
        _refuse(error)
    environment.stop_timeout = CONNECT_S + READ_S
    get_hub().loop.update_now()  # its clock stood still during imports; --run-time would end that much too early


def _own_dossier() -> Path:
    return ROOT / "reports" / "out" / time.strftime("locust-%Y%m%d-%H%M%S")


def _die_with(parent: int) -> None:
    """Be told to end by the kernel when the thread that started this load is gone, however its process died."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise UsageError(f"--parent-pid {parent} is not the process that started this load")


def _refuse(error: CrucibleError) -> NoReturn:
    print(f"error: {error}", file=sys.stderr)  # noqa: T201
    sys.exit(error.exit_code)


@events.test_start.add_listener
def start_plan(environment: Any, **_: Any) -> None:
    """Write the plan; from here on it is decided what is sent when. Each start from the web UI is a load of its own."""
    options = environment.parsed_options
    run.numbers = itertools.count()
    run.refused = environment.host != run.host
    if run.refused:
        logger.error("nothing is sent to %s: this load was started for %s, give it --host", environment.host, run.host)
        return
    users = options.num_users
    ramp_s = users / options.spawn_rate if users > options.spawn_rate else 0.0
    name = _free_name(options.load_name or Path(environment.parsed_locustfiles[0]).stem)
    run.plan = Plan(
        load=name, users=users, stages=_stages(options, users, ramp_s), seed=int(options.seed),
        start_ns=time.monotonic_ns() + int((LEAD_S + ramp_s) * 1e9),
    )  # fmt: skip
    run.rows = RequestRows(run.dossier, name)
    run.plan.write(run.dossier)
    logger.info("%d requests planned; rows go to %s", run.plan.planned, run.dossier / "load")


def _stages(options: Any, users: int, ramp_s: float) -> list[Stage]:
    """What is planned: the shape's stages, the last one cut so that the plan ends before Locust does; or only one."""
    margin_s, rate_per_s = LEAD_S + TAIL_S + ramp_s, float(options.rate) or 2.5 * users
    if run.shaped is None:
        return [(max(0.0, (options.run_time or LONGEST_S) - margin_s), rate_per_s)]
    *before, (seconds, last) = run.shaped.stages
    stages = [*before, (max(0.0, seconds - margin_s), last)]
    return [(seconds, rate_per_s * wanted / users) for seconds, wanted in stages]


def _free_name(name: str) -> str:
    """The load's name; with a number when the dossier has rows of one, as after a second start from the web UI."""
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(one for one in names if not (run.dossier / layout.requests(one)).exists())


@events.spawning_complete.add_listener
def compare_users(user_count: int, **_: Any) -> None:
    """Say so when somebody changed the number of users under way: what is planned stays planned."""
    if not run.refused and user_count != run.plan.users:
        logger.warning(
            "the plan is fixed for %d users: more send nothing, and what fewer leave out is missing from the rows; "
            "stop and start again for another plan", run.plan.users,
        )  # fmt: skip


@events.test_stop.add_listener
def finish_requests(**_: Any) -> None:
    """Let the requests under way end, each within its own time limits."""
    run.requests.join(timeout=CONNECT_S + READ_S + 1)


class OpenLoopUser(User):
    """A user whose requests start when the plan says; subclasses say in `request(slot)` what to send.

    `keep_connections` False is a public that comes and goes: each request opens its own connection, so no request is
    spared or hit because of where an old connection happens to lead. True is a program that keeps its connections; a
    request needs a new one whenever the others are busy, so a hanging connection delays only what it carries.
    """

    abstract = True
    keep_connections = False

    def on_start(self) -> None:
        if run.refused:
            raise StopUser
        self.number = next(run.numbers)
        plan = run.plan
        self.connections = Connections(self.environment.host, keep=self.keep_connections)
        self._starts = starts(self.number, users=plan.users, pace=plan.pace, seed=plan.seed)
        self._advance()

    def request(self, slot: int) -> Callable[[], tuple[str, Answer, str]]:
        """Decide what slot number `slot` sends; the callable sends it and says name, answer, and why it is no good."""
        raise NotImplementedError

    def wait_time(self) -> float:
        """Seconds to the next planned start; Locust may end the user meanwhile."""
        return max(0.0, (self._next_ns - time.monotonic_ns()) / 1e9)

    @task
    def send_what_is_due(self) -> None:
        """Start each request whose time has come."""
        while self._next_ns <= time.monotonic_ns():
            planned_ns, send = self._next_ns, self.request(self._slot)
            if len(run.requests) >= OUTSTANDING:
                run.rows.row(planned_ns, *2 * (time.monotonic_ns(),), self.number, "-", 0, 0, "not sent: too many wait")
            else:
                run.requests.spawn(self._one, planned_ns, send)
            self._advance()

    def _advance(self) -> None:
        self._slot, at_s = next(self._starts, (-1, float("inf")))
        end = run.plan.duration_s + LONGEST_S
        self._next_ns = run.plan.start_ns + int(min(at_s, end) * 1e9)

    def _one(self, planned_ns: int, send: Callable[[], tuple[str, Answer, str]]) -> None:
        start_ns = time.monotonic_ns()
        name, answer, error = send()
        end_ns = time.monotonic_ns()
        run.rows.row(planned_ns, start_ns, end_ns, self.number, name, answer.status, len(answer.body), error)
        method, _, what = name.partition(" ")
        self.environment.events.request.fire(
            request_type=method, name=what, response_time=(end_ns - planned_ns) / 1e6, response_length=len(answer.body),
            exception=RuntimeError(error) if error else None, context={}, response=None,
        )  # fmt: skip
