"""Evidence of a failure: masked, bounded, and never in the way of a verdict."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from fixtures.failure.gathering import gather
from fixtures.failure.last_words import take
from fixtures.failure.masking import mask, values_of
from fixtures.failure.words import ABOUT, FILE_BYTES, told_by
from fixtures.ledger import Target
from fixtures.settings import Settings

SECRET = "correct-horse-battery"


def pod(name: str, *, node: str = "w1", restarts: int = 0, containers: tuple[str, ...] = ("main",)) -> dict[str, Any]:
    statuses = [{"name": container, "restartCount": restarts} for container in containers]
    return {
        "metadata": {"name": name, "namespace": "acd", "uid": f"u-{name}"},
        "spec": {"nodeName": node, "containers": [{"name": container} for container in containers]},
        "status": {"containerStatuses": statuses},
    }


PODS = [pod("a", restarts=1), pod("b", node="w2", containers=("main", "side"))]


class Cluster:
    """Answers as an API server and kubectl would, or not at all."""

    settings = Settings(adopt_context="other", cluster="c")

    def __init__(self, *, away: bool = False, text: str = "") -> None:
        self.away, self.text, self.asked = away, text, list[tuple[str, ...]]()

    def get(self, path: str) -> Any:
        if self.away:
            raise OSError("read timed out")
        if path.endswith("secrets"):
            return {"items": [{"data": {"password": base64.b64encode(SECRET.encode()).decode()}}]}
        return {"items": PODS}

    def log(
        self, namespace: str, pod: str, container: str, *, lines: int, previous: bool = False, within_s: float
    ) -> str:
        assert namespace == "acd"
        assert lines > 0
        assert within_s > 0
        return self.text or f"{pod} {container}{' previous' if previous else ''} password={SECRET}\n"

    def kubectl(self, *words: str, within_s: float) -> str:
        assert within_s > 0
        self.asked.append(words)
        if words[:2] == ("describe", "nodes"):
            raise OSError(f"refused {SECRET}")
        return f"{' '.join(words)} password={SECRET}"


def gathered(folder: Path, cluster: Any = None, nodes: tuple[str, ...] = ()) -> Any:
    return gather(cluster or Cluster(), ["acd"], folder, nodes=nodes)


def test_each_pod_has_its_log_and_one_that_restarted_its_last_words_too(tmp_path: Path) -> None:
    found = gathered(tmp_path / "x")
    assert {"a.log", "a.previous.log", "b.log", "events.txt", "pods.txt", "workloads.txt"} == set(found.files)
    assert "a main previous" in (tmp_path / "x" / "a.previous.log").read_text()
    assert "==> container side <==\nb side" in (tmp_path / "x" / "b.log").read_text()


def test_no_secret_reaches_a_file(tmp_path: Path) -> None:
    found = gathered(tmp_path)
    for path in tmp_path.iterdir():
        assert SECRET not in path.read_text(), path.name
    assert found.missing == {"nodes.txt": "refused ***"}
    assert told_by(tmp_path) == found.missing


def test_the_names_that_a_stack_is_spoken_of_by_are_no_secret(tmp_path: Path) -> None:
    class Named(Cluster):
        def get(self, path: str) -> Any:
            words = {"a": "acd-manager", "b": "metrics-server", "c": SECRET}
            data = {key: base64.b64encode(word.encode()).decode() for key, word in words.items()}
            return {"items": [{"data": data}]} if path.endswith("secrets") else super().get(path)

    gathered(tmp_path, Named(text=f"acd-manager asks metrics-server with {SECRET}"))
    assert (tmp_path / "a.log").read_text() == "acd-manager asks metrics-server with ***"


def test_an_error_without_words_is_told_by_its_kind(tmp_path: Path) -> None:
    class Wordless(Cluster):
        def log(self, *_: str, **__: Any) -> str:
            raise TimeoutError

    assert gathered(tmp_path, Wordless()).missing["a.log"] == "TimeoutError"


def test_a_file_is_bounded_and_keeps_its_end(tmp_path: Path) -> None:
    gathered(tmp_path, Cluster(text="x" * FILE_BYTES + "end"))
    text = (tmp_path / "a.log").read_text()
    assert len(text) == FILE_BYTES
    assert text.endswith("end")


def test_what_is_empty_is_said_to_be(tmp_path: Path) -> None:
    found = gathered(tmp_path, Cluster(text=" \n"))
    assert found.missing["a.log"] == "it is empty"
    assert not (tmp_path / "a.log").exists()


def test_an_api_server_that_is_away_is_said_and_no_error(tmp_path: Path) -> None:
    found = gathered(tmp_path, Cluster(away=True))
    assert found.files == []
    assert "the cluster did not answer: OSError: read timed out" in found.missing["everything"]


def test_a_node_that_cannot_be_asked_is_said(tmp_path: Path) -> None:
    assert gathered(tmp_path, nodes=("w1",)).missing["w1.journal"] == "the node is no container of ours"


def taken(folder: Path, *targets: Target, cluster: Any = None) -> set[str]:
    take(cluster or Cluster(), PODS, targets, folder)
    return {path.name for path in folder.glob("*")}


def test_the_last_words_of_a_pod_are_taken_before_it_is_hit(tmp_path: Path) -> None:
    cluster = Cluster()
    names = taken(tmp_path, Target("Pod", "a", "u-a", "acd"), cluster=cluster)
    assert names == {"a.log", "a.previous.log", "pods-acd.txt", ABOUT}
    assert SECRET not in (tmp_path / "a.log").read_text()
    assert cluster.asked == [("describe", "pods", "--namespace", "acd", "a")]


def test_of_a_node_those_of_all_that_it_carries(tmp_path: Path) -> None:
    assert taken(tmp_path, Target("Node", "w2", "u-w2")) == {"b.log", "pods-acd.txt", ABOUT}
    assert told_by(tmp_path) == {"nodes.txt": "refused ***"}


def test_what_cannot_be_taken_keeps_no_fault_from_acting(tmp_path: Path) -> None:
    assert taken(tmp_path, Target("Pod", "a", "u-a", "acd"), cluster=Cluster(away=True)) == {ABOUT}
    assert "OSError" in told_by(tmp_path)["everything"]
    (tmp_path / "file").touch()
    assert taken(tmp_path / "file" / "no-folder", Target("Pod", "a", "u-a", "acd")) == set()


def test_what_has_no_pods_has_no_last_words(tmp_path: Path) -> None:
    assert taken(tmp_path / "x", Target("Topic", "t", "t")) == set()


def test_a_note_that_was_never_finished_is_said(tmp_path: Path) -> None:
    (tmp_path / ABOUT).write_text('{"missing"')
    assert told_by(tmp_path) == {ABOUT: "the gathering was not finished"}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ('{"Authorization": "Bearer abc.def", "Accept": "*/*"}', '{"Authorization": "Bearer ***", "Accept": "*/*"}'),
        ("Authorization: Basic YWJj", "Authorization: Basic ***"),
        ("authorization=Bearer abc.def", "authorization=Bearer ***"),
        ("Authorization: Digest username=me, nonce=1\nnext", "Authorization: ***\nnext"),
        ("redis://:s3cret@db/0", "redis://:***@db/0"),
        ("postgresql://acd:s3cret@db/x", "postgresql://acd:***@db/x"),
        ('{"password": "hunter22"}', '{"password": "***"}'),
        ("PASSWORD=hunter22 next", "PASSWORD=*** next"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_what_has_the_shape_of_a_credential_is_masked(text: str, masked: str) -> None:
    assert mask(text, []) == masked


def test_a_secret_is_masked_as_it_is_and_as_kubernetes_writes_it() -> None:
    encoded = base64.b64encode(SECRET.encode()).decode()
    values = values_of([{"data": {"a": encoded, "short": base64.b64encode(b"abc").decode(), "bad": "%%%%%%%"}}])
    assert mask(f"{SECRET} {encoded} abc", values) == "*** *** abc"
