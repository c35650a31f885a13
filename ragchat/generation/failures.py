"""From what the Groq SDK raises, and what Ollama answers, to `GenerationError`.

The classes are named, not imported: the SDK costs 190 ms, and an error of Ollama should not pay for it.
Statuses and codes: Groq's documentation and recordings of 2026; a status decides where a class does not.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from math import ceil
from time import time
from typing import TYPE_CHECKING, NamedTuple

from ragchat.errors import GenerationError
from ragchat.resilience.faults import causes, fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragchat.errors import FailureKind, OllamaError

_SHOWN = 200
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|µs|us|ns|m|s)")  # `ms` stands before `m`
_WAIT = re.compile(r"try again in ((?:\d+(?:\.\d+)?(?:h|ms|µs|us|ns|m|s))+)")
_LIMIT = re.compile(r" on ([a-z ]+ per [a-z]+)")
_SIZES = re.compile(r"Limit (\d+).*Requested (\d+)")


class _Case(NamedTuple):
    failure: FailureKind
    message: str
    hint: str = ""


_ONLINE = "Check the network connection."
_CONNECTIONS: dict[str, _Case] = {
    "dns": _Case("network", "The host is not known.", _ONLINE),
    "refused": _Case("network", "Nothing answers at the address.", "Check GROQ_BASE_URL."),
    "tls": _Case(
        "network",
        "A secure connection cannot be made.",
        "Is a proxy in between? Set SSL_CERT_FILE to its certificate.",
    ),
    "proxy": _Case("network", "The proxy lets no request through.", "Check the proxy settings."),
    "connect_timeout": _Case("timeout", "The server cannot be reached in time.", _ONLINE),
    "read_timeout": _Case("timeout", "The server took too long.", "Raise GROQ_TIMEOUT, or ask again."),
    "unreachable": _Case("network", "The server cannot be reached.", _ONLINE),
    "disconnected": _Case("network", "The connection was lost.", "Ask again."),
}
_GARBAGE = _Case(
    "garbage", "The reply makes no sense.", "Is there a captive portal? Check the network and GROQ_BASE_URL."
)
_MALFORMED = _Case("config", "GROQ_API_KEY cannot be sent.", "Copy the key again, without quotes.")
_BAD_URL = _Case("config", "GROQ_BASE_URL is no address.", "Write it as `https://host`.")
_STREAM = _Case("server", "The server gave up: {said}.", "Ask again.")
_OTHER = _Case("other", "The request failed ({error}).", "`ragchat --debug` shows the details.")

_NO_MODEL = _Case("model", "The model {model} does not exist or is retired.", "Choose another: GROQ_MODEL.")
_CODES: dict[str, _Case] = {
    "context_length_exceeded": _Case(
        "too_large", "The prompt is longer than the model's context.", "Ask with fewer passages."
    ),
    "model_decommissioned": _NO_MODEL,
    "model_not_found": _NO_MODEL,
    "unknown_url": _Case("config", "GROQ_BASE_URL leads nowhere.", "Leave out `/openai/v1`."),
}
_KEYS = "Check GROQ_API_KEY; keys are made at https://console.groq.com/keys."
_STATUSES: dict[int, _Case] = {
    401: _Case("key", "The key was rejected.", _KEYS),
    403: _Case("key", "Access was refused.", _KEYS),
    404: _Case("config", "GROQ_BASE_URL leads to a server without this service.", "Check GROQ_BASE_URL."),
    408: _Case("timeout", "The server took too long.", "Ask again."),
    413: _Case("too_large", "The question is too large for the plan{sizes}.", "Ask with fewer passages."),
    429: _Case("limit", "The limit{limit} is reached{wait}.", "Wait, or let another provider answer."),
    498: _Case("server", "The server has no capacity free.", "Ask again in a moment."),
}
_REFUSED = _Case("other", "The request was refused: {said}.")
_BROKEN = _Case("server", "The server failed (status {status}).", "Ask again in a moment.")


# Every class of the SDK stands in one of these four; the most specific of an error's own bases wins.
BY_STATUS = frozenset(
    {
        "APIStatusError",
        "BadRequestError",
        "AuthenticationError",
        "PermissionDeniedError",
        "NotFoundError",
        "ConflictError",
        "UnprocessableEntityError",
        "RateLimitError",
        "InternalServerError",
    }
)
BY_CAUSE = frozenset({"APIConnectionError", "APITimeoutError", "HTTPError", "StreamError", "OSError"})
IN_STREAM = frozenset({"APIError"})
FIXED: dict[str, _Case] = {
    "GroqError": _OTHER,
    "APIResponseValidationError": _GARBAGE,
    "JSONDecodeError": _GARBAGE,
    "UnicodeDecodeError": _GARBAGE,
    "DecodingError": _GARBAGE,
    "UnicodeEncodeError": _MALFORMED,
    "LocalProtocolError": _MALFORMED,
    "InvalidURL": _BAD_URL,
    "UnsupportedProtocol": _BAD_URL,
}


def of_groq(error: BaseException, *, model: str, secret: str) -> GenerationError:
    """What `error`, raised by the SDK or while its stream was read, means.

    `secret` is struck from whatever the server said.
    """
    for base in type(error).__mro__:
        name = base.__name__
        if name in FIXED:
            return _plain(FIXED[name], error)
        if name in BY_STATUS:
            return _status(error, model, secret)
        if name in BY_CAUSE:
            return _connection(error)
        if name in IN_STREAM:
            return _in_stream(error, model, secret)
    return _plain(_OTHER, error)


def of_ollama(error: OllamaError) -> GenerationError:
    """The same failure, as a provider's."""
    return GenerationError(
        error.message, error.hint, failure=error.failure, http_status=error.http_status, code=fault(error)
    )


