"""Files of questions: one a line, or JSON lines with an id each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from ragchat.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXAMPLE = 'A line is a question, or each reads {"id": "…", "text": "…"}.'
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question under the name that its answer is told by: its own id, else the number of its line."""

    id: str
    text: str


def read_questions(file: IO[bytes], name: str) -> Iterator[AskedQuestion]:
    """The questions of `file`, called `name`, one after the other; keys nobody asked for are passed over.

    They are JSON lines when the first of them begins with a brace. Raises `UsageError` that names the line.
    """
    is_json: bool | None = None
    # Not `splitlines`: it also cuts at separators that may stand inside a JSON string.
    for number, line in enumerate(file, start=1):
        raw = (line.removeprefix(_MARK) if number == 1 else line).strip()
        if not raw:
            continue
        is_json = raw.startswith(b"{") if is_json is None else is_json
        place = f"Line {number} of {name}"
        yield _of_json(raw, place, number) if is_json else AskedQuestion(str(number), _decoded(raw, place))


def json_object(line: bytes, place: str, example: str) -> dict[str, object]:
    """The JSON object on `line`; raises `UsageError` that says where it is, and shows an `example`."""
    try:
        value: object = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{place} is not JSON in UTF-8.", example) from error
    if not isinstance(value, dict):
        raise UsageError(f"{place} is not a JSON object.", example)
    return value


def _of_json(line: bytes, place: str, number: int) -> AskedQuestion:
    values = json_object(line, place, _EXAMPLE)
    name, text = values.get("id", number), values.get("text")
    if not isinstance(text, str) or not text.strip():
        raise UsageError(f"{place} has no text under `text`.", _EXAMPLE)
    if isinstance(name, bool) or not isinstance(name, str | int):
        raise UsageError(f"{place} has an id that is neither a text nor a whole number.", _EXAMPLE)
    return AskedQuestion(str(name), text.strip())


def _decoded(line: bytes, place: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{place} is not text in UTF-8.", _EXAMPLE) from error
