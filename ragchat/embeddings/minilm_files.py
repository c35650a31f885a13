"""Where the files of all-MiniLM-L6-v2 lie on this machine, and which weights they are."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

import platformdirs

from ragchat.errors import EmbedderError

NAME = "all-MiniLM-L6-v2"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
_NOTED = "model.onnx.sha256"


def own_folder() -> Path:
    """Where they are installed: in the user's data, for every home."""
    return platformdirs.user_data_path("ragchat", appauthor=False) / "models" / NAME


def chroma_folder() -> Path:
    """Where ChromaDB's own loader keeps the same files (`ONNXMiniLM_L6_V2.DOWNLOAD_PATH`)."""
    return Path.home() / ".cache" / "chroma" / "onnx_models" / NAME / "onnx"


def is_whole(folder: Path) -> bool:
    """Whether `folder` has both files; whether they can be read is not looked at."""
    return all((folder / name).is_file() for name in (MODEL, TOKENIZER))


def installed() -> Path | None:
    """The folder they are in, our own first; None when they are not on this machine."""
    return next((folder for folder in (own_folder(), chroma_folder()) if is_whole(folder)), None)


def require() -> Path:
    """As `installed`; raises `EmbedderError` when they are not here."""
    if folder := installed():
        return folder
    raise EmbedderError(
        "The files of the embedder MiniLM are not on this machine.", "Run `ragchat embedder install minilm`."
    )


def fingerprint(folder: Path) -> str:
    """`minilm/all-MiniLM-L6-v2@` and the first twelve digits of the weights' SHA-256.

    The digest is noted beside the file and holds while the file's size and time do. Raises `EmbedderError`.
    """
    model, noted = folder / MODEL, folder / _NOTED
    try:
        status = model.stat()
        state = f"{status.st_size} {status.st_mtime_ns}"
        digest = _digest_noted(noted, state)
        if not digest:
            with model.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            with suppress(OSError):  # it is taken anew next time
                noted.write_text(f"{digest} {state}\n", "utf-8")
    except OSError as error:
        raise EmbedderError(
            f"{model} cannot be read: {error.strerror}.", "Run `ragchat embedder install minilm`."
        ) from error
    return f"minilm/{NAME}@{digest[:12]}"


def _digest_noted(noted: Path, state: str) -> str:
    """The digest in the file `noted`, if it was taken of a file in this `state`; else empty."""
    try:
        digest, _, then = noted.read_text("utf-8").strip().partition(" ")
    except (OSError, UnicodeDecodeError):
        return ""
    return digest if then == state and len(digest) == 64 else ""
