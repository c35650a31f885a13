"""The folder that ragchat keeps its data in, and the disk below it."""

from __future__ import annotations

import os
import shlex
import shutil
from typing import TYPE_CHECKING

from ragchat.upkeep.finding import Finding

if TYPE_CHECKING:
    from pathlib import Path

LEAST_FREE = 1_000_000_000
"""Bytes: room for an index of half a million chunks."""

LEAST_SHARE = 0.05
"""Of a disk: file systems slow down when they are fuller."""

_ELSEWHERE = "set RAGCHAT_HOME to a folder you can write to"


def check_home(home: Path) -> Finding:
    """`home`: whether it can be written to, or made."""
    there = _nearest(home)
    if not there.is_dir():
        return Finding("home", "problem", f"{there} is not a folder.", f"Move it away, or {_ELSEWHERE}.")
    if not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        return Finding(
            "home", "problem", f"{there} cannot be written to.", f"Give yourself the right, or {_ELSEWHERE}."
        )
    if there != home:
        return Finding("home", "ok", f"{home} is not there yet, and can be made.")
    return Finding("home", "ok", f"{home} can be written to.")


def check_permissions(home: Path) -> Finding:
    """`permissions`: whether others on this machine are kept out of `home`, which is there."""
    others = home.stat().st_mode & 0o077
    if others:
        do = "change what is in" if others & 0o022 else "look into"
        return Finding(
            "permissions",
            "warning",
            f"Others on this machine can {do} {home}.",
            f"Run `chmod 700 {shlex.quote(str(home))}`.",
        )
    return Finding("permissions", "ok", "The home folder is closed to others.")


def check_files(home: Path) -> Finding:
    """`files`: whether each file in `home` is its owner's alone, should the folder be opened or copied."""
    open_ones = [path for path in _files(home) if path.lstat().st_mode & 0o077]
    if open_ones:
        others = f" and {len(open_ones) - 1:,} more" if open_ones[1:] else ""
        return Finding(
            "files",
            "warning",
            f"Others may read {open_ones[0]}{others}, were the home folder open.",
            f"Run `chmod -R go-rwx {shlex.quote(str(home))}`.",
        )
    return Finding("files", "ok", "Every file in the home folder is its owner's alone.")


def check_disk(home: Path, least: int = LEAST_FREE, share: float = LEAST_SHARE) -> Finding:
    """`disk`: whether `least` bytes, and the `share` of the disk, are free where `home` is, or will be."""
    total, _, free = shutil.disk_usage(_nearest(home))
    message = f"{free // 1_000_000:,} MB are free for {home}, {free / total * 100:.0f} % of the disk."
    if free < least or free / total < share:
        return Finding("disk", "warning", message, "Free some space, or set RAGCHAT_HOME to another disk.")
    return Finding("disk", "ok", message)


def _files(home: Path) -> list[Path]:
    """The files that hold what a person wrote: databases, segments, the history, a key."""
    return sorted(
        path
        for pattern in ("*", "collections/*/*", "collections/*/segments/*")
        for path in home.glob(pattern)
        if path.is_file() and path.name != ".ragchat" and not path.is_symlink()
    )


def _nearest(path: Path) -> Path:
    """`path`, or the nearest folder above it that is there."""
    # `Path.exists` raises for what lies in a folder that may not be entered.
    return next((one for one in (path, *path.parents) if os.path.lexists(one)), path)
