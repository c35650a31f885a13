"""What makes chunks and words of a file."""

from __future__ import annotations

from ragchat.documents.readers import READERS_VERSION
from ragchat.documents.split import SPLITTER_VERSION
from ragchat.index.words import WORDS_VERSION
from ragchat.language.terms import TERMS_VERSION

RECIPE = f"readers {READERS_VERSION}, splitter {SPLITTER_VERSION}, terms {TERMS_VERSION}, words {WORDS_VERSION}"
"""Documents made by another recipe are made again."""
