"""Where sentences begin and end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Every alternative begins at a character that is not repeated before it, and repeats possessively:
# a megabyte of dots or line ends is read once, not once for each of its characters.
_BREAK = re.compile(
    r"""
    (?P<stop> (?<![.!?…]) [.!?…]++ ["'”’»)\]*_]*+ ) \s++   # the end of a sentence
    | (?<![。！？।॥۔؟]) [。！？।॥۔؟]++ [」』）”’]*+ \s*+        # the same where no space need follow
    | (?<!\n) \n [^\S\n]*+ (?> (?: \n [^\S\n]*+ )+ )           # a blank line
    | \n [^\S\n]*+ (?= (?: [-*+•] | \d{1,3}+ [.)] ) [ \t] )  # an item of a list
    | \n [^\S\n]*+ (?= [|>\#] )                              # a row of a table, a quotation, a heading
    | ^ \#{1,6}+ [^\S\n] [^\n]*+ \n \s*+                      # the end of a heading, or of a comment in code
    | ^ [^\s|>] [^\n]*+ \n (?: ={2,}+ | -{2,}+ ) [^\S\n]*+ \n \s*+  # the same of a heading that is underlined
    """,
    re.VERBOSE | re.MULTILINE,
)
_ITEM_NUMBER = re.compile(r"(?:\A|\n)[ \t]*\d{1,3}\Z")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"'“])(?:[A-Z]|mr|mrs|ms|dr|prof|st|jr|sr|vs|etc|e\.g|i\.e|cf|al|ca|approx|fig|figs|eq"
    r"|sec|ch|vol|ed|eds|pp|p|inc|ltd|co|corp|dept|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec)$",
    re.IGNORECASE,
)


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """`(start, end)` of each sentence in `text[start:end]`, in order and without a gap.

    White space belongs to the sentence it follows; leading white space to none.
    """
    stop = len(text) if end is None else end
    begin = start
    while begin < stop and text[begin].isspace():
        begin += 1
    for match in _BREAK.finditer(text, begin, stop):
        if match["stop"] and not _ends_sentence(text, match.start(), match.end(), stop):
            continue
        if match.end() > begin:
            yield begin, match.end()
            begin = match.end()
    if begin < stop:
        yield begin, stop


def _ends_sentence(text: str, mark: int, following: int, stop: int) -> bool:
    if text.count("\n", mark, following) > 1:
        return True
    if following < stop and text[following].islower():
        return False
    if text[mark] != ".":
        return True
    if _ITEM_NUMBER.search(text, max(0, mark - 4), mark):
        return False
    return _ABBREVIATION.search(text[max(0, mark - 12) : mark]) is None
