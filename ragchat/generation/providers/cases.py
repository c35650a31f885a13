"""What can go wrong with a server, in sentences: `{name}` is the prefix of the provider's settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ragchat.errors import FailureKind
    from ragchat.generation.providers.refusals import Refusal


class Case(NamedTuple):
    """A kind of failure, and templates of what is said and of the cure."""

    failure: FailureKind
    message: str
    hint: str = ""


_ONLINE = "Check the network connection."
_URL = "Write {name}_BASE_URL as {url}."
_PORTAL = "Is there a captive portal? Check the network and {name}_BASE_URL."
CONNECTIONS: dict[str, Case] = {
    "dns": Case("network", "The host is not known.", _ONLINE),
    "refused": Case("network", "Nothing answers at the address.", "Check {name}_BASE_URL."),
    "tls": Case(
        "network",
        "A secure connection cannot be made.",
        "Is a proxy in between? Set SSL_CERT_FILE to its certificate.",
    ),
    "proxy": Case("network", "The proxy lets no request through.", "Check the proxy settings."),
    "connect_timeout": Case("timeout", "The server cannot be reached in time.", _ONLINE),
    "read_timeout": Case("timeout", "The server took too long.", "{patience}"),
    "unreachable": Case("network", "The server cannot be reached.", _ONLINE),
    "disconnected": Case("network", "The connection was lost.", "Ask again."),
}
GARBAGE = Case("garbage", "The reply makes no sense.", _PORTAL)
EMPTY = Case("garbage", "The reply holds no answer.", _PORTAL)
UNFINISHED = Case("network", "The stream ended before the answer did.", "Ask again.")
MALFORMED = Case("config", "{name}_API_KEY cannot be sent.", "Copy the key again, without quotes.")
MALFORMED_KEY = Case("config", "{name}_API_KEY {problem}.", "Copy the key again, without quotes{keys}.")
BAD_URL = Case("config", "{name}_BASE_URL is no address.", _URL)
OTHER = Case("other", "The request failed ({error}).", "`ragchat --debug` shows the details.")

_STREAM = Case("server", "The server gave up: {said}.", "Ask again.")
_REFUSED = Case("other", "The request was refused: {said}.")
_BROKEN = Case("server", "The server failed (status {status}).", "Ask again in a moment.")
_NO_MODEL = Case("model", "The model {model} does not exist or is retired.", "Choose another: {name}_MODEL.")
_TOO_LONG = Case("too_large", "The prompt is longer than the model's context{sizes}.", "Ask with fewer passages.")
_NO_CREDIT = Case("key", "The account has no credit left.", "Add credit, or set {name}_API_KEY to another key.")
_LIMIT = Case("limit", "The limit{limit} is reached{wait}.", "Wait, or let another provider answer.")
_OVERLOADED = Case("server", "The server is overloaded.", "Ask again in a moment.")
_KEYS = "Check {name}_API_KEY{keys}."
CODES: dict[str, Case] = {
    "billing_error": _NO_CREDIT,
    "context_length_exceeded": _TOO_LONG,
    "insufficient_quota": _NO_CREDIT,
    "model_decommissioned": _NO_MODEL,
    "model_not_found": _NO_MODEL,
    "overloaded_error": _OVERLOADED,
    "rate_limit_error": _LIMIT,
    "unknown_url": Case("config", "{name}_BASE_URL leads nowhere.", _URL),
}
_STATUSES: dict[int, Case] = {
    401: Case("key", "The key was rejected.", _KEYS),
    402: _NO_CREDIT,
    403: Case("key", "Access was refused.", _KEYS),
    404: Case("config", "{name}_BASE_URL leads to a server without this service.", _URL),
    408: Case("timeout", "The server took too long.", "Ask again."),
    413: Case("too_large", "The question is too large{plan}{sizes}.", "Ask with fewer passages."),
    429: _LIMIT,
    498: Case("server", "The server has no capacity free.", "Ask again in a moment."),
    529: _OVERLOADED,
}
# Servers without codes of their own say it in the sentence only.
_SAYS_TOO_LONG = re.compile(r"\bcontext (?:length|limit|size|window)\b|\bprompt is too long\b")
_SAYS_NO_MODEL = re.compile(r"\bmodel\b.*\bnot (?:exist|found)\b|\bnot a valid model\b|^model: ", re.DOTALL)
_SAYS_NO_CREDIT = re.compile(r"\bcredit balance is too low\b")


def of_status(status: int, told: Refusal) -> Case:
    """A refusal by its code, else by its sentence, else by its status."""
    if told.code in CODES:
        return CODES[told.code]
    if status in {400, 422} and _SAYS_TOO_LONG.search(told.said):
        return _TOO_LONG
    if status in {400, 404} and _SAYS_NO_MODEL.search(told.said):
        return _NO_MODEL
    if status == 400 and _SAYS_NO_CREDIT.search(told.said):
        return _NO_CREDIT
    if status in _STATUSES:
        return _STATUSES[status]
    return _BROKEN if status >= 500 else _REFUSED if status >= 400 else GARBAGE


def of_event(told: Refusal) -> Case:
    """An error in a stream; some servers name the status it would have had."""
    if told.status is not None and 400 <= told.status < 500:
        return of_status(told.status, told)
    return CODES.get(told.code or "", _STREAM)
