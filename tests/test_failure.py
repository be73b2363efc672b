"""Evidence of a failure: masked, bounded, and never in the way of a verdict."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.failure.gathering import ABOUT, FILE_BYTES, gather
from fixtures.failure.masking import mask, values_of

SECRET = "correct-horse-battery"


class Cluster:
    """Answers as an API server and kubectl would, or not at all."""

    settings = SimpleNamespace(adopt_context="other", cluster="c")

    def __init__(self, *, away: bool = False, log: str = "") -> None:
        self.away, self.log, self.asked = away, log, list[tuple[str, ...]]()

    def get(self, path: str) -> Any:
        if self.away:
            raise OSError("read timed out")
        if path.endswith("secrets"):
            return {"items": [{"data": {"password": base64.b64encode(SECRET.encode()).decode()}}]}
        return {
            "items": [
                {"metadata": {"name": "a"}, "status": {"containerStatuses": [{"restartCount": 1}]}},
                {"metadata": {"name": "b"}, "status": {}},
            ]
        }

    def kubectl(self, *words: str, within_s: float) -> str:
        assert within_s > 0
        self.asked.append(words)
        if words[:2] == ("describe", "nodes"):
            raise OSError(f"refused {SECRET}")
        return self.log or f"{' '.join(words)} password={SECRET}"


def test_each_pod_has_its_log_and_one_that_restarted_its_last_words_too(tmp_path: Path) -> None:
    names = gather(Cluster(), "acd", tmp_path / "x", nodes=[])  # type: ignore[arg-type]
    assert {"a.log", "a.previous.log", "b.log", "events.txt", "pods.txt", "workloads.txt", ABOUT} == set(names)
    assert "--previous" in (tmp_path / "x" / "a.previous.log").read_text()


def test_no_secret_reaches_a_file(tmp_path: Path) -> None:
    gather(Cluster(), "acd", tmp_path, nodes=[])  # type: ignore[arg-type]
    for path in tmp_path.iterdir():
        assert SECRET not in path.read_text(), path.name
    assert "nodes.txt: refused ***" in (tmp_path / ABOUT).read_text()


def test_an_error_without_words_is_told_by_its_kind(tmp_path: Path) -> None:
    class Wordless(Cluster):
        def kubectl(self, *words: str, within_s: float) -> str:
            raise TimeoutError

    assert gather(Wordless(), "acd", tmp_path, nodes=[]) == [ABOUT]  # type: ignore[arg-type]
    assert "a.log: TimeoutError" in (tmp_path / ABOUT).read_text()


def test_a_file_is_bounded_and_keeps_its_end(tmp_path: Path) -> None:
    gather(Cluster(log="x" * FILE_BYTES + "end"), "acd", tmp_path, nodes=[])  # type: ignore[arg-type]
    text = (tmp_path / "b.log").read_text()
    assert len(text) == FILE_BYTES
    assert text.endswith("end")


def test_an_api_server_that_is_away_is_said_and_no_error(tmp_path: Path) -> None:
    assert gather(Cluster(away=True), "acd", tmp_path, nodes=[]) == [ABOUT]  # type: ignore[arg-type]
    assert "nothing could be asked: OSError" in (tmp_path / ABOUT).read_text()


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
