"""`crucible budgets`: a figure that is exceeded, or lax after ten runs, fails; too few runs are said."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from dossier_maker import tell

from suites.budgets import Figure, budgets


@pytest.mark.parametrize(
    ("measured", "trouble"),
    [
        ([4.0] * 10, ""),
        ([4.0] * 9 + [11.0], "exceeded"),
        ([11.0], "exceeded"),
        ([float("inf")], "exceeded"),
        ([1.0] * 10, "more than 2 times the worst"),
        ([1.0] * 9, ""),
        ([0.0] * 10, "more than 2 times the worst"),
        ([], ""),
    ],
)
def test_a_figure_stands_or_not(measured: list[float], trouble: str) -> None:
    assert Figure("recovery.x", "x recovers", "a", 8.0, measured=measured).trouble() == trouble


def test_less_than_one_request_cannot_be_asked_of_a_share() -> None:
    assert not Figure("recovery.x", "reads", "a", 0.05, least=0.05, measured=[0.0] * 10).trouble()


def test_what_a_dossier_measured_is_on_the_page(tmp_path: Path) -> None:
    folder, _ = tell(tmp_path / "20261121-034500-ab12")
    page = tmp_path / "budgets.md"
    done = CliRunner().invoke(budgets, [str(folder), "--page", str(page)])
    assert done.exit_code == 1, "it lost a fifth of a window, and took 6.5 s"
    assert "| gateway recovers |" in page.read_text()
    assert "exceeded" in page.read_text()
    assert CliRunner().invoke(budgets, [str(tmp_path / "none"), "--page", str(page)]).exit_code == 3
