"""Tags from contents, what is to be made, where images come from, and that the real catalogue is whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from fixtures.docker import Engine
from fixtures.errors import HarnessError
from fixtures.images import building, catalogue
from fixtures.images.builder import Workshop
from fixtures.images.ensure import choose
from fixtures.images.node import SYSTEM_IMAGES, stack_ref
from fixtures.images.recipe import Catalogue, Output, Recipe
from fixtures.images.registry import api_url, pull_name, roots
from fixtures.settings import ImageSource, Settings


def nothing(workshop: Workshop, recipe: Recipe, folder: Path) -> None:
    """A recipe that leaves an empty folder."""


def folder(name: str, *inputs: str, **more: object) -> Recipe:
    """A folder recipe that does nothing unless told."""
    return Recipe(name, Output.FOLDER, **({"make": nothing, "inputs": inputs} | more))  # type: ignore[arg-type]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository of three files."""
    for name in ("a/Dockerfile", "b/go.mod", "c/x.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(name)
    return tmp_path


def recipes(**args: str) -> list[Recipe]:
    """`node` is made from `a` and `b`; `c` is unrelated."""
    return [
        folder("a", files=("a/Dockerfile",), args=args),
        folder("b", files=("b/go.mod",)),
        folder("c", files=("c/**/*.py",)),
        folder("node", "a", "b"),
    ]


def tags(tree: Path, made_from: list[Recipe]) -> dict[str, str]:
    there = Catalogue(made_from, tree)
    return {name: there.tag(name) for name in there.names()}


def test_the_tag_is_the_same_for_the_same_tree(tree: Path) -> None:
    assert tags(tree, recipes()) == tags(tree, recipes())
    assert all(len(tag) == 12 for tag in tags(tree, recipes()).values())


@pytest.mark.parametrize("change", ["contents", "mode", "args", "input"])
def test_any_change_of_an_input_changes_the_tag_and_those_above_it_alone(tree: Path, change: str) -> None:
    before, after_recipes = tags(tree, recipes()), recipes()
    if change == "contents":
        (tree / "a/Dockerfile").write_text("FROM other")
    elif change == "mode":
        (tree / "a/Dockerfile").chmod(0o755)
    elif change == "args":
        after_recipes = recipes(version="2")
    else:
        after_recipes[0] = folder("a", "c", files=("a/Dockerfile",))
    after = tags(tree, after_recipes)
    assert {name for name in before if before[name] != after[name]} == {"a", "node"}


def test_a_new_file_under_a_pattern_changes_the_tag_and_a_byte_code_file_does_not(tree: Path) -> None:
    before = tags(tree, recipes())
    (tree / "c/__pycache__").mkdir()
    (tree / "c/__pycache__/x.py").write_text("compiled")
    (tree / "unrelated").write_text("x")
    assert tags(tree, recipes()) == before
    (tree / "c/y.py").write_text("new")
    assert tags(tree, recipes())["c"] != before["c"]


def test_a_pattern_that_matches_nothing_is_an_error_and_not_an_empty_image(tree: Path) -> None:
    with pytest.raises(HarnessError, match="expected files at gone/Dockerfile, found none"):
        tags(tree, [folder("a", files=("gone/Dockerfile",))])


def test_only_what_is_missing_is_made_inputs_first(tree: Path) -> None:
    there = Catalogue(recipes(), tree)
    assert building.missing(there, ("node",), lambda name: False) == ["a", "b", "node"]
    assert building.missing(there, ("node",), lambda name: name == "a") == ["b", "node"]
    # an image that is there does not ask for what it was made from
    assert building.missing(there, ("node",), lambda name: name == "node") == []


PULL, BUILD, AUTO = ImageSource.PULL, ImageSource.BUILD, ImageSource.AUTO


@pytest.mark.parametrize(
    ("source", "pulled", "built", "reach", "chosen"),
    [
        (BUILD, True, False, True, BUILD),
        (AUTO, False, False, True, PULL),
        (AUTO, False, False, False, BUILD),
        (AUTO, True, False, False, PULL),
        (AUTO, False, True, True, BUILD),
        (PULL, False, True, True, PULL),
        (PULL, True, False, False, PULL),
    ],
)
def test_the_source_of_images(source: ImageSource, pulled: bool, built: bool, reach: bool, chosen: ImageSource) -> None:
    found = choose(source, has_pulled=lambda: pulled, has_built=lambda: built, in_reach=lambda: reach)
    assert found is chosen


def test_pulling_without_a_registry_names_the_other_way() -> None:
    no = bool
    with pytest.raises(HarnessError, match="no registry answered") as caught:
        choose(PULL, has_pulled=no, has_built=no, in_reach=no)
    assert caught.value.next_command == "CRUCIBLE_IMAGES=build crucible images build"


@pytest.mark.parametrize("make", [catalogue.pulled, catalogue.built])
def test_the_real_catalogues_are_whole(make: type[Catalogue]) -> None:
    there = make()
    names = set(there.names())
    assert all(names.issuperset(there[name].inputs) for name in names)
    assert set(catalogue.STACK) <= set(there["node"].inputs)
    # nothing is made that the cluster does not need
    assert set(building.missing(there, ("go/kind", "node"), lambda name: False)) == names
    assert there.ref("kafka") == f"crucible/kafka:{there.tag('kafka')}"
    assert stack_ref(there.ref("kafka")) == f"crucible.local/kafka:{there.tag('kafka')}"


def test_an_edit_of_an_app_rebuilds_only_the_apps_and_the_bake() -> None:
    there = catalogue.built()
    changed = Recipe("apps", Output.IMAGE, nothing, there["apps"].inputs, there["apps"].files, {"edited": "yes"})
    after = Catalogue([changed if name == "apps" else there[name] for name in there.names()])
    assert {name for name in there.names() if there.tag(name) != after.tag(name)} == {"apps", "node"}


def test_the_pulled_and_the_built_node_never_share_a_name() -> None:
    assert catalogue.pulled().ref("node") != catalogue.built().ref("node")


def test_every_pinned_version_is_the_one_that_the_modules_say() -> None:
    from fixtures.images.go_programs import KUBERNETES
    from fixtures.images.recipe import FOLDER
    from fixtures.toolchain import GO_NEEDED, GO_WHEEL

    def module(name: str) -> str:
        return (FOLDER / name / "go.mod").read_text()

    assert f"k8s.io/kubernetes {KUBERNETES}" in module("kubernetes")
    for name, program in {"etcd:3.7.0-0": "etcd", "coredns:v1.14.6": "coredns"}.items():
        assert [ref for ref in SYSTEM_IMAGES if ref.endswith(name)], name
        version = name.split(":")[1].removeprefix("v").removesuffix("-0")
        assert f" v{version}" in module(program)
    needed = [
        tuple(int(number) for number in line.split()[1].split("."))
        for path in FOLDER.glob("*/go.mod")
        for line in path.read_text().splitlines()
        if line.startswith("go ")
    ]
    assert max(needed) <= GO_NEEDED
    assert tuple(int(number) for number in GO_WHEEL.split("==")[1].split(".")) >= GO_NEEDED


def test_a_mirror_is_asked_by_its_own_name_and_a_digest_stays() -> None:
    plain, mirror = Settings(), Settings(registry_mirror="127.0.0.1:5000")
    assert pull_name(plain, "debian:bookworm-slim") == "debian:bookworm-slim"
    assert pull_name(mirror, "debian:bookworm-slim") == "127.0.0.1:5000/library/debian:bookworm-slim"
    assert pull_name(mirror, catalogue.PULLED_NODE) == f"127.0.0.1:5000/{catalogue.PULLED_NODE}"
    assert api_url(mirror) == "http://127.0.0.1:5000/v2/"
    assert api_url(Settings(registry_mirror="mirror.example/hub")) == "https://mirror.example/v2/"
    assert api_url(plain).startswith("https://")
    with pytest.raises(ValidationError):
        Settings(registry_mirror="http://mirror.example")


def test_another_node_image_makes_another_node() -> None:
    other = catalogue.pulled("kindest/node:mine")
    assert other["node-kubernetes"].args["image"] == "kindest/node:mine"
    assert other.ref("node") != catalogue.pulled().ref("node")
    assert catalogue.pulled("").ref("node") == catalogue.pulled().ref("node")


def test_the_daemons_own_mirrors_are_asked_before_the_hub_and_a_mirror_of_the_settings_alone() -> None:
    engine = Engine("test", "1")
    for said, first in (('["https://mirror.example/"]', "https://mirror.example/v2/"), ("null", api_url(Settings()))):
        object.__setattr__(engine, "info", lambda template, said=said: said)
        assert roots(Settings(), engine)[0] == first
        assert roots(Settings(), engine)[-1] == api_url(Settings())
        assert roots(Settings(registry_mirror="127.0.0.1:5000"), engine) == ["http://127.0.0.1:5000/v2/"]
    assert roots(Settings(), None) == [api_url(Settings())]
