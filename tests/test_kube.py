"""The cluster façade and the informers, against a small API server that speaks real HTTP: lists, watches, outages."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from urllib3.exceptions import HTTPError

from fixtures.errors import HarnessError
from fixtures.kubernetes.api import ApiError, Cluster, api_path
from fixtures.kubernetes.informer import Informer
from fixtures.settings import Settings
from fixtures.wait import wait_for


def pod(name: str, version: int, **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": f"uid-{name}", "resourceVersion": str(version), "labels": labels}}


class FakeApi(ThreadingHTTPServer):
    """Answers a list from `items`, a watch from `feed`; `cut` ends the watches, `away` refuses everything."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.items: list[dict[str, Any]] = []
        self.feed: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, bytes]] = []
        self.cut = threading.Event()
        self.away = False
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeApi

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append((self.command, self.path, body))
        if self.server.away:
            self._answer(503, {"message": "away"})
        elif "watch=true" in self.path:
            self._watch()
        elif "missing" in self.path:
            self._answer(404, {"message": 'pods "missing" not found'})
        else:
            self._answer(200, {"kind": "PodList", "metadata": {"resourceVersion": "9"}, "items": self.server.items})

    do_GET = do_DELETE = do_PATCH = _any  # noqa: N815

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _watch(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        sent = 0
        while not self.server.cut.is_set():
            while sent < len(self.server.feed):
                line = json.dumps(self.server.feed[sent]).encode() + b"\n"
                for part in (line[:7], line[7:]):  # an event may come in pieces
                    self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                    self.wfile.flush()
                sent += 1
            self.server.cut.wait(0.01)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def api() -> Iterator[FakeApi]:
    server = FakeApi()
    yield server
    server.cut.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def cluster(api: FakeApi, tmp_path: Path) -> Cluster:
    settings = Settings(home=tmp_path)
    settings.cluster_home.mkdir(parents=True)
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{api.server_port}"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }
    settings.kubeconfig.write_text(yaml.safe_dump(config))
    return Cluster(settings)


def names(informer: Informer) -> list[str]:
    return [item["metadata"]["name"] for item in informer.objects()]


def test_a_refusal_carries_status_and_message(cluster: Cluster) -> None:
    with pytest.raises(ApiError, match='GET /api/v1/pods/missing: HTTP 404: pods "missing" not found') as refused:
        cluster.get("/api/v1/pods/missing")
    assert refused.value.status == 404


def test_a_delete_sends_its_preconditions(cluster: Cluster, api: FakeApi) -> None:
    cluster.delete("/api/v1/namespaces/acd/pods/x", {"preconditions": {"uid": "u"}})
    assert api.requests[-1][0] == "DELETE"
    assert json.loads(api.requests[-1][2]) == {"preconditions": {"uid": "u"}}


def test_a_server_that_is_gone_is_an_error(cluster: Cluster, api: FakeApi) -> None:
    cluster.get("/api/v1/pods")
    api.shutdown()
    api.server_close()
    with pytest.raises(HTTPError):
        Cluster(cluster.settings).get("/api/v1/pods")


def test_paths_are_for_one_namespace_or_all() -> None:
    assert api_path("pods") == "/api/v1/pods"
    assert api_path("deployments", "acd") == "/apis/apps/v1/namespaces/acd/deployments"


def test_the_first_list_is_there_on_entry_with_the_kind_of_each(cluster: Cluster, api: FakeApi) -> None:
    api.items = [pod("b", 2), pod("a", 1)]
    with cluster.informer("pods", "acd", "app=x") as pods:
        assert names(pods) == ["a", "b"]
        assert {item["kind"] for item in pods.objects()} == {"Pod"}
    assert any("labelSelector=app%3Dx" in path for _, path, _ in api.requests)


def test_changes_come_by_watch_in_order(cluster: Cluster, api: FakeApi) -> None:
    seen: list[tuple[str, str]] = []
    informer = cluster.informer("pods")
    informer.listen(lambda change, item, now: seen.append((change, item["metadata"]["name"])))
    api.items = [pod("a", 1)]
    with informer as pods:
        api.feed += [
            {"type": "ADDED", "object": {"kind": "Pod", **pod("b", 10)}},
            {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "11"}}},
            {"type": "DELETED", "object": {"kind": "Pod", **pod("a", 12)}},
        ]
        wait_for(lambda: names(pods) == ["b"], what="a gone", within_s=60, wake=pods.changed)
    assert seen == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a")]


def test_after_an_outage_it_tells_what_changed_meanwhile_and_since_when(cluster: Cluster, api: FakeApi) -> None:
    contacts: list[bool] = []
    seen: list[tuple[str, str, float]] = []
    informer = cluster.informer("pods")
    informer.listen_contact(lambda there, now: contacts.append(there))
    informer.listen(
        lambda change, item, now: seen.append((change, item["metadata"]["name"], now - informer.last_contact_ns))
    )
    api.items = [pod("gone", 1), pod("same", 2), pod("other", 3)]
    with informer as pods:
        lost_ns = time.monotonic_ns()
        api.away = True
        api.cut.set()
        wait_for(lambda: contacts == [False], what="the loss", within_s=60, every_s=0.01)
        api.items = [pod("same", 2), pod("other", 4), pod("new", 5)]
        api.cut.clear()
        api.away = False
        wait_for(lambda: contacts == [False, True], what="the return", within_s=60, every_s=0.01)
        away_ns = time.monotonic_ns() - lost_ns
        assert names(pods) == ["new", "other", "same"]
    assert [(change, name) for change, name, _ in seen[3:]] == [
        ("DELETED", "gone"), ("MODIFIED", "other"), ("ADDED", "new")
    ]  # fmt: skip
    assert all(0 < uncertain <= away_ns + 5e8 for _, _, uncertain in seen[3:])


def test_an_expired_watch_is_listed_again(cluster: Cluster, api: FakeApi) -> None:
    with cluster.informer("pods") as pods:
        api.items = [pod("a", 20)]
        api.feed.append({"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}})
        wait_for(lambda: names(pods) == ["a"], what="the new list", within_s=60, wake=pods.changed)
        api.feed.clear()


def test_a_listener_that_fails_is_not_passed_over(cluster: Cluster, api: FakeApi) -> None:
    informer = cluster.informer("pods")
    informer.listen(lambda change, item, now: 1 / 0)
    api.items = [pod("a", 1)]
    with pytest.raises(HarnessError, match="ZeroDivisionError"), informer:
        pass


def test_leaving_ends_the_thread(cluster: Cluster) -> None:
    with cluster.informer("pods") as pods:
        pass
    assert not pods._thread.is_alive()
