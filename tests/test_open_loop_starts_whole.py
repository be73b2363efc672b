"""Each start of the open loop, with a Locust and a clock made by hand: when, whose, and the row that it leaves."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from test_open_loop_whole import HOST, S, locust, loop  # noqa: F401 - fixtures

from loadtests.answer import Answer
from loadtests.rows import Plan, RequestRows


def user(
    loop: Any,  # noqa: F811
    folder: Path,
    *slots: tuple[int, float],
    waiting: int = 0,
) -> Any:
    """A user whose slots these are, of a plan that began at 90 s and takes 20 s."""
    run, fired, asked = loop.run, [], []
    run.plan = Plan("viewers", 4, [(20.0, 2.0)], 90 * S, 3)
    run.rows = RequestRows(folder, "viewers")
    run.numbers = itertools.count(2)
    run.refused = False

    class Requests(list[Any]):
        def spawn(self, *call: Any) -> None:
            self.append(call)

    run.requests = Requests([None] * waiting)

    def starts(*given: Any, **named: Any) -> Any:
        asked.append((given, named))
        return iter(slots)

    loop.starts = starts

    class Mine(loop.OpenLoopUser):  # type: ignore[name-defined, misc]
        def request(self, slot: int) -> Callable[[], tuple[str, Answer, str]]:
            return lambda: (f"GET slot {slot}", Answer(200, body=b"1234"), "")

    events = SimpleNamespace(request=SimpleNamespace(fire=lambda **told: fired.append(told)))
    made = Mine(SimpleNamespace(host=HOST, events=events))
    made.on_start()
    made.fired, made.asked = fired, asked
    return made


def rows(folder: Path) -> list[str]:
    return (folder / "load/requests-viewers.csv").read_text().splitlines()[1:]


def test_a_user_takes_its_number_its_connections_and_its_slots(loop: Any, tmp_path: Path) -> None:  # noqa: F811
    one = user(loop, tmp_path, (2, 12.5))
    assert (one.number, loop.OpenLoopUser.keep_connections, one.connections._keep) == (2, False, False)
    assert one.connections._address == ("127.0.0.1", 18080)
    assert one.asked == [((2,), {"users": 4, "pace": loop.run.plan.pace, "seed": 3})]
    assert one.wait_time() == 2.5
    loop.time.ns = 103 * S
    assert one.wait_time() == 0.0
    with pytest.raises(NotImplementedError):
        loop.OpenLoopUser.request(one, 1)


def test_what_is_due_starts_and_what_is_not_waits(loop: Any, tmp_path: Path) -> None:  # noqa: F811
    one = user(loop, tmp_path, (2, 9.0), (6, 10.0), (10, 10.5), waiting=1998)
    one.send_what_is_due()
    sent = loop.run.requests[1998:]
    assert [(call[0].__name__, call[1], call[2]()[0]) for call in sent] == [
        ("_one", 99 * S, "GET slot 2"), ("_one", 100 * S, "GET slot 6"),
    ]  # fmt: skip
    assert one.wait_time() == 0.5
    loop.time.ns = 101 * S
    one.send_what_is_due()
    assert len(loop.run.requests) == 2000
    late = 101 * S
    assert rows(tmp_path) == [f"{100 * S + S // 2},{late},{late},2,-,0,0,not sent: too many wait"]
    assert one.wait_time() == 90 + 20 + 3600 - 101


def test_a_slot_far_beyond_the_end_is_never_due(loop: Any, tmp_path: Path) -> None:  # noqa: F811
    assert user(loop, tmp_path, (2, 9999.0)).wait_time() == 90 + 20 + 3600 - 100
    none = user(loop, tmp_path)
    assert (none.wait_time(), none._slot) == (90 + 20 + 3600 - 100, -1)


def test_a_request_leaves_a_row_and_tells_locust(loop: Any, tmp_path: Path) -> None:  # noqa: F811
    one = user(loop, tmp_path)

    def send(name: str, status: int, error: str) -> Callable[[], tuple[str, Answer, str]]:
        def sent() -> tuple[str, Answer, str]:
            loop.time.ns += S // 4
            return name, Answer(status, body=b"12345"), error

        return sent

    one._one(99 * S, send("GET manifest of all", 302, ""))
    one._one(100 * S, send("POST", 503, "status 503"))
    at = [100 * S, 100 * S + S // 4, 100 * S + S // 2]
    assert rows(tmp_path) == [
        f"{99 * S},{at[0]},{at[1]},2,GET manifest of all,302,5,",
        f"{100 * S},{at[1]},{at[2]},2,POST,503,5,status 503",
    ]
    plain = {"response_length": 5, "context": {}, "response": None}
    errors = [told.pop("exception") for told in one.fired]
    assert (errors[0], type(errors[1]), str(errors[1])) == (None, RuntimeError, "status 503")
    assert one.fired == [
        {"request_type": "GET", "name": "manifest of all", "response_time": 1250.0, **plain},
        {"request_type": "POST", "name": "", "response_time": 500.0, **plain},
    ]


def test_users_that_were_added_or_left_out_are_told_of_once(
    loop: Any,  # noqa: F811
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    user(loop, tmp_path)
    loop.compare_users(user_count=4, other="ignored")
    assert caplog.messages == []
    for count in (3, 5):
        loop.compare_users(user_count=count)
    told = ("the plan is fixed for 4 users: more send nothing, and what fewer leave out is missing from the rows; "
            "stop and start again for another plan")  # fmt: skip
    assert caplog.messages == [told, told]
    loop.run.refused = True
    loop.compare_users(user_count=3)
    assert len(caplog.messages) == 2


def test_requests_under_way_may_end_within_their_own_limits(loop: Any) -> None:  # noqa: F811
    waited: list[Any] = []
    loop.run.requests = SimpleNamespace(join=lambda **told: waited.append(told))
    loop.finish_requests(other="ignored")
    assert waited == [{"timeout": 8.0}]
    fresh = loop.Run()
    assert (next(fresh.numbers), len(fresh.requests), fresh.refused, fresh.shaped) == (0, 0, False, None)