def seconds(duration: str) -> float | None:
    """A duration as Go writes it, such as `9m38.016s` or `26ms`."""
    parts = _DURATION.findall(duration)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != duration:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _status(error: BaseException, model: str, secret: str) -> GenerationError:
    response = getattr(error, "response", None)
    status: int = getattr(error, "status_code", 0)
    headers: Mapping[str, str] = getattr(response, "headers", {})
    code, said = _body(getattr(error, "body", None))
    wait = _retry_after(headers, said)
    facts = {
        "model": model,
        "status": status,
        "said": _shown(said, secret),
        "limit": f" of {limit[1]}" if (limit := _LIMIT.search(said)) else "",
        "wait": "" if wait is None else f" for {_spoken(wait)}",
        "sizes": f" ({sizes[2]} tokens, {sizes[1]} allowed)" if (sizes := _SIZES.search(said)) else "",
    }
    case = _case_of(status, code)
    return GenerationError(
        case.message.format(**facts),
        case.hint,
        failure=case.failure,
        http_status=status,
        code=code,
        retry_after_s=wait,
        request_id=headers.get("x-request-id"),
    )


def _case_of(status: int, code: str | None) -> _Case:
    case = _CODES.get(code or "") or _STATUSES.get(status)
    if case is not None:
        return case
    return _BROKEN if status >= 500 else _REFUSED if status >= 400 else _GARBAGE


def _connection(error: BaseException) -> GenerationError:
    name = fault(error)
    if name is None:
        inner = (FIXED.get(type(step).__name__) for step in causes(error))
        return _plain(next(filter(None, inner), _OTHER), error)
    case = _CONNECTIONS[name]
    return GenerationError(case.message, case.hint, failure=case.failure, code=name)


def _in_stream(error: BaseException, model: str, secret: str) -> GenerationError:
    code, said = _body(getattr(error, "body", None))
    case = _CODES.get(code or "", _STREAM)
    message = case.message.format(model=model, said=_shown(said or str(error), secret))
    return GenerationError(message, case.hint, failure=case.failure, code=code or "stream_error")


def _plain(case: _Case, error: BaseException) -> GenerationError:
    return GenerationError(case.message.format(error=type(error).__name__), case.hint, failure=case.failure)


def _body(body: object) -> tuple[str | None, str]:
    """The error's code and sentence. The body of a status is the whole JSON, an event's its `error`."""
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, dict):
            code, said = inner.get("code"), inner.get("message")
            return (code if isinstance(code, str) else None), (said if isinstance(said, str) else "")
    return None, ""


def _retry_after(headers: Mapping[str, str], said: str) -> float | None:
    """Seconds to wait: the header's, else those the sentence names (`try again in 9m38.016s`)."""
    header = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", header):
        return float(header)
    if header:
        try:
            return max(0.0, parsedate_to_datetime(header).timestamp() - time())
        except ValueError:
            pass  # neither a number nor a date: the sentence may know
    named = _WAIT.search(said)
    return None if named is None else seconds(named[1])


def _spoken(wait: float) -> str:
    if wait < 90:
        return f"{ceil(wait)} s"
    return f"{ceil(wait / 60)} min" if wait < 5400 else f"{ceil(wait / 3600)} h"


def _shown(said: str, secret: str) -> str:
    struck = said.replace(secret, "…") if secret else said
    struck = re.sub(r"gsk_\w+", "…", struck)
    words = " ".join("".join(char if char.isprintable() else " " for char in struck).split())
    return words[:_SHOWN].rstrip(" .") or "it does not say why"
