"""Which promise a test is about: its id and profiles, from its marker; a test that cannot be named is not run.

Reports, sabotages, budgets and the history across runs speak of promises by these ids, so a missing or doubled one
would lose a promise silently.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest

from fixtures.errors import UsageError
from fixtures.settings import Profile

MARKER = "promise"
ID = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9][a-z0-9-]*")
WORDS = {"profiles"}


@dataclass(frozen=True)
class Named:
    """A promise's short name.

    Args:
        id: `suite.name`, such as `recovery.gateway-pod-kill`.
        profiles: those in which it is judged.
    """

    id: str
    profiles: frozenset[Profile] = frozenset(Profile)


def is_promise(item: pytest.Item) -> bool:
    """Whether a test proves or refutes a promise: it uses the fixture, or says so by its marker."""
    return MARKER in getattr(item, "fixturenames", ()) or item.get_closest_marker(MARKER) is not None


def name_of(item: pytest.Item) -> Named:
    """The name that a test's marker gives it.

    Raises:
        UsageError: there is no marker, or it is not `promise("suite.name", profiles=[…])`.

    Example::

        @pytest.mark.promise("recovery.gateway-pod-kill", profiles=["nightly", "certify"])
    """
    marker = item.get_closest_marker(MARKER)
    if marker is None:
        raise UsageError(
            f"{item.nodeid} uses the fixture `promise` but has no id",
            next_command='mark it: @pytest.mark.promise("suite.name")',
        )
    if len(marker.args) != 1 or not isinstance(marker.args[0], str) or not ID.fullmatch(marker.args[0]):
        raise UsageError(
            f"{item.nodeid}: expected one id such as recovery.gateway-pod-kill (a-z, 0-9 and dashes, one dot), found "
            f"{', '.join(map(repr, marker.args)) or 'none'}"
        )
    if strange := sorted(marker.kwargs.keys() - WORDS):
        raise UsageError(f"{item.nodeid}: its promise has no {strange[0]}; there is profiles=[…]")
    given = marker.kwargs.get("profiles", list(Profile))
    known = [profile.value for profile in Profile]
    if isinstance(given, str) or not given or any(profile not in known for profile in given):
        raise UsageError(f"{item.nodeid}: expected profiles out of {', '.join(known)}, found {given!r}")
    return Named(marker.args[0], frozenset(Profile(profile) for profile in given))


def named(items: Iterable[pytest.Item]) -> dict[str, Named]:
    """The promise of each test that has one, by node id.

    Raises:
        UsageError: one has no id, or two different tests have the same; rounds of one test share theirs.
    """
    found: dict[str, Named] = {}
    owners: dict[str, str] = {}
    for item in items:
        if not is_promise(item):
            continue
        name = name_of(item)
        test = item.nodeid.partition("[")[0]
        if owners.setdefault(name.id, test) != test:
            raise UsageError(f"two tests call themselves {name.id}: {owners[name.id]} and {test}")
        found[item.nodeid] = name
    return found


def chosen(names: dict[str, Named], profile: Profile, wanted: Sequence[str]) -> set[str]:
    """The tests to run: those of the profile, or of these only the promises wanted.

    Args:
        names: each promise's test and its name.
        profile: of this run.
        wanted: ids; empty for all.

    Raises:
        UsageError: there is no such promise, or it is not part of the profile.
    """
    known = {name.id: name for name in names.values()}
    for one in wanted:
        if one not in known:
            close = difflib.get_close_matches(one, known, n=3, cutoff=0.4)
            raise UsageError(
                f"no promise is called {one!r}" + (f"; perhaps {', '.join(close)}" if close else ""),
                next_command="crucible run --list",
            )
        if profile not in known[one].profiles:
            within = [p.value for p in Profile if p in known[one].profiles]
            raise UsageError(
                f"{one} is not part of profile {profile.value}",
                next_command=f"crucible run --profile {within[0]} --promise {one}",
            )
    return {test for test, name in names.items() if profile in name.profiles and (not wanted or name.id in wanted)}
