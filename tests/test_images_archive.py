"""Archives with the names a node expects, the air-gap bundle, and what a build shows while it runs."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from pathlib import Path

import pytest

from fixtures.docker import Engine
from fixtures.errors import UsageError
from fixtures.images.archive import rename_archive
from fixtures.images.builder import Workshop
from fixtures.images.bundle import belongs, export_bundle, import_bundle
from fixtures.images.progress import EVERY_S, Progress
from fixtures.images.recipe import Catalogue, Output, Recipe
from fixtures.images.registry import in_reach
from fixtures.images.stage import remember, stage, usual_s
from fixtures.settings import Settings


def add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    item = tarfile.TarInfo(name)
    item.size = len(data)
    tar.addfile(item, io.BytesIO(data))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """What `docker save` leaves: layers first, a link between equal layers, names last; an OCI index beside them."""
    path = tmp_path / "saved.tar"
    manifest = [
        {"Config": "1.json", "RepoTags": ["crucible/pause:aa"], "Layers": ["l1/layer.tar"]},
        {"Config": "2.json", "RepoTags": ["crucible/kafka:bb"], "Layers": ["l1/layer.tar", "l2/layer.tar"]},
    ]
    with tarfile.open(path, "w") as tar:
        add(tar, "l1/layer.tar", b"layer one")
        link = tarfile.TarInfo("l2/layer.tar")
        link.type, link.linkname = tarfile.SYMTYPE, "../l1/layer.tar"
        tar.addfile(link)
        add(tar, "index.json", b"{}")
        add(tar, "oci-layout", b"{}")
        add(tar, "manifest.json", json.dumps(manifest).encode())
        add(tar, "repositories", b"{}")
    return path


def test_repositories_comes_first_with_every_full_name(saved: Path, tmp_path: Path) -> None:
    images = {"registry.k8s.io/pause:3.10": "crucible/pause:aa", "docker.io/kindest/kindnetd:v1": "crucible/pause:aa",
              "crucible.local/kafka:bb": "crucible/kafka:bb"}  # fmt: skip
    out = tmp_path / "out.tar"
    rename_archive(saved, images, out)
    with tarfile.open(out) as tar:
        assert tar.getnames()[:2] == ["repositories", "manifest.json"]
        repositories = json.load(tar.extractfile("repositories"))  # type: ignore[arg-type]
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
        assert tar.extractfile("l1/layer.tar").read() == b"layer one"  # type: ignore[union-attr]
        assert tar.getmember("l2/layer.tar").linkname == "../l1/layer.tar"
        assert "index.json" not in tar.getnames()
    assert repositories == {"registry.k8s.io/pause": {"3.10": ""}, "docker.io/kindest/kindnetd": {"v1": ""},
                            "crucible.local/kafka": {"bb": ""}}  # fmt: skip
    assert [entry["RepoTags"] for entry in manifest] == [
        ["docker.io/kindest/kindnetd:v1", "registry.k8s.io/pause:3.10"], ["crucible.local/kafka:bb"]]  # fmt: skip


def bundled(home: Path) -> Workshop:
    """A workshop with a kind program, whose engine writes and notes what it is told."""
    nodes = [Recipe(name, output, lambda *_: None) for name, output in
             {"go/kind": Output.FOLDER, "node": Output.IMAGE}.items()]  # fmt: skip
    engine = Engine("test", "1")
    told: list[tuple[str, ...]] = []

    def docker(*args: str, **_: object) -> str:
        told.append(tuple(str(word) for word in args))
        if args[0] == "save":
            Path(args[2]).write_text("image")
        elif args[0] == "load":
            assert Path(args[2]).read_text() == "image"
        return ""

    object.__setattr__(engine, "docker", docker)
    object.__setattr__(engine, "told", told)
    return Workshop(Settings(home=home), engine, Catalogue(nodes))


def test_a_bundle_brings_node_and_kind_to_another_machine(tmp_path: Path) -> None:
    here, there = bundled(tmp_path / "here"), bundled(tmp_path / "there")
    here.folder("go/kind").mkdir(parents=True)
    (here.folder("go/kind") / "kind").write_text("kind")
    export_bundle(here, tmp_path / "bundle.tar")
    assert import_bundle(there.engine, [there], tmp_path / "bundle.tar") == there.catalogue.ref("node")
    assert there.is_made("go/kind")
    assert (there.folder("go/kind") / "kind").stat().st_mode & 0o111
    import_bundle(there.engine, [there], tmp_path / "bundle.tar")  # a second time changes nothing


def test_a_bundle_of_another_version_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    here = bundled(tmp_path / "here")
    with tarfile.open(tmp_path / "old.tar", "w") as tar:
        add(tar, "bundle.json", json.dumps({"node": "crucible/node:old", "kind": "x"}).encode())
    with pytest.raises(UsageError, match="holds crucible/node:old, this checkout needs crucible/node:"):
        import_bundle(here.engine, [here], tmp_path / "old.tar")
    assert here.engine.told == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("content", [None, b"", b"not a tar at all" * 100])
def test_what_is_no_bundle_is_said_so(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    here = bundled(tmp_path)
    with pytest.raises(UsageError, match="is no bundle"):
        import_bundle(here.engine, [here], file)


def test_a_bundle_belongs_only_to_the_tree_that_made_it(tmp_path: Path) -> None:
    there = bundled(tmp_path).catalogue
    about = {"node": there.ref("node"), "kind": there.folder_name("go/kind")}
    assert belongs(about, there)
    assert not belongs(about | {"node": "crucible/node:other"}, there)


def test_without_a_terminal_there_is_one_line_per_change() -> None:
    said: list[str] = []
    seconds = iter([0.0, 0.0, 1.0, 31.5, 61.0])
    with Progress(2, is_terminal=False, write=said.append, clock=lambda: next(seconds)) as progress:
        progress.started("kafka")
        progress.started("node")
        progress.finished("kafka")
        progress.failed("node")
    assert said == ["images: kafka …\n", "images: node …\n", "images: kafka made in 31.5 s (1/2)\n",
                    "images: node FAILED after 60.0 s (2/2)\n"]  # fmt: skip


def test_on_a_terminal_a_live_line_names_what_runs_longest_first() -> None:
    clock = [0.0]
    progress = Progress(3, is_terminal=True, write=lambda text: None, clock=lambda: clock[0])
    progress.started("go/kubernetes")
    clock[0] = 10
    progress.started("kafka")
    clock[0] = 12
    assert progress.live_line() == "images 0/3 after 12 s: go/kubernetes 12 s, kafka 2 s"


def test_without_a_terminal_too_a_step_of_minutes_says_how_far_it_is() -> None:
    said: list[str] = []
    told = threading.Event()

    def write(text: str) -> None:
        said.append(text)
        if "packages" in text:
            told.set()

    progress = Progress(3, is_terminal=False, write=write, every_s=0.02, stage=lambda name: "312 of 1,530 packages",
                        usual_s=lambda name: 624.0)  # fmt: skip
    with progress:
        progress.started("go/kubernetes")
        assert told.wait(10)
    assert said[1] == "images 0/3 after 0 s: go/kubernetes 0 s of about 10 min 24 s (312 of 1,530 packages)\n"
    assert EVERY_S <= 30


def test_a_log_says_how_far_its_build_is(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert stage(log) == ""
    log.write_text("fetching modules\n")
    assert stage(log) == "fetching modules"
    with log.open("a") as file:
        file.write("packages: 1530\n$ go build -v ./cmd/x\ngo: downloading k8s.io/api v0.37.0\n")
        file.write("internal/goos\nk8s.io/api/core/v1\n")
    assert stage(log) == "2 of 1,530 packages"
    log.write_text("$ docker build .\nStep 1/5 : FROM x\nStep 3/5 : RUN apt-get update\nGet:1 some-mirror\n")
    assert stage(log) == "step 3/5 RUN"
    log.write_text("$ mmdebstrap\nI: downloading packages\n")
    assert stage(log) == "I: downloading packages"


def test_the_last_build_here_is_the_estimate_of_the_next_and_the_reference_where_there_is_none(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.cache.mkdir(parents=True)
    assert usual_s(settings, "go/kubernetes") == 624
    assert usual_s(settings, "unheard-of") is None
    remember(settings, "go/kubernetes", 300.4)
    assert usual_s(settings, "go/kubernetes") == 300


def test_a_registry_that_nobody_serves_is_out_of_reach_at_once() -> None:
    assert not in_reach("http://127.0.0.1:1/v2/", within_s=1)
