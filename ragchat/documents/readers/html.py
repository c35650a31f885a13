"""HTML: the main text of a page, each block with its lines in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.documents.readers.blocks import document
from ragchat.documents.readers.html_page import read_page

if TYPE_CHECKING:
    from ragchat.core.document import Document


def read_html(source: str, text: str, title: str) -> Document:
    """Headings are the breadcrumb; the page's title, or its first top heading, names the document."""
    page = read_page(text)
    return document(source, page.title or title, page.blocks, "lines")
