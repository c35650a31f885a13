"""Lines of type on pages become paragraphs, without what every page repeats.

A PDF says where letters stand, and nothing of paragraphs: they are told by distances, indents and line ends.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

HYPHEN = "\x02"
"""Stands in a line's text for a hyphen at its end."""

# Of the height of a page, at its head and at its foot: where running titles and page numbers stand.
_MARGIN = 0.15
_LONGEST_RUNNING_TITLE = 200
_NUMBER = re.compile(r"(?<!\d)\d{1,6}(?!\d)")
_BARE_NUMBER = re.compile(r"\W*\d+\W*")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*$")
_ITEM = re.compile(r"(?:[-*+•◦▪‣∙●○■–—]|\(?\d{1,3}[.)])\s")
_WITHOUT_SPACES = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
# They begin where a word begins: a line of a hundred thousand letters is read once, not once for each of them.
_COMPOUND = re.compile(r"(?<!\w)\w++-\w+")
_BROKEN_WORD = re.compile(rf"(?<!\w)(\w*+){HYPHEN}(\w*)")
_CLEAN = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0xAD, 0x200B, 0xFEFF, 0xFFFE, 0xFFFF)),
    **dict(zip(range(0xFB00, 0xFB07), ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True)),
    **dict.fromkeys((0x09, 0xA0, *range(0x2000, 0x200B), 0x202F), " "),
    0x0A: "\n",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of type: `left`, `right` and `baseline` in points from the lower left of its page."""

    text: str
    left: float
    right: float
    baseline: float
    size: float


@dataclass(frozen=True, slots=True)
class Page:
    """A page by its number, counted from one, and its height in points."""

    number: int
    height: float
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a page; its text keeps the line ends that were meant."""

    text: str
    page: int
    size: float
    lines: int
    in_margin: bool


def paragraphs(pages: Sequence[Page]) -> list[Paragraph]:
    """What the pages say, in the order of the file."""
    lines = [line for page in pages for line in page.lines]
    pitch = _pitch(pages)
    compounds = {match[0].lower() for line in lines for match in _COMPOUND.finditer(line.text)}
    found: list[Paragraph] = []
    for page in pages:
        for block in _blocks(page.lines, pitch):
            text = clean(_BROKEN_WORD.sub(lambda match: _whole(match, compounds), _flowed(block)))
            margins = _MARGIN * page.height, (1 - _MARGIN) * page.height
            outside = not any(margins[0] < line.baseline < margins[1] for line in block)
            if text:
                found.append(Paragraph(text, page.number, block[0].size, len(block), outside))
    return _without_running_titles(found)


def body_size(found: Iterable[Paragraph]) -> float:
    """The size in which most is set, in points; 0 when there is nothing."""
    sizes: Counter[float] = Counter()
    for paragraph in found:
        sizes[round(paragraph.size * 2) / 2] += len(paragraph.text)
    return max(sizes, key=lambda size: sizes[size], default=0.0)


def clean(text: str) -> str:
    """Without ligatures, soft hyphens, signs that nobody sees and needless spaces."""
    return re.sub(r" {2,}", " ", text.translate(_CLEAN)).strip()


