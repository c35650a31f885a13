"""SQLite as we use it, with real files and real processes."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ragchat.errors import StorageError
from ragchat.storage.database import open_database, private_folder, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

FIRST = "CREATE TABLE rows (value INTEGER);\nCREATE INDEX by_value ON rows (value);\n"
SECOND = "ALTER TABLE rows ADD COLUMN note TEXT"

# Nothing of the parent's open connections may reach a child: SQLite does not survive a fork.
_processes = multiprocessing.get_context("spawn")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.db"


@pytest.fixture
def database(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(path, (FIRST,))) as connection:
        yield connection


def values(connection: sqlite3.Connection) -> list[int]:
    return [row["value"] for row in connection.execute("SELECT value FROM rows ORDER BY value")]


def together(work: Callable[[Path, Barrier, int], None], path: Path, count: int) -> list[int | None]:
    """The exit statuses of `count` processes that do `work` at the same moment."""
    barrier = _processes.Barrier(count)
    processes = [_processes.Process(target=work, args=(path, barrier, number)) for number in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def open_new_databases(path: Path, barrier: Barrier, number: int) -> None:
    for attempt in range(20):
        barrier.wait(60)
        with closing(open_database(path.with_name(f"{attempt}.db"), (FIRST, SECOND))) as connection:
            connection.execute("INSERT INTO rows VALUES (?, 'x')", (number,))


def add_fifty(path: Path, barrier: Barrier, number: int) -> None:
    with closing(open_database(path, (FIRST,))) as connection:
        barrier.wait(60)
        for _ in range(50):
            with transaction(connection):
                total = connection.execute("SELECT count(*) FROM rows").fetchone()[0]
                connection.execute("INSERT INTO rows VALUES (?)", (total,))


def add_one(path: Path, barrier: Barrier, number: int) -> None:
    with closing(open_database(path, (FIRST,))) as connection:
        connection.execute("INSERT INTO rows VALUES (2)")


def test_processes_that_meet_a_new_database_migrate_it_once(path: Path) -> None:
    assert together(open_new_databases, path, 4) == [0] * 4
    for attempt in range(20):
        with closing(open_database(path.with_name(f"{attempt}.db"), (FIRST, SECOND))) as connection:
            assert values(connection) == [0, 1, 2, 3]


def test_four_writers_at_once_lose_nothing_and_see_each_other(path: Path) -> None:
    assert together(add_fifty, path, 4) == [0] * 4
    with closing(open_database(path, (FIRST,))) as connection:
        assert values(connection) == list(range(200))


def test_to_open_a_database_twice_keeps_the_locks_of_the_first(path: Path, database: sqlite3.Connection) -> None:
    open_database(path, (FIRST,)).close()
    database.execute("INSERT INTO rows VALUES (1)")
    assert together(add_one, path, 1) == [0]
    database.execute("INSERT INTO rows VALUES (3)")
    with closing(open_database(path, (FIRST,))) as other:
        assert values(other) == [1, 2, 3]


def test_a_database_is_brought_to_the_newest_schema_and_keeps_its_rows(
    path: Path, database: sqlite3.Connection
) -> None:
    database.execute("INSERT INTO rows VALUES (7)")
    with closing(open_database(path, (FIRST, SECOND))) as newer:
        assert [tuple(row) for row in newer.execute("SELECT * FROM rows")] == [(7, None)]
        assert newer.execute("PRAGMA user_version").fetchone()[0] == 2


def test_a_migration_that_fails_leaves_the_schema_as_it_was(path: Path, database: sqlite3.Connection) -> None:
    with pytest.raises(StorageError, match=r"no such table: nowhere\.$"):
        open_database(path, (FIRST, SECOND, "DROP TABLE nowhere"))
    open_database(path, (FIRST,)).close()
    assert database.execute("PRAGMA user_version").fetchone()[0] == 1


def test_a_newer_schema_is_refused_and_the_cure_is_to_update(path: Path) -> None:
    open_database(path, (FIRST, SECOND)).close()
    with pytest.raises(StorageError, match=r"a newer ragchat made it\.$") as refused:
        open_database(path, (FIRST,))
    assert refused.value.hint == "Update ragchat."


def test_a_file_that_is_no_database_is_refused_and_kept(path: Path) -> None:
    path.write_text("not a database, but long enough to be looked at as if it were one" * 20)
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"^Cannot open .*file is not a database\.$"):
        open_database(path, (FIRST,))
    assert path.read_bytes() == before


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"^Cannot open .*unable to open database file\.$"):
        open_database(tmp_path, (FIRST,))


def test_a_folder_that_cannot_be_made_is_refused_with_the_setting_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"^Cannot make the folder .*/file: File exists\.$") as refused:
        open_database(tmp_path / "file" / "below" / "rows.db", (FIRST,))
    assert "RAGCHAT_HOME" in refused.value.hint


def test_only_the_owner_can_read_what_is_stored(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        path = tmp_path / "home" / "collection" / "rows.db"
        with closing(open_database(path, (FIRST,))) as connection:
            connection.execute("INSERT INTO rows VALUES (1)")
            files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert files == {"rows.db": 0o600, "rows.db-wal": 0o600, "rows.db-shm": 0o600}
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)] == [0o700] * 2


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert private_folder(tmp_path) == tmp_path
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_whatever_interrupts_a_transaction_undoes_it(
    database: sqlite3.Connection, error: type[BaseException]
) -> None:
    with pytest.raises(error), transaction(database):
        database.execute("INSERT INTO rows VALUES (1)")
        raise error
    assert values(database) == []
    with transaction(database):
        database.execute("INSERT INTO rows VALUES (2)")
    assert values(database) == [2]


def test_where_nothing_may_be_written_the_cure_is_a_permission(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageError, match="readonly") as raised, transaction(database):
        database.execute("INSERT INTO rows VALUES (1)")
    assert "set RAGCHAT_HOME" in raised.value.hint


def test_an_error_that_ended_the_transaction_already_is_the_one_that_is_told(database: sqlite3.Connection) -> None:
    database.execute("CREATE UNIQUE INDEX one ON rows (value)")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"), transaction(database):
        database.execute("INSERT INTO rows VALUES (1)")
        database.execute("INSERT OR ROLLBACK INTO rows VALUES (1)")
    assert values(database) == []


def test_a_transaction_within_another_is_refused_and_the_outer_one_stands(database: sqlite3.Connection) -> None:
    with transaction(database):
        database.execute("INSERT INTO rows VALUES (1)")
        with pytest.raises(sqlite3.OperationalError, match="within a transaction"), transaction(database):
            raise AssertionError
        database.execute("INSERT INTO rows VALUES (2)")
    assert values(database) == [1, 2]


def test_what_is_removed_is_overwritten(path: Path, database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE secrets (word TEXT)")
    database.execute("INSERT INTO secrets VALUES ('open-sesame-open')")
    database.execute("DELETE FROM secrets")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"open-sesame" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_a_reference_to_nothing_is_refused(database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
    database.execute("CREATE TABLE children (parent REFERENCES parents)")
    with pytest.raises(sqlite3.IntegrityError):
        database.execute("INSERT INTO children VALUES (1)")


def test_a_full_disk_is_said_in_a_sentence_and_leaves_what_was_there(database: sqlite3.Connection) -> None:
    with transaction(database):
        database.execute("INSERT INTO rows VALUES (1)")
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="disk is full"), transaction(database):
        database.executemany("INSERT INTO rows VALUES (?)", ((number,) for number in range(100_000)))
    assert values(database) == [1]
