"""Which process wrote a row, told apart from a later one with the same id."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

_PROC = Path("/proc")


def started(pid: int) -> str | None:
    """The boot and the clock tick in which process `pid` began, as in proc(5).

    None when the process is gone, a zombie included, or where the system does not tell. No two processes of
    a machine have both this and their id in common.
    """
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        # The name, in parentheses, may hold spaces and parentheses of its own.
        state, *fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return None if state in "ZX" else f"{boot}/{int(fields[18])}"
    except (OSError, ValueError, IndexError):
        return None


@cache
def own_start(pid: int) -> str | None:
    """The same of this process, whose `pid` changes with a fork; it does not begin twice."""
    return started(pid)


def lives(pid: int, start: str | None) -> bool:
    """Whether process `pid` that began at `start` still runs; without `start` any process of the id is it."""
    if start is not None:
        return started(pid) == start
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True  # another user's
    except (OSError, OverflowError):
        return False
    return True
