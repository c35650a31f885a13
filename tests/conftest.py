"""What every test may use, and what none may do: read this machine's settings, or leave it."""

from __future__ import annotations

import os
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest

from ragchat.assembly.state import open_state
from tests.servers.groq import GroqServer
from tests.servers.ollama import OllamaServer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

_OURS = ("GROQ_", "OLLAMA_", "OPENAI_", "RAGCHAT_")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting or proxy of this machine reaches a test."""
    for name in list(os.environ):
        if name.startswith(_OURS) or name.lower() in _PROXIES:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that calls another machine fails; names under `.invalid` are unknown, as they are everywhere."""
    calls: list[str] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            calls.append(str(address))
            raise OSError(f"a test tried to reach {address}")
        connect(self, address)

    def guarded_look_up(host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is None or _is_here(name):
            return look_up(host, *args, **options)
        if not name.endswith(".invalid"):
            calls.append(name)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
    yield
    assert not calls


@pytest.fixture
def groq_server() -> Iterator[GroqServer]:
    """A Groq-compatible server."""
    with GroqServer() as server:
        yield server


@pytest.fixture
def ollama_server() -> Iterator[OllamaServer]:
    """An Ollama server with an embedding model and a chat model."""
    with OllamaServer() as server:
        yield server


@pytest.fixture
def state(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The database of ledger and consents."""
    connection = open_state(tmp_path / "state.db")
    yield connection
    connection.close()


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
