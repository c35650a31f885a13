"""The files of MiniLM come over real sockets or from a disk, and come wholly or not at all."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from ragchat.embeddings import minilm_files
from ragchat.embeddings.minilm_install import install, works
from ragchat.errors import EmbedderError, RagchatError, UsageError
from tests.embeddings.tiny import ArchiveServer, archive, sha256, tiny_archive, tiny_files
from tests.servers.wire import fail, hang_up, html

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.wire import Behaviour

_INSTALL = """
import sys
from pathlib import Path
from ragchat.embeddings.minilm_install import install
from ragchat.errors import StorageError
try:
    install(Path(sys.argv[1]), Path(sys.argv[2]))
except StorageError as error:
    print(error.message, error.hint)
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_files(tmp_path_factory.mktemp("given") / "onnx")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files shall lie."""
    return tmp_path / "models" / "all-MiniLM-L6-v2"


@pytest.fixture
def server(files: Path) -> Iterator[ArchiveServer]:
    with ArchiveServer(tiny_archive(files)) as server:
        yield server


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.parent.iterdir() if path.name != "install.lock")


def test_an_archive_is_fetched_checked_and_put_in_its_place(server: ArchiveServer, folder: Path) -> None:
    told: list[tuple[int, int]] = []
    install(server.address, folder, sha256=sha256(server.content), progress=lambda *step: told.append(step))
    assert works(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["model.onnx", "model.onnx.sha256", "tokenizer.json"]
    assert _left(folder) == [folder.name]
    assert told[-1] == (len(server.content), len(server.content))


def test_an_archive_on_the_disk_is_checked_as_well(tmp_path: Path, files: Path, folder: Path) -> None:
    file = tmp_path / "onnx.tar.gz"
    file.write_bytes(tiny_archive(files))
    with pytest.raises(EmbedderError) as raised:
        install(file, folder)
    assert sha256(file.read_bytes()) in raised.value.message
    assert _left(folder) == []
    install(file, folder, sha256=sha256(file.read_bytes()))
    assert works(folder)


def test_a_folder_is_copied_also_one_that_holds_the_archives_own(tmp_path: Path, files: Path) -> None:
    for source in (files, files.parent):
        folder = tmp_path / source.name
        install(source, folder)
        assert minilm_files.fingerprint(folder) == minilm_files.fingerprint(files)


def test_what_was_there_is_replaced(tmp_path: Path, folder: Path) -> None:
    install(tiny_files(tmp_path / "old", seed=1), folder)
    before = minilm_files.fingerprint(folder)
    (folder / "tokenizer.json").write_text("damaged")
    assert not works(folder)
    install(tiny_files(tmp_path / "new", seed=2), folder)
    assert works(folder)
    assert minilm_files.fingerprint(folder) != before
    assert _left(folder) == [folder.name]


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (html, "This is another archive"),
        (fail(404), "answers with the status 404"),
        (fail(503), "answers with the status 503"),
        (hang_up, "cannot be reached"),
    ],
)
def test_a_server_that_has_no_archive_leaves_nothing(
    server: ArchiveServer, folder: Path, behaviour: Behaviour, said: str
) -> None:
    server.then(behaviour)
    with pytest.raises(EmbedderError, match=said) as raised:
        install(server.address, folder, sha256=sha256(server.content))
    assert "--from" in raised.value.hint
    assert _left(folder) == []


def test_a_download_that_breaks_off_leaves_nothing(server: ArchiveServer, folder: Path) -> None:
    server.then(server.break_off)
    with pytest.raises(EmbedderError, match="broke off"):
        install(server.address, folder, sha256=sha256(server.content))
    assert _left(folder) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/onnx.tar.gz", "http://nowhere.invalid/a", "http://"])
def test_without_a_network_it_says_how_to_do_without(folder: Path, url: str) -> None:
    with pytest.raises(EmbedderError, match="cannot be reached") as raised:
        install(url, folder)
    assert "amazonaws.com/all-MiniLM-L6-v2/onnx.tar.gz" in raised.value.hint


def test_no_path_in_an_archive_leads_out_of_the_folder(tmp_path: Path, files: Path, folder: Path) -> None:
    model, tokenizer = ((files / name).read_bytes() for name in ("model.onnx", "tokenizer.json"))
    away = str(tmp_path / "away")
    content = archive(
        {
            "../onnx/model.onnx": model,
            f"{away}/onnx/tokenizer.json": tokenizer,
            "../../escaped": b"x",
            f"{away}/escaped": b"x",
        }
    )
    with ArchiveServer(content) as server:
        install(server.address, folder, sha256=sha256(content))
    assert works(folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models"]
    assert sorted(path.name for path in folder.iterdir()) == ["model.onnx", "model.onnx.sha256", "tokenizer.json"]


def _linked() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name in ("model.onnx", "tokenizer.json"):
            entry = tarfile.TarInfo(f"onnx/{name}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(entry)
    return packed.getvalue()


def _huge() -> bytes:
    entry = tarfile.TarInfo("onnx/model.onnx")
    entry.size = 1 << 40
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        tar.addfile(entry, None)
        tar.offset = 0
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_linked(), "lacks model.onnx or tokenizer.json"),
        (_huge(), "too large"),
        (archive({"onnx/model.onnx": b"x"}), "lacks model.onnx or tokenizer.json"),
        (archive({"onnx/model.onnx": b"x", "onnx/tokenizer.json": b"{}"}), "makes no vectors"),
        (archive({"onnx/model.onnx": b"x" * 100_000})[:-60], "damaged"),
        (b"no archive at all", "damaged"),
        (b"", "damaged"),
    ],
)
def test_an_archive_that_is_none_of_ours_is_refused_whatever_its_hash(
    tmp_path: Path, folder: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "onnx.tar.gz"
    file.write_bytes(content)
    with pytest.raises(EmbedderError, match=said):
        install(file, folder, sha256=sha256(content))
    assert _left(folder) == []


def test_what_is_not_there_or_lacks_a_file_is_refused_by_name(tmp_path: Path, folder: Path) -> None:
    for source in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(UsageError, match=str(source)):
            install(source, folder)


def test_a_second_installation_at_once_is_refused(files: Path, folder: Path) -> None:
    folder.parent.mkdir()
    with FileLock(folder.parent / "install.lock"), pytest.raises(RagchatError, match="Another process"):
        install(files, folder)
    install(files, folder)


def test_what_a_killed_installation_left_is_cleared_away(files: Path, folder: Path) -> None:
    left = folder.parent / ".installing-xyz"
    left.mkdir(parents=True)
    (left / "archive").write_bytes(b"half")
    install(files, folder)
    assert _left(folder) == [folder.name]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, files: Path, folder: Path) -> None:
    install(files, folder)
    before = minilm_files.fingerprint(folder)
    ran = subprocess.run(
        [sys.executable, "-B", "-c", _INSTALL, tiny_files(tmp_path / "new", seed=3), folder],
        # A limit on files is the full disk that a test can have: the write fails in the same place.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cannot be put into" in ran.stdout
    assert "free some" in ran.stdout
    assert minilm_files.fingerprint(folder) == before
    assert works(folder)
    assert _left(folder) == [folder.name]
