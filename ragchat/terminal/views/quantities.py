"""Numbers as people read them; what is not known is said to be unknown, never shown as zero."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

_LEAST_SHOWN: Final = Decimal("0.0001")


def seconds(value: float) -> str:
    """`12 ms`, `0.31 s`, `4.2 s` or `2 min 5 s`."""
    if value < 0.0995:
        return f"{value * 1000:.0f} ms"
    if value < 0.995:
        return f"{value:.2f} s"
    if value < 59.95:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def share(value: float) -> str:
    """A score or a cosine of at most one: `.87`, `1.0`, `-.05`."""
    shown = f"{value:.2f}"
    if shown in {"1.00", "-1.00"}:
        return shown[:-1]
    return ".00" if shown == "-0.00" else shown.replace("0.", ".", 1)


def money(cost: Decimal | None) -> str:
    """`$0.0012`, `free` or `cost unknown`."""
    if cost is None:
        return "cost unknown"
    if cost == 0:
        return "free"
    return f"${cost:,.4f}" if cost >= _LEAST_SHOWN else f"<${_LEAST_SHOWN}"


def spent(known: Decimal, *, unknown: bool) -> str:
    """As `money`; `at least $0.0012` when there is an unknown part beside what is known and can be shown."""
    if not unknown:
        return money(known)
    return f"at least {money(known)}" if known >= _LEAST_SHOWN else money(None)


def percent(part: float) -> str:
    """`0 %`, `12 %` or `100 %`; the ends are said of nothing and of all alone."""
    rounded = round(part * 100)
    if 0 < part < 1:
        rounded = min(max(rounded, 1), 99)
    return f"{rounded} %"


def tokens(prompt: int | None, completion: int | None, *, estimated: bool = False) -> str:
    """`1,204 + 87 tokens`, with `~` before an estimate; empty when none are known, or none were used."""
    if not prompt and not completion:
        return ""
    known = [f"{count:,}" for count in (prompt, completion) if count is not None]
    return f"{'~' if estimated else ''}{' + '.join(known)} tokens"


def size(count: int) -> str:
    """`812 B`, `3.4 kB` or `1.2 MB`, in powers of ten."""
    if count < 1000:
        return f"{count} B"
    for unit, factor in (("kB", 1e3), ("MB", 1e6)):
        if count < factor * 999.5:
            return f"{count / factor:.1f} {unit}"
    return f"{count / 1e9:.1f} GB"


def counted(count: int, noun: str) -> str:
    """`1 document`, `2 documents`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
