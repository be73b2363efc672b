"""How the stack's own words become files: bounded in time and size, masked, and each failure told in one line."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.failure import last_words, words
from fixtures.failure.masking import mask, values_of
from fixtures.failure.words import Gathered, logs_of, told_by, write
from fixtures.ledger import Target
from fixtures.settings import Settings

Item = dict[str, Any]


def raising(error: Exception) -> Any:
    def ask() -> str:
        raise error

    return ask


def test_each_answer_is_written_or_told_in_one_line(tmp_path: Path) -> None:
    long = "l" * 300
    asks = {
        "z.txt": lambda: "z\n", "a.txt": lambda: " s3cret a ", "empty.txt": lambda: "", "blank.txt": lambda: " \n\t",
        "b.txt": raising(OSError(f"  s3cret {long}\nsecond line")), "c.txt": raising(KeyError()),
        "d.txt": raising(ValueError(" \n ")),
    }  # fmt: skip
    found = write(tmp_path / "not" / "there", asks, iter(["s3cret"]), within_s=60.0)
    assert found == Gathered(["a.txt", "z.txt"], {
        "b.txt": f"*** {long}"[:200], "blank.txt": "it is empty", "c.txt": "KeyError", "d.txt": "ValueError",
        "empty.txt": "it is empty",
    })  # fmt: skip
    files = {path.name: path.read_text() for path in (tmp_path / "not" / "there").iterdir()}
    assert files == {"a.txt": " *** a ", "z.txt": "z\n"}
    assert write(tmp_path, {}, [], within_s=1.0) == Gathered([], {}), "a folder that is there is no error"


@pytest.mark.parametrize(
    ("late_s", "found"),
    [
        (5.0, Gathered(["a.txt"])),
        (5.5, Gathered([], {"a.txt": "not asked, the time for all was over"})),
    ],
)
def test_nothing_is_asked_when_the_time_for_all_is_over(
    tmp_path: Path, late_s: float, found: Gathered, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 100.0 + late_s])
    monkeypatch.setattr(words, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    assert write(tmp_path, {"a.txt": lambda: "a"}, [], within_s=5.0) == found


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_file_holds_its_last_half_a_million(tmp_path: Path, more: int) -> None:
    text = "b" + "x" * (512_000 + more - 2) + "e"
    write(tmp_path, {"a.txt": lambda: text}, [], within_s=60.0)
    assert (tmp_path / "a.txt").read_text() == (text if more <= 0 else text[1:])


class Logs:
    """Keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def log(self, *args: Any, **more: Any) -> str:
        self.asked.append((*args, more))
        return "" if args[2] == "mute" else f"{args[2]}\n"


def test_logs_are_asked_for_by_pod_and_container() -> None:
    def pod(name: str, spec: Item, *statuses: Item) -> Item:
        return {
            "metadata": {"name": name, "namespace": "acd"},
            "spec": spec,
            "status": {"containerStatuses": [*statuses]},
        }

    three = {"containers": [{"name": name} for name in ("one", "mute", "two")]}
    pods = [
        pod("a", three, {"name": "two", "restartCount": 1}, {"name": "one"}, {"name": "mute", "restartCount": 2}),
        pod("b", {}, {"name": "main", "restartCount": 0}), pod("c", {}),
        {"metadata": {"name": "d", "namespace": "cdn"}}, {"metadata": {"name": "e", "namespace": "cdn"}, "spec": three},
    ]  # fmt: skip
    cluster = Logs()
    asks = logs_of(cluster, pods, lines=9, within_s=2.0)  # type: ignore[arg-type]
    assert list(asks) == ["a.log", "a.previous.log", "b.log", "e.log"]
    assert asks["a.log"]() == "==> container one <==\none\n==> container two <==\ntwo\n"
    assert asks["a.previous.log"]() == "==> container two <==\ntwo\n"
    assert asks["b.log"]() == "main\n"
    now, before = ({"lines": 9, "previous": previous, "within_s": 2.0} for previous in (False, True))
    assert cluster.asked == [
        ("acd", "a", "one", now), ("acd", "a", "mute", now), ("acd", "a", "two", now), ("acd", "a", "mute", before),
        ("acd", "a", "two", before), ("acd", "b", "main", now),
    ]  # fmt: skip
    assert asks["e.log"]() == asks["a.log"]()


def test_a_note_is_read_back_and_one_that_is_not_whole_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er"
    words.about(folder, "then", Gathered(["a"], {"b": "why"}))
    words.about(folder, "then", Gathered(["a"], {"b": "why"}))
    assert told_by(folder) == {"b": "why"}
    lines = (folder / "about.json").read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == ["{", ' "gathered"', ' "when"', ' "missing"', '  "b"', " }", "}"]
    for text in ("{", "[]", '{"when": "then"}', "7"):
        (folder / "about.json").write_text(text)
        assert told_by(folder) == {"about.json": "the gathering was not finished"}, text
    assert told_by(tmp_path) == {"about.json": "the gathering was not finished"}
    (folder / "about.json").write_text(json.dumps({"missing": {}}))
    assert told_by(folder) == {}


