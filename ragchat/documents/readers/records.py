"""Records: what a row of CSV, a line of JSON Lines or a member of JSON becomes. Each is found by all its fields.

The text of a record is what it says, its other fields are its heading: both are searched, the text is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ragchat.core.document import Document, Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ragchat.core.place import Place

Json: TypeAlias = "dict[str, Json] | list[Json] | str | bool | None"
"""A JSON value; numbers are text, as they are written."""

TEXT_FIELDS = ("text", "content", "body", "page_content", "passage")
IDENTITY_FIELDS = ("id", "_id", "uuid", "key")
NAME_FIELDS = ("title", "name", "heading", "question")

# Headings and labels stand before many texts: none may be so long that a small file becomes a huge index.
LONGEST_LABEL = 120
_LONGEST_FACT = 80
_LONGEST_HEADING = 400
_BETWEEN = "\n\n"


@dataclass(slots=True)
class Sheet:
    """The text of the records so far, one after the other, and where each lies."""

    sections: list[Section] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _length: int = 0

    def add(self, text: str, heading: Sequence[str], place: Place) -> None:
        """Write `text` below what is there; nothing when it is blank."""
        if not text.strip():
            return
        self.sections.append(Section(self._length, self._length + len(text), tuple(heading), place))
        self._parts.append(text)
        self._length += len(text) + len(_BETWEEN)

    def document(self, source: str) -> Document:
        """All of it."""
        text = _BETWEEN.join(self._parts)
        # No title: the name of the file would stand before every record and tell none from the others.
        return Document(source, text, "", tuple(self.sections), tuple(self.warnings))


def add_record(sheet: Sheet, value: Json, place: Place, above: Sequence[str] = ()) -> None:
    """Write what `value` says, under its short fields; all its fields where none of them is its text.

    The headings `above` stand before those of the record.
    """
    name = text_field(value) if isinstance(value, dict) else None
    if name is None or not isinstance(value, dict):
        sheet.add(rendered(value, ""), above, place)
        return
    # What programs call a record by comes last: it is looked for, and seldom read.
    fields = sorted(value.items(), key=lambda field: field[0].lower() in IDENTITY_FIELDS)
    others = {key: member for key, member in fields if key != name}
    facts, details = _facts(others)
    text = str(value[name])
    if more := rendered(details, ""):
        text += f"\n{more}"
    sheet.add(text, [*above, " · ".join(facts)], place)


def text_field(record: Mapping[str, Json]) -> str | None:
    """The key of what a record says; None when no field of it is its text."""
    says = {key.lower(): key for key, value in record.items() if isinstance(value, str) and value.strip()}
    return next((says[name] for name in TEXT_FIELDS if name in says), None)


def _facts(others: Mapping[str, Json]) -> tuple[list[str], dict[str, Json]]:
    """The short fields of a record as a heading, and the rest of them."""
    names: list[str] = []
    facts: list[str] = []
    details: dict[str, Json] = {}
    room = _LONGEST_HEADING
    for key, value in others.items():
        if isinstance(value, (dict, list)):
            details[key] = value
        elif shown := " ".join(_scalar(value).split()):
            named = key.lower() in NAME_FIELDS
            fact = shown if named else f"{_label(key)}: {shown}"
            if len(shown) > _LONGEST_FACT or len(fact) > room:
                details[key] = value
            else:
                (names if named else facts).append(fact)
                room -= len(fact)
    return names + facts, details


def _label(key: str) -> str:
    words = key.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def column_names(header: Sequence[str], width: int) -> list[str]:
    """A name of its own for each of `width` columns: a second one of the same name would hide the first."""
    names: dict[str, None] = {}
    for index in range(width):
        name = header[index].strip()[:LONGEST_LABEL] if index < len(header) else ""
        name = name or f"column {index + 1}"
        while name in names:
            name = f"{name} ({index + 1})"
        names[name] = None
    return list(names)


def rendered(value: Json, name: str) -> str:
    """`value` as lines of `name: value`, nested names joined by dots."""
    return "\n".join(f"{label}: {shown}" if label else shown for label, shown in leaves(value, name))


def leaves(value: Json, name: str) -> Iterator[tuple[str, str]]:
    """`(label, text)` of what `value` says, part by part; raises `RecursionError`."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves(member, shortened(f"{name}.{key}" if name else key))
    elif isinstance(value, list):
        if all(not isinstance(member, (dict, list)) for member in value):
            if value:
                yield name, ", ".join(map(_scalar, value))
        else:
            for index, member in enumerate(value):
                yield from leaves(member, shortened(f"{name}[{index}]"))
    elif shown := _scalar(value):
        yield name, shown


def shortened(label: str) -> str:
    """The end of a label that is too long: its last names say most."""
    return label if len(label) <= LONGEST_LABEL else f"…{label[1 - LONGEST_LABEL :]}"


def _scalar(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip()
