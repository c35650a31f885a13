"""Word files and books, made on the spot."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)
STYLES = """
<w:style w:styleId="Titel"><w:name w:val="Title"/></w:style>
<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="berschrift2"><w:name w:val="heading 2"/><w:basedOn w:val="berschrift1"/></w:style>
<w:style w:styleId="Eigene"><w:name w:val="Ours"/><w:basedOn w:val="berschrift2"/></w:style>
<w:style w:styleId="Liste"><w:name w:val="List Bullet"/><w:pPr><w:numPr/></w:pPr></w:style>
<w:style w:styleId="Verzeichnis1"><w:name w:val="toc 1"/></w:style>
"""


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip file of `parts`, the same one each time."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


def paragraph(text: str, style: str = "", properties: str = "") -> str:
    """A paragraph of a Word file."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def word_parts(body: str, notes: str = "") -> dict[str, str | bytes]:
    """The parts of a Word file with this body."""
    return {
        "_rels/.rels": _RELATIONS.format(
            f'<Relationship Id="1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
        ),
        "word/document.xml": f"<w:document {_WORD}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": _RELATIONS.format(
            f'<Relationship Id="1" Type="{_OFFICE}/styles" Target="styles.xml"/>'
            f'<Relationship Id="2" Type="{_OFFICE}/footnotes" Target="/word/footnotes.xml"/>'
        ),
        "word/styles.xml": f"<w:styles {_WORD}>{STYLES}</w:styles>",
        "word/footnotes.xml": f"<w:footnotes {_WORD}>{notes}</w:footnotes>",
    }


def word_file(body: str, notes: str = "") -> bytes:
    """A Word file with this body."""
    return zipped(word_parts(body, notes))


def book_parts(*chapters: str, title: str = "The bread book") -> dict[str, str | bytes]:
    """The parts of a book; the manifest names its chapters in another order than the spine."""
    names = [f"Text/chapter {number}.xhtml" for number in range(1, len(chapters) + 1)]
    items = "".join(
        f'<item id="c{number}" href="{name.replace(" ", "%20")}" media-type="application/xhtml+xml"/>'
        for number, name in reversed(list(enumerate(names)))
    )
    spine = "".join(f'<itemref idref="{item}"/>' for item in ("nav", *(f"c{n}" for n in range(len(names)))))
    return {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": (
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile'
            ' full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
        ),
        "OEBPS/content.opf": (
            '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>{title}</dc:title><dc:title>A second title</dc:title></metadata><manifest>{items}"
            '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
            '<item id="cover" href="cover.jpg" media-type="image/jpeg"/>'
            f"</manifest><spine>{spine}</spine></package>"
        ),
        "OEBPS/nav.xhtml": "<html><body><nav><ol><li>Contents</li></ol></nav></body></html>",
        **{
            f"OEBPS/{name}": (
                '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/>'
                f'<script src="x.js"/></head><body>{chapter}</body></html>'
            )
            for name, chapter in zip(names, chapters, strict=True)
        },
    }


def book(*chapters: str, title: str = "The bread book") -> bytes:
    """A book of these chapters."""
    return zipped(book_parts(*chapters, title=title))
