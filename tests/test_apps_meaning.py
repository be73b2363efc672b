"""The pure parts of the reference services: what records, durations and queries mean."""

from __future__ import annotations

import json
import logging

import pytest

from fixtures.stack.services.choosing import choose, location, usable_hosts
from fixtures.stack.services.configuration import etag, matches, versions
from fixtures.stack.services.environment import BadEnvironment, read_environment
from fixtures.stack.services.exposition import Metrics
from fixtures.stack.services.host_metrics import reported
from fixtures.stack.services.humantime import parse_ms
from fixtures.stack.services.journal_pages import read_page
from fixtures.stack.services.json_log import JsonLines, NowAndThen, OnChange
from fixtures.stack.services.query import BadQuery, Query, read_query
from fixtures.stack.services.record import BadRecord, Record, decode, encode, parse_object
from fixtures.stack.services.routing import place_of
from fixtures.stack.services.snapshot import restore, save
from fixtures.stack.services.state import Entry, State
from fixtures.stack.services.subnets import label_of, labels


def record(
    op: str, path: str, value: dict | None = None, *, offset: int = 0, ts_ms: int = 0, ttl_ms: int | None = None
):
    return Record(offset, op, path, value or {}, ttl_ms, "id", ts_ms)


def folded(*records: Record) -> State:
    state = State()
    for one in records:
        state.apply(one)
    return state


class TestFold:
    def test_a_merge_goes_into_nested_objects_and_keeps_other_keys(self):
        state = folded(
            record("merge", "a/b", {"x": {"p": 1, "q": {"r": 2}}, "y": 1}),
            record("merge", "a/b", {"x": {"q": {"s": 3}}}),
        )
        assert state.read("a/b", 0) == {"x": {"p": 1, "q": {"r": 2, "s": 3}}, "y": 1}

    def test_a_put_removes_what_it_does_not_name(self):
        state = folded(record("merge", "a", {"x": {"p": 1}, "y": 1}), record("put", "a", {"x": {"q": 2}}))
        assert state.read("a", 0) == {"x": {"q": 2}}

    def test_an_empty_put_leaves_no_path_behind(self):
        assert folded(record("merge", "a", {"x": 1}), record("put", "a", {})).paths == {}

    def test_a_delete_takes_the_path_and_the_parents_key_but_not_paths_below(self):
        state = folded(
            record("merge", "a", {"b": 1, "c": 2}),
            record("merge", "a/b", {"x": 1}),
            record("merge", "a/b/d", {"y": 1}),
            record("delete", "a/b"),
        )
        assert state.dump(0) == {"a": {"c": 2}, "a/b/d": {"y": 1}}

    def test_order_matters(self):
        one, two = record("put", "a", {"x": 1}), record("put", "a", {"x": 2})
        assert folded(one, two).dump(0) != folded(two, one).dump(0)

    def test_expiry_counts_from_the_record_so_a_replay_revives_nothing(self):
        state = folded(record("merge", "a", {"x": {"p": 1}}, ts_ms=1000, ttl_ms=500))
        assert state.read("a", 1499) == {"x": {"p": 1}}
        assert state.read("a", 1500) == {}
        assert state.dump(1500) == {}

    def test_a_merge_into_an_expired_key_starts_afresh(self):
        state = folded(
            record("merge", "a", {"x": {"p": 1}, "z": 1}, ts_ms=0, ttl_ms=10),
            record("merge", "a", {"x": {"q": 2}}, ts_ms=10),
        )
        assert state.read("a", 10**9) == {"x": {"q": 2}}
        assert set(state.paths["a"]) == {"x"}

    def test_an_invalid_record_changes_nothing(self):
        assert folded(record("merge", "a", {"x": 1})).apply(record("invalid", "", {})) == []

    def test_changes_name_every_key_touched(self):
        state = folded(record("merge", "a", {"x": 1, "y": 2}))
        assert state.apply(record("put", "a", {"y": 3}, ts_ms=5, ttl_ms=5)) == [
            ("a", "x", None),
            ("a", "y", Entry(3, 10)),
        ]


