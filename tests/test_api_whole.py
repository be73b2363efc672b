"""The road to an API server and to kubectl: each request compared whole, with its headers, and each refusal."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from fixtures.kubernetes import api
from fixtures.kubernetes.api import ApiError, Cluster, api_path, get_if_there, kubectl_path
from fixtures.settings import Settings


class Road:
    """A client whose pool keeps each request and gives the answers in turn."""

    def __init__(self, *, has_token: bool = True) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.answers: list[tuple[int, bytes]] = []
        self.rest_client = SimpleNamespace(pool_manager=self)
        self.has_token = has_token
        self.configuration = SimpleNamespace(host="https://h:1", get_api_key_with_prefix=self.key)

    def key(self, name: str, alias: str = "") -> str | None:
        """The client's own key, under the names that its releases keep it by."""
        return "Bearer t" if self.has_token and {name, alias} & {"authorization", "BearerToken"} else None

    def request(self, method: str, url: str, **more: Any) -> Any:
        self.asked.append((method, url, more))
        status, data = self.answers.pop(0) if self.answers else (200, b"{}")
        return SimpleNamespace(status=status, data=data)


@pytest.fixture
def road() -> Road:
    return Road()


@pytest.fixture
def cluster(road: Road, tmp_path: Path) -> Cluster:
    found = Cluster(Settings(home=tmp_path, cluster="mine"))
    found._api = road
    return found


def headers(accept: str = "application/json", content: str | None = "application/json") -> dict[str, str]:
    typed = {"Content-Type": content} if content else {}
    return {"Accept": accept, "authorization": "Bearer t", **typed}


def sent(body: bytes | None = None, *, within_s: float = 10.0, **more: Any) -> dict[str, Any]:
    return {"headers": headers(**more), "body": body, "timeout": within_s, "retries": False}


def test_each_request_is_made_once_and_whole(cluster: Cluster, road: Road) -> None:
    road.answers = [(200, b'{"a": 1}'), (299, b"[1]"), (200, b"plain"), (201, b"")]
    assert cluster.get("/api/v1/pods", labelSelector="a=b c", limit=2) == {"a": 1}
    assert cluster.delete("/api/v1/pods/x") == [1]
    assert cluster.delete("/api/v1/pods/x", {"preconditions": {"uid": "u"}}) == "plain"
    given = {"query": {"dryRun": "All"}, "body": [], "content_type": "application/merge-patch+json", "accept": "text/x"}
    assert cluster.request("PATCH", "/apis/x", within_s=3.0, **given) == ""
    cluster.request("POST", "/y")
    url = "https://h:1/api/v1/pods"
    assert road.asked == [
        ("GET", f"{url}?labelSelector=a%3Db+c&limit=2", sent()),
        ("DELETE", f"{url}/x", sent()),
        ("DELETE", f"{url}/x", sent(b'{"preconditions": {"uid": "u"}}')),
        ("PATCH", "https://h:1/apis/x?dryRun=All",
         sent(b"[]", accept="text/x", content="application/merge-patch+json", within_s=3.0)),
        ("POST", "https://h:1/y", sent()),
    ]  # fmt: skip


def test_a_log_is_asked_for_by_lines_and_read_whatever_is_in_it(cluster: Cluster, road: Road) -> None:
    road.answers = [(200, b"noon \xff\n"), (200, b"{}")]
    assert cluster.log("acd", "web-1", "main", lines=7) == "noon \N{REPLACEMENT CHARACTER}\n"
    assert cluster.log("acd", "web-1", "main", lines=7, previous=True, within_s=2.0) == "{}"
    url = "https://h:1/api/v1/namespaces/acd/pods/web-1/log?container=main&tailLines=7&timestamps=true&previous="
    assert road.asked == [
        ("GET", f"{url}false", sent(accept="*/*", content=None)),
        ("GET", f"{url}true", sent(accept="*/*", content=None, within_s=2.0)),
    ]


def test_a_watch_is_opened_to_be_streamed(cluster: Cluster, road: Road) -> None:
    answer = cluster.watch("/api/v1/pods", resourceVersion="5")
    assert answer.status == 200
    url = "https://h:1/api/v1/pods?resourceVersion=5&watch=true&allowWatchBookmarks=true&timeoutSeconds=300"
    more = {"headers": headers(content=None), "preload_content": False, "timeout": 90, "retries": False}
    assert road.asked == [("GET", url, more)]


