"""Which files a person means when they name a folder."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pathspec import GitIgnoreSpec

from ragchat.documents.load import is_readable
from ragchat.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

IGNORE_FILES = (".gitignore", ".ragchatignore")
_OURS = "ragchat's own folder"


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read: `size` in bytes, `modified` in nanoseconds since the epoch."""

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


@dataclass(frozen=True, slots=True)
class _Rules:
    """The ignore files that hold in a folder, innermost last, each with the folder it stands in."""

    specs: tuple[tuple[Path, GitIgnoreSpec], ...] = ()

    def below(self, folder: Path, names: Iterable[str]) -> _Rules:
        """With the ignore files `names` of `folder`; raises `OSError`."""
        lines = [line for name in names for line in _patterns(folder / name)]
        return _Rules((*self.specs, (folder, GitIgnoreSpec.from_lines(lines)))) if lines else self

    def ignore(self, path: Path, *, folder: bool) -> bool:
        """The innermost rule that speaks of `path` decides, as git has it."""
        for root, spec in reversed(self.specs):
            name = path.relative_to(root).as_posix() + ("/" if folder else "")
            verdict = spec.check_file(name).include
            if verdict is not None:
                return verdict
        return False


def walk(paths: Iterable[Path], *, max_bytes: int, never: Path) -> Iterator[Entry]:
    """Each file below `paths` once, in a stable order, and each that is left out.

    Hidden and ignored files, links, whatever is not a regular file, binary files and those over `max_bytes`
    are skipped, and so is everything below `never`. A file named itself is read even where the ignore rules
    speak against it, and through a link. Raises `UsageError` for a path that does not exist.
    """
    never = never.resolve()
    seen: set[Path] = set()
    # Files first: the folder they stand in may ignore them.
    for path in sorted(map(_existing, paths), key=Path.is_dir):
        entries = _below(path, never) if path.is_dir() else iter((path,))
        for entry in entries:
            checked = entry if isinstance(entry, Skipped) else _check(entry, max_bytes, never)
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
    waiting = [(root, _Rules())]
    while waiting:
        folder, rules = waiting.pop()
        if folder.is_relative_to(never):
            yield Skipped(folder, _OURS)
            continue
        try:
            entries, rules = _listing(folder, rules)
        except OSError as error:
            yield Skipped(folder, f"cannot be read: {error.strerror}", unknown=True)
            continue
        folders: list[tuple[Path, _Rules]] = []
        for entry in entries:
            path = Path(entry.path)
            if reason := _unwanted(entry, path, rules):
                yield Skipped(path, reason)
            elif entry.is_dir():
                folders.append((path, rules))
            else:
                yield path
        waiting += reversed(folders)


def _listing(folder: Path, rules: _Rules) -> tuple[list[os.DirEntry[str]], _Rules]:
    """What stands in `folder`, in order, but its ignore files; and the rules that hold there."""
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    ignoring = [entry for entry in entries if entry.name in IGNORE_FILES and entry.is_file()]
    rest = [entry for entry in entries if entry not in ignoring]
    return rest, rules.below(folder, (entry.name for entry in ignoring))


def _patterns(path: Path) -> Iterator[str]:
    """The lines of an ignore file; those that are no pattern match nothing, as git has it."""
    for line in path.read_text("utf-8-sig", errors="replace").split("\n"):
        try:
            GitIgnoreSpec.from_lines((line,))
        except (ValueError, re.error):
            continue
        yield line


def _unwanted(entry: os.DirEntry[str], path: Path, rules: _Rules) -> str | None:
    if entry.name.startswith("."):
        return "hidden"
    if rules.ignore(path, folder=entry.is_dir(follow_symlinks=False)):
        return "ignored"
    # What it leads to is met by itself, or is none of what was named: a secret elsewhere, an ignored file.
    return "a link" if entry.is_symlink() else None


def _check(path: Path, max_bytes: int, never: Path) -> Entry:
    if path.is_relative_to(never):
        return Skipped(path, _OURS)
    try:
        status = path.stat()
        reason = _refusal(path, status, max_bytes)
    except OSError:
        return Found(path, 0, 0)  # reading it will fail again, and be reported as a failure
    return Skipped(path, reason) if reason else Found(path, status.st_size, status.st_mtime_ns)


def _refusal(path: Path, status: os.stat_result, max_bytes: int) -> str | None:
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    if status.st_size > max_bytes:
        limit = f"{max_bytes / 1e6:g} MB"
        return f"{status.st_size / 1e6:.1f} MB is over the limit of {limit} (RAGCHAT_MAX_FILE_MB)"
    with path.open("rb") as file:
        head = file.read(8192)
    if not head:
        return "empty"
    return None if is_readable(path.name, head) else "not text"
