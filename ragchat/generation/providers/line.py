"""The body of a streamed reply, left as soon as a deadline has passed. Imports httpx: 80 ms."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragchat.generation.providers.deadlines import Deadline, Deadlines

CONNECT_TIMEOUT_S = 5.0


def timeouts(deadlines: Deadlines) -> httpx.Timeout:
    """What bounds a request until the head of its reply is here."""
    wait_s = deadlines.to_head_s
    return httpx.Timeout(wait_s, connect=min(CONNECT_TIMEOUT_S, wait_s))


def watch(response: httpx.Response, deadline: Deadline, deadlines: Deadlines) -> None:
    """Have the body of `response` raise `GenerationError` once `deadline` has passed, silent or dripping."""
    body = response.stream
    if isinstance(body, httpx.SyncByteStream):
        # Read by the transport when the body is begun, and the same for each read of it: the watch is exact.
        limits = response.request.extensions.get("timeout", {})
        response.request.extensions["timeout"] = {**limits, "read": deadlines.silence_s}
        response.stream = _Watched(body, deadline, _socket(response))


class _Watched(httpx.SyncByteStream):
    """A body, read under a deadline: a thread of its own cuts the connection, which ends the read that waits."""

    def __init__(self, body: httpx.SyncByteStream, deadline: Deadline, connection: socket.socket | None) -> None:
        self._body = body
        self._deadline = deadline
        self._connection = connection
        self._read = Event()
        self._cut = False

    def __iter__(self) -> Iterator[bytes]:
        watcher = Thread(target=self._watch, name="deadline", daemon=True)
        watcher.start()
        try:
            yield from self._body
            if self._cut:
                self._deadline.check()
        except httpx.TransportError:
            self._deadline.check()
            raise
        finally:
            self._read.set()
            watcher.join()  # or it could cut the connection under the next request

    def close(self) -> None:
        self._read.set()
        self._body.close()

    def _watch(self) -> None:
        while not self._read.wait(self._deadline.remaining_s()):
            if self._deadline.passed:
                self._cut = True
                if self._connection is not None:
                    with suppress(OSError):
                        # The method of a TLS socket would forget the session under the thread that reads.
                        socket.socket.shutdown(self._connection, socket.SHUT_RDWR)
                return


def _socket(response: httpx.Response) -> socket.socket | None:
    stream = response.extensions.get("network_stream")
    found = stream.get_extra_info("socket") if stream is not None else None
    return found if isinstance(found, socket.socket) else None
