"""Code with its words in the colours of the terminal's own palette."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pygments.lexers import get_lexer_by_name
from pygments.token import string_to_tokentype
from pygments.util import ClassNotFound
from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.text import Text

from ragchat.terminal.theme import CODE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pygments.lexer import Lexer

STRETCH = 200
"""So many lines are read at a time: the cost of a long listing that grows must not be that of its square."""

_THEME = ANSISyntaxTheme({string_to_tokentype(name): Style.parse(style) for name, style in CODE.items()})


def is_language(name: str) -> bool:
    """Whether the words of code in it are told apart."""
    return _lexer(name) is not None


def highlighted(lines: Sequence[str], language: str) -> list[Text]:
    """A stretch of code, line by line; as it stands when `language` is not known."""
    lexer = _lexer(language)
    plain = [Text(line) for line in lines]
    if lexer is None:
        return plain
    shown = Syntax("", lexer, theme=_THEME).highlight("\n".join(lines)).split("\n", allow_blank=True)[: len(lines)]
    # A lexer may tidy up what it reads.
    return list(shown) if [line.plain for line in shown] == list(lines) else plain


@lru_cache(maxsize=32)
def _lexer(name: str) -> Lexer | None:
    try:
        return get_lexer_by_name(name, stripnl=False, ensurenl=True)
    except ClassNotFound:
        return None
