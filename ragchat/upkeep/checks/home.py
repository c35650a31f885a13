"""The folder that ragchat keeps its data in, and the disk below it."""

from __future__ import annotations

import os
import shlex
import shutil
from typing import TYPE_CHECKING

from ragchat.upkeep.finding import Finding

if TYPE_CHECKING:
    from pathlib import Path

LEAST_FREE = 500_000_000
"""Bytes: room for an index of a few hundred thousand chunks."""

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


def check_disk(home: Path, least: int = LEAST_FREE) -> Finding:
    """`disk`: whether `least` bytes are free where `home` is, or will be."""
    free = shutil.disk_usage(_nearest(home)).free
    message = f"{free // 1_000_000:,} MB are free for {home}."
    if free < least:
        return Finding("disk", "warning", message, "Free some space, or set RAGCHAT_HOME to another disk.")
    return Finding("disk", "ok", message)


def _nearest(path: Path) -> Path:
    """`path`, or the nearest folder above it that is there."""
    # `Path.exists` raises for what lies in a folder that may not be entered.
    return next((one for one in (path, *path.parents) if os.path.lexists(one)), path)
