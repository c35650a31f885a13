"""JSON and JSON Lines: members of a list and lines are records, members of an object are found by their path."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragchat.core.place import Place
from ragchat.documents.lines import LineCounter
from ragchat.documents.readers.numbered import numbered
from ragchat.documents.readers.records import Sheet, add_record, leaves, rendered, shortened, text_field
from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragchat.core.document import Document
    from ragchat.documents.readers.records import Json

# A value whose text is shorter stays one section; a longer one is cut at its members.
_WHOLE_VALUE = 600
# A path stands beside every chunk of its value; below a longer one nothing is cut.
_LONGEST_PATH = 200
_SPACE = re.compile(r"[ \t\r\n]*")
_TOO_DEEP = ("The JSON is nested too deeply.", "Flatten the file.")
_PLAIN_KEY = re.compile(r"\w+")
# Half a surrogate pair is no character, and no text may hold one; the other escapes are passed over.
_HEX = "[0-9a-fA-F]"
_ESCAPE = re.compile(
    rf"\\u[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}|(\\u[dD][89a-fA-F]{_HEX}{{2}})|\\.", re.DOTALL
)

# Numbers stay as they are written: 1.50 is a price, and some have more digits than Python cares to convert.
_decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


def read_json_lines(source: str, text: str, title: str) -> Document:  # noqa: ARG001 - the signature of a reader
    """One record for each line; a line that is not JSON is kept as plain text and reported."""
    sheet = Sheet()
    number = 0
    plain: list[int] = []
    for line, row in enumerate(without_half_pairs(text).split("\n"), start=1):
        if not row.strip():
            continue
        number += 1
        place = Place("record", number, number, line)
        try:
            add_record(sheet, _decoder.decode(row), place)
        except (json.JSONDecodeError, RecursionError):
            plain.append(line)
            sheet.add(row, (), place)
    if plain:
        are = "is" if len(plain) == 1 else "are"
        sheet.warnings.append(f"{numbered('line', plain)} {are} not JSON and kept as plain text")
    return sheet.document(source)


def read_json(source: str, text: str, title: str) -> Document:  # noqa: ARG001 - the signature of a reader
    """The members of a list are records; those of an object are found by their path."""
    file = _JsonFile(without_half_pairs(text))
    sheet = Sheet()
    value = parsed(file.text)
    try:
        if isinstance(value, list):
            for number, member in enumerate(file.members(file.start), start=1):
                add_record(sheet, member.value, Place("record", number, number, file.lines.line(member.start)))
        elif isinstance(value, dict):
            _add_members(sheet, file, file.start, "$", ())
        else:
            add_record(sheet, value, Place("path", "$", "$", file.lines.line(file.start)))
    except RecursionError as error:
        raise DocumentError(*_TOO_DEEP) from error
    return sheet.document(source)


def parsed(text: str) -> Json:
    """The value `text` says; raises `DocumentError`."""
    try:
        value: Json = _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise DocumentError(
            f"Line {error.lineno} is not JSON: {error.msg[:1].lower()}{error.msg[1:]}.",
            "Check the file with a JSON validator.",
        ) from error
    except RecursionError as error:
        raise DocumentError(*_TOO_DEEP) from error
    return value


def without_half_pairs(text: str) -> str:
    """JSON whose strings hold characters only."""
    return _ESCAPE.sub(lambda match: r"\ufffd" if match[1] else match[0], text)


@dataclass(frozen=True, slots=True)
class _Member:
    """`start` is where its key begins or, in a list, which has no keys, its value."""

    key: str | None
    value: Json
    start: int
    value_start: int


class _JsonFile:
    """Valid JSON, read member by member: the standard decoder tells no positions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.start = self._skip_space(0)
        self.lines = LineCounter(text)

    def members(self, start: int) -> Iterator[_Member]:
        """The members of the object or list at `start`; those of the same key too."""
        offset = self._skip_space(start + 1)
        while self.text[offset] not in "]}":
            begin, key = offset, None
            if self.text[start] == "{":
                key, offset = _decoder.raw_decode(self.text, offset)
                offset = self._skip_space(self._skip_space(offset) + len(":"))
            value, end = _decoder.raw_decode(self.text, offset)
            yield _Member(key, value, begin, offset)
            offset = self._skip_space(end)
            if self.text[offset] == ",":
                offset = self._skip_space(offset + 1)

    def _skip_space(self, offset: int) -> int:
        match = _SPACE.match(self.text, offset)
        return match.end() if match else offset


def _add_members(sheet: Sheet, file: _JsonFile, start: int, path: str, heading: tuple[str, ...]) -> None:
    for index, member in enumerate(file.members(start)):
        if member.key is None:
            below, names = f"{path}[{index}]", (*heading[:-1], f"{heading[-1]}[{index}]")
        else:
            key = shortened(member.key)
            below, names = path + _step(key), (*heading, key)
        place = Place("path", below, below, file.lines.line(member.start))
        if member.key is None and isinstance(member.value, dict) and text_field(member.value):
            add_record(sheet, member.value, place, heading)
        elif (
            not isinstance(member.value, (dict, list))
            or len(below) > _LONGEST_PATH
            or _whole(member.value, names[-1])
        ):
            sheet.add(rendered(member.value, names[-1]), names, place)
        else:
            _add_members(sheet, file, member.value_start, below, names)


def _step(key: str) -> str:
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else f"[{json.dumps(key, ensure_ascii=False)}]"


def _whole(value: Json, name: str) -> bool:
    """Whether `value` is short enough to stay whole, and no list of records; stops reading when it is not."""
    if isinstance(value, list) and any(isinstance(member, dict) for member in value):
        return False
    room = _WHOLE_VALUE
    for label, shown in leaves(value, name):
        room -= len(label) + len(shown)
        if room < 0:
            return False
    return True
