"""The settings, a line each below their section, with what said so."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.block import indented
from ragchat.terminal.views.line import facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ragchat.settings.describe import Row
    from ragchat.settings.origin import Origin


def settings(rows: Iterable[Row], width: int | None) -> Text:
    """As a config file has them: `top_k = 9 · RAGCHAT_TOP_K, over /home/…/config.toml`; what nobody set is dim."""
    sections = groupby(rows, key=lambda row: row.name.rpartition(".")[0])
    return Text("\n\n").join(_section(name, list(section), width) for name, section in sections)


def setting(rows: Sequence[Row], width: int | None) -> Text:
    """The only one of `rows`, with what it is for, its variable and its default."""
    (row,) = rows
    by_itself = f"{row.environment}, by default {row.default or 'not set'}"
    about = "\n".join(filter(None, (row.description, by_itself, row.note)))
    return Text("\n").join([_line(row.name, row, width), Text(indented(about, width), style="notice")])


def _section(name: str, rows: Sequence[Row], width: int | None) -> Text:
    lines = [_line(row.name.rpartition(".")[2], row, width) for row in rows]
    return Text("\n").join([Text(f"[{name}]", style="heading"), *lines] if name else lines)


def _line(name: str, row: Row, width: int | None) -> Text:
    value = "not set" if row.value is None else visible_line(row.value)
    over = [_source(origin) for origin in row.overridden]
    source = ", over ".join([_source(row.origin), *over])
    unused = "found, and not used" if row.note else ""
    style = "state" if row.origin.kind == "default" and not over else ""
    return facts((f"{name} = {value}", source, unused), style, width)


def _source(origin: Origin) -> str:
    words = {"flag": "given here", "environment": origin.where, "default": "default"}
    return words.get(origin.kind) or visible_line(origin.where)
