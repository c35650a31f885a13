"""Heavy parts made ready in the background, while the person types."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_thread = threading.local()


class NeedsPerson(Exception):
    """Somebody must be asked or told something, and the prompt has the terminal."""


def require_person() -> None:
    """Raise `NeedsPerson` behind the prompt, in the thread of a `Loading`."""
    if getattr(_thread, "loading", False):
        raise NeedsPerson


class Loading(Generic[T]):
    """Calls `load` in a thread; `then` is called there when it has ended, well or not.

    The thread is not a daemon: one that is cut off inside a native library can crash the process as it ends.
    """

    def __init__(self, load: Callable[[], T], then: Callable[[], object]) -> None:
        self._load = load
        self._then = then
        self._future: Future[T] = Future()
        threading.Thread(target=self._run, name="loading").start()

    @property
    def ended(self) -> bool:
        """Whether it is ready or has failed."""
        return self._future.done()

    @property
    def failure(self) -> BaseException | None:
        """Why it has failed; None otherwise."""
        return self._future.exception() if self.ended else None

    def result(self) -> T:
        """Wait for what `load` returns; raises what it raised."""
        return self._future.result()

    def _run(self) -> None:
        _thread.loading = True
        gc.disable()  # a collection of all that imports make would keep a key waiting for 50 ms
        try:
            self._future.set_result(self._load())
        except BaseException as error:  # raised again where the result is asked for
            self._future.set_exception(error)
        finally:
            gc.freeze()  # or the first collection would look through all of it, before the eyes of the person
            gc.enable()
        self._then()