def test_last_words_that_cannot_be_noted_are_an_error_in_the_log_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    pods = [{"metadata": {"name": "a", "namespace": "acd", "uid": "u"}, "spec": {}}]
    cluster = SimpleNamespace(settings=Settings(), get=lambda path: {"items": []}, kubectl=lambda *_, **__: "x")
    with caplog.at_level(logging.ERROR, "crucible"):
        last_words.take(cluster, pods, [Target("Pod", "a", "u", "acd")], tmp_path / "file" / "x")  # type: ignore[arg-type]
    (record,) = caplog.records
    assert record.getMessage().startswith(f"the victims' last words are not in {tmp_path / 'file' / 'x'}: ")


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_the_values_of_secrets_are_those_of_eight_letters_and_more_longest_first() -> None:
    lines, short, eight = b"  horse battery staple\n", b"abcdefg", b"abcdefgh"
    secrets: list[Item] = [
        {"data": {"lines": encoded(lines), "short": encoded(short), "eight": encoded(eight)}},
        {"data": {"binary": encoded(b"\xff\xfe\xfd\xfc\xfb\xfa\xf9"), "wrong": "%%%%%%%%"}}, {"data": None}, {},
    ]  # fmt: skip
    found = values_of(secrets)
    assert set(found) == {
        encoded(lines), lines.decode(), lines.decode().strip(), encoded(short),
        encoded(eight), "abcdefgh", encoded(b"\xff\xfe\xfd\xfc\xfb\xfa\xf9"), "%%%%%%%%",
    }  # fmt: skip
    assert [len(value) for value in found] == sorted((len(value) for value in found), reverse=True)


def test_each_line_of_a_secret_of_many_lines_is_a_value_and_so_is_what_a_line_calls_a_password() -> None:
    settings = b"[db]\r\n  host = primary.example\npassword = 'hunter, 22x'\n"
    key = b"-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIOnE\nab==\n-----END EC PRIVATE KEY-----\n"
    found = values_of([{"data": {"a.ini": encoded(settings), "tls.key": encoded(key)}}])
    said = "cannot read: MHcCAQEEIOnE / host = primary.example / tried hunter, 22x, of [db], ab=="
    assert mask(said, found) == "cannot read: *** / host = *** / tried ***, of [db], ab=="


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("kind: Deployment", None), ("metadata:", None), ("  replicas: 3", None), ("name = 'plainword'", None),
        ("name: web-frontend", "web-frontend"), ('host: "primary.example"', "primary.example"),
        ("url=jdbc:postgresql://db/acd", "jdbc:postgresql://db/acd"), ("password: plainword", "plainword"),
        ("QUJDREVGR0hJSktMTU5PUA==", "QUJDREVGR0hJSktMTU5PUA=="), ("QUJDREVGR0hJSktMTU5P=", "QUJDREVGR0hJSktMTU5P="),
        ("u:pw123456@db.example", "u:pw123456@db.example"), ("- list item", "- list item"),
    ],
)  # fmt: skip
def test_of_a_file_of_settings_in_a_secret_the_values_are_masked_and_not_its_ordinary_lines(
    line: str, kept: str | None
) -> None:
    """A Secret that held a manifest took `metadata:` and `replicas: 3` out of all the evidence."""
    file = f"first\n{line}\n".encode()
    found = set(values_of([{"data": {"file": encoded(file)}}]))
    assert found == {encoded(file), file.decode(), file.decode().strip(), *filter(None, [kept])}


def test_what_evidence_is_made_of_is_no_secret() -> None:
    account = {
        "namespace": encoded(b"acd-manager"),
        "ca.crt": encoded(b"one line of it"),
        "token": encoded(b"opaque-7-token"),
    }
    other = {"user": encoded(b"gateway"), "role": encoded(b"selection-input"), "word": encoded(b"horse-battery")}
    found = values_of([{"data": account}, {"data": other}], known={"selection-input"})
    said = "acd-manager: gateway and selection-input in one line of it, horse-battery, opaque-7-token"
    assert mask(said, found) == "acd-manager: gateway and selection-input in one line of it, ***, ***"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("a staple-gun and a staple", "a *** and a ***"),
        ("Authorization: Bearer a b", "Authorization: Bearer ***"),
        ("AUTHORIZATION = 'Basic x' , b", "AUTHORIZATION = 'Basic ***' , b"),
        ("passwd: one&token=two,secret='three'}", "passwd: ***&token=***,secret='***'}"),
        ("http://user:word@host amqp://:word@host http://host:80/x", "http://user:***@host amqp://:***@host http://host:80/x"),
    ],
)  # fmt: skip
def test_values_and_shapes_are_masked(text: str, masked: str) -> None:
    assert mask(text, ["staple-gun", "staple"]) == masked
