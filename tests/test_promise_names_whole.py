"""Promises at collection: each name, each refusal and each choice whole, with what to type next."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from fixtures.errors import UsageError
from fixtures.settings import Profile, Settings
from suites.plugin import choosing, options
from suites.plugin.choosing import line, pytest_collection_modifyitems, pytest_runtestloop
from suites.plugin.naming import Named, chosen, is_promise, name_of, named
from suites.plugin.sentence import sentence_of

ALL = frozenset(Profile)


def marker(*args: Any, **kwargs: Any) -> Any:
    return SimpleNamespace(args=args, kwargs=kwargs)


def item(nodeid: str, mark: Any = None, *, fixtures: tuple[str, ...] = ("promise",), doc: str | None = None) -> Any:
    """A collected test as pytest shows it."""

    def get_closest_marker(name: str) -> Any:
        return mark if name == "promise" else None

    name = nodeid.rpartition("::")[2]
    return SimpleNamespace(nodeid=nodeid, name=name, fixturenames=fixtures, get_closest_marker=get_closest_marker,
                           function=SimpleNamespace(__doc__=doc))  # fmt: skip


def test_a_test_is_a_promise_by_its_fixture_or_its_marker() -> None:
    assert is_promise(item("t::a"))
    assert is_promise(item("t::a", marker("a.b"), fixtures=()))
    assert not is_promise(item("t::a", fixtures=("stack",)))
    bare = SimpleNamespace(get_closest_marker=lambda name: None)
    assert not is_promise(cast(Any, bare))


ONE = "expected one id such as recovery.gateway-pod-kill (a-z, 0-9 and dashes, one dot), found"
OUT_OF = "expected profiles out of smoke, quick, nightly, certify, found"


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        (None, 't::a uses the fixture `promise` but has no id\n  next: mark it: @pytest.mark.promise("suite.name")'),
        (marker(), f"t::a: {ONE} none"),
        (marker("a.b", 3), f"t::a: {ONE} 'a.b', 3"),
        (marker(7), f"t::a: {ONE} 7"),
        (marker("a.b.c"), f"t::a: {ONE} 'a.b.c'"),
        (marker("a.b", width=1, profile="quick"), "t::a: its promise has no profile; there is profiles=[…]"),
        (marker("a.b", profiles="quick"), f"t::a: {OUT_OF} 'quick'"),
        (marker("a.b", profiles=[]), f"t::a: {OUT_OF} []"),
        (marker("a.b", profiles=["quick", "fast"]), f"t::a: {OUT_OF} ['quick', 'fast']"),
    ],
)
def test_each_bad_name_is_refused_whole(mark: Any, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        name_of(item("t::a", mark))
    assert str(refused.value) == said


def test_names_are_gathered_and_rounds_share_theirs() -> None:
    assert name_of(item("t::a", marker("a.b"))) == Named("a.b", ALL) == Named("a.b")
    night = marker("c.d-1", profiles=["nightly", Profile.CERTIFY])
    items = [
        item("t::plain", fixtures=()), item("t::a[1]", marker("a.b")), item("t::a[2]", marker("a.b")),
        item("t::c", night),
    ]  # fmt: skip
    assert named(items) == {
        "t::a[1]": Named("a.b", ALL), "t::a[2]": Named("a.b", ALL),
        "t::c": Named("c.d-1", frozenset({Profile.NIGHTLY, Profile.CERTIFY})),
    }  # fmt: skip
    with pytest.raises(UsageError) as refused:
        named([*items, item("t::b[1]", marker("a.b"))])
    assert str(refused.value) == "two tests call themselves a.b: t::a and t::b"


NAMES = {
    "t::a": Named("shop.opens"), "t::b": Named("shop.closes", frozenset({Profile.CERTIFY, Profile.NIGHTLY})),
    "t::c": Named("shop.opened"), "t::d": Named("shop.open"),
}  # fmt: skip


def test_the_profile_and_what_is_wanted_choose() -> None:
    assert chosen(NAMES, Profile.QUICK, []) == {"t::a", "t::c", "t::d"}
    assert chosen(NAMES, Profile.NIGHTLY, []) == set(NAMES)
    assert chosen(NAMES, Profile.NIGHTLY, ["shop.closes", "shop.open"]) == {"t::b", "t::d"}
    assert chosen(NAMES, Profile.QUICK, ["shop.open"]) == {"t::d"}
    for profile, wanted, said in (
        (Profile.QUICK, ["shop.open", "shop.opns"],
         "no promise is called 'shop.opns'; perhaps shop.opens, shop.open, shop.opened"),
        (Profile.QUICK, ["zzz"], "no promise is called 'zzz'"),
    ):  # fmt: skip
        with pytest.raises(UsageError) as refused:
            chosen(NAMES, profile, wanted)
        assert str(refused.value) == f"{said}\n  next: crucible run --list"
    with pytest.raises(UsageError) as refused:
        chosen(NAMES, Profile.SMOKE, ["shop.closes"])
    assert str(refused.value) == (
        "shop.closes is not part of profile smoke\n  next: crucible run --profile nightly --promise shop.closes"
    )


def test_a_sentence_is_the_first_line_of_the_docstring_or_the_name() -> None:
    assert sentence_of(item("t::a", doc="\n  The shop opens.\n\n  Always.\n")) == "The shop opens."
    assert sentence_of(item("t::a", doc="")) == sentence_of(item("t::a")) == "a"
    assert sentence_of(cast(Any, SimpleNamespace(name="bare"))) == "bare"


def test_a_promise_is_told_in_one_line() -> None:
    assert line(Named("shop.opens"), "It opens.") == f"shop.opens{' ' * 22}  all{' ' * 12}  It opens."
    some = Named("s.c", frozenset({Profile.CERTIFY, Profile.SMOKE}))
    assert line(some, "It closes.") == f"s.c{' ' * 29}  smoke,certify    It closes."


class Config:
    """pytest's configuration, with the options given and what it is told."""

    def __init__(self, **given: Any) -> None:
        self.given = {"promise": [], "list_promises": False, "seed": None, "profile": None} | given
        self.stash, self.deselected, self.lines = pytest.Stash(), list[Any](), list[str]()
        self.stash[options.settings_key] = Settings(profile=Profile.QUICK)
        self.hook = SimpleNamespace(pytest_deselected=self.leave_out)
        terminal = SimpleNamespace(write_line=self.lines.append)
        plugins = {"terminalreporter": terminal}
        self.pluginmanager = SimpleNamespace(get_plugin=plugins.get)

    def leave_out(self, items: list[Any]) -> None:
        self.deselected += items

    def getoption(self, name: str) -> Any:
        return self.given[name]


