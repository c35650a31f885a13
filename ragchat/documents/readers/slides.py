"""PPTX: a section for each slide, its notes included."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, cast

from ragchat.core.place import Place
from ragchat.documents.readers.office import CURE, check_package, missing_library
from ragchat.documents.readers.records import Sheet
from ragchat.documents.readers.titles import meaningful
from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pptx.presentation import Presentation
    from pptx.shapes.autoshape import Shape
    from pptx.shapes.base import BaseShape
    from pptx.shapes.graphfrm import GraphicFrame
    from pptx.slide import Slide
    from pptx.table import Table
    from pptx.text.text import TextFrame

    from ragchat.core.document import Document

_MOST_SLIDES = 5_000
_LONGEST_HEADING = 200
# Placeholders that say the same on every slide.
_FURNITURE = ("DATE", "FOOTER", "HEADER", "SLIDE_NUMBER")


def read_pptx(source: str, data: bytes, title: str) -> Document:
    """Slides in order, hidden ones too; the words of each stand below its title, from top to bottom.

    Raises `DocumentError`, also when the extra `office` is not installed.
    """
    check_package(data, streamed=lambda _: False)
    sheet = Sheet()
    try:
        presentation = _presentation(data)
        named = meaningful(presentation.core_properties.title) or title
        seen: set[str] = set()
        for number, slide in enumerate(islice(presentation.slides, _MOST_SLIDES), start=1):
            # No program names a slide twice: a large one could be read thousands of times.
            if slide.part.partname in seen:
                continue
            seen.add(slide.part.partname)
            sheet.add(_words(slide), _heading(slide), Place("page", number, number))
        if len(presentation.slides) > _MOST_SLIDES:
            sheet.warnings.append(f"too long: what follows slide {_MOST_SLIDES:,} is left out")
    except DocumentError:
        raise
    except Exception as error:  # a damaged file ends in whatever its parsers stumble over
        raise DocumentError("This presentation is damaged and cannot be read.", CURE) from error
    if not sheet.sections:
        raise DocumentError(
            "Its slides hold no text.",
            "If they are pictures, save it as PDF and run OCR on that, with `ocrmypdf`.",
        )
    return replace(sheet.document(source), title=named)


def _presentation(data: bytes) -> Presentation:
    try:
        from pptx import Presentation as opened  # noqa: PLC0415, N813 - optional and heavy; a function in disguise
    except ImportError as error:
        raise missing_library() from error
    return opened(io.BytesIO(data))


def _heading(slide: Slide) -> tuple[str, ...]:
    shape = slide.shapes.title
    words = " ".join(_clean(shape.text_frame).split()) if shape is not None else ""
    return (words[:_LONGEST_HEADING],) if words else ()


def _words(slide: Slide) -> str:
    """The title, what stands below it, and the notes."""
    title = slide.shapes.title
    parts = [_clean(title.text_frame)] if title is not None else []
    others = (shape for shape in slide.shapes if title is None or shape.shape_id != title.shape_id)
    parts += _texts(others)
    if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame) and (said := _clean(notes)):
        parts.append(f"Notes: {said}")
    return "\n\n".join(filter(None, parts))


def _texts(shapes: Iterable[BaseShape]) -> Iterator[str]:
    """What the shapes say, from top to bottom; the file keeps them in the order in which they were drawn."""
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if shape.is_placeholder and shape.placeholder_format.type.name in _FURNITURE:
            continue
        if isinstance(inner := getattr(shape, "shapes", None), Iterable):
            yield from _texts(inner)
        elif shape.has_table:
            yield _rows(cast("GraphicFrame", shape).table)
        elif shape.has_text_frame:
            yield _clean(cast("Shape", shape).text_frame)


def _rows(table: Table) -> str:
    """`a | b | c`, a line for each row."""
    rows = ([" ".join(_clean(cell.text_frame).split()) for cell in row.cells] for row in table.rows)
    return "\n".join(" | ".join(cells) for cells in rows if any(cells))


def _clean(frame: TextFrame) -> str:
    """A line for each paragraph, and for each line end within one."""
    lines = (" ".join(line.split()) for line in frame.text.replace("\v", "\n").split("\n"))
    return "\n".join(filter(None, lines))
