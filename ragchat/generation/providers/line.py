"""A client for one request at a time, cut off as soon as a deadline has passed. Imports httpx: 80 ms."""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

import httpx

from ragchat.core.destination import destination

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ragchat.generation.providers.deadlines import Deadline, Deadlines

_CONNECT_TIMEOUT_S = 5.0
_CONNECTED = (".connect_tcp.complete", ".start_tls.complete")


class Line:
    """Makes each request once, goes nowhere but to `base_url`, and follows no redirect.

    One request at a time: only so is it known, before the head of its reply, which connection it uses.
    """

    def __init__(self, *, headers: Mapping[str, str], base_url: str) -> None:
        self.client = httpx.Client(
            headers=headers,
            follow_redirects=False,
            # A proxy from the environment would be asked for 127.0.0.1 too.
            trust_env=destination(base_url) is not None,
            event_hooks={"request": [self._prepare]},
        )
        self._connection: socket.socket | None = None
        self._timeouts = httpx.Timeout(None)
        self._cut = False

    @contextmanager
    def watched(self, deadline: Deadline, deadlines: Deadlines) -> Iterator[None]:
        """Once `deadline` has passed, what waits for the server ends with its `GenerationError`.

        A thread cuts the connection, which ends the read that waits, be it for the head of the reply or its body.
        """
        self._cut = False
        # The watch is exact; timeouts, which bound single reads, only stand behind it.
        self._timeouts = httpx.Timeout(deadlines.silence_s, connect=min(_CONNECT_TIMEOUT_S, deadlines.to_head_s))
        left = Event()
        watcher = Thread(target=self._watch, args=(deadline, left), name="deadline", daemon=True)
        watcher.start()
        try:
            yield
        except Exception:
            deadline.check()
            raise
        finally:
            left.set()
            watcher.join()  # or it could cut the connection under the next request

    def close(self) -> None:
        """Close the connection."""
        self.client.close()

    def _prepare(self, request: httpx.Request) -> None:
        request.extensions = {**request.extensions, "timeout": self._timeouts.as_dict(), "trace": self._trace}

    def _trace(self, event: str, info: Mapping[str, object]) -> None:
        """Remember each new connection; httpcore calls this in the midst of a request."""
        if event.endswith(_CONNECTED):
            found = getattr(info["return_value"], "get_extra_info", lambda _: None)("socket")
            self._connection = found if isinstance(found, socket.socket) else None
            if self._cut:
                self._shut()

    def _watch(self, deadline: Deadline, left: Event) -> None:
        while not left.wait(deadline.remaining_s()):
            if deadline.passed:
                self._cut = True
                self._shut()
                return

    def _shut(self) -> None:
        if self._connection is not None:
            with suppress(OSError):
                # The method of a TLS socket would forget the session under the thread that reads.
                socket.socket.shutdown(self._connection, socket.SHUT_RDWR)
