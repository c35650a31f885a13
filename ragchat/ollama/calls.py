"""Requests that can be hung up from another thread at any time, even while the head of the reply is awaited."""

from __future__ import annotations

import socket
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests
    from urllib3 import PoolManager


class Call:
    """One request, and the connection it was sent over, which `requests` gives away with the reply only."""

    def __init__(self) -> None:
        self._connection: socket.socket | None = None
        self._over = False

    def place(self, request: Callable[[], requests.Response]) -> requests.Response:
        """What `request` returns."""
        outer = _CALL.set(self)
        try:
            return request()
        finally:
            _CALL.reset(outer)

    def sent_over(self, connection: socket.socket | None) -> None:
        """The request is on its way."""
        self._connection = connection
        if self._over:
            self.hang_up()

    def hang_up(self) -> None:
        """End the connection: whoever waits for it sees it lost."""
        self._over = True
        if self._connection is not None:
            with suppress(OSError):  # it has ended by itself
                # The method of a TLS socket would forget the session under the thread that reads.
                socket.socket.shutdown(self._connection, socket.SHUT_RDWR)


_CALL: ContextVar[Call] = ContextVar("call")


class CallAdapter(HTTPAdapter):
    """Tells the call that is being placed which connection it goes over."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """As the base class, with our pools."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:
        """As the base class, with our pools."""
        manager: PoolManager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class _Connection(HTTPConnection):
    def request(self, *args: Any, **options: Any) -> None:
        super().request(*args, **options)
        _sent(self)


class _SecureConnection(HTTPSConnection):
    def request(self, *args: Any, **options: Any) -> None:
        super().request(*args, **options)
        _sent(self)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _Pool, "https": _SecurePool}


def _sent(connection: HTTPConnection) -> None:
    call = _CALL.get(None)
    if call is not None:
        call.sent_over(connection.sock)
