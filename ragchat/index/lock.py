"""One writer at a time to a collection; whoever waits is told for whom."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ragchat.errors import IndexBusy

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT_S = 60.0
REMOVED = ("The collection was removed meanwhile.", "Ingest into it again to make it anew.")


@contextmanager
def writing(folder: Path, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the collection in `folder` alone.

    Raises `IndexBusy` when another process keeps it for `wait_s`, or has removed it. The operating system lets go
    of the lock when its holder dies, however it dies.
    """
    holder = folder / "writer.holder"
    lock = FileLock(folder / "writer.lock", timeout=wait_s, mode=0o600)
    try:
        with _opened(folder) as same:
            lock.acquire()  # which makes a folder that is gone anew
            if not os.path.samestat(os.fstat(same), folder.stat()):
                raise FileNotFoundError
            holder.write_text(_me(), "utf-8")
    except Timeout as error:
        raise IndexBusy(
            f"Another process is writing to this collection: {_read(holder)}.",
            "Wait until it has finished, or stop it.",
        ) from error
    except FileNotFoundError as error:
        lock.release()
        raise IndexBusy(*REMOVED) from error
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def holder_of(folder: Path) -> str | None:
    """Who holds the collection in `folder` at this moment; None when nobody does."""
    lock = FileLock(folder / "writer.lock", timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        return _read(folder / "writer.holder")
    lock.release()
    return None


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """`folder` held open, so that no other can be taken for it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _me() -> str:
    return f"{Path(sys.argv[0]).name}, process {os.getpid()}, since {datetime.now():%H:%M}"


def _read(holder: Path) -> str:
    try:
        return holder.read_text("utf-8")
    except OSError:
        return "it has not said who it is"
