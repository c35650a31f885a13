"""Where a request goes: to another machine, or nowhere."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit


def destination(url: str) -> str | None:
    """The host `url` leads to; None when that is this machine."""
    # A backslash ends the host for the HTTP client, but not for `urlsplit`: they must agree where a request goes.
    host = urlsplit(url.replace("\\", "/")).hostname or ""
    if not host or host == "localhost" or host.endswith(".localhost"):
        return None
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return None if address.is_loopback or address.is_unspecified else host