def _pitch(pages: Iterable[Page]) -> float:
    """How far apart the lines of a paragraph stand, in the unit of their size."""
    steps = sorted(
        (above.baseline - below.baseline) / above.size
        for page in pages
        for above, below in pairwise(page.lines)
        if 0.5 * above.size < above.baseline - below.baseline < 3 * above.size
    )
    # Lines of one paragraph are the nearest: gaps between paragraphs may well be more than half of all.
    return steps[len(steps) // 4] if steps else 1.2


def _blocks(lines: Sequence[Line], pitch: float) -> Iterator[list[Line]]:
    """Lines that follow each other at the usual distance, in one size."""
    block = list(lines[:1])
    for above, below in pairwise(lines):
        if _apart(above, below, pitch):
            yield block
            block = []
        block.append(below)
    if block:
        yield block


def _apart(above: Line, below: Line, pitch: float) -> bool:
    size = max(above.size, below.size)
    step = above.baseline - below.baseline
    if _beside(above, below):
        return False
    return step < 0 or step > 1.35 * pitch * size or abs(above.size - below.size) > 0.12 * size


def _beside(one: Line, other: Line) -> bool:
    return abs(one.baseline - other.baseline) < 0.3 * max(one.size, other.size)


def _flowed(block: Sequence[Line]) -> str:
    """The text of a block with the line ends left out that are only there because the line was full."""
    right = max(line.right for line in block)
    text = block[0].text
    for above, below in pairwise(block):
        if text[-1] == HYPHEN or (text[-1] in "-\u00ad\u2010" and text[-2:-1].isalpha()):
            text = text[:-1] + HYPHEN + below.text
        else:
            text += _between(above, below, right) + below.text
    return text


def _between(above: Line, below: Line, right: float) -> str:
    if _beside(above, below):
        return " "
    ended = bool(_SENTENCE_END.search(above.text))
    first = len(below.text.split(maxsplit=1)[0])
    word = (below.right - below.left) * first / len(below.text)
    goes_on = below.text[0].islower() and (above.text[-1].isalpha() or above.text[-1] == ",")
    if above.right + word + above.size / 4 < right and not goes_on:  # the next word had room: the end was meant
        return "\n\n" if ended else "\n"
    if _ITEM.match(below.text):
        return "\n"
    if ended and below.left > above.left + 0.8 * above.size:
        return "\n\n"
    return "" if _WITHOUT_SPACES.match(above.text[-1]) and _WITHOUT_SPACES.match(below.text) else " "


def _whole(match: re.Match[str], compounds: set[str]) -> str:
    """The word that was broken: its hyphen stays before what is no small letter, or if a line has it inside."""
    before, after = match.groups()
    compound = f"{before}-{after}"
    return before + after if after[:1].islower() and compound.lower() not in compounds else compound


def _without_running_titles(found: Sequence[Paragraph]) -> list[Paragraph]:
    """Without the short paragraphs in the margins of pages that return on most pages, or count them."""
    on_page = Counter(paragraph.page for paragraph in found)
    largest = 1.1 * body_size(found)
    # A page is not robbed of all it says, and what is larger than the text is a heading.
    doubtful = [
        paragraph
        for paragraph in found
        if paragraph.in_margin and paragraph.lines <= 2 and paragraph.size <= largest
        if on_page[paragraph.page] > 1 and len(paragraph.text) <= _LONGEST_RUNNING_TITLE
    ]
    pages_of: dict[str, set[int]] = defaultdict(set)
    for paragraph in doubtful:
        for key in (paragraph.text, *_counting(paragraph)):
            pages_of[key].add(paragraph.page)
    repeated = _repeated(pages_of, on_page.keys())
    running = {
        id(paragraph)
        for paragraph in doubtful
        if (paragraph.text, paragraph.page % 2) in repeated or _counts_pages(paragraph, pages_of)
    }
    return [paragraph for paragraph in found if id(paragraph) not in running]


def _repeated(pages_of: Mapping[str, set[int]], pages: Iterable[int]) -> set[tuple[str, int]]:
    """The texts on most pages, or on most left (0) or right (1) ones: books have a title for each side."""
    sides = Counter(page % 2 for page in pages)
    found: set[tuple[str, int]] = set()
    for text, there in pages_of.items():
        on = Counter(page % 2 for page in there)
        everywhere = len(there) > 1 and 2 * len(there) > sides.total()
        found.update((text, side) for side in on if everywhere or 2 * on[side] > sides[side] > 1)
    return found


def _counts_pages(paragraph: Paragraph, pages_of: Mapping[str, set[int]]) -> bool:
    enough = 2 if _BARE_NUMBER.fullmatch(paragraph.text) else 3
    return any(len(pages_of[key]) >= enough for key in _counting(paragraph))


def _counting(paragraph: Paragraph) -> list[str]:
    """The text with each of its numbers in turn said as the distance to the number of the page."""
    text = paragraph.text
    return [
        f"{text[: match.start()]}\0{int(match[0]) - paragraph.page}\0{text[match.end() :]}"
        for match in _NUMBER.finditer(text)
    ]
