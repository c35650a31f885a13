"""Code with its words told apart by what they mean."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pygments.lexers import get_lexer_by_name
from pygments.token import string_to_tokentype
from pygments.util import ClassNotFound
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pygments.lexer import Lexer
    from pygments.token import _TokenType

STRETCH = 200
"""So many lines are read at a time: the cost of a long listing that grows must not be that of its square."""

# A kind of word that is not here means what the kind above it does, if that means anything.
_MEANINGS: Final = {
    string_to_tokentype(kind): meaning
    for kind, meaning in {
        "Comment": "code.comment",
        "Keyword": "code.keyword",
        "Operator.Word": "code.keyword",
        "Literal.String": "code.literal",
        "Literal.Number": "code.literal",
        "Name.Function": "code.name",
        "Name.Class": "code.name",
        "Name.Tag": "code.name",
        "Name.Decorator": "code.keyword",
        "Generic.Heading": "code.name",
        "Generic.Subheading": "code.name",
        "Generic.Deleted": "code.deleted",
        "Generic.Inserted": "code.inserted",
    }.items()
}


def is_language(name: str) -> bool:
    """Whether the words of code in it are told apart."""
    return _lexer(name) is not None


def highlighted(lines: Sequence[str], language: str) -> list[Text]:
    """A stretch of code, line by line; as it stands when `language` is not known."""
    lexer = _lexer(language)
    plain = [Text(line) for line in lines]
    if lexer is None:
        return plain
    words = ((word, _meaning(kind)) for kind, word in lexer.get_tokens("\n".join(lines)))
    shown = Text().append_tokens(words).split("\n", allow_blank=True)[: len(lines)]
    # A lexer may tidy up what it reads.
    return list(shown) if [line.plain for line in shown] == list(lines) else plain


@lru_cache(maxsize=256)
def _meaning(kind: _TokenType) -> str | None:
    while kind is not None and kind not in _MEANINGS:
        kind = kind.parent
    return _MEANINGS.get(kind)


@lru_cache(maxsize=32)
def _lexer(name: str) -> Lexer | None:
    try:
        return get_lexer_by_name(name, stripnl=False, ensurenl=True)
    except ClassNotFound:
        return None
