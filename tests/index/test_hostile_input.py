"""Files that mean harm, or are merely odd: a line each in the report, and the others are indexed."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from ragchat.index.ingest import IngestReport, ingest
from ragchat.index.verify import verify
from tests.documents.packages import word_parts, zipped
from tests.documents.pdf_files import Words, pdf
from tests.index.doubles import outcomes, write
from tests.programs import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ragchat.embeddings.bundled import BundledEmbedder
    from ragchat.index.collection import Collection

    TakeIn: TypeAlias = Callable[..., IngestReport]

_ENCRYPTED = b"/Encrypt<</Filter/Standard/V 1/R 2/O(" + b"o" * 32 + b")/U(" + b"u" * 32 + b")/P -4>>/ID[(a)(a)]"
_INVALID_NAME = os.fsdecode(b"caf\xe9.txt")


_BECOMES = {
    "good.md": "added", "other.md": "added", "whole.pdf": "added", "cut.pdf": "failed", "locked.pdf": "failed",
    "bomb.docx": "failed", "sparse.txt": "skipped", "two\nlines.md": "added", "🍞 \u202egnp.md": "added",
    "\"quoted\" 'name' `rm`.md": "added", "\x1b[31mred.md": "added", _INVALID_NAME: "failed",
    "text.txt": "added", "pipe": "skipped", "loop": "skipped", "self": "skipped", "deep.json": "failed",
    "deep.html": "added", "nul.md": "skipped", "broken.zip.docx": "failed", "socket": "skipped",
}  # fmt: skip


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with one of each."""
    folder = tmp_path_factory.mktemp("hostile") / "docs"
    write(folder, good="Bread cools for an hour.", other="Rice needs no salt.")
    whole = pdf([Words("A page of bread.", 700)])
    (folder / "whole.pdf").write_bytes(whole)
    (folder / "cut.pdf").write_bytes(whole[:200])
    (folder / "locked.pdf").write_bytes(pdf([Words("A page.", 700)], trailer=_ENCRYPTED))
    (folder / "bomb.docx").write_bytes(zipped(word_parts("<w:p>" + " " * 300_000_000 + "</w:p>")))
    with (folder / "sparse.txt").open("wb") as file:
        file.truncate(2_000_000_000)
    (folder / "two\nlines.md").write_text("Tea in two lines.")
    (folder / "\"quoted\" 'name' `rm`.md").write_text("Tea in quotes.")
    (folder / "🍞 \u202egnp.md").write_text("Tea with a loaf.")
    (folder / "\x1b[31mred.md").write_text("Tea in red.")
    (folder / _INVALID_NAME).write_text("A name from another time.")
    (folder / "text.txt").write_bytes(b"Rice \xff\xfe\xfa and \xc3\x28 bread, " * 40)
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "deep.html").write_text("<div>" * 50_000 + "words" + "</div>" * 50_000)
    (folder / "nul.md").write_bytes(b"\0" * 5000)
    (folder / "broken.zip.docx").write_bytes(b"PK\x03\x04" + b"\0" * 50)
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(folder)  # the name of a socket is short
        listener.bind("socket")
        os.chdir(here)
        yield folder


def _told(report: IngestReport) -> dict[str, str]:
    return {Path(source).name: what for source, what in outcomes(report).items()}


def test_each_has_its_line_and_the_others_are_indexed(
    collection: Collection, bundled: BundledEmbedder, docs: Path, tmp_path: Path
) -> None:
    report = ingest(collection, bundled, [docs], max_bytes=10**6, never=tmp_path / "home")
    assert _told(report) == _BECOMES
    reasons = [reason for _, reason in (*report.failed, *report.skipped, *report.warnings)]
    assert all(reason and "\n" not in reason for reason in reasons)
    assert verify(collection).ok
    again = ingest(collection, bundled, [docs], max_bytes=10**6, never=tmp_path / "home")
    assert _told(again) == {name: "unchanged" if what == "added" else what for name, what in _BECOMES.items()}


def test_the_command_gives_each_one_line_that_no_name_breaks(docs: Path, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    ran = Program(tmp_path / "work")("ingest", str(docs))
    assert ran.status == 0
    assert "Traceback" not in ran.err
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", ran.out)
    for name in (name for name, what in _BECOMES.items() if what == "failed" and name.isprintable()):
        assert len([line for line in ran.out.splitlines() if name in line]) == 1, name


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_fails_alone(collection: Collection, take_in: TakeIn, tmp_path: Path) -> None:
    write(tmp_path / "docs", secret="Mine.", good="Bread.")
    (tmp_path / "docs" / "secret.md").chmod(0)
    told = _told(take_in(collection, tmp_path / "docs"))
    assert told == {"secret.md": "failed", "good.md": "added"}


def test_what_goes_changes_kind_or_grows_between_look_and_reading_fails_alone(
    collection: Collection, bundled: BundledEmbedder, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    write(docs, a="Bread.", goes="Gone.", grows="Small.", pipe="A file.", z="Rice.")

    def interfere(done: int, total: int, current: str) -> None:
        if done == 1:
            (docs / "goes.md").unlink()
            (docs / "grows.md").write_text("x" * 2000)
            (docs / "pipe.md").unlink()
            os.mkfifo(docs / "pipe.md")

    report = ingest(collection, bundled, [docs], max_bytes=1000, never=tmp_path / "home", progress=interfere)
    told = _told(report)
    assert told == {
        "a.md": "added",
        "goes.md": "failed",
        "grows.md": "failed",
        "pipe.md": "failed",
        "z.md": "added",
    }


_APPEND = "import sys\nwith open(sys.argv[1], 'a') as file:\n while True: file.write('more words. '), file.flush()"


def test_a_file_that_is_written_all_the_while_is_of_one_moment_or_fails(
    collection: Collection, bundled: BundledEmbedder, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    write(docs, log="some words. " * 1000, good="Bread.")
    with subprocess.Popen([sys.executable, "-c", _APPEND, str(docs / "log.md")]) as process:
        report = ingest(collection, bundled, [docs], max_bytes=10**9, never=tmp_path / "home")
        process.kill()
    told = _told(report)
    assert told in ({"log.md": "failed", "good.md": "added"}, {"log.md": "added", "good.md": "added"})
    text = "".join(chunk.text for chunk in collection.manifest.chunks_of(str(docs / "log.md")))
    assert (docs / "log.md").read_text().startswith(text)


def test_paths_so_long_that_they_fill_a_pipe_stop_nothing(
    collection: Collection, bundled: BundledEmbedder, tmp_path: Path
) -> None:
    for number in range(200):
        folder = tmp_path / "docs" / f"{number:03}"
        for level in "abcdefghijkl":
            folder /= f"{number:03}{level}" + "x" * 220
        folder.mkdir(parents=True)
        (folder / "note.md").write_text(f"Rice {number}. " + "It is rinsed. " * 60)
    (tmp_path / "docs" / "zz.md").write_text("Bread is brown. " * 100_000)
    report = ingest(collection, bundled, [tmp_path / "docs"], max_bytes=10**7, never=tmp_path / "home")
    assert len(report.added) == 201


def test_two_thousand_tiny_files_are_as_many_documents(
    collection: Collection, bundled: BundledEmbedder, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    write(docs, **{f"note-{number}": f"Note {number} is about rice." for number in range(2000)})
    report = ingest(collection, bundled, [docs], max_bytes=10**6, never=tmp_path / "home")
    assert len(report.added) == report.chunks == 2000
    assert len(collection.manifest.inventory().segments) <= 2
