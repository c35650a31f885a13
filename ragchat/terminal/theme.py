"""Meanings to styles: the only file that names a colour.

No meaning rests on a colour alone, and none on red against green. Only the sixteen colours every terminal has
are used, so that its own palette keeps them readable on a light and on a dark ground.
"""

from __future__ import annotations

from typing import Final

from rich.theme import Theme

THEME: Final = Theme(
    {
        "mark": "bold cyan",
        "source": "cyan",
        "heading": "default",
        "quote": "dim",
        "title": "bold",
        "title.first": "bold underline",
        "strong": "bold",
        "emphasis": "italic",
        "struck": "strike",
        "code": "magenta",
        "address": "dim",
        "margin": "dim",
        "notice": "dim",
        "state": "dim",
        "status": "dim",
        "ok": "cyan",
        "warning": "bold",
        "problem": "bold red",
        "error": "bold red",
        "hint": "dim",
        "prompt": "bold cyan",
        "command": "bold",
    }
)

CODE: Final = {
    "Comment": "dim",
    "Keyword": "magenta",
    "Operator.Word": "magenta",
    "Literal.String": "cyan",
    "Literal.Number": "cyan",
    "Name.Function": "bold",
    "Name.Class": "bold",
    "Name.Tag": "bold",
    "Name.Decorator": "magenta",
    "Name.Builtin": "default",
    "Generic.Heading": "bold",
    "Generic.Subheading": "bold",
    "Generic.Deleted": "magenta",
    "Generic.Inserted": "cyan",
}
"""The same for the words of code, by the names Pygments gives them."""

PROMPT: Final = {
    "prompt": "bold ansicyan",
    "bottom-toolbar": "noreverse ansibrightblack",
    "completion-menu": "noinherit",
    "completion-menu.completion.current": "reverse",
    "completion-menu.meta.completion.current": "reverse",
}
"""The same for the line editor, which has its own names for styles."""
