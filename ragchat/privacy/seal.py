"""Encryption at rest: AES-256-GCM, under a key from a file or from a passphrase."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import TYPE_CHECKING

from ragchat.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12
# RFC 7914, section 2: 32 MiB and about 0.1 s for each guess.
_SCRYPT_COST = 2**15
_SCRYPT_BLOCKS = 8
_SCRYPT_MEMORY = 2 * 128 * _SCRYPT_COST * _SCRYPT_BLOCKS


class Seal:
    """Seals bytes for the place they are kept in, under `key` of 32 bytes; without a key they stay as they are."""

    def __init__(self, key: bytes | None = None) -> None:
        self._cipher = None if key is None else _cipher(key)

    def close(self, plain: bytes, place: str) -> bytes:
        """A new random nonce of 12 bytes, then the ciphertext with its tag; it opens in `place` alone."""
        if self._cipher is None:
            return plain
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed; raises `StorageError` under another key, in another place, and where a byte changed."""
        if self._cipher is None:
            return sealed
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:  # the second: it is too short
            raise StorageError("It cannot be decrypted: it is damaged, or the key is another one.") from error


def new_salt() -> bytes:
    """16 random bytes for `passphrase_key`."""
    return secrets.token_bytes(16)


def passphrase_key(passphrase: str, salt: bytes) -> bytes:
    """The key that scrypt (RFC 7914; N = 2^15, r = 8, p = 1) makes of `passphrase`."""
    return hashlib.scrypt(
        passphrase.encode("utf-8", "surrogateescape"),
        salt=salt,
        n=_SCRYPT_COST,
        r=_SCRYPT_BLOCKS,
        p=1,
        maxmem=_SCRYPT_MEMORY,
        dklen=_KEY_BYTES,
    )


def read_key(file: Path) -> bytes:
    """The key in `file`; raises `StorageError` where it is missing or no key."""
    try:
        key = file.read_bytes()
    except OSError as error:
        raise StorageError(
            f"Cannot read the key {file}: {error.strerror}.",
            "Put it back from a backup: nothing else opens what it has sealed.",
        ) from error
    if len(key) != _KEY_BYTES:
        raise StorageError(f"{file} is no key: it holds {len(key)} bytes.", "Put it back from a backup.")
    return key


def make_key(file: Path) -> bytes:
    """A new random key in `file`, which the owner alone can read; raises `StorageError`.

    It is on the disk before anything is sealed by it, and never half of it.
    """
    key = secrets.token_bytes(_KEY_BYTES)
    unfinished = file.with_name(f"{file.name}.new")
    try:
        unfinished.unlink(missing_ok=True)
        opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(opened, key)
            os.fsync(opened)
        finally:
            os.close(opened)
        unfinished.replace(file)
        _settle(file.parent)
    except OSError as error:
        raise StorageError(
            f"Cannot write the key {file}: {error.strerror}.", "Check the disk and the folder's permissions."
        ) from error
    return key


def _settle(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _cipher(key: bytes) -> AESGCM:
    # It takes 40 ms to load, which only those who encrypt shall wait for.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    return AESGCM(key)
