"""A registry on the loopback address with what the pull road asks for: `python -m tests.upstream.serve`.

It holds `library/debian:bookworm-slim` (our base) and `kindest/node:v1.37.0` (our node with a stand-in for kindnetd).
So the road of those who pull can be walked where no registry is in reach. It prints the settings for it and serves
until it is ended.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from fixtures.docker import Engine, ensure_engine
from fixtures.images import catalogue as catalogues
from fixtures.images.builder import Workshop
from fixtures.images.building import build
from fixtures.images.debian import PULLED_BASE
from fixtures.images.node import KINDNET
from fixtures.images.registry import in_reach
from fixtures.kubernetes.api import kubectl_path
from fixtures.settings import Settings, load_settings
from fixtures.toolchain import go, go_env
from fixtures.wait import wait_for

HERE = Path(__file__).parent
ADDRESS = "127.0.0.1:5000"
NODE = "kindest/node:v1.37.0"
NEEDED = ("debian", "node-kubernetes", "kube-router")


def main() -> int:
    """Build crane, fill its registry, and serve until the process is ended."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # or the registry would outlive this process
    settings = load_settings()
    engine = ensure_engine(settings, fix=False)
    workshop = Workshop(settings, engine, catalogues.built())
    build(workshop, NEEDED)
    blobs = settings.cache / "registry"
    blobs.mkdir(parents=True, exist_ok=True)
    words = [crane(settings), "registry", "serve", "--address", ADDRESS, "--disk", blobs]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as server:  # its requests, one a line
        try:
            wait_for(
                lambda: in_reach(f"http://{ADDRESS}/v2/"),
                what="the registry to answer",
                within_s=30,
                fail_if=lambda: f"it ended with {server.returncode}" if server.poll() is not None else None,
            )
            push(engine, workshop.catalogue.ref("debian"), f"library/{PULLED_BASE}")
            push(engine, make_node(engine, workshop), NODE)
            sys.stdout.write(
                f"export CRUCIBLE_IMAGES=pull CRUCIBLE_REGISTRY_MIRROR={ADDRESS} CRUCIBLE_NODE_IMAGE={NODE}\n"
            )
            sys.stdout.flush()
            return server.wait()
        finally:
            server.terminate()


def crane(settings: Settings) -> Path:
    """The registry program, from the wrapper module beside this file."""
    program = settings.cache / "tools" / "crane"
    program.parent.mkdir(parents=True, exist_ok=True)
    words = [go(settings), "build", "-trimpath", "-mod=readonly", "-o", program]
    subprocess.run(
        [*words, "github.com/google/go-containerregistry/cmd/crane"], cwd=HERE, check=True,
        env={**os.environ, **go_env(settings), "CGO_ENABLED": "0"},
    )  # fmt: skip
    return program


def push(engine: Engine, image: str, name: str) -> None:
    """Put an image into the registry under an upstream name."""
    engine.docker("tag", image, f"{ADDRESS}/{name}")
    engine.docker("push", "--quiet", f"{ADDRESS}/{name}", within_s=600)


def make_node(engine: Engine, workshop: Workshop) -> str:
    """Our node image with the stand-in for kindnetd under the name that kind's manifest asks for."""
    kindnet, fresh = KINDNET.removeprefix("docker.io/"), "crucible/upstream-node:latest"
    with tempfile.TemporaryDirectory() as folder:
        for source in (HERE / "Dockerfile", HERE / "kindnetd", Path(kubectl_path())):
            shutil.copy(source, folder)
        base = f"BASE={workshop.catalogue.ref('kube-router')}"
        engine.docker("build", "--network=none", "--build-arg", base, "--tag", kindnet, folder, within_s=300)
    container = engine.docker(
        "run", "--detach", "--entrypoint", "sleep", "--network", "none", "--security-opt", "seccomp=unconfined",
        workshop.catalogue.ref("node-kubernetes"), "infinity",
    ).strip()  # fmt: skip
    script = (
        "containerd >/dev/null 2>&1 & until ctr version >/dev/null 2>&1; do sleep 0.1; done;"
        f" ctr --namespace=k8s.io images rm {KINDNET};"
        " ctr --namespace=k8s.io images import --all-platforms --no-unpack - && pkill -x containerd && wait"
    )
    try:
        with subprocess.Popen(["docker", "save", kindnet], stdout=subprocess.PIPE) as save:
            words = ["docker", "exec", "--interactive", container, "bash", "-c", script]
            subprocess.run(words, stdin=save.stdout, check=True, timeout=300)
        entrypoint = 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]'
        engine.docker("commit", "--change", entrypoint, "--change", "CMD []", container, fresh, within_s=600)
    finally:
        engine.docker("rm", "--force", "--volumes", container)
    return fresh


if __name__ == "__main__":
    sys.exit(main())
