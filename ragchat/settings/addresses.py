"""Addresses of servers, brought into the form the clients need."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

# A user name would be a secret that is shown; `\` and white space are read differently by different parsers.
_NOT_IN_AN_ADDRESS = re.compile(r"[\s\x00-\x1f\x7f\\@?#]")

_OLLAMA_PORT = "11434"
_SCHEME_PORTS = {"http": "80", "https": "443"}


def groq_base_url(text: str) -> str:
    """As `base_url`; a trailing `/openai/v1` goes: the client adds it to every path, and twice it gives a 404."""
    return base_url(text).removesuffix("/openai/v1").rstrip("/")


def anthropic_base_url(text: str) -> str:
    """As `base_url`; a trailing `/v1` goes: the client adds it, and twice it gives a 404."""
    return base_url(text).removesuffix("/v1").rstrip("/")


def base_url(text: str) -> str:
    """An http or https URL without trailing slash; raises `ValueError`."""
    text = text.strip()
    parts = urlsplit(_checked(text))
    if parts.scheme not in _SCHEME_PORTS or not parts.hostname or parts.port == 0:
        raise ValueError("not an http or https URL")
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path.rstrip("/")).geturl()


def ollama_url(text: str) -> str:
    """`scheme://host:port[/path]` by the server's own rules for OLLAMA_HOST; raises `ValueError`.

    Without a scheme it is http and port 11434, with one the scheme's port; a port that is no number from 0
    to 65535 counts as not given. The addresses a server listens on, `0.0.0.0` and `::`, become loopback.
    """
    text = _checked(text.strip().strip("\"'").strip())
    if text == "ollama.com":
        return "https://ollama.com:443"
    scheme, separator, rest = text.rpartition("://")
    scheme = scheme.lower() if separator else "http"
    if scheme not in _SCHEME_PORTS:
        raise ValueError("not http or https")
    authority, slash, path = rest.partition("/")
    host, port = _host_and_port(authority)
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        port = _SCHEME_PORTS[scheme] if separator else _OLLAMA_PORT
    return f"{scheme}://{_connectable(host)}:{port}{slash}{path}".rstrip("/")


def _checked(text: str) -> str:
    if _NOT_IN_AN_ADDRESS.search(text):
        raise ValueError("a character that an address does not have")
    return text


def _host_and_port(authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        host, _, rest = authority[1:].partition("]")
        return host, rest.removeprefix(":")
    if authority.count(":") > 1:  # an IPv6 address without brackets
        return authority, ""
    host, _, port = authority.partition(":")
    return host, port


def _connectable(host: str) -> str:
    try:
        address = ip_address(host or "127.0.0.1")
    except ValueError:
        if not re.fullmatch(r"[\w.-]+", host):
            raise
        return host
    if address.version == 4:
        return "127.0.0.1" if address.is_unspecified else str(address)
    return "[::1]" if address.is_unspecified else f"[{address}]"
