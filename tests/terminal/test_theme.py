"""Every theme can be read on its ground, and by every kind of eye."""

from __future__ import annotations

from itertools import combinations, product
from math import dist
from typing import TYPE_CHECKING, TypeAlias, get_args

import pytest
from prompt_toolkit.styles import Style as EditorStyle
from rich.color import ColorType
from rich.style import Style
from rich.terminal_theme import TerminalTheme

from ragchat.core.choices import ThemeChoice
from ragchat.terminal.theme import theme_of

if TYPE_CHECKING:
    from collections.abc import Sequence

Linear: TypeAlias = tuple[float, float, float]

THEMES: tuple[ThemeChoice, ...] = get_args(ThemeChoice)
GROUNDS: dict[ThemeChoice, str] = {"light": "ffffff", "dark": "000000"}

# The defaults of xterm: XTerm-col.ad.
_SIXTEEN = (
    ["000000", "cd0000", "00cd00", "cdcd00", "0000ee", "cd00cd", "00cdcd", "e5e5e5"],
    ["7f7f7f", "ff0000", "00ff00", "ffff00", "5c5cff", "ff00ff", "00ffff", "ffffff"],
)

# Machado, Oliveira and Fernandes, 2009: a dichromat's view of linear RGB.
EYES: dict[str, tuple[Linear, Linear, Linear]] = {
    "most": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def _linear(digits: str) -> Linear:
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return _light(red), _light(green), _light(blue)


def _light(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _luminance(colour: Linear) -> float:
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def _contrast(one: Linear, other: Linear) -> float:
    """As WCAG 2 defines it, from 1 to 21."""
    dark, bright = sorted((_luminance(one), _luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def _seen(colour: Linear, eye: str) -> Linear:
    red, green, blue = (
        min(1.0, max(0.0, sum(part * light for part, light in zip(row, colour, strict=True)))) for row in EYES[eye]
    )
    return red, green, blue


def _lab(colour: Linear) -> Linear:
    """CIELAB under D65."""
    red, green, blue = colour
    x = _cube_root((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047)
    y = _cube_root(_luminance(colour))
    z = _cube_root((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _cube_root(value: float) -> float:
    return float(value ** (1 / 3)) if value > 0.008856 else 7.787 * value + 16 / 116


def _apart(one: Linear, other: Linear) -> float:
    """The distance in CIELAB; 2.3 is just noticeable side by side."""
    return dist(_lab(one), _lab(other))


def _palette(ground: str) -> TerminalTheme:
    normal, bright = ([_bytes(digits) for digits in half] for half in _SIXTEEN)
    text = "000000" if ground == "ffffff" else "e5e5e5"
    return TerminalTheme(_bytes(ground), _bytes(text), normal, bright)


def _bytes(digits: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def _styles(name: ThemeChoice) -> dict[str, Style]:
    return {meaning: Style.parse(style) for meaning, style in theme_of(name, {}).styles.items()}


def _colours(name: ThemeChoice) -> dict[str, Linear]:
    """The colours of a theme that has its ground, by a meaning that has each, as xterm shows them."""
    palette = _palette(GROUNDS[name])
    found = {
        style.color.get_truecolor(palette).hex.lstrip("#"): meaning
        for meaning, style in _styles(name).items()
        if style.color and style.color.type is not ColorType.DEFAULT
    }
    return {meaning: _linear(digits) for digits, meaning in found.items()}


@pytest.mark.parametrize("name", list(GROUNDS))
def test_what_is_to_be_read_stands_out_from_its_ground(name: ThemeChoice) -> None:
    ground = _linear(GROUNDS[name])
    ratios = {meaning: _contrast(colour, ground) for meaning, colour in _colours(name).items()}
    assert len(ratios) == 4
    assert {meaning: ratio for meaning, ratio in ratios.items() if ratio < 4.5} == {}


@pytest.mark.parametrize(("name", "eye"), list(product(GROUNDS, EYES)))
def test_every_eye_tells_the_colours_of_a_theme_apart(name: ThemeChoice, eye: str) -> None:
    colours = _colours(name)
    near = {
        pair: _apart(_seen(colours[pair[0]], eye), _seen(colours[pair[1]], eye))
        for pair in combinations(colours, 2)
    }
    assert {pair: distance for pair, distance in near.items() if distance < 20} == {}


@pytest.mark.parametrize("name", THEMES)
def test_no_theme_has_a_ground_of_its_own_or_green(name: ThemeChoice) -> None:
    styles = _styles(name).values()
    assert not any(style.bgcolor for style in styles)
    assert not any(style.color and "green" in style.color.name for style in styles)


@pytest.mark.parametrize("name", ["light", "dark", "mono"])
def test_where_the_ground_is_known_nothing_is_dim(name: ThemeChoice) -> None:
    assert not any(style.dim for style in _styles(name).values())


def test_without_colours_meanings_are_bold_underlined_or_reversed() -> None:
    styles = _styles("mono")
    assert all(style.color is None for style in styles.values())
    assert not any(style.italic or style.blink for style in styles.values())
    for louder in ("mark", "code", "warning", "problem", "error", "prompt", "emphasis", "suggestion"):
        assert styles[louder] != styles["status"]


@pytest.mark.parametrize(
    ("name", "environment", "chosen"),
    [
        ("auto", {}, "auto"),
        ("auto", {"COLORFGBG": "15;0"}, "dark"),
        ("auto", {"COLORFGBG": "0;15"}, "light"),
        ("auto", {"COLORFGBG": "0;default;15"}, "light"),
        ("auto", {"COLORFGBG": "15;default"}, "auto"),
        ("auto", {"COLORFGBG": "7;4"}, "auto"),
        ("dark", {"COLORFGBG": "0;15"}, "dark"),
        ("dark", {"NO_COLOR": "1"}, "mono"),
        ("dark", {"NO_COLOR": ""}, "dark"),
    ],
)
def test_a_theme_is_chosen_by_name_then_by_ground_and_never_against_no_color(
    name: ThemeChoice, environment: dict[str, str], chosen: ThemeChoice
) -> None:
    assert theme_of(name, environment).name == chosen


_EDITOR: Sequence[tuple[str, str]] = (
    ("prompt", "prompt"),
    ("bottom-toolbar", "state"),
    ("auto-suggestion", "suggestion"),
)


@pytest.mark.parametrize(("name", "names"), list(product(THEMES, _EDITOR)))
def test_the_line_editor_looks_like_the_rest(name: ThemeChoice, names: tuple[str, str]) -> None:
    editor, meaning = names
    style = _styles(name)[meaning]
    shown = EditorStyle.from_dict(theme_of(name, {}).editor).get_attrs_for_style_str(f"class:{editor}")
    for attribute in ("bold", "dim", "italic", "underline", "reverse"):
        assert getattr(shown, attribute) is bool(getattr(style, attribute))
    palette = _palette("ffffff")
    colour = style.color
    if colour is None or colour.is_default:
        assert shown.color == "default"
    elif colour.type is ColorType.STANDARD:
        assert shown.color == f"ansi{colour.name.replace('_', '')}"
    else:
        assert f"#{shown.color}" == colour.get_truecolor(palette).hex
