"""Which indexed documents a person means by what they typed."""

from __future__ import annotations

from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ragchat.core.place import relative_source
from ragchat.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ragchat.index.manifest import DocumentRecord


def is_glob(given: str) -> bool:
    """Whether `given` is a pattern, and may mean many."""
    return any(character in given for character in "*?[")


def meant(given: Iterable[str], records: Sequence[DocumentRecord], directory: Path) -> list[str]:
    """The sources of the documents that names and globs in `directory` mean, each once; raises `UsageError`."""
    return list(dict.fromkeys(record.source for one in given for record in _meant(one, records, directory)))


def named(given: str, records: Sequence[DocumentRecord], directory: Path) -> DocumentRecord:
    """The one document that `given` means: its path, or as much of the path's end as tells it from others.

    Raises `UsageError`.
    """
    path = str((directory / given).resolve())
    matches = [record for record in records if record.source in (given, path)]
    matches = matches or [record for record in records if record.source.endswith(f"/{given}")]
    if len(matches) == 1:
        return matches[0]
    names = [relative_source(record.source, directory) for record in matches or records]
    if matches:
        raise UsageError(
            f"{len(matches)} documents are called {given}.", f"Say more of the path: {names[0]} or {names[1]}."
        )
    near = get_close_matches(given, names, n=1, cutoff=0.4)
    raise UsageError(
        f"No indexed document is called {given}.",
        f"Did you mean {near[0]}?" if near else "See them all: ragchat docs list",
    )


def _meant(given: str, records: Sequence[DocumentRecord], directory: Path) -> list[DocumentRecord]:
    """The documents that `given` matches as a glob, as `--source` does, or the one that it names."""
    exact = any(given in (record.source, relative_source(record.source, directory)) for record in records)
    if exact or not is_glob(given):
        return [named(given, records, directory)]
    patterns = (given, f"*/{given}", str(directory / given))
    found = [record for record in records if any(fnmatchcase(record.source, pattern) for pattern in patterns)]
    if not found:
        raise UsageError(f"No indexed document matches {given}.", "See them all: ragchat docs list")
    return found
