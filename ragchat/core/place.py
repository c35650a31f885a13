"""Where a piece of text lies in its file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

STDIN = "stdin"
"""The source of what was piped into the program; those of documents are absolute paths."""

Kind = Literal["lines", "page", "record", "path", "cell", "paragraph"]


@dataclass(frozen=True, slots=True)
class Place:
    """An inclusive range in a file, counted from one in the unit that fits the format.

    `lines`, `page`, `record` and `paragraph` are numbers, `path` is a JSON path such as `$.menu[2]`.
    `line` is the line of the file where the range begins, when the format has lines. `lines` without it are those
    of a file whose text is not cut into the same lines, such as HTML: a part of it cannot be counted out.
    """

    kind: Kind
    start: int | str
    end: int | str
    line: int | None = None

    @classmethod
    def lines(cls, start: int, end: int) -> Place:
        """The lines `start` to `end`."""
        return cls("lines", start, end, start)

    def within(self, text: str, start: int, end: int) -> Place:
        """The place of `text[start:end]`, where this is the place of `text`.

        Only lines can be narrowed; a page, a record or a path stays what it is.
        White space at both ends does not count.
        """
        if self.kind != "lines" or self.line is None:
            return self
        start += len(text[start:end]) - len(text[start:end].lstrip())
        first = self.line + text.count("\n", 0, start)
        return Place.lines(first, first + text[start:end].rstrip().count("\n"))

    def until(self, last: Place) -> Place:
        """From where this place begins to where `last` ends; this place where `last` is of another kind."""
        return replace(self, end=last.end) if self.kind == last.kind else self

    def suffix(self) -> str:
        """What follows the file name: `:5-7`, `:5`, ` p. 3`, ` record 4`, ` cell 3`, ` ¶ 12`, ` $.menu`."""
        span = str(self.start) if self.start == self.end else f"{self.start}-{self.end}"
        if self.kind == "lines":
            return f":{span}"
        if self.line is not None:
            return f":{self.line}"
        signs = {
            "page": f"p. {span}",
            "record": f"record {span}",
            "cell": f"cell {span}",
            "paragraph": f"¶ {span}",
            "path": self.start,
        }
        return f" {signs[self.kind]}"

    def as_json(self) -> Mapping[str, object]:
        """`{"kind", "start", "end"}`, and `"line"` where it says more than `start`."""
        shape: dict[str, object] = {"kind": self.kind, "start": self.start, "end": self.end}
        if self.kind != "lines" and self.line is not None:
            shape["line"] = self.line
        return shape


def relative_source(source: str, directory: PurePath) -> str:
    """`source` relative to `directory` where it lies below it, else as it is."""
    path = PurePath(source)
    return str(path.relative_to(directory)) if path.is_relative_to(directory) else source
