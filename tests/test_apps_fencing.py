"""Which of several workers may write: a real log, a real Redis, and groups that forget."""

from __future__ import annotations

from pathlib import Path

from apps_servers import KafkaBroker, kafka_broker, needs_redis, redis_server  # noqa: F401 - fixtures
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_apps_log import Log, journaled, log, restore, snapshot, store  # noqa: F401 - fixtures

from fixtures.stack.services.applied_state import FENCE, AppliedState, Fenced, Held, Hold, Moved
from fixtures.stack.services.applying import Worker
from fixtures.stack.services.exposition import Metrics
from fixtures.stack.services.holding import Holding
from fixtures.stack.services.record import Record
from fixtures.stack.services.state import State
from fixtures.wait import wait_for

pytestmark = needs_redis


def applied_by(worker: Worker, offset: int) -> None:
    """Wait until a worker has applied an offset, a busy machine forgiven."""
    wait_for(lambda: worker.applied == offset, what=f"offset {offset} is applied", within_s=60, every_s=0.05)


def test_a_group_that_was_made_anew_and_counts_from_one_again_applies_on(store: AppliedState, tmp_path: Path):  # noqa: F811
    """Its generation once was the fence: a worker of generation 3 was refused for ever after one of generation 20."""
    first = Log(KafkaBroker(), tmp_path)
    first.append(3)
    for _ in range(2):  # each joining is one more generation
        worker = Worker(first.environment(), store, Metrics())
        worker.start()
        applied_by(worker, 2)
        worker.stop()
    anew = Log(KafkaBroker(), tmp_path)
    anew.append(6)
    worker = Worker(anew.environment(), store, Metrics())
    worker.start()
    try:
        applied_by(worker, 5)
        assert journaled(store) == list(range(6))
    finally:
        worker.stop()


def test_a_fenced_worker_joins_the_group_anew_and_applies_again_once_the_other_is_silent(
    store: AppliedState,  # noqa: F811
    log: Log,  # noqa: F811
):
    """It once stayed in the group and was refused for ever."""
    log.append(3)
    worker = Worker(log.environment(SESSION_TIMEOUT_MS="3000", CHECK_EVERY_S="0.2"), store, metrics := Metrics())
    worker.start()
    try:
        applied_by(worker, 2)
        store.load(ghost := Hold())  # a draw of a worker that died before it did anything
        log.append(3)
        applied_by(worker, 5)
        assert "si_fenced_total 1\n" in metrics.text()
        assert f"si_token {(ghost.token or 0) + 1}\n" in metrics.text()
        assert journaled(store) == list(range(6))
    finally:
        worker.stop()
    assert store.redis.hget(FENCE, "holder") is None  # nobody has to wait for a worker that was told to stop


def test_two_workers_that_are_both_assigned_do_not_take_turns(store: AppliedState, tmp_path: Path):  # noqa: F811
    """Two groups that know nothing of each other, over one Redis: the one that came last applies, the other waits."""
    logs = [Log(KafkaBroker(), tmp_path) for _ in range(2)]
    logs[1].variables["TOPIC"] = logs[0].variables["TOPIC"]
    logs[1].broker.make_topic(logs[1].variables["TOPIC"])
    workers, texts = [], []
    for one in logs:
        workers.append(Worker(one.environment(SESSION_TIMEOUT_MS="3000", CHECK_EVERY_S="0.2"), store, Metrics()))
        texts.append(workers[-1]._metrics.text)
    first, last = workers
    try:
        for worker, one in zip(workers, logs, strict=True):
            one.append(2)
            worker.start()
            applied_by(worker, 1)
        wait_for(lambda: "is alive" in (first.trouble or ""), what="the first one stands by", within_s=60, every_s=0.05)
        for count in range(2, 12):
            for one in logs:
                one.append(1)
            applied_by(last, count)
        assert store.redis.hget(FENCE, "token") == "2"
        assert "si_fenced_total 0\n" in texts[1]()
        last.stop()
        for one in logs:
            one.append(1)
        applied_by(first, 12)
        assert journaled(store) == list(range(13))
    finally:
        first.stop()
        last.stop()


LOG = [Record(i, "merge", f"p/{i % 2}", {f"k{i % 3}": i}, None, f"id-{i}", 1) for i in range(20)]


class Actor:
    """A worker without its loop: what it believes, and one turn of it at a time."""

    def __init__(self, store: AppliedState) -> None:  # noqa: F811
        self.holding, self.assigned = Holding(store, silence_s=3600.0), False
        self.at: int | None = None
        self.state = State()

    def assign(self) -> None:
        self.assigned, self.at = True, None
        self.holding.assigned()

    def revoke(self) -> None:
        self.assigned, self.at = False, None
        self.holding.give_back()

    def turn(self) -> bool:
        """Load, else apply the next record; whether it held the fence. Fenced, it is assigned anew at once.

        So this is the most confused group that there can be: it gives the partition to whoever asks.
        """
        if not self.assigned:
            return False
        try:
            if self.at is None:
                self.at, self.state = self.holding.load()
            elif self.at + 1 == len(LOG):
                self.holding.confirm()
            else:
                record = LOG[self.at + 1]
                self.holding.apply([record], self.state.apply(record), previous=self.at)
                self.at += 1
        except Moved:
            self.at = None
        except Held:
            return False
        except Fenced:
            self.assign()
            return False
        return True


WORDS = ["turn", "turn", "turn", "assign", "revoke", "keep", "lose", "wipe"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 2)), max_size=40))
def test_whatever_group_and_redis_do_all_is_applied_once_in_order_and_one_worker_is_left(
    store: AppliedState,  # noqa: F811
    story: list[tuple[str, int]],
):
    store.redis.flushall()
    actors, kept = [Actor(store) for _ in range(3)], {}
    for word, who in story:
        if word == "keep":
            kept = snapshot(store)
        elif word in {"lose", "wipe"}:
            restore(store, kept if word == "lose" else {})
        else:
            getattr(actors[who], word)()
        assert journaled(store) == list(range(store.applied() + 1))

    for actor in actors:  # all of them believe that they are the one, from now on and for ever
        if not actor.assigned:
            actor.assign()
    known = [int(store.redis.hget(FENCE, "token") or 0), *(actor.holding._drawn for actor in actors)]
    before, silences = max(known), 0  # a Redis that lost its data has forgotten tokens that workers know of
    for _ in range(10 * len(LOG)):
        turns = [actor.turn() for _ in range(2) for actor in actors]  # fenced in one, it asks for the fence in the next
        if not any(turns):
            store.redis.hset(FENCE, "at", "0")  # time passes, and the holder, who has died, says nothing
            silences += 1
    assert store.redis.hget(FENCE, "token") is not None
    assert int(store.redis.hget(FENCE, "token") or 0) - before <= len(actors) + silences
    assert silences <= 1
    assert [actor.turn() for actor in actors].count(True) == 1
    assert journaled(store) == list(range(len(LOG)))
    state = State()
    for record in LOG:
        state.apply(record)
    assert store.load(Hold())[1].paths == state.paths