class TestRecord:
    def test_what_is_written_is_read_back(self):
        written = record("merge", "cdn/hosts", {"ü": [1, None, {"k": 1.5}]}, ts_ms=7, ttl_ms=9)
        data = encode(written, "c-1")
        assert json.loads(data)["path"] == ["cdn", "hosts"]
        back = decode(3, data, 7)
        assert (back.offset, back.op, back.path, back.value, back.ttl_ms, back.id, back.ts_ms) == (
            3, "merge", "cdn/hosts", written.value, 9, "id", 7,
        )  # fmt: skip
        assert len(back.digest) == 16

    @pytest.mark.parametrize(
        "data",
        [
            None,
            b"",
            b"\xff",
            b"[]",
            b"{}",
            b'{"v":2,"op":"put","path":["a"],"value":{},"id":"x"}',
            b'{"v":1,"op":"push","path":["a"],"value":{},"id":"x"}',
            b'{"v":1,"op":"put","path":[],"value":{},"id":"x"}',
            b'{"v":1,"op":"put","path":["a",""],"value":{},"id":"x"}',
            b'{"v":1,"op":"put","path":["a"],"value":[1],"id":"x"}',
            b'{"v":1,"op":"put","path":["a"],"value":{},"id":"x","ttl_ms":0}',
            b"[" * 5000,
        ],
    )
    def test_bytes_that_make_no_sense_are_invalid_and_keep_their_offset(self, data):
        assert (decode(5, data, 0).op, decode(5, data, 0).offset) == ("invalid", 5)

    @pytest.mark.parametrize("body", ["", "[]", "1", "{", '{"a":NaN}', '{"a":' * 40 + "1" + "}" * 40, "[" * 100_000])
    def test_bodies_that_cannot_be_kept_are_refused(self, body):
        with pytest.raises(BadRecord):
            parse_object(body)


class TestParameters:
    @pytest.mark.parametrize(
        ("text", "ms"), [("60s", 60_000), ("5m", 300_000), ("1h 30m", 5_400_000), ("1day", 86_400_000), ("7ms", 7)]
    )
    def test_humantime(self, text, ms):
        assert parse_ms(text) == ms

    @pytest.mark.parametrize("text", ["", "5", "s", "5 parsecs", "-1s", "1.5h", "0s", "99999999w", "1h,", "٣s"])
    def test_what_is_no_duration(self, text):
        with pytest.raises(ValueError, match="duration"):
            parse_ms(text)

    def test_search_sort_and_limit(self):
        found = {"b": 1, "ab": 2, "a": 3}
        assert list(Query().pick(found)) == ["a", "ab", "b"]
        assert read_query({"search": "a*", "sort": "desc", "limit": "1"}).pick(found) == {"ab": 2}

    @pytest.mark.parametrize("wrong", [{"sort": "up"}, {"limit": "0"}, {"limit": "-1"}, {"limit": "x"}, {"limit": ""}])
    def test_bad_parameters(self, wrong):
        with pytest.raises(BadQuery):
            read_query(wrong)

    @pytest.mark.parametrize("wrong", [{"from": "-1"}, {"from": "x"}, {"limit": "0"}, {"limit": "10001"}])
    def test_bad_journal_pages(self, wrong):
        assert read_page({}) == (0, 1000)
        with pytest.raises(BadQuery):
            read_page(wrong)

    def test_etags(self):
        assert versions('"v3", W/"v4", "other", v5, "vx"') == [3, 4]
        assert matches(etag(3), 3)
        assert matches("*", 0)
        assert not matches(etag(3), 4)
        assert not matches(None, 4)


class TestNetworks:
    def test_labels_are_kept_under_the_canonical_cidr(self):
        assert labels({"10.0.0.0/8": "a", "2001:DB8::/32": "b"}) == {"10.0.0.0/8": "a", "2001:db8::/32": "b"}

    @pytest.mark.parametrize(
        "wrong", [{"10.0.0.1/8": "a"}, {"10.0.0.0": "a"}, {"x": "a"}, {"10.0.0.0/8": 1}, {"10.0.0.0/33": "a"}]
    )
    def test_bad_subnets(self, wrong):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            labels(wrong)

    def test_the_longest_mask_wins(self):
        subnets = {"10.0.0.0/8": "wide", "10.1.0.0/16": "narrow", "2001:db8::/32": "six"}
        assert [label_of(ip, subnets) for ip in ("10.1.2.3", "10.2.0.0", "192.0.2.1")] == ["narrow", "wide", None]
        with pytest.raises(ValueError, match="nonsense"):
            label_of("nonsense", subnets)

    def test_places(self):
        assert place_of("192.0.2.9") == ("Stockholm", 64496)
        assert place_of("8.8.8.8") is None

    def test_reports_are_objects_of_numbers(self):
        assert reported({"h": {"m": 1, "n": 1.5}}) == {"h": {"m": 1, "n": 1.5}}
        for wrong in ({"h": 1}, {"h": {}}, {"h": {"m": True}}, {"h": {"m": "1"}}):
            with pytest.raises(ValueError, match="'h'"):
                reported(wrong)


