"""Components are the strongly connected sets, and what is in none is dropped before anything slow looks at it."""

from __future__ import annotations

import random

import numpy as np
import pytest

from reports.checkers.kafka.check import components as module
from reports.checkers.kafka.check.components import components


def by_definition(edges: list[tuple[int, int]]) -> list[list[int]]:
    """Sets of two or more nodes, each of which leads to each other one."""
    nodes = {node for edge in edges for node in edge}
    leads = {node: {node} for node in nodes}
    for _ in nodes:
        for a, b in edges:
            leads[a] |= leads[b]
    sets = {frozenset(b for b in leads[a] if a in leads[b]) for a in nodes}
    return sorted(sorted(found) for found in sets if len(found) > 1)


def found(edges: list[tuple[int, int]]) -> list[list[int]]:
    a, b = (np.array([edge[side] for edge in edges], "i8") for side in (0, 1))
    return sorted(components(a, b))


def test_random_graphs_have_the_knots_they_should() -> None:
    rng = random.Random(3)
    sizes = set()
    for _ in range(300):
        nodes = [rng.randrange(1 << 20) for _ in range(rng.randrange(2, 9))]
        edges = [(rng.choice(nodes), rng.choice(nodes)) for _ in range(rng.randrange(1, 14))]
        expected = by_definition(edges)
        assert found(edges) == expected, edges
        sizes |= {len(expected)}
    assert sizes >= {0, 1, 2}


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ([], []),
        ([(0, 1), (1, 2), (2, 0)], [[0, 1, 2]]),
        ([(0, 1), (1, 0), (1, 2), (2, 3), (3, 4), (4, 3)], [[0, 1], [3, 4]]),  # 2 lies between and is in none
        ([(2, 3), (3, 2), (2, 0), (0, 1), (1, 0)], [[0, 1], [2, 3]]),  # an edge into a component that is done
        ([(5, 5)], []),
    ],
)
def test_knots_of_small_graphs(edges: list[tuple[int, int]], expected: list[list[int]]) -> None:
    assert found(edges) == expected == by_definition(edges)


def test_a_graph_without_cycles_never_reaches_the_slow_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_tarjan", None)
    chain = [(i, i + 1) for i in range(module.ROUNDS)]
    assert found(chain) == []


def test_a_chain_too_long_to_trim_is_decided_all_the_same() -> None:
    chain = [(i, i + 1) for i in range(3 * module.ROUNDS)]
    assert found([*chain, (7, 5)]) == [[5, 6, 7]]
