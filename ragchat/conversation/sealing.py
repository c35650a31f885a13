"""How the texts of a database are sealed, and how that is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

from ragchat.core.choices import EncryptionChoice
from ragchat.errors import StorageError, UsageError
from ragchat.privacy.seal import Seal, make_key, new_salt, passphrase_key, read_key
from ragchat.storage.database import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path


_STRICTNESS: Final[tuple[EncryptionChoice, ...]] = get_args(EncryptionChoice)
_PROOF: Final = b"conversations"
_PLACE_OF_PROOF: Final = "proof"


@dataclass(frozen=True, slots=True)
class Sealing:
    """What a database says of its seal; `proof` opens under the right key alone."""

    kind: EncryptionChoice = "off"
    salt: bytes = b""
    proof: bytes = b""


class Keys:
    """Where keys come from: `file`, or a passphrase that is asked for once.

    `ask_passphrase` is told whether it is a new one; it raises `UsageError` when nobody can be asked.
    """

    def __init__(self, file: Path, ask_passphrase: Callable[[bool], str]) -> None:
        self._file = file
        self._ask = ask_passphrase
        self._passphrase: str | None = None

    def passphrase(self, *, new: bool) -> str:
        """The passphrase; raises `UsageError` for an empty one."""
        if self._passphrase is None:
            self._passphrase = self._ask(new)
        if not self._passphrase:
            raise UsageError("An empty passphrase encrypts nothing.", "Type one, or set RAGCHAT_PASSPHRASE.")
        return self._passphrase

    def seal(self, sealing: Sealing) -> Seal:
        """The seal that `sealing` speaks of; raises `StorageError`, and `UsageError` for a wrong passphrase."""
        if sealing.kind == "off":
            return Seal()
        if sealing.kind == "file":
            seal = Seal(read_key(self._file))
            refusal: StorageError | UsageError = StorageError(
                f"{self._file} is not the key of the conversations.", "Put the right one back from a backup."
            )
        else:
            seal = Seal(passphrase_key(self.passphrase(new=False), sealing.salt))
            refusal = UsageError(
                "This is not the passphrase of the conversations.",
                "Try again. Where it is lost, so are they: remove conversations.db to begin anew.",
            )
        try:
            seal.open(sealing.proof, _PLACE_OF_PROOF)
        except StorageError:
            raise refusal from None
        return seal

    def begin(self, kind: EncryptionChoice) -> tuple[Sealing, Seal]:
        """A new seal; a key file that is there is used again. Raises `StorageError`."""
        if kind == "off":
            return Sealing(), Seal()
        salt = new_salt()
        if kind == "passphrase":
            key = passphrase_key(self.passphrase(new=True), salt)
        else:
            key = read_key(self._file) if self._file.exists() else make_key(self._file)
        seal = Seal(key)
        return Sealing(kind, salt, seal.close(_PROOF, _PLACE_OF_PROOF)), seal


def read_sealing(connection: sqlite3.Connection) -> Sealing:
    """How the texts are sealed now."""
    row = connection.execute("SELECT kind, salt, proof FROM sealing").fetchone()
    return Sealing() if row is None else Sealing(row["kind"], bytes(row["salt"]), bytes(row["proof"]))


def open_sealing(
    connection: sqlite3.Connection, keys: Keys, wish: EncryptionChoice, *, loosen: bool
) -> tuple[Sealing, Seal, bool]:
    """The seal of a database, changed to `wish`, and whether texts were sealed anew for that.

    It is changed to a laxer one only if it may `loosen`. A key file that is not needed any more stays: another
    process may be about to use it. Raises `StorageError`, and `UsageError` for a wrong passphrase; then nothing is
    changed.
    """
    while True:
        there = read_sealing(connection)
        seal = keys.seal(there)
        if there.kind == wish or (not loosen and _STRICTNESS.index(wish) < _STRICTNESS.index(there.kind)):
            return there, seal, False
        if wish == "passphrase":
            keys.passphrase(new=True)  # now: nobody else shall wait while it is typed
        with transaction(connection):
            if read_sealing(connection) != there:
                continue  # another process was faster
            sealing, new = keys.begin(wish)
            changed = _seal_anew(connection, seal, new)
            connection.execute("DELETE FROM sealing")
            if wish != "off":
                row = (sealing.kind, sealing.salt, sealing.proof)
                connection.execute("INSERT INTO sealing VALUES (1, ?, ?, ?)", row)
        return sealing, new, changed


def name_place(session: str) -> str:
    """What the name of a session is bound to."""
    return f"{session} name"


def turn_place(session: str, number: int, column: str) -> str:
    """What a text of a turn is bound to."""
    return f"{session} {number} {column}"


def _seal_anew(connection: sqlite3.Connection, old: Seal, new: Seal) -> bool:
    sessions = connection.execute("SELECT id, name FROM sessions").fetchall()
    for row in sessions:
        name = _moved(row["name"], name_place(row["id"]), old, new)
        connection.execute("UPDATE sessions SET name = ? WHERE id = ?", (name, row["id"]))
    keys = connection.execute("SELECT session, number FROM turns").fetchall()
    for session, number in keys:
        where = (session, number)
        row = connection.execute("SELECT question, payload FROM turns WHERE session = ? AND number = ?", where)
        texts = dict(row.fetchone())
        moved = [_moved(text, turn_place(session, number, column), old, new) for column, text in texts.items()]
        connection.execute(
            "UPDATE turns SET question = ?, payload = ? WHERE session = ? AND number = ?", (*moved, *where)
        )
    return bool(sessions)


def _moved(stored: bytes, place: str, old: Seal, new: Seal) -> bytes:
    try:
        return new.close(old.open(bytes(stored), place), place)
    except StorageError:
        return stored  # damaged before: it is told when it is read, and hinders nobody else
