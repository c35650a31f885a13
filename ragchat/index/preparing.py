"""Files are prepared in worker processes while this one writes; a few are prepared here, which is quicker."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ragchat.embeddings.bundled import FINGERPRINT
from ragchat.errors import DocumentError
from ragchat.index.worker import Job, Preparer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ragchat.core.protocols import Embedder
    from ragchat.index.worker import Outcome, Reading

# To start a worker takes about as long as to prepare so many bytes here.
_WORTH_A_WORKER = 1_500_000
# One writer keeps up with no more.
_MOST_WORKERS = 3
# A job is so many bytes of files, or one file; each worker may be so many ahead of the writer.
_JOB_BYTES = 96_000
_JOB_FILES = 64
# Waiting jobs have to fit into a pipe: whoever fills it stands still, and so would the worker with its answer.
_JOB_NAMES = 8_192
_JOBS_EACH = 16
# Linux gives so much to anybody; elsewhere it stays what it is.
_PIPE = 1 << 20


def prepared(
    readings: Sequence[Reading], embedder: Embedder, *, max_bytes: int
) -> Iterator[tuple[Reading, Outcome]]:
    """Each of `readings` prepared, or why it cannot be, in their order; as in `Job`.

    With vectors where `embedder` is the bundled one: each worker has its own.
    """
    template = Job((), embedder.fingerprint == FINGERPRINT, max_bytes)
    if sum(reading.size for reading in readings) < _WORTH_A_WORKER:
        preparer = Preparer()
        for reading in readings:
            (outcome,) = preparer.outcomes(_job([reading], template))
            yield reading, outcome
        return
    with _workers() as workers:
        yield from _in_turn(workers, _shares(readings), template)


def _in_turn(
    workers: Sequence[_Worker], shares: Iterable[list[Reading]], template: Job
) -> Iterator[tuple[Reading, Outcome]]:
    """Each worker gets the next share in turn, so that the outcomes come in order."""
    waiting: deque[tuple[_Worker, list[Reading]]] = deque()
    for turn, share in enumerate(shares):
        worker = workers[turn % len(workers)]
        worker.begin(_job(share, template))
        waiting.append((worker, share))
        if len(waiting) >= _JOBS_EACH * len(workers):
            yield from _ended(*waiting.popleft(), template)
    while waiting:
        yield from _ended(*waiting.popleft(), template)


def _ended(worker: _Worker, share: list[Reading], template: Job) -> Iterator[tuple[Reading, Outcome]]:
    """What a worker made of its oldest share. Died it over it, each file is tried by itself."""
    try:
        outcomes = worker.result()
    except _WorkerDied:
        outcomes = [_alone(reading, template) for reading in share]
    yield from zip(share, outcomes, strict=True)


def _alone(reading: Reading, template: Job) -> Outcome:
    with _Worker() as worker:
        worker.begin(_job([reading], template))
        try:
            return worker.result()[0]
        except _WorkerDied:
            return DocumentError("Whoever read it died over it.", "Split it, or leave it out by .ragchatignore.")


def _job(share: Sequence[Reading], template: Job) -> Job:
    return replace(template, readings=tuple(share))


def _shares(readings: Iterable[Reading]) -> Iterator[list[Reading]]:
    share: list[Reading] = []
    size = names = 0
    for reading in readings:
        size += reading.size
        names += len(os.fsencode(reading.path))
        if share and (size > _JOB_BYTES or names > _JOB_NAMES or len(share) == _JOB_FILES):
            yield share
            share, size, names = [], reading.size, len(os.fsencode(reading.path))
        share.append(reading)
    if share:
        yield share


@contextmanager
def _workers() -> Iterator[list[_Worker]]:
    count = max(1, min(_MOST_WORKERS, (os.cpu_count() or 1) - 1))
    with ExitStack() as stack:
        yield [stack.enter_context(_Worker()) for _ in range(count)]


class _WorkerDied(Exception):
    """It ended before it had answered: out of memory, or killed."""


class _Worker:
    """A process that prepares files; jobs it was given before it died are begun again by its successor."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._process = self._started()

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.kill()
        self._reap()

    def begin(self, job: Job) -> None:
        """Let it work on `job` when it has done those before."""
        self._jobs.append(job)
        self._send(job)

    def result(self) -> list[Outcome]:
        """What became of the oldest job; raises `_WorkerDied`."""
        self._jobs.popleft()
        assert self._process.stdout is not None
        try:
            outcomes: list[Outcome] = pickle.load(self._process.stdout)
        except (EOFError, pickle.UnpicklingError) as error:
            self._reap()
            self._process = self._started()
            for job in self._jobs:
                self._send(job)
            raise _WorkerDied from error
        return outcomes

    def _send(self, job: Job) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # its result will tell
            pickle.dump(job, self._process.stdin)
            self._process.stdin.flush()

    def _reap(self) -> None:
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                assert pipe is not None
                pipe.close()

    @staticmethod
    def _started() -> subprocess.Popen[bytes]:
        # With the modules that this process has, wherever it was started.
        environ = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-P", "-m", "ragchat.index.worker"]
        # The more its pipe holds, the less it waits for us to read.
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ, pipesize=_PIPE
        )