class TestChoosing:
    def test_every_form_of_a_host(self):
        listed = {
            "a": "http://a",
            "b": True,
            "c": {"address": "c:80"},
            "d": False,
            "e": {"online": False},
            "f": 1,
            "g": "",
        }
        assert usable_hosts(listed) == {"a": "http://a", "b": "b", "c": "c:80"}
        assert location("c:80", "/x?y=1") == "http://c:80/x?y=1"
        assert location("https://c/", "/x") == "https://c/x"

    def test_the_same_path_goes_to_the_same_host_and_a_lost_host_moves_only_its_own(self):
        hosts = {name: name for name in "abcd"}
        paths = [f"/film/{i}" for i in range(400)]
        before = {path: choose(hosts, path) for path in paths}
        after = {path: choose({"a": "a", "b": "b", "c": "c"}, path) for path in paths}
        assert all(after[path] == before[path] for path in paths if before[path] != "d")
        assert all(60 < list(before.values()).count(name) < 140 for name in hosts)
        assert choose({}, "/x") is None


class TestEnvironment:
    def test_defaults_are_those_of_the_stack(self):
        environment = read_environment({})
        assert (environment.kafka_bootstrap, str(environment.redis_master)) == ("kafka:9092", "redis-master:6379")
        assert (environment.topic, environment.topic_replication) == ("selection_input", 3)
        assert environment.switches.rules == []

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("SWITCHES", "[{}]"),
            ("PORT", "http"),
            ("REDIS_MASTER", "redis"),
            ("REDIS_MASTER", "redis:0"),
            ("TOPIC_REPLICATION", "0"),
            ("LINGER_S", "-1"),
            ("LINGER_S", "nan"),
            ("ROUTERS", "a=b,c"),
        ],
    )
    def test_a_wrong_value_is_named(self, name, value):
        with pytest.raises(BadEnvironment, match=name):
            read_environment({name: value})

    def test_routers(self):
        assert read_environment({"ROUTERS": "a=10.0.0.1, b=h:80"}).routers == {"a": "10.0.0.1", "b": "h:80"}


def test_metrics_are_prometheus_text():
    metrics = Metrics()
    metrics.add("requests_total", code="200")
    metrics.add("requests_total", 2, code="200")
    metrics.set("up", 0, dependency='a"b')
    metrics.read("lag", lambda: 1.5)
    metrics.read("unknown", lambda: None)
    assert metrics.text().splitlines() == [
        "# TYPE lag gauge",
        "lag 1.5",
        "# TYPE requests_total counter",
        'requests_total{code="200"} 3',
        "# TYPE up gauge",
        'up{dependency="a\\"b"} 0',
    ]


def test_log_lines_are_json_and_a_condition_is_logged_when_it_changes(caplog):
    log = logging.getLogger("test.apps")
    say = OnChange(log, "kafka")
    with caplog.at_level(logging.INFO, "test.apps"):
        for trouble in (None, "away", "away", None, None):
            say(trouble)
    lines = [json.loads(JsonLines("manager", "pod-1").format(one)) for one in caplog.records]
    assert [(line["level"], line["message"], line["pod"]) for line in lines] == [
        ("warning", "kafka: away", "pod-1"),
        ("info", "kafka: well again", "pod-1"),
    ]


def test_what_happens_often_is_logged_once_a_second_with_how_many_there_were(caplog):
    times = iter([0.0, 0.3, 0.6, 0.7, 1.0, 1.2])
    say = NowAndThen(logging.getLogger("test.apps"), "answered 503", clock=lambda: next(times))
    with caplog.at_level(logging.INFO, "test.apps"):
        for what in ("redis", "redis", "redis", "kafka", "redis", "redis"):
            say(what)
    assert [one.getMessage() for one in caplog.records] == [
        "answered 503: redis (1 x)",
        "answered 503: kafka (1 x)",
        "answered 503: redis (3 x)",
    ]


def test_a_directors_state_survives_on_disk_and_a_torn_file_is_no_state(tmp_path):
    assert restore(tmp_path) is None
    save(tmp_path, 7, folded(record("merge", "a/b", {"x": 1}, ttl_ms=5)))
    offset, state = restore(tmp_path)
    assert (offset, state.paths) == (7, {"a/b": {"x": Entry(1, 5)}})
    (tmp_path / "state.json").write_text('{"offset": 7, "paths"')
    assert restore(tmp_path) is None
