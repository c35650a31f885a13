"""Which files a person means when they name a folder."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pathspec import GitIgnoreSpec

from ragchat.documents.load import is_readable
from ragchat.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

IGNORE_FILES = (".gitignore", ".ragchatignore")
# Every further star multiplies the time that a long name takes: a fifth one makes it seconds.
_MOST_STARS = 4
_OURS = "ragchat's own folder"


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read: `size` in bytes, `modified` in nanoseconds since the epoch.

    The latter is when the file system last noted a change (ctime): a moved or restored file keeps its mtime.
    """

    path: Path
    size: int
    modified: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder left out, and why."""

    path: Path
    reason: str
    unknown: bool = False
    """Nobody could look: what was below it may still be there."""


Entry: TypeAlias = Found | Skipped
Stamp: TypeAlias = tuple[int, int]
"""The size of a file and when it was modified, as in `Found`."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """The ignore files that hold in a folder, innermost last, each with the folder it stands in."""

    specs: tuple[tuple[Path, GitIgnoreSpec], ...] = ()

    def below(self, folder: Path, names: Iterable[str], left_out: list[Skipped]) -> _Rules:
        """With the ignore files `names` of `folder`, and what of them is left out; raises `OSError`."""
        patterns = [pattern for name in names for pattern in _patterns(folder / name, left_out)]
        return _Rules((*self.specs, (folder, GitIgnoreSpec(patterns)))) if patterns else self

    def ignore(self, path: Path, *, folder: bool) -> bool:
        """The innermost rule that speaks of `path` decides, as git has it."""
        for root, spec in reversed(self.specs):
            name = path.relative_to(root).as_posix() + ("/" if folder else "")
            verdict = spec.check_file(name).include
            if verdict is not None:
                return verdict
        return False


def walk(
    paths: Iterable[Path], *, max_bytes: int, never: Path, known: Mapping[str, Stamp] | None = None
) -> Iterator[Entry]:
    """Each file below `paths` once, in a stable order, and each that is left out.

    Hidden and ignored files, links, whatever is not a regular file, binary files and those over `max_bytes`
    are skipped, and so is everything below `never`. A file that still has the stamp under which it is `known` is
    not looked into again. The ignore files above a named folder count too, up to the
    top of its Git repository. What is named itself is read even where the ignore rules speak against it, and
    through a link. Raises `UsageError` for a path that does not exist.
    """
    never = never.resolve()
    seen: set[Path] = set()
    # Files first: the folder they stand in may ignore them.
    for path in sorted(map(_existing, paths), key=Path.is_dir):
        entries = _below(path, never) if path.is_dir() else iter((path,))
        for entry in entries:
            checked = entry if isinstance(entry, Skipped) else _check(entry, max_bytes, never, known or {})
            if checked.path not in seen:
                seen.add(checked.path)
                yield checked


def _existing(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except FileNotFoundError as error:
        raise UsageError(f"There is no file or folder {path}.", "Check the spelling.") from error
    except (OSError, RuntimeError, ValueError) as error:  # a link to itself is a RuntimeError before Python 3.13
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise UsageError(f"Cannot open {path}: {reason}.", "Check its name and permissions.") from error


def _below(root: Path, never: Path) -> Iterator[Path | Skipped]:
    """What `root` holds, a folder's own files before those of its folders; a deep tree needs no deep stack."""
    waiting: list[tuple[Path, _Rules | None]] = [(root, None)]
    while waiting:
        folder, rules = waiting.pop()
        if folder.is_relative_to(never):
            yield Skipped(folder, _OURS)
            continue
        left_out: list[Skipped] = []
        try:
            entries, rules = _listing(folder, _above(root, left_out) if rules is None else rules, left_out)
        except OSError as error:
            yield Skipped(folder, f"cannot be read: {error.strerror}", unknown=True)
            continue
        yield from left_out
        folders: list[tuple[Path, _Rules | None]] = []
        for entry in entries:
            path = Path(entry.path)
            if reason := _unwanted(entry, path, rules):
                yield Skipped(path, reason)
            elif entry.is_dir():
                folders.append((path, rules))
            else:
                yield path
        waiting += reversed(folders)


def _above(root: Path, left_out: list[Skipped]) -> _Rules:
    """The rules that hold in `root` before its own: those of its Git repository; none outside of one."""
    rules = _Rules()
    tree = (root, *root.parents)
    top = next((index for index, folder in enumerate(tree) if (folder / ".git").exists()), 0)
    for folder, inner in pairwise(reversed(tree[: top + 1])):
        names = [name for name in IGNORE_FILES if (folder / name).is_file()]
        rules = rules.below(folder, names, left_out)
        if rules.ignore(inner, folder=True):
            rules = _Rules()  # whoever names a folder that is ignored wants what is in it
    return rules


def _listing(folder: Path, rules: _Rules, left_out: list[Skipped]) -> tuple[list[os.DirEntry[str]], _Rules]:
    """What stands in `folder`, in order, but its ignore files; and the rules that hold there."""
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    ignoring = [entry for entry in entries if entry.name in IGNORE_FILES and entry.is_file()]
    rest = [entry for entry in entries if entry not in ignoring]
    return rest, rules.below(folder, (entry.name for entry in ignoring), left_out)


def _patterns(path: Path, left_out: list[Skipped]) -> Iterator[GitIgnoreSpecPattern]:
    """Those of an ignore file; lines that are no pattern match nothing, as git has it."""
    for number, line in enumerate(path.read_text("utf-8-sig", errors="replace").split("\n"), start=1):
        parts = line.split("/")
        if not line.startswith("#") and max(parts.count("**"), *(part.count("*") for part in parts)) > _MOST_STARS:
            left_out.append(Skipped(path, f"its line {number} has too many stars, and ignores nothing"))
            continue
        try:
            yield from GitIgnoreSpec.from_lines((line,)).patterns
        except (ValueError, re.error):
            continue


def _unwanted(entry: os.DirEntry[str], path: Path, rules: _Rules) -> str | None:
    if entry.name.startswith("."):
        return "hidden"
    if rules.ignore(path, folder=entry.is_dir(follow_symlinks=False)):
        return "ignored"
    # What it leads to is met by itself, or is none of what was named: a secret elsewhere, an ignored file.
    return "a link" if entry.is_symlink() else None


def _check(path: Path, max_bytes: int, never: Path, known: Mapping[str, Stamp]) -> Entry:
    if path.is_relative_to(never):
        return Skipped(path, _OURS)
    try:
        status = path.stat()
        found = Found(path, status.st_size, status.st_ctime_ns)
        reason = _refusal(status, max_bytes)
        if reason is None and known.get(str(path)) != (found.size, found.modified):
            reason = _content_refusal(path)
    except OSError:
        return Found(path, 0, 0)  # reading it will fail again, and be reported as a failure
    return Skipped(path, reason) if reason else found


def _refusal(status: os.stat_result, max_bytes: int) -> str | None:
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    if status.st_size > max_bytes:
        limit = f"{max_bytes / 1e6:g} MB"
        return f"{status.st_size / 1e6:.1f} MB is over the limit of {limit} (RAGCHAT_MAX_FILE_MB)"
    return None


def _content_refusal(path: Path) -> str | None:
    # Without waiting: what was a file a moment ago may be a pipe that nobody writes to.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        head = file.read(8192)
    if not head:
        return "empty"
    return None if is_readable(path.name, head) else "not text"
