"""Processes that are forked from one that has loaded everything: a hundred of them can be killed in a minute."""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.index.doubles import child

if TYPE_CHECKING:
    from types import TracebackType

_MARK = "RAGCHAT_TEST_NURSERY"


class Nursery:
    """Runs programs of `tests.index.children`; whatever they start bears a mark, by which it is found."""

    def __init__(self) -> None:
        self._mark = f"{_MARK}={secrets.token_hex(8)}"
        self._nurse = child("nurse", environment=dict([self._mark.split("=")]))

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_exc: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._nurse.communicate(timeout=60)

    def run(self, program: str, *arguments: object, kill_after_s: float = 0.0) -> int:
        """The exit status of `program`, minus nine when it was killed."""
        assert self._nurse.stdin is not None
        assert self._nurse.stdout is not None
        self._nurse.stdin.write(json.dumps([kill_after_s, program, *map(str, arguments)]) + "\n")
        self._nurse.stdin.flush()
        return int(self._nurse.stdout.readline())

    def wait_until_alone(self, seconds: float = 30.0) -> None:
        """Return when nothing that a program has started lives any more; raises `TimeoutError`."""
        deadline = time.monotonic() + seconds
        while alive := self._others():
            if time.monotonic() > deadline:
                raise TimeoutError(f"still alive: {alive}")
            time.sleep(0.01)

    def _others(self) -> list[int]:
        found = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/environ") if self._is_marked(path)]
        return [process for process in found if process != self._nurse.pid]

    def _is_marked(self, environ: Path) -> bool:
        try:
            return os.fsencode(self._mark) in environ.read_bytes().split(b"\0")
        except OSError:  # it has just ended, or is another person's
            return False
