"""Strongly connected sets of a graph given as two arrays: trimmed with NumPy, decided by Tarjan's algorithm."""

from __future__ import annotations

import numpy as np

from reports.checkers.kafka.columns import Array

ROUNDS = 100  # of trimming, after which what is left is mostly knots


def knots(a: Array, b: Array) -> list[list[int]]:
    """The strongly connected sets of two or more nodes, for edges `a[i] → b[i]`.

    A node that nothing enters or that nothing leaves is in no knot; dropping those again and again, all at once, leaves
    little of an ordinary history, and Tarjan's algorithm decides the rest.
    """
    for _ in range(ROUNDS):
        if not len(a):
            return []
        size = int(max(a.max(), b.max())) + 1
        entered, left = np.zeros(size, "?"), np.zeros(size, "?")
        entered[b], left[a] = True, True
        kept = entered[a] & left[b]
        if kept.all():
            break
        a, b = a[kept], b[kept]
    nodes, edges = np.unique(np.concatenate([a, b]), return_inverse=True)
    a, b = edges[: len(a)], edges[len(a) :]
    order = np.argsort(a, kind="stable")
    first = np.searchsorted(a[order], np.arange(len(nodes) + 1)).tolist()
    found = _tarjan(len(nodes), first, b[order].tolist())
    names = nodes.tolist()
    return [sorted(names[node] for node in knot) for knot in found]


def _tarjan(count: int, first: list[int], after: list[int]) -> list[list[int]]:
    """Tarjan's algorithm without recursion; the edges of node `n` are `after[first[n]:first[n + 1]]`."""
    number, low = [0] * count, [0] * count  # 0: not yet visited
    on_stack = bytearray(count)
    stack: list[int] = []
    found: list[list[int]] = []
    visited = 0
    edge = first[:count]
    for root in range(count):
        if number[root]:
            continue
        path = [root]
        while path:
            node = path[-1]
            if not number[node]:
                visited += 1
                number[node] = low[node] = visited
                stack.append(node)
                on_stack[node] = 1
            if edge[node] < first[node + 1]:
                other = after[edge[node]]
                edge[node] += 1
                if not number[other]:
                    path.append(other)
                elif on_stack[other]:
                    low[node] = min(low[node], number[other])
                continue
            path.pop()
            if path:
                low[path[-1]] = min(low[path[-1]], low[node])
            if low[node] == number[node]:
                knot: list[int] = []
                while not knot or knot[-1] != node:
                    knot.append(stack.pop())
                    on_stack[knot[-1]] = 0
                if len(knot) > 1:
                    found.append(knot)
    return found
