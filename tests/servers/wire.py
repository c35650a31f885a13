"""What the fake servers share: a scripted HTTP server in a thread, and its journal."""

from __future__ import annotations

import argparse
import json
import select
import signal
import socket
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Json: TypeAlias = Any


@dataclass(slots=True)
class Exchange:
    """A request, from which port it came, and what was answered; `usage` are the tokens the reply claimed."""

    method: str
    path: str
    headers: dict[str, str]
    body: Json
    client: int = 0
    status: int | None = None
    usage: dict[str, Json] = field(default_factory=dict)


class Wire(BaseHTTPRequestHandler):
    """One connection of the server; a behaviour writes the reply with these methods."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each reply would wait 40 ms for an acknowledgement
    server: _Listener
    exchange: Exchange
    _chunked = False

    def do_GET(self) -> None:
        self._handle(None)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._handle(json.loads(raw) if raw else None)

    def _handle(self, body: Json) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.exchange = Exchange(self.command, self.path, headers, body, self.client_address[1])
        owner = self.server.owner
        owner.journal.append(self.exchange)
        with suppress(BrokenPipeError, ConnectionResetError):
            owner.reply(self)
            if self._chunked:
                self.wfile.write(b"0\r\n\r\n")
        self._chunked = False

    def send(self, status: int, body: bytes | Json, headers: Mapping[str, str] | None = None) -> None:
        """A whole reply; anything but bytes goes as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = "text/html" if isinstance(body, bytes) else "application/json"
        self.exchange.status = status
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(raw)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def open_stream(self, kind: str, headers: Mapping[str, str] | None = None) -> None:
        """The head of a reply that comes in pieces."""
        self.exchange.status = 200
        self.send_response(200)
        for name, value in {"Content-Type": kind, "Transfer-Encoding": "chunked", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self._chunked = True

    def drip(self) -> None:
        """The head of a reply byte by byte, for ever: no single read has to wait for long."""
        owner = self.server.owner
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not owner.stopping.wait(0.02):
            try:
                self.wfile.write(b"z")
            except OSError:
                owner.client_left.set()
                break
        self.hang_up()

    def piece(self, raw: bytes) -> None:
        """One piece of the stream."""
        self.wfile.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")
        self.wfile.flush()

    def hang_up(self) -> None:
        """Drop the connection in the middle."""
        self.close_connection = True
        self._chunked = False
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def stall(self) -> None:
        """Say nothing more until the client leaves, or the server stops."""
        owner = self.server.owner
        while not owner.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.02)
            if readable and not self._still_there():
                owner.client_left.set()
                break
        self.hang_up()

    def _still_there(self) -> bool:
        try:
            return bool(self.connection.recv(1))
        except OSError:
            return False

    def log_message(self, *_: object) -> None:
        """The journal is enough."""


Behaviour: TypeAlias = "Callable[[Wire], None]"


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # several clients may begin at once
    owner: FakeServer

    def handle_error(self, *_: object) -> None:
        """A client that left is no news."""


class FakeServer:
    """Answers from a queue of behaviours, else as the real server would; `journal` keeps every exchange."""

    def __init__(self, port: int = 0) -> None:
        self.journal: list[Exchange] = []
        self.script: deque[Behaviour] = deque()
        self.stopping = threading.Event()
        self.client_left = threading.Event()
        self._listener = _Listener(("127.0.0.1", port), Wire)
        self._listener.owner = self
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._listener.server_address[1]}"

    def then(self, *behaviours: Behaviour) -> Self:
        """Answer the next generation requests so."""
        self.script.extend(behaviours)
        return self

    def reply(self, wire: Wire) -> None:
        """Answer one request."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()


def fail(
    status: int, body: bytes | Json = b"<html>oops</html>", headers: Mapping[str, str] | None = None
) -> Behaviour:
    """A whole reply with a status."""
    return lambda wire: wire.send(status, body, headers)


def html(wire: Wire) -> None:
    """The page of a captive portal."""
    wire.send(200, b"<html><body>Please sign in to the hotel's network.</body></html>")


def never(wire: Wire) -> None:
    """No reply at all."""
    wire.stall()


def drip_head(wire: Wire) -> None:
    """A head without end."""
    wire.drip()


def hang_up(wire: Wire) -> None:
    """The connection is dropped before a reply."""
    wire.hang_up()


def serve(make: Callable[[int], FakeServer]) -> None:
    """Run a fake server by itself: print its URL, and stop at Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    signal.signal(signal.SIGINT, lambda *_: stopped.set())
    with make(parser.parse_args().port) as server:
        print(server.url, flush=True)  # noqa: T201 - for whoever started it
        stopped.wait()
