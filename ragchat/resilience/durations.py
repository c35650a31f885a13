"""Durations as Go programs write them."""

from __future__ import annotations

import re

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9}
_PART = r"([0-9]+(?:\.[0-9]+)?)(h|ms|µs|us|ns|m|s)"  # `ms` stands before `m`
_PARTS = re.compile(_PART)
_DURATION = re.compile(f"(?:{_PART})+")
_LONGEST_S = 2**63 / 1e9  # Go counts nanoseconds in 64 bits


def seconds(duration: str) -> float | None:
    """The seconds of a duration such as `9m38.016s` or `26ms`; None when it is none that Go could write."""
    if _DURATION.fullmatch(duration) is None:
        return None
    total = sum(float(number) * _UNITS[unit] for number, unit in _PARTS.findall(duration))
    return total if total < _LONGEST_S else None
