"""What the elements of HTML are, as far as reading a page goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ragchat.documents.readers.html_tokens import RAW

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ragchat.documents.readers.html_tokens import Tag

# ruff: noqa: SIM905 - thirty names are read as words, not as thirty lines
VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
"""They hold nothing and have no end tag."""
FRAME = frozenset({"html", "head", "body"})
"""Their tags may stand anywhere, or nowhere, and change nothing."""
HEADINGS = {f"h{level}": level for level in range(1, 7)}
CELLS = frozenset({"td", "th", "caption"})
TABLE_PARTS = CELLS | {"tr", "thead", "tbody", "tfoot"}
LISTS = frozenset({"ul", "ol", "menu"})
BLOCKS = frozenset(
    "address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer"
    " form header hgroup hr legend li main nav p pre section summary table".split()
) | {*HEADINGS, *TABLE_PARTS, *LISTS}
"""They begin and end a line of their own."""
_UNSEEN = RAW | set("annotation audio button canvas datalist noscript rp rt select svg template video".split())
_HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

MAIN = ("main", "article", "section")
# Inside of the main text these hold a part of it: an article's title, its footnotes, a remark.
_ASIDE_OUTSIDE_MAIN = frozenset({"header", "footer", "aside"})
_ASIDE = frozenset({"nav", "form"})
_ASIDE_ROLES = frozenset({"banner", "complementary", "contentinfo", "navigation", "search"})

SCOPE = CELLS | {"table"}
"""What an end tag of the text does not reach out of."""
ENDS: Mapping[str, tuple[Collection[str], Collection[str]]] = {
    **dict.fromkeys(HEADINGS, (tuple(HEADINGS), SCOPE)),
    "li": (("li",), SCOPE | LISTS),
    "dt": (("dt", "dd"), SCOPE | {"dl"}),
    "dd": (("dt", "dd"), SCOPE | {"dl"}),
    "td": (("td", "th"), ("tr", "table")),
    "th": (("td", "th"), ("tr", "table")),
    "tr": (("tr",), ("table",)),
    "thead": (("thead", "tbody", "tfoot"), ("table",)),
    "tbody": (("thead", "tbody", "tfoot"), ("table",)),
    "tfoot": (("thead", "tbody", "tfoot"), ("table",)),
}
"""What a start tag ends, and out of which elements it does not reach: their end tags may be left out."""


def end_scope(name: str) -> Collection[str]:
    """The elements that the end tag of `name` does not reach out of."""
    if name == "table":
        return ()
    return ("table",) if name in TABLE_PARTS else SCOPE


def is_unseen(tag: Tag) -> bool:
    """Whether a browser shows nothing of the element that `tag` begins."""
    attributes = tag.attributes
    if tag.name in _UNSEEN or _HIDING_STYLE.search(attributes.get("style", "")):
        return True
    if "hidden" in attributes and attributes["hidden"].lower() != "until-found":
        return True
    # Signs beside a heading, and formulas that stand there twice; a whole part of the page is only set aside.
    return attributes.get("aria-hidden") == "true" and tag.name not in BLOCKS


def is_aside(tag: Tag, *, in_main: bool) -> bool:
    """Whether the element that `tag` begins stands beside the main text."""
    if tag.name in _ASIDE_OUTSIDE_MAIN:
        return not in_main
    if tag.name in _ASIDE or tag.attributes.get("role") in _ASIDE_ROLES:
        return True
    return tag.attributes.get("aria-hidden") == "true"
