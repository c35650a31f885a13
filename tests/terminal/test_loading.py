"""What is made ready behind the prompt."""

from __future__ import annotations

import gc
from threading import Event

from ragchat.terminal.loading import Loading


def test_what_was_loaded_is_not_looked_through_by_the_next_collection() -> None:
    gc.unfreeze()
    ended = Event()
    loaded: Loading[list[list[int]]] = Loading(lambda: [[] for _ in range(1000)], ended.set)
    try:
        assert ended.wait(60)
        assert gc.isenabled()
        assert not any(one is loaded.result() for one in gc.get_objects())
    finally:
        gc.unfreeze()
