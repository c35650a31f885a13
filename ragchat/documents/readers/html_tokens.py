"""HTML as tags and text with their offsets.

Neither parser at hand will do: trees of the HTML standard know no positions and repeat unclosed formatting in
every paragraph (40 KB become 1.8 GB in lexbor), and `html.parser` of Python 3.11 reads what is unclosed again
and again (60 KB take half a minute). Here every character is read once.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RAW = frozenset({"iframe", "noembed", "noframes", "script", "style", "textarea", "title"})
"""Elements in which nothing is a tag but their own end."""
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in RAW}
_MARKUP = re.compile(r"<(?:(?P<comment>!--)|(?P<closing>/?)(?P<name>[a-zA-Z][^\s/>]*+)|[!?/])")
_COMMENT_END = re.compile(r"--!?>")
# A quoted value may hold any sign; one whose quotation mark is never closed counts as unquoted.
_ATTRIBUTE = re.compile(
    r"""[\s/]*+ (?P<key>[^\s/>][^\s/>=]*+) (?> (?: \s*+ = \s*+ (?P<value> "[^"]*+" | '[^']*+' | [^\s>]*+ ))? )""",
    re.VERBOSE,
)
_TAG_END = re.compile(r"[\s/]*+>?")
_MOST_ATTRIBUTES = 64


class Tag(NamedTuple):
    """`name` is in lower case; `empty` is written `<name/>`."""

    name: str
    closing: bool
    empty: bool
    attributes: Mapping[str, str]


class Words(NamedTuple):
    """Text as it stands in the file from the offset `start`; its entities are not decoded."""

    raw: str
    start: int


Token: TypeAlias = Tag | Words


def tokens(text: str) -> Iterator[Token]:
    """Tags and text in order, without comments and declarations; what is not closed reaches to the end."""
    offset = 0
    while match := _MARKUP.search(text, offset):
        if match.start() > offset:
            yield Words(text[offset : match.start()], offset)
        if match["comment"]:
            # `<!-->` and `<!--->` are whole comments.
            offset = _behind(_COMMENT_END.search(text, match.end() - 2), text)
        elif match["name"]:
            tag, offset = _tag(text, match)
            yield tag
            if tag.name in RAW and not tag.closing and not tag.empty:
                end = _RAW_END[tag.name].search(text, offset)
                stop = end.start() if end else len(text)
                yield Words(text[offset:stop], offset)
                offset = stop
        else:
            end_of_declaration = text.find(">", match.end())
            offset = len(text) if end_of_declaration < 0 else end_of_declaration + 1
    if offset < len(text):
        yield Words(text[offset:], offset)


def decoded(raw: str) -> str:
    """`raw` with its entities as characters."""
    try:
        return unescape(raw)
    except ValueError:  # a number of more digits than Python converts
        return raw


def _behind(match: re.Match[str] | None, text: str) -> int:
    return match.end() if match else len(text)


def _tag(text: str, match: re.Match[str]) -> tuple[Tag, int]:
    """The tag whose name was matched, and the offset behind it."""
    offset = match.end()
    attributes: dict[str, str] = {}
    while attribute := _ATTRIBUTE.match(text, offset):
        offset = attribute.end()
        if len(attributes) < _MOST_ATTRIBUTES:
            value = (attribute["value"] or "").strip("\"'")
            attributes.setdefault(attribute["key"].lower(), value)
    end = _TAG_END.match(text, offset)
    stop = end.end() if end else offset
    return Tag(match["name"].lower(), bool(match["closing"]), "/" in text[offset:stop], attributes), stop
