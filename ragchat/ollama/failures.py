"""From what `requests` raises and Ollama answers to `OllamaError`.

Statuses and their wording: the server's source of August 2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import requests

from ragchat.errors import OllamaError
from ragchat.resilience.faults import fault

if TYPE_CHECKING:
    from ragchat.errors import FailureKind

_SHOWN = 200


class _Case(NamedTuple):
    failure: FailureKind
    message: str
    hint: str


_START = "Start it with `ollama serve`, or set OLLAMA_HOST to where it runs."
_PROXY = "Check OLLAMA_HOST and the proxy settings."
_FAULTS: dict[str, _Case] = {
    "dns": _Case("network", "The host of {url} is not known.", "Check OLLAMA_HOST."),
    "refused": _Case("network", "No Ollama server answers at {url}.", _START),
    "tls": _Case("network", "No secure connection can be made to {url}.", _PROXY),
    "proxy": _Case("network", "The proxy does not let a request through to {url}.", _PROXY),
    "connect_timeout": _Case("timeout", "{url} cannot be reached in time.", _START),
    "read_timeout": _Case("timeout", "Ollama sent nothing for {timeout:g} s.", "Try a smaller model."),
    "unreachable": _Case("network", "{url} cannot be reached.", _START),
    "disconnected": _Case("network", "The connection to Ollama was lost.", "See the log of `ollama serve`."),
}
_BAD_URL = _Case("config", "OLLAMA_HOST is no address that can be called.", "Write it as `host:port`.")
_GARBAGE = _Case("garbage", "What answers at {url} does not speak as Ollama does.", _PROXY)
_OTHER = _Case("other", "The request to Ollama failed ({error}).", "See the log of `ollama serve`.")

# The first line whose status (None: any) and words fit. Words come before statuses: the server uses 400
# and 500 for nearly everything, and an error in mid-stream has no status at all.
_MEMORY = "Choose a smaller model, or a smaller context (num_ctx)."
_ANSWERS: tuple[tuple[int | None, str, _Case], ...] = (
    (
        None,
        r"model .*not found",
        _Case("model", "Ollama has no model {model}.", "Pull it with `ollama pull {model}`."),
    ),
    (
        None,
        r"context length|context window|exceeds? .*context",
        _Case("too_large", "The text is longer than the context of {model}.", "Ask with fewer passages."),
    ),
    (
        None,
        r"does not support",
        _Case("model", "{model} cannot do this: {said}.", "Choose another model with OLLAMA_MODEL."),
    ),
    (None, r"NaN|Inf values", _Case("server", "{model} gave no usable numbers.", "Pull the model again.")),
    (
        None,
        r"system memory|resource limitations|out of memory",
        _Case("server", "Ollama has too little memory for {model}.", _MEMORY),
    ),
    (None, r"server busy", _Case("limit", "Ollama is busy.", "Ask again in a moment.")),
    (401, "", _Case("key", "Ollama wants to know who asks.", "Sign in with `ollama signin`.")),
    (403, "", _Case("key", "Ollama refuses the request: {said}.", "Sign in with `ollama signin`.")),
    (404, "", _GARBAGE),
    (429, "", _Case("limit", "Ollama's limit is reached: {said}.", "Ask again later.")),
    (503, "", _Case("limit", "Ollama is busy.", "Ask again in a moment.")),
)
_REFUSED = _Case("other", "Ollama refuses the request: {said}.", "See the log of `ollama serve`.")
_BROKEN = _Case("server", "Ollama failed: {said}.", "See the log of `ollama serve`.")

_BAD_URLS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidHeader,
)


def of_exception(error: Exception, *, url: str, timeout_s: float) -> OllamaError:
    """What `error`, raised by `requests` or while its reply was read, means."""
    case = _FAULTS.get(fault(error) or "")
    if isinstance(error, _BAD_URLS):
        case = _BAD_URL
    elif isinstance(error, ValueError | requests.exceptions.ContentDecodingError):
        case = _GARBAGE
    case = case or _OTHER
    return _error(case, url=url, timeout=timeout_s, error=type(error).__name__)


def of_answer(status: int | None, said: str, *, url: str, model: str) -> OllamaError:
    """What an error answer means; `status` is None for an error line in mid-stream."""
    case = _BROKEN if status is None or status >= 500 else _REFUSED if status >= 400 else _GARBAGE
    for wanted, words, found in _ANSWERS:
        if wanted in (None, status) and re.search(words, said, re.IGNORECASE) and (words or status):
            case = found
            break
    return _error(case, status=status, url=url, model=model or "the model", said=_shown(said))


def not_ollama(url: str) -> OllamaError:
    """The reply is none that Ollama gives: a captive portal, another server."""
    return _error(_GARBAGE, url=url)


def cut_short(url: str) -> OllamaError:
    """The reply ended before it said that it was complete."""
    return _error(_FAULTS["disconnected"], url=url)


def _error(case: _Case, *, status: int | None = None, **facts: object) -> OllamaError:
    message, hint = case.message.format(**facts), case.hint.format(**facts)
    return OllamaError(message, hint, failure=case.failure, http_status=status)


def _shown(said: str) -> str:
    words = " ".join("".join(char if char.isprintable() else " " for char in said).split())
    return words[:_SHOWN].rstrip(" .") or "it does not say why"
