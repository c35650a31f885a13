"""XML as a stream of events: no tree, which would be many times the size of its file, and no entities."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn
from xml.parsers import expat

from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NONE: Mapping[str, str] = MappingProxyType({})


class Event(NamedTuple):
    """`name` is an element's, or the text."""

    kind: Literal["start", "end", "text"]
    name: str
    attributes: Mapping[str, str] = _NONE


def xml_events(
    pieces: Iterable[bytes], part: str, prefixes: Mapping[str, str] = _NONE, *, cure: str
) -> Iterator[Event]:
    """What stands in `pieces`, in order; raises `DocumentError`.

    Names bear the prefix that `prefixes` gives to their namespace, and none for any other namespace.
    """
    reader = _Reader(prefixes)
    try:
        for piece in pieces:
            reader.parser.Parse(piece, False)
            yield from reader.taken()
        reader.parser.Parse(b"", True)
        yield from reader.taken()
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise DocumentError(f"Its part {part} is not XML: {error}.", cure) from error


class _Reader:
    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._prefixes = prefixes
        self._names: dict[str, str] = {}
        self._events: list[Event] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = lambda name: self._events.append(Event("end", self._short(name)))
        self.parser.CharacterDataHandler = lambda text: self._events.append(Event("text", text))
        self.parser.EntityDeclHandler = _refuse

    def taken(self) -> list[Event]:
        """The events since the last call."""
        events, self._events = self._events, []
        return events

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        named = {self._short(key): value for key, value in attributes.items()} if attributes else _NONE
        self._events.append(Event("start", self._short(name), named))

    def _short(self, name: str) -> str:
        short = self._names.get(name)
        if short is None:
            space, _, local = name.rpartition(" ")
            short = self._names[name] = self._prefixes.get(space, "") + local
        return short


def _refuse(*_declaration: object) -> NoReturn:
    raise DocumentError("Its XML declares entities, which can grow without bound.", "Save it again.")