PLAIN = item("t::plain", fixtures=())
OPENS = item("t::a", marker("shop.opens"), doc="It opens.")
ROUNDS = [item(f"t::r[{n}]", marker("shop.runs"), doc="It runs.") for n in (1, 2)]
CLOSES = item("t::b", marker("shop.closes", profiles=["nightly"]), doc="It closes.")


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({}, [PLAIN, OPENS, *ROUNDS]),
        ({"promise": ["shop.runs"]}, ROUNDS),
        ({"list_promises": True}, [PLAIN, OPENS, *ROUNDS, CLOSES]),
    ],
)
def test_what_is_not_asked_for_is_left_out_and_told(given: dict[str, Any], left: list[Any]) -> None:
    config: Any = Config(**given)
    every = [PLAIN, OPENS, *ROUNDS, CLOSES]
    items = list(every)
    pytest_collection_modifyitems(config, items)
    assert items == left
    assert config.deselected == [one for one in every if one not in left]
    assert list(config.stash[choosing.names_key]) == ["t::a", "t::r[1]", "t::r[2]", "t::b"]
    session: Any = SimpleNamespace(config=config, items=items)
    listing = pytest_runtestloop(session)
    assert (listing, config.lines) == (
        (None, [])
        if "list_promises" not in given
        else (
            True,
            [
                line(Named("shop.opens"), "It opens."),
                line(Named("shop.runs"), "It runs."),
                line(Named("shop.closes", frozenset({Profile.NIGHTLY})), "It closes."),
            ],
        )
    )


def test_what_cannot_be_run_is_refused_as_pytest_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    config: Any = Config(promise=["shop.shuts"])
    with pytest.raises(pytest.UsageError) as refused:
        pytest_collection_modifyitems(config, [CLOSES])
    assert str(refused.value) == ("no promise is called 'shop.shuts'; perhaps shop.closes\n  next: crucible run --list")
    seen: list[Any] = []
    monkeypatch.setattr(choosing, "mistyped", lambda items: seen.extend(items) or ["a.py:1: wrong", "b.py:2: too"])
    with pytest.raises(pytest.UsageError) as refused:
        pytest_collection_modifyitems(config, [CLOSES])
    assert str(refused.value) == "a claim that no checker can take:\na.py:1: wrong\nb.py:2: too"
    assert seen == [CLOSES]


def test_the_options_are_added_with_their_words_and_overrule_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[Any] = []
    group = SimpleNamespace(addoption=lambda *words, **how: added.append((words, how)))
    parser: Any = SimpleNamespace(getgroup=lambda *words: added.append(words) or group)
    options.pytest_addoption(parser)
    choosing.pytest_addoption(parser)
    assert added == [
        ("crucible", "Crucible: chaos and conformance of a live stack"),
        (("--seed",), {"type": int, "help": "decides victims, payloads and load (default: drawn, and printed)"}),
        (("--profile",), {"choices": ["smoke", "quick", "nightly", "certify"],
                          "help": "smoke, quick, nightly or certify"}),
        ("crucible",),
        (("--promise",), {"action": "append", "default": [], "metavar": "ID",
                          "help": "only this promise; may be repeated"}),
        (("--list-promises",), {"action": "store_true", "help": "print id, profiles and sentence of each promise"}),
    ]  # fmt: skip
    monkeypatch.setattr(options, "load_settings", lambda: Settings(seed=3, profile=Profile.SMOKE, cluster="other"))
    for given, seed, profile in (
        ({}, 3, Profile.SMOKE), ({"seed": 0}, 0, Profile.SMOKE), ({"profile": "certify"}, 3, Profile.CERTIFY),
    ):  # fmt: skip
        config: Any = Config(**given)
        options.pytest_configure(config)
        settings = config.stash[options.settings_key]
        assert (settings.seed, settings.profile, settings.cluster) == (seed, profile, "other")
        assert isinstance(settings.profile, Profile)

    def refuse() -> Settings:
        raise UsageError("unknown setting", next_command="unset it")

    monkeypatch.setattr(options, "load_settings", refuse)
    with pytest.raises(pytest.UsageError) as refused:
        options.pytest_configure(cast(Any, Config()))
    assert str(refused.value) == "unknown setting\n  next: unset it"
    lines: list[Any] = []
    choosing.pytest_configure(cast(Any, SimpleNamespace(addinivalue_line=lambda *words: lines.append(words))))
    assert lines == [("markers", "promise(id, profiles=all): the promise that a test proves or refutes, `suite.name`")]
