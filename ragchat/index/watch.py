"""Files are watched, and every settled change leads to one more ingest."""

from __future__ import annotations

import os
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from watchfiles import Change, watch

from ragchat.documents.walk import IGNORE_FILES
from ragchat.errors import RagchatError, StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ragchat.documents.walk import Found
    from ragchat.index.ingest import IngestReport, Plan

_Identity: TypeAlias = tuple[int, int]

# Nothing new for so long: an editor has done, a copy is complete.
_SETTLED_MS = 200
# Yet what goes on for ever must be looked at now and then.
_LONGEST_MS = 1_600
# So often it is seen whether a watched path is still the same one: the kernel follows the file, not its name.
_TICK_MS = 1_000
# So often everything is looked at without a reason: the kernel drops events when too many come at once, and what
# failed, because another process was writing say, is tried again.
_AGAIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Round:
    """An ingest that changed something, or met a new failure; `left` are the documents that left the index."""

    report: IngestReport
    left: tuple[str, ...]


def rounds(
    paths: Sequence[Path],
    plan: Callable[[list[Path]], Plan],
    ingest: Callable[[list[Path]], IngestReport],
    *,
    never: Path,
    failed: Iterable[tuple[str, str]] = (),
) -> Iterator[Round | RagchatError]:
    """After each settled change at or below `paths`, what an ingest of them did, or why it could not.

    An ingest that has nothing to do, by its `plan`, is left out. What goes wrong is told once as long as it stays
    the same; `failed` are files of which it has been told, with the reason. A path that vanishes keeps its
    documents, and is ingested again when it comes back. `never` is not watched. Goes on for ever; raises
    `StorageError` when the system cannot watch so many folders.
    """
    broken: frozenset[Found] = frozenset()
    reasons = frozenset(failed)
    told: frozenset[str] = frozenset()
    for _ in _changes(paths, never):
        there = [path for path in paths if os.path.exists(path)]  # noqa: PTH110 - the other raises where nobody may look
        failures = [_gone(path) for path in paths if path not in there]
        try:
            planned = plan(there)
            if planned.to_drop or not broken.issuperset(planned.to_read):
                done = Round(ingest(there), tuple(planned.to_drop))
                report = done.report
                if report.added or report.changed or done.left or not reasons.issuperset(report.failed):
                    yield done
                reasons = frozenset(report.failed)
                names = {source for source, _ in reasons}
                broken = frozenset(file for file in planned.to_read if str(file.path) in names)
        except RagchatError as error:
            failures.append(error)
        yield from (failure for failure in failures if failure.message not in told)
        told = frozenset(failure.message for failure in failures)


def _gone(path: Path) -> RagchatError:
    return UsageError(f"There is no file or folder {path} any more.", "Its documents stay until it is back.")


def _changes(paths: Sequence[Path], never: Path) -> Iterator[None]:
    """Whenever there is reason to look at `paths`: they have changed, have come back, or a while has passed."""
    while True:
        watched = _identities(paths)
        # Since it was last watched, much may have happened.
        looked = -_AGAIN_S
        for changed in _events(list(watched), never):
            same = _identities(paths) == watched
            if changed or not same or time.monotonic() - looked >= _AGAIN_S:
                looked = time.monotonic()
                yield
            # Whatever was deleted is followed no more, and another of its name may have got its number.
            if not same or any(kind == Change.deleted and Path(name) in watched for kind, name in changed):
                break


def _events(roots: Sequence[Path], never: Path) -> Iterator[set[tuple[Change, str]]]:
    """What has changed at or below `roots` that an ingest may want; nothing at each tick."""
    while not roots:
        time.sleep(_TICK_MS / 1000)
        yield set()
    watching = watch(
        *roots,
        watch_filter=lambda _, name: _is_wanted(Path(name), roots, never),
        debounce=_LONGEST_MS,
        step=_SETTLED_MS,
        rust_timeout=_TICK_MS,
        yield_on_timeout=True,
        ignore_permission_denied=True,
    )
    with closing(watching):
        try:
            yield from watching
        except FileNotFoundError:
            yield set()
        except (OSError, RuntimeError) as error:
            raise StorageError(
                f"These files cannot be watched: {error}.",
                "Raise fs.inotify.max_user_watches, or set WATCHFILES_FORCE_POLLING=1.",
            ) from error


def _is_wanted(path: Path, roots: Sequence[Path], never: Path) -> bool:
    """Whether a change of `path` may matter: it is not ours and, but for what is named itself, not hidden."""
    if path.is_relative_to(never):
        return False
    return any(
        not any(part.startswith(".") for part in path.relative_to(root).parts if part not in IGNORE_FILES)
        for root in roots
        if path.is_relative_to(root)
    )


def _identities(paths: Sequence[Path]) -> dict[Path, _Identity]:
    """What `paths` lead to now, and by what the system knows it; those that are gone are left out."""
    found: dict[Path, _Identity] = {}
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        found[path.resolve()] = (status.st_dev, status.st_ino)
    return found
