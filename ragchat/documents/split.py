"""Documents become chunks: whole sentences packed to a hundred tokens, under their heading.

Small chunks are found better than large ones, and a hit's neighbours are joined to it when it is read
(measured: `benchmarks/README.md`).
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from ragchat.core.document import Chunk
from ragchat.core.place import Place
from ragchat.documents.lines import LineCounter
from ragchat.language.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ragchat.core.document import Document, Section

SPLITTER_VERSION = 2
"""Goes up when the same document gives other chunks."""

TARGET_TOKENS = 100
# A word longer than any word of a language counts by its length, or a line of base64 would be one token.
_TOKEN = re.compile(r"[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,12}|[-=_.*#~+]{1,12}|\S")
# A line from its first visible character to that of the next: indentation is white space like any other.
_LINE = re.compile(r"\S[^\n]*+\s*+")

Span: TypeAlias = tuple[int, int]


def split(document: Document, target: int = TARGET_TOKENS) -> Iterator[Chunk]:
    """The chunks of `document` in order, each of about `target` tokens and within one section."""
    document_id = document.id
    lines = LineCounter(document.text)
    for section in document.sections:
        heading = " › ".join(part for part in (document.title, *section.heading) if part)
        for start, end in _pack(document.text, _units(document.text, section, target), target):
            yield Chunk(
                document_id=document_id,
                source=document.source,
                text=document.text[start:end],
                start=start,
                end=end,
                heading=heading,
                place=section.place or _place(lines, document.text, start, end),
            )


def token_count(text: str) -> int:
    """Words and signs: close to what word-piece tokenizers count, without loading one."""
    return len(_TOKEN.findall(text))


def _place(lines: LineCounter, text: str, start: int, end: int) -> Place:
    first = lines.line(start)
    return Place.lines(first, first + text[start:end].rstrip().count("\n"))


def _units(text: str, section: Section, target: int) -> Iterator[Span]:
    """What should not be cut: sentences, or lines of verbatim text; cut all the same when far too long."""
    start, end = section.start, section.end
    if section.verbatim:
        lines = _line_spans(text, start, end)
    else:
        lines = _finer(text, sentence_spans(text, start, end), _line_spans, target)
    return _finer(text, lines, partial(_pieces, target=target), target)


def _finer(
    text: str, spans: Iterable[Span], cut: Callable[[str, int, int], Iterator[Span]], target: int
) -> Iterator[Span]:
    """`spans` with those far too long given to `cut`."""
    for start, end in spans:
        # Two characters a token at the least: only what can be too long is counted.
        if end - start > 2 * target and token_count(text[start:end]) > 2 * target:
            yield from cut(text, start, end)
        else:
            yield start, end


def _line_spans(text: str, start: int, end: int) -> Iterator[Span]:
    for match in _LINE.finditer(text, start, end):
        yield match.span()


def _pieces(text: str, start: int, end: int, target: int) -> Iterator[Span]:
    count = 0
    begin = start
    for match in _TOKEN.finditer(text, start, end):
        count += 1
        if count > target:
            yield begin, match.start()
            begin, count = match.start(), 1
    yield begin, end


def _pack(text: str, units: Iterable[Span], target: int) -> Iterator[Span]:
    """Neighbouring units joined up to `target` tokens; a short remainder stays with the chunk before it."""
    done: Span | None = None  # held back until it is known whether a short remainder follows
    begin = end = size = 0
    for start, stop in units:
        tokens = token_count(text[start:stop])
        if size and size + tokens > target:
            if done:
                yield done
            done, size = (begin, end), 0
        if not size:
            begin = start
        end, size = stop, size + tokens
    if done and size < target // 4:
        yield done[0], end
        return
    if done:
        yield done
    if size:
        yield begin, end
