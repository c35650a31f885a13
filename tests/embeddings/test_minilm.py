"""Vectors by MiniLM, of a tiny one with the same inputs, outputs and files."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import ONNXMiniLM_L6_V2
from hypothesis import given, settings
from hypothesis import strategies as st

from ragchat.embeddings import minilm_files
from ragchat.embeddings.minilm import LONGEST, MinilmEmbedder
from ragchat.errors import EmbedderError
from tests.embeddings.tiny import WIDTH, tiny_files

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = ["Bread.", "Pink tea with salt?", "rice " * 400, "", "麵包 🍞", "loaf", "a loaf of bread " * 30]

_DIGEST = """
import hashlib, os, pathlib, socket, sys
def refuse(*_): raise OSError("no network")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from ragchat.embeddings.minilm import MinilmEmbedder
from tests.embeddings.test_minilm import TEXTS
rows = MinilmEmbedder(pathlib.Path(sys.argv[1])).embed_documents(TEXTS)
print(hashlib.sha256(rows.tobytes()).hexdigest())
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_files(tmp_path_factory.mktemp("minilm") / "onnx")


@pytest.fixture(scope="module")
def embedder(files: Path) -> MinilmEmbedder:
    return MinilmEmbedder(files)


def test_rows_are_unit_vectors_in_the_order_of_their_texts(embedder: MinilmEmbedder) -> None:
    rows = embedder.embed_documents(TEXTS)
    assert rows.shape == (len(TEXTS), WIDTH)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    assert len({row.tobytes() for row in rows}) == len(TEXTS)
    assert len(embedder.embed_documents([])) == 0


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(st.sampled_from([*TEXTS, " \n"]), max_size=8))
def test_a_text_has_the_same_vector_in_any_company(embedder: MinilmEmbedder, texts: list[str]) -> None:
    for row, text in zip(embedder.embed_documents(texts), texts, strict=True):
        assert np.array_equal(row, embedder.embed_query(text))


def test_every_process_makes_the_same_vectors_on_one_core_and_without_a_network(
    files: Path, embedder: MinilmEmbedder
) -> None:
    here = hashlib.sha256(embedder.embed_documents(TEXTS).tobytes()).hexdigest()
    there = subprocess.run([sys.executable, "-c", _DIGEST, files], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == here


def test_chromadbs_own_loader_makes_the_same_vectors(
    tmp_path: Path, files: Path, embedder: MinilmEmbedder
) -> None:
    class Loader(ONNXMiniLM_L6_V2):
        DOWNLOAD_PATH = tmp_path

    tiny_files(tmp_path / "onnx")
    for name in ("config.json", "special_tokens_map.json", "tokenizer_config.json", "vocab.txt"):
        (tmp_path / "onnx" / name).touch()
    np.testing.assert_allclose(embedder.embed_documents(TEXTS), Loader()(TEXTS), atol=1e-5)


def test_what_stands_behind_the_last_word_piece_is_not_read(embedder: MinilmEmbedder) -> None:
    framed = LONGEST - 2
    read, cut, changed = embedder.embed_documents(
        ["bread " * framed, "bread " * framed + "rice " * 50, "bread " * (framed - 1) + "rice " * 51]
    )
    assert np.array_equal(read, cut)
    assert not np.array_equal(read, changed)


def test_half_a_character_is_read_as_a_damaged_one(embedder: MinilmEmbedder) -> None:
    assert np.array_equal(embedder.embed_query("bread \udcff rice"), embedder.embed_query("bread ? rice"))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", ["a" * 1_000_000, "word and " * 120_000, "🍞" * 250_000, "\n" * 1_000_000])
def test_a_megabyte_is_embedded(embedder: MinilmEmbedder, text: str) -> None:
    assert np.isfinite(embedder.embed_query(text)).all()


def test_the_fingerprint_names_the_weights(tmp_path: Path) -> None:
    for seed in (0, 1):
        embedder = MinilmEmbedder(tiny_files(tmp_path, seed))
        digest = hashlib.sha256((tmp_path / "model.onnx").read_bytes()).hexdigest()
        for _ in range(2):
            assert embedder.fingerprint == f"minilm/all-MiniLM-L6-v2@{digest[:12]}"


@pytest.mark.parametrize("noted", [b"", b"\xff\xfe", b"0" * 64, b"0123 1 2\n"])
def test_a_note_of_the_digest_that_says_nothing_is_not_believed(files: Path, noted: bytes) -> None:
    known = minilm_files.fingerprint(files)
    (files / "model.onnx.sha256").write_bytes(noted)
    assert minilm_files.fingerprint(files) == known


def test_a_digest_that_was_noted_is_not_taken_again(tmp_path: Path) -> None:
    tiny_files(tmp_path)
    before = minilm_files.fingerprint(tmp_path)
    noted = tmp_path / "model.onnx.sha256"
    noted.write_text(noted.read_text().replace(before.rpartition("@")[2], "0123456789ab"))
    assert minilm_files.fingerprint(tmp_path).endswith("@0123456789ab")


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
@pytest.mark.parametrize("content", [b"", b"no model", b"{}"])
def test_damaged_files_are_an_error_with_its_cure(tmp_path: Path, name: str, content: bytes) -> None:
    (tiny_files(tmp_path) / name).write_bytes(content)
    with pytest.raises(EmbedderError) as raised:
        MinilmEmbedder(tmp_path).embed_query("bread")
    assert "ragchat embedder install minilm" in raised.value.hint


def test_the_files_are_found_where_they_are_installed_and_where_chromadb_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert minilm_files.installed() is None
    with pytest.raises(EmbedderError):
        minilm_files.require()
    theirs = tiny_files(tmp_path / ".cache/chroma/onnx_models/all-MiniLM-L6-v2/onnx")
    assert minilm_files.installed() == minilm_files.require() == theirs
    ours = tiny_files(minilm_files.own_folder())
    assert minilm_files.installed() == ours
    (ours / "tokenizer.json").unlink()
    assert minilm_files.installed() == theirs
