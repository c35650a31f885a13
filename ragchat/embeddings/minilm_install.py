"""The files of all-MiniLM-L6-v2 are fetched, checked, tried and put in their place; never unasked."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import zlib
from contextlib import contextmanager
from gzip import BadGzipFile
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, TypeAlias

import numpy as np
import requests
from filelock import FileLock, Timeout

from ragchat.embeddings import minilm_files
from ragchat.embeddings.minilm import MinilmEmbedder
from ragchat.errors import EmbedderError, StorageError, UsageError
from ragchat.storage.database import private_folder

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Iterator

# As ChromaDB's own loader has them (chromadb 1.5.9, `ONNXMiniLM_L6_V2`).
URL = "https://chroma-onnx-models.s3.amazonaws.com/all-MiniLM-L6-v2/onnx.tar.gz"
SHA256 = "913d7300ceae3b2dbc2c50d1de4baacab4be7b9380491c27fab7418616a16ec3"

MOST_BYTES = 250_000_000
"""More than the archive, or a file in it, can have: nobody may fill the disk."""

_PREFIX = ".installing-"
_NAMES = (minilm_files.MODEL, minilm_files.TOKENIZER)
_TIMEOUTS_S = (10.0, 60.0)
_PIECE = 1 << 18
_BY_HAND = f"Fetch {URL} where it can be had; then: ragchat embedder install minilm --from onnx.tar.gz"

Progress: TypeAlias = "abc.Callable[[int, int], None]"
"""Told how many bytes of how many have come; the second is zero when nobody knows."""


def works(folder: Path) -> bool:
    """Whether the files in `folder` make vectors."""
    try:
        return bool(np.isfinite(MinilmEmbedder(folder).embed_query("bread")).all())
    except EmbedderError:
        return False


def install(
    source: str | Path, folder: Path, *, sha256: str = SHA256, progress: Progress = lambda *_: None
) -> None:
    """Put the files from `source` into `folder`, wholly or not at all; what was there before is replaced.

    `source` is the URL or the path of an archive with this `sha256`, or the path of a folder, which need only
    work. Raises `EmbedderError`, also while another process installs; `StorageError` and `UsageError`.
    """
    private_folder(folder.parent)
    try:
        with _alone(folder.parent), TemporaryDirectory(prefix=_PREFIX, dir=folder.parent) as name:
            work = Path(name)
            fresh = work / "fresh"
            fresh.mkdir()
            _gather(source, fresh, work / "archive", sha256, progress)
            if not works(fresh):
                raise EmbedderError(f"What {source} holds makes no vectors.", _BY_HAND)
            minilm_files.fingerprint(fresh)
            if folder.exists():
                folder.rename(work / "before")
            fresh.rename(folder)
    except OSError as error:
        raise StorageError(
            f"MiniLM cannot be put into {folder}: {error.strerror or error}.",
            "It needs 200 MB there while it is installed: free some, and check the permissions.",
        ) from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else installs into `folder`, and what somebody left who was killed is gone."""
    try:
        with FileLock(folder / "install.lock", timeout=0, mode=0o600):
            for left in folder.glob(f"{_PREFIX}*"):
                shutil.rmtree(left)
            yield
    except Timeout as error:
        raise EmbedderError("Another process is installing MiniLM.", "Wait until it has finished.") from error


def _gather(source: str | Path, fresh: Path, archive: Path, sha256: str, progress: Progress) -> None:
    """Bring the files from `source` into `fresh`; what is downloaded lies in `archive` meanwhile."""
    if isinstance(source, str):
        _download(source, archive, progress)
        source = archive
    elif source.is_dir():
        _copy(source, fresh)
        return
    elif not source.is_file():
        raise UsageError(f"There is no {source}.", "Name the archive, or the folder that holds its files.")
    with source.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise EmbedderError(f"This is another archive: its SHA-256 is {found} and not {sha256}.", _BY_HAND)
    _unpack(source, fresh)


def _download(url: str, archive: Path, progress: Progress) -> None:
    # Asked for as it is: what is hashed must not have been compressed on the way.
    asked = {"Accept-Encoding": "identity"}
    begun = False
    try:
        with (
            requests.get(url, headers=asked, stream=True, timeout=_TIMEOUTS_S) as response,
            archive.open("wb") as file,
        ):
            if response.status_code != requests.codes.ok:
                raise EmbedderError(f"{url} answers with the status {response.status_code}.", _BY_HAND)
            begun = True
            total = int(response.headers.get("Content-Length") or 0)
            for piece in response.iter_content(_PIECE):
                file.write(piece)
                if file.tell() > MOST_BYTES:
                    raise EmbedderError(f"{url} sends more than such an archive has.", _BY_HAND)
                progress(file.tell(), total)
    except requests.RequestException as error:
        said = f"The download of {url} broke off." if begun else f"{url} cannot be reached."
        raise EmbedderError(said, _BY_HAND) from error


def _unpack(archive: Path, fresh: Path) -> None:
    """The two files that are needed, by name: no path of the archive's own is ever written to."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                if member.isfile() and path.parent.name == "onnx" and path.name in _NAMES:
                    if member.size > MOST_BYTES:
                        raise EmbedderError(f"{path.name} in the archive is too large.", _BY_HAND)
                    if content := tar.extractfile(member):
                        _write(content, fresh / path.name)
    except (tarfile.TarError, BadGzipFile, zlib.error, EOFError) as error:
        raise EmbedderError("The archive is damaged.", _BY_HAND) from error
    if not minilm_files.is_whole(fresh):
        raise EmbedderError(f"The archive lacks {' or '.join(_NAMES)}.", _BY_HAND)


def _copy(source: Path, fresh: Path) -> None:
    holder = source if minilm_files.is_whole(source) else source / "onnx"
    if not minilm_files.is_whole(holder):
        raise UsageError(f"{source} lacks {' or '.join(_NAMES)}.", "Name the folder that holds both.")
    for name in _NAMES:
        with (holder / name).open("rb") as content:
            _write(content, fresh / name)


def _write(content: IO[bytes], target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(content, file, _PIECE)
        file.flush()
        os.fsync(file.fileno())  # or the folder could have its name before the file has its bytes
