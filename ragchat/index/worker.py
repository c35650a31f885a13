"""Files named on standard input come back prepared on standard output, until standard input ends.

A program of its own, run by `preparing`: ChromaDB keeps the interpreter busy as long as it writes, so that a
thread would wait for it. A worker has no part in the index: killed, it leaves nothing behind, and it ends when the
process that started it does, however that ends.
"""

from __future__ import annotations

import copyreg
import gc
import os
import pickle
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from ragchat.core.document import Chunk
from ragchat.core.place import Kind, Place
from ragchat.documents.load import parse
from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.errors import DocumentError, EmbedderError
from ragchat.index.prepare import Prepared, prepare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Outcome: TypeAlias = Prepared | DocumentError | EmbedderError

# A file that is being written is read again that often.
_MOST_READINGS = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """A file to read, of about `size` bytes; `encoding` as in `parse`."""

    path: Path
    size: int
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """Files to prepare, none over `max_bytes`. The bundled embedder adds its vectors `with_vectors`."""

    readings: tuple[Reading, ...]
    with_vectors: bool
    max_bytes: int


class Preparer:
    """Prepares files, here or in a worker."""

    def __init__(self) -> None:
        self._embedder: BundledEmbedder | None = None

    def outcomes(self, job: Job) -> list[Outcome]:
        """What became of each file of `job`."""
        return [self._outcome(reading, job) for reading in job.readings]

    def _outcome(self, reading: Reading, job: Job) -> Outcome:
        try:
            return self._prepared(reading, job)
        except (DocumentError, EmbedderError) as error:
            return error
        except Exception as error:  # one bad file never stops the rest, whatever a reader stumbles over
            return DocumentError(f"It cannot be read: {type(error).__name__}: {error}.", "Leave it out.")

    def _prepared(self, reading: Reading, job: Job) -> Prepared:
        content, size, modified = read(reading.path, job.max_bytes)
        document = parse(str(reading.path), content, reading.encoding)
        if job.with_vectors and self._embedder is None:
            self._embedder = BundledEmbedder()
        embedder = self._embedder if job.with_vectors else None
        return prepare(document, size=size, modified=modified, encoding=reading.encoding, embedder=embedder)


def read(path: Path, max_bytes: int) -> tuple[bytes, int, int]:
    """The content of a file, its size and when it was modified, in ns; all of one moment.

    Raises `DocumentError` when it cannot be read, has grown beyond `max_bytes`, or changes all the while.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise DocumentError("Its name is not UTF-8.", "Rename it.") from error
    try:
        for _ in range(_MOST_READINGS):
            # Without waiting: what was a file a moment ago may be a pipe that nobody writes to.
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
                before = os.fstat(file.fileno())
                content = file.read(max_bytes + 1)
                after = os.fstat(file.fileno())
            if len(content) > max_bytes:
                raise DocumentError("It grew beyond the limit while it was read.", "Ingest again.")
            if (before.st_size, before.st_ctime_ns) == (after.st_size, after.st_ctime_ns):
                return content, after.st_size, after.st_ctime_ns
    except OSError as error:
        raise DocumentError(f"It cannot be read: {error.strerror}.", "Check its permissions.") from error
    raise DocumentError("It is being written.", "Ingest again when that is done.")


_Span: TypeAlias = tuple[str, str, str, int, int, str]
_Place: TypeAlias = tuple[Kind, int | str, int | str, int | None]


def _call_of(chunk: Chunk) -> tuple[Callable[[_Span, _Place], Chunk], tuple[_Span, _Place]]:
    place = chunk.place
    span = (chunk.document_id, chunk.source, chunk.text, chunk.start, chunk.end, chunk.heading)
    return _chunk, (span, (place.kind, place.start, place.end, place.line))


def _chunk(span: _Span, place: _Place) -> Chunk:
    return Chunk(*span, Place(*place))


# A frozen dataclass with slots is rebuilt field by field, in Python: five times slower, for each of many chunks.
copyreg.pickle(Chunk, _call_of)


def main(tasks: BinaryIO, answers: BinaryIO) -> None:
    """Answer each pickled `Job` with a pickled list of outcomes."""
    preparer = Preparer()
    done: Queue[bytes | None] = Queue()
    # The next job begins while whoever reads the last answer is busy: it gives out no more jobs than it can hold.
    writer = Thread(target=_write, args=(done, answers))
    writer.start()
    try:
        while True:
            job = pickle.load(tasks)
            done.put(pickle.dumps(preparer.outcomes(job), protocol=pickle.HIGHEST_PROTOCOL))
    except EOFError:
        return
    finally:
        done.put(None)
        writer.join()


def _write(done: Queue[bytes | None], answers: BinaryIO) -> None:
    with suppress(BrokenPipeError):
        while (answer := done.get()) is not None:
            answers.write(answer)
            answers.flush()


# What a document becomes is in no circles; to look for some at every 700 objects takes a twentieth of the time.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000


def _run() -> None:
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # Ctrl-C is for whoever started us, who then closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a library prints must not come between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    main(sys.stdin.buffer, answers)


if __name__ == "__main__":
    _run()
