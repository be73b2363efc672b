"""Strongly connected sets of a graph given as two arrays: trimmed with NumPy, decided by Tarjan's algorithm."""

from __future__ import annotations

import numpy as np

from reports.checkers.kafka.columns import Array, in_order, marked

ROUNDS = 100  # of trimming, after which what is left is mostly components


def components(a: Array, b: Array) -> list[list[int]]:
    """The strongly connected sets of two or more nodes, for edges `a[i] → b[i]`.

    A node that nothing enters or that nothing leaves is in none; dropping those again and again, all at once, leaves
    little of an ordinary history, and Tarjan's algorithm decides the rest.
    """
    for _ in range(ROUNDS):
        if not len(a):
            return []
        size = int(max(a.max(), b.max())) + 1
        kept = marked(size, b)[a] & marked(size, a)[b]  # entered, and left
        if kept.all():
            break
        a, b = a[kept], b[kept]
    nodes, edges = np.unique(np.concatenate([a, b]), return_inverse=True)
    a, b = edges[: len(a)], edges[len(a) :]
    order = in_order(a)
    first, last = (np.searchsorted(a[order], np.arange(len(nodes)), side).tolist() for side in ("left", "right"))
    found = _tarjan(first, last, b[order].tolist())
    names = nodes.tolist()
    return [sorted(names[node] for node in component) for component in found]


def _tarjan(edge: list[int], end: list[int], after: list[int]) -> list[list[int]]:
    """Tarjan's algorithm without recursion; the edges of node `n` are `after[edge[n]:end[n]]`, and `edge` moves on."""
    number = [0] * len(edge)  # 0: not yet visited
    low = number.copy()
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    visited = 0
    for root in range(len(edge)):
        if number[root]:
            continue
        path = [root]
        while path:
            node = path[-1]
            if not number[node]:
                visited += 1
                number[node] = low[node] = visited
                stack.append(node)
                on_stack.add(node)
            if edge[node] < end[node]:
                other = after[edge[node]]
                edge[node] += 1
                if not number[other]:
                    path.append(other)
                elif other in on_stack:
                    low[node] = min(low[node], number[other])
                continue
            path.pop()
            if path:
                low[path[-1]] = min(low[path[-1]], low[node])
            if low[node] == number[node]:
                component: list[int] = []
                while not component or component[-1] != node:
                    component.append(stack.pop())
                    on_stack.remove(component[-1])
                if len(component) > 1:
                    found.append(component)
    return found
