"""Claims: what a test says about the evidence, kept in the dossier so that any later checker can judge it again.

A suite never asserts on live objects. It gathers evidence into the dossier, states a claim (a checker and its
arguments), and `judge` answers from the files alone. `crucible recheck` calls the same `judge`.
"""

from __future__ import annotations

import importlib
import inspect
import json
import traceback
import typing
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from pydantic import TypeAdapter, ValidationError

from reports.harness_fault import excused
from reports.reading import recorded
from reports.verdict import Finding, Verdict

CHECKERS = "reports.checkers"
P = ParamSpec("P")


class BadClaim(TypeError):
    """A claim that its checker cannot take: no checker, an argument that it does not have, or one of another type."""


@dataclass(frozen=True)
class Claim:
    """A checker by name and its arguments, as run.json keeps them; tests make one with `Claim.of`.

    Args:
        checker: `<module under reports.checkers>.<function>`, such as `availability.in_windows`.
        args: keyword arguments for it (JSON values, times in seconds); the dossier folder comes first by itself.
    """

    checker: str
    args: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, checker: Callable[Concatenate[Path, P], Finding], *args: P.args, **kwargs: P.kwargs) -> Claim:
        """A claim whose arguments fit its checker, for mypy and at run time.

        Raises:
            BadClaim: they do not, so it is refused before anything is broken for it.

        Example::

            Claim.of(availability.in_windows, load="viewers", at_least=0.995, window_s=5, fault_id="f1")
        """
        name, found = _named(checker)
        if args:
            raise BadClaim(f"{name} takes its arguments by name, not by place")
        _fits(found, name, kwargs)
        claim = cls(name, json.loads(json.dumps(kwargs)))
        _fits(found, name, claim.args)  # what is read back from run.json must fit as well
        return claim

    def to_json(self) -> dict[str, Any]:
        """As kept in run.json."""
        return asdict(self)


@dataclass(frozen=True)
class Answer:
    """What a claim's checker found, and the files of the dossier that it opened or looked for to find it."""

    finding: Finding
    read: tuple[str, ...]


def judge(dossier: Path, claim: Claim) -> Finding:
    """Answer a claim from the files of a dossier.

    A checker that crashes, or does not exist, answers INCONCLUSIVE with the reason: never PASS.
    """
    return answer(dossier, claim).finding


def answer(dossier: Path, claim: Claim) -> Answer:
    """The same, and what was read for it."""
    with recorded(dossier) as reads:
        finding = _finding(dossier, claim)
    return Answer(finding, reads.files)


def _finding(dossier: Path, claim: Claim) -> Finding:
    try:
        checker = _checker(claim.checker)
        _fits(checker, claim.checker, claim.args)
        finding = checker(dossier, **claim.args)
    except BadClaim as error:
        said = f"this claim was made for another version of its checker, so nothing was judged: {error}"
        return Finding(Verdict.INCONCLUSIVE, said)
    except Exception as error:  # a checker must never turn a crash into a pass
        last = traceback.extract_tb(error.__traceback__)[-1]
        return Finding(
            Verdict.INCONCLUSIVE,
            f"checker {claim.checker} could not judge: {type(error).__name__}: {error} "
            f"({Path(last.filename).name}:{last.lineno})",
        )
    if not isinstance(finding, Finding):
        return Finding(Verdict.INCONCLUSIVE, f"checker {claim.checker} answered {finding!r}, not a Finding")
    try:
        return excused(dossier, claim.checker, claim.args, finding)
    except Exception as error:  # nobody can tell whose failure it was
        return replace(finding, verdict=Verdict.INCONCLUSIVE, reason=f"{finding.reason}; and {error}")


def _checker(name: str) -> Callable[..., object]:
    module, _, function = name.rpartition(".")
    if not module or not all(part.isidentifier() for part in name.split(".")):
        raise LookupError(f"no checker is called {name!r}")
    found: Callable[..., object] = getattr(importlib.import_module(f"{CHECKERS}.{module}"), function)
    return found


def _named(checker: Any) -> tuple[str, Callable[..., object]]:
    """The name by which a checker is kept, and what that name leads to."""
    module = str(getattr(checker, "__module__", ""))  # None of a bound method of str
    name = f"{module.removeprefix(f'{CHECKERS}.')}.{getattr(checker, '__qualname__', '')}"
    try:
        found = _checker(name)
        if found is not checker:  # a recheck would judge by another one
            raise LookupError(name)
        return name, found
    except (LookupError, ImportError, AttributeError) as error:
        raise BadClaim(f"{checker!r} is no checker under {CHECKERS}") from error


def look_over(checker: Any, given: Collection[str], literals: dict[str, Any], *, all_given: bool) -> None:
    """See what can be seen of a claim before it is stated.

    Args:
        checker: what stands in the place of the checker.
        given: names of the arguments.
        literals: the values of those that are known already.
        all_given: whether there are no others.

    Raises:
        BadClaim: it could never be judged.
    """
    name, found = _named(checker)
    _binds(found, name, given, all_given=all_given)
    _typed(found, name, literals)


def _fits(checker: Callable[..., object], name: str, args: dict[str, Any]) -> None:
    _binds(checker, name, args, all_given=True)
    _typed(checker, name, args)


def _binds(checker: Callable[..., object], name: str, given: Collection[str], *, all_given: bool) -> None:
    signature = inspect.signature(checker)
    takes = [parameter for parameter in signature.parameters if parameter != "dossier"]
    if strange := sorted(set(given) - set(takes)):
        raise BadClaim(f"{name} has no {strange[0]}; it takes {', '.join(takes)}")
    bind = signature.bind if all_given else signature.bind_partial
    try:
        bind(Path(), **dict.fromkeys(given))
    except TypeError as error:
        raise BadClaim(f"{name}: {error}") from error


def _typed(checker: Callable[..., object], name: str, args: dict[str, Any]) -> None:
    hints = typing.get_type_hints(checker, include_extras=True)  # with the range of a figure
    for key, value in args.items():
        try:
            TypeAdapter(hints[key]).validate_python(value, strict=True)
        except ValidationError as error:
            raise BadClaim(f"{name}: {key}={value!r} is no {hints[key]}: {error.errors()[0]['msg']}") from error
