"""A load in cores is a rate by what a request costs on this machine, whatever machine that is."""

from __future__ import annotations

import pytest

from loadtests import cost


@pytest.mark.parametrize(
    ("body_s", "rate"), [(0.0056, 45.0), (0.0028, 90.0), (0.0014, 180.0), (0.02, 15.0), (1.0, 5.0)]
)
def test_a_slow_machine_gets_fewer_requests(body_s: float, rate: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "_seconds_of_a_body", lambda: body_s)
    assert cost.requests_per_s(0.28) == rate


def test_what_a_body_costs_is_measured() -> None:
    assert 0.0002 < cost._seconds_of_a_body() < 0.1
    assert 30_000 < len(cost.BODY) < 64_000, "the gateway takes it, and it is no small thing"
