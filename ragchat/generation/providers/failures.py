"""From what a client raises or a server refuses, on any wire, to `GenerationError`.

The classes are named, not imported: the SDK costs 190 ms, and an error of Ollama should not pay for it.
Statuses and codes: the servers' documentation and recordings of 2026; a status decides where a class does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ragchat.errors import GenerationError
from ragchat.generation.providers import cases
from ragchat.generation.providers.refusals import refusal, spoken
from ragchat.resilience.faults import causes, fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragchat.errors import OllamaError
    from ragchat.generation.providers.cases import Case
    from ragchat.generation.providers.refusals import Refusal


class Words(NamedTuple):
    """A provider's own words: the prefix of its settings, how its URL is written, where keys come from.

    `patience` is the cure for a slow server: one setting is for every server in the cloud.
    """

    name: str
    url: str
    keys: str = ""
    patience: str = "Raise GROQ_TIMEOUT, or ask again."


GROQ = Words("GROQ", "`https://host`, without `/openai/v1`", "; keys are made at https://console.groq.com/keys")
OPENAI = Words("OPENAI", "`https://host/v1`, or as the server names it")
ANTHROPIC = Words(
    "ANTHROPIC", "`https://host`, without `/v1`", "; keys are made at https://console.anthropic.com/settings/keys"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked, for which model; `secret` is struck from whatever the server says."""

    words: Words
    model: str
    secret: str = field(default="", repr=False)


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
FIXED: dict[str, Case] = {
    "GroqError": cases.OTHER,
    "APIResponseValidationError": cases.GARBAGE,
    "ValueError": cases.GARBAGE,  # of a chunk that does not decode
    "JSONDecodeError": cases.GARBAGE,
    "UnicodeDecodeError": cases.GARBAGE,
    "RecursionError": cases.GARBAGE,  # JSON of brackets without end
    "DecodingError": cases.GARBAGE,
    "UnicodeEncodeError": cases.MALFORMED,
    "LocalProtocolError": cases.MALFORMED,
    "InvalidURL": cases.BAD_URL,
    "UnsupportedProtocol": cases.BAD_URL,
}


def of_error(error: BaseException, asked: Asked) -> GenerationError:
    """What `error`, raised by the SDK, by httpx or while a stream was read, means."""
    for base in type(error).__mro__:
        name = base.__name__
        if name in FIXED:
            return _failure(FIXED[name], asked, error=type(error).__name__)
        if name in BY_STATUS:
            response = getattr(error, "response", None)
            headers: Mapping[str, str] = getattr(response, "headers", {})
            return of_refusal(getattr(error, "status_code", 0), headers, getattr(error, "body", None), asked)
        if name in BY_CAUSE:
            return _of_connection(error, asked)
        if name in IN_STREAM:
            return of_event(getattr(error, "body", None) or str(error), asked)
    return _failure(cases.OTHER, asked, error=type(error).__name__)


def of_refusal(status: int, headers: Mapping[str, str], body: object, asked: Asked) -> GenerationError:
    """A reply with any status but success; `body` is what its JSON holds, None when it is none."""
    told = refusal(body if isinstance(body, dict) else None)
    error = _of_told(cases.of_status(status, told), told, asked, status, headers)
    error.http_status = status
    error.request_id = headers.get("x-request-id")
    return error


def of_event(
    body: object, asked: Asked, *, code: str | None = None, request_id: str | None = None
) -> GenerationError:
    """An error in place of a chunk; its code is `code` when it gives none itself."""
    told = refusal(body)
    error = _of_told(cases.of_event(told), told, asked, told.status, {})
    error.code = told.code or code
    error.cause = None if error.code else "stream_error"
    error.request_id = request_id
    return error


def of_end(*, any_text: bool, asked: Asked, request_id: str | None) -> GenerationError:
    """A stream that ends without its last chunk, which raises nothing by itself."""
    error = _failure(cases.UNFINISHED if any_text else cases.EMPTY, asked)
    error.cause = "no_finish" if any_text else "no_chunks"
    error.request_id = request_id
    return error


def of_ollama(error: OllamaError) -> GenerationError:
    """The same failure, as a provider's."""
    return GenerationError(
        error.message, error.hint, failure=error.failure, http_status=error.http_status, cause=fault(error)
    )


def malformed_key(key: str, words: Words) -> GenerationError | None:
    """Why `key` cannot be sent, which the clients would call a connection error; None when it can."""
    if not key:
        problem = "is empty"
    elif not key.isascii():
        problem = "holds a character that is not ASCII"
    elif any(char.isspace() or not char.isprintable() for char in key):
        problem = "holds white space or a line break"
    elif any(quote in key for quote in "\"'`"):
        problem = "holds a quotation mark"
    else:
        return None
    error = _failure(cases.MALFORMED_KEY, Asked(words, ""), problem=problem)
    error.cause = "malformed_key"
    return error


def _of_connection(error: BaseException, asked: Asked) -> GenerationError:
    name = fault(error)
    if name is None:
        inner = (FIXED.get(type(step).__name__) for step in causes(error))
        return _failure(next(filter(None, inner), cases.OTHER), asked, error=type(error).__name__)
    found = _failure(cases.CONNECTIONS[name], asked)
    found.cause = name
    return found


def _of_told(
    case: Case, told: Refusal, asked: Asked, status: int | None, headers: Mapping[str, str]
) -> GenerationError:
    wait = told.wait_s(headers)
    error = _failure(
        case,
        asked,
        status=status,
        said=told.shown(asked.secret),
        limit=f" of {told.limit}" if told.limit else "",
        wait="" if wait is None else f" for {spoken(wait)}",
        plan=" for the plan" if told.code == "rate_limit_exceeded" else "",
        sizes=f" ({told.sizes[0]} tokens, {told.sizes[1]} allowed)" if told.sizes else "",
    )
    error.code = told.code
    error.retry_after_s = wait
    return error


def _failure(case: Case, asked: Asked, **facts: object) -> GenerationError:
    facts |= asked.words._asdict() | {"model": asked.model}
    return GenerationError(case.message.format(**facts), case.hint.format(**facts), failure=case.failure)
