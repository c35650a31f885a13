"""Meanings to styles: the only file that names a colour.

No meaning rests on a colour alone, and none on red against green. The colours are of the sixteen every terminal
has, so that its own palette holds; grey alone is a shade of its own, as a palette may hide or blur its grey.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.color import ColorType
from rich.style import Style
from rich.theme import Theme as RichTheme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragchat.core.choices import ThemeChoice

# What a meaning is made of; each theme says how that looks.
_MEANINGS: Final = {
    "mark": "bold {accent}",
    "source": "{accent}",
    "heading": "default",
    "quote": "{muted}",
    "title": "bold",
    "title.first": "bold underline",
    "strong": "bold",
    "emphasis": "italic",
    "struck": "strike",
    "code": "{second}",
    "code.comment": "{muted}",
    "code.keyword": "{second}",
    "code.literal": "{accent}",
    "code.name": "bold",
    "code.deleted": "{second}",
    "code.inserted": "{accent}",
    "address": "{muted}",
    "margin": "{muted}",
    "notice": "{muted}",
    "state": "{muted}",
    "status": "{muted}",
    "ok": "{accent}",
    "warning": "bold",
    "problem": "bold {alarm}",
    "error": "bold {alarm}",
    "hint": "{muted}",
    "prompt": "bold {accent}",
    "suggestion": "{muted}",
    "command": "bold",
}

_LOOKS: Final[dict[ThemeChoice, dict[str, str]]] = {
    # On a ground that is not known: dim follows it, a shade of grey would not.
    "auto": {"accent": "cyan", "second": "magenta", "alarm": "red", "muted": "dim"},
    "light": {"accent": "blue", "second": "magenta", "alarm": "red", "muted": "color(241)"},
    "dark": {"accent": "cyan", "second": "bright_magenta", "alarm": "bright_red", "muted": "color(245)"},
    "mono": {"accent": "", "second": "bold", "alarm": "reverse", "muted": ""},
}

# Not every screen without colours has slanted letters. What is struck out would say the opposite if it were not.
_ELSE: Final[dict[ThemeChoice, dict[str, str]]] = {
    "mono": {"heading": "", "emphasis": "underline", "suggestion": "underline"}
}

# The line editor has its own names for styles.
_EDITOR: Final = {"prompt": "prompt", "bottom-toolbar": "state", "auto-suggestion": "suggestion"}
_EDITOR_FIXED: Final = {
    "completion-menu": "noinherit",
    "completion-menu.completion.current": "reverse",
    "completion-menu.meta.completion.current": "reverse",
}
_ATTRIBUTES: Final = ("bold", "dim", "italic", "underline", "strike", "reverse")


@dataclass(frozen=True, slots=True)
class Theme:
    """How every meaning looks: `styles` are rich's."""

    name: ThemeChoice
    styles: Mapping[str, str]

    @property
    def rich(self) -> RichTheme:
        """The theme of a console."""
        return RichTheme(dict(self.styles))

    @property
    def editor(self) -> dict[str, str]:
        """The same for the line editor, as `Style.from_dict` of prompt-toolkit takes it."""
        shown = {name: _editor_style(self.styles[meaning]) for name, meaning in _EDITOR.items()}
        return {**shown, **_EDITOR_FIXED}


def theme_of(name: ThemeChoice, environment: Mapping[str, str]) -> Theme:
    """The theme `name`; `auto` is light or dark where COLORFGBG tells the ground. NO_COLOR is above all."""
    if environment.get("NO_COLOR"):
        name = "mono"
    elif name == "auto":
        name = _by_ground(environment.get("COLORFGBG", ""))
    styles = {meaning: style.format(**_LOOKS[name]) for meaning, style in _MEANINGS.items()}
    return Theme(name, {**styles, **_ELSE.get(name, {})})


def _by_ground(colours: str) -> ThemeChoice:
    """`15;0` or `0;default;15`: the last is the ground, by its number among the sixteen colours."""
    ground = colours.rpartition(";")[2]
    if ground in {"7", "15"}:
        return "light"
    return "dark" if ground in {"0", "8"} else "auto"


def _editor_style(style: str) -> str:
    parsed = Style.parse(style)
    # What is not named would be taken from the editor's own style, whose toolbar is reversed.
    attributes = [name if getattr(parsed, name) else f"no{name}" for name in _ATTRIBUTES]
    return " ".join([*attributes, _editor_colour(parsed)])


def _editor_colour(style: Style) -> str:
    colour = style.color
    if colour is None or colour.type is ColorType.DEFAULT:
        return "default"
    if colour.type is ColorType.STANDARD:
        return f"ansi{colour.name.replace('_', '')}"
    return colour.get_truecolor().hex
