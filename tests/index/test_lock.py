"""One writer at a time, among real processes."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from ragchat.errors import IndexBusy
from ragchat.index.collection import Collection
from ragchat.index.lock import writing
from tests.index.doubles import child, finished

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until its stdin is closed."""
    process = child("hold", tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_who_will_not_wait_is_told_who_holds_the_lock(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    with pytest.raises(IndexBusy) as raised, writing(tmp_path, wait_s=0.05):
        pass
    assert f"process {holder.pid}" in raised.value.message
    assert raised.value.hint


def test_who_waits_gets_the_lock_when_its_holder_has_done(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    waiting = child("hold", tmp_path)
    assert waiting.stdout is not None
    finished(holder)
    assert waiting.stdout.readline() == "held\n"
    finished(waiting)


def test_a_holder_that_is_killed_leaves_the_lock_free(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with writing(tmp_path, wait_s=0.05):
        assert f"process {holder.pid}" not in (tmp_path / "writer.holder").read_text()


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), writing(tmp_path):
        raise ZeroDivisionError
    with writing(tmp_path, wait_s=0.05):
        pass


def test_one_collection_does_not_wait_for_another(tmp_path: Path) -> None:
    one, other = Collection(tmp_path, "one"), Collection(tmp_path, "other")
    with one.writing(wait_s=0.05), other.writing(wait_s=0.05):
        pass
