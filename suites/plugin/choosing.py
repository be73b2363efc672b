"""At collection: each promise has a name of its own and claims that fit, and only those asked for are run."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.errors import UsageError
from fixtures.settings import Profile
from suites.plugin.claims import mistyped
from suites.plugin.naming import Named, chosen, is_promise, named
from suites.plugin.options import settings_key
from suites.plugin.sentence import sentence_of

names_key = pytest.StashKey[dict[str, Named]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("crucible")
    group.addoption("--promise", action="append", default=[], metavar="ID", help="only this promise; may be repeated")
    group.addoption("--list-promises", action="store_true", help="print id, profiles and sentence of each promise")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "promise(id, profiles=all): the promise that a test proves or refutes, `suite.name`"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse promises without a name of their own and claims that nobody can judge; leave out what is not asked for."""
    wanted = config.getoption("promise")
    try:
        names = config.stash[names_key] = named(items)
        if wrong := mistyped(items):
            raise UsageError("\n".join(["a claim that no checker can take:", *wrong]))
        if config.getoption("list_promises"):  # all that there are, whatever the profile
            return
        run = chosen(names, config.stash[settings_key].profile, wanted)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
    left = [item for item in items if (item.nodeid not in run if is_promise(item) else wanted)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Print the promises instead of judging them, when that is what was asked for."""
    if not session.config.getoption("list_promises"):
        return None
    terminal: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    names = session.config.stash[names_key]
    told = {names[item.nodeid].id: line(names[item.nodeid], sentence_of(item)) for item in session.items
            if item.nodeid in names}  # fmt: skip
    for one in told.values():
        terminal.write_line(one)
    return True


def line(name: Named, sentence: str) -> str:
    """A promise in one line."""
    profiles = "all" if name.profiles == set(Profile) else ",".join(p.value for p in Profile if p in name.profiles)
    return f"{name.id:<32}  {profiles:<15}  {sentence}"