def test_without_a_token_none_is_sent(cluster: Cluster) -> None:
    cluster._api = road = Road(has_token=False)
    cluster.request("GET", "/x")
    assert road.asked[0][2]["headers"] == {"Accept": "application/json", "Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("status", "data", "said"),
    [
        (400, b'{"message": "bad"}', "bad"),
        (404, b'{"message": 7}', "7"),
        (409, b'{"reason": "x"}', '{"reason": "x"}'),
        (500, b"[1]", "[1]"),
        (503, b"\xff" + b"x" * 300, "\N{REPLACEMENT CHARACTER}" + "x" * 199),
    ],
)
def test_a_refusal_says_what_was_asked_and_what_was_answered(
    cluster: Cluster, road: Road, status: int, data: bytes, said: str
) -> None:
    road.answers = [(status, data)] * 2
    for ask in (lambda: cluster.delete("/x/y"), lambda: cluster.request("DELETE", "/x/y", query={"a": 1})):
        with pytest.raises(ApiError) as refused:
            ask()
        assert refused.value.message == f"DELETE /x/y: HTTP {status}: {said}"
        assert (refused.value.status, refused.value.next_command) == (status, "crucible status")


def test_only_what_is_not_there_is_none(cluster: Cluster, road: Road) -> None:
    road.answers = [(200, b'{"a": 1}'), (404, b"{}"), (403, b"{}")]
    assert get_if_there(cluster, "/x") == {"a": 1}
    assert get_if_there(cluster, "/x") is None
    with pytest.raises(ApiError, match="GET /x: HTTP 403"):
        get_if_there(cluster, "/x")
    assert [url for _, url, _ in road.asked] == ["https://h:1/x"] * 3


def test_an_informer_looks_at_one_namespace_or_all_by_a_selector_or_not(cluster: Cluster) -> None:
    one, whole = cluster.informer("deployments", "acd", "app=x"), cluster.informer("nodes")
    assert (one.path, one._query, one._cluster) == (
        "/apis/apps/v1/namespaces/acd/deployments", {"labelSelector": "app=x"}, cluster,
    )  # fmt: skip
    assert (whole.path, whole._query) == ("/api/v1/nodes", {})


@pytest.mark.parametrize("namespace", [None, "", "acd"])
def test_each_kind_has_its_path(namespace: str | None) -> None:
    inside = "namespaces/acd/" if namespace else ""
    assert api_path("secrets", namespace) == f"/api/v1/{inside}secrets"
    assert api_path("poddisruptionbudgets", namespace) == f"/apis/policy/v1/{inside}poddisruptionbudgets"
    assert api_path("nodes", namespace) == "/api/v1/nodes"


def test_kubectl_is_told_this_cluster_and_its_answer_returned(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def run(words: list[str], **more: Any) -> Any:
        asked.append((words, more))
        return SimpleNamespace(stdout="printed\n")

    monkeypatch.setattr(api, "run", run)
    monkeypatch.setattr(api, "kubectl_path", lambda: "/k")
    config = str(cluster.settings.kubeconfig)
    assert cluster.kubectl("get", "pods") == "printed\n"
    assert cluster.kubectl("apply", stdin="x", within_s=5.0) == "printed\n"
    assert asked == [
        (["/k", "--kubeconfig", config, "get", "pods"], {"stdin": None, "within_s": 60.0}),
        (["/k", "--kubeconfig", config, "apply"], {"stdin": "x", "within_s": 5.0}),
    ]


def test_the_kubectl_beside_our_python_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert kubectl_path() == "kubectl"
    (tmp_path / "kubectl").touch()
    assert kubectl_path() == str(tmp_path / "kubectl")


@pytest.mark.parametrize(("context", "port"), [(None, 1), ("", 1), ("theirs", 2)])
def test_the_client_is_made_once_of_the_private_kubeconfig(tmp_path: Path, context: str | None, port: int) -> None:
    settings = Settings(home=tmp_path, adopt_context=context)
    settings.cluster_home.mkdir(parents=True)
    names = ("ours", "theirs")
    settings.kubeconfig.write_text(yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": "ours",
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in names],
        "clusters": [{"name": name, "cluster": {"server": f"http://h:{n}"}} for n, name in enumerate(names, 1)],
        "users": [{"name": name, "user": {"token": f"of-{name}"}} for name in names],
    }))  # fmt: skip
    cluster = Cluster(settings)
    client = cluster._client()
    assert cluster._headers() == {"Accept": "application/json", "authorization": f"Bearer of-{context or 'ours'}"}
    assert client is cluster._client()
    assert (client.configuration.host, client.configuration.connection_pool_maxsize) == (f"http://h:{port}", 32)
    assert cluster._url("/x", {}) == f"http://h:{port}/x"
