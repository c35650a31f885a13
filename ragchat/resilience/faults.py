"""What a failed connection died of, told from the chain of its exceptions."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Fault: TypeAlias = Literal[
    "dns", "refused", "tls", "proxy", "connect_timeout", "read_timeout", "unreachable", "disconnected"
]

UNSENT: frozenset[str] = frozenset({"dns", "refused", "tls", "proxy", "connect_timeout", "unreachable"})
"""The faults after which the server cannot have seen the request."""

# The specific before the general, whatever its depth in the chain. The classes of httpx, requests and
# urllib3 are named, not imported: whoever raised them has paid for the import, nobody else should.
_SIGNS: tuple[tuple[Fault, tuple[type[BaseException] | str, ...]], ...] = (
    ("dns", (socket.gaierror,)),
    ("refused", (ConnectionRefusedError,)),
    ("tls", (ssl.SSLError,)),
    ("proxy", ("ProxyError",)),
    ("connect_timeout", ("ConnectTimeout", "ConnectTimeoutError")),
    ("read_timeout", ("ReadTimeout", "ReadTimeoutError", "WriteTimeout", "PoolTimeout", TimeoutError)),
    ("unreachable", ("ConnectError", "NewConnectionError")),
    (
        "disconnected",
        ("RemoteProtocolError", "ReadError", "WriteError", "ChunkedEncodingError", ConnectionError),
    ),
)


def causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and everything it came from, outermost first."""
    seen: set[int] = set()
    step: BaseException | None = error
    while step is not None and id(step) not in seen:
        seen.add(id(step))
        yield step
        step = step.__cause__ or step.__context__


def fault(error: BaseException) -> Fault | None:
    """What broke the connection; None when `error` did not come from one."""
    chain = tuple(causes(error))
    for name, signs in _SIGNS:
        if any(_matches(step, sign) for step in chain for sign in signs):
            return name
    return None


def _matches(error: BaseException, sign: type[BaseException] | str) -> bool:
    if isinstance(sign, str):
        return any(base.__name__ == sign for base in type(error).__mro__)
    return isinstance(error, sign)
