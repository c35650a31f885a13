"""The tiny model, and a server that runs it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.real.tiny import make

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_S = 120


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The GGUF file of the model; its folder holds the same for transformers."""
    return make(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def served(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of `transformers serve`, which calls the model `./` and the name of its folder."""
    port = _free_port()
    program = str(Path(sys.executable).with_name("transformers"))
    command = [
        program,
        "serve",
        f"./{tiny.parent.name}",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--device",
        "cpu",
    ]
    hub = tmp_path_factory.mktemp("hub")
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(hub)}
    with subprocess.Popen(command, cwd=tiny.parent.parent, env=environment) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", server)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with {server.returncode}")
        try:
            urlopen(url, timeout=5).close()
        except URLError:
            time.sleep(0.2)  # asked again until it answers
        else:
            return
    raise TimeoutError(f"the server was not there within {_START_S} s")
