"""The fixtures' types, for the signatures of tests."""

from __future__ import annotations

from typing import Protocol

from chaos.run import Journal
from loadtests.runner import Load as LoadFactory
from suites.plugin.promise import Promise
from suites.plugin.stack import Stack

__all__ = ["Experiment", "LoadFactory", "Promise", "Stack"]


class Experiment(Protocol):
    """`experiment("gateway-pod-kill")`: runs one experiment to its end and returns its journal."""

    def __call__(self, name: str) -> Journal: ...
