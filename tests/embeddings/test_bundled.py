"""The embedder that is always there."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragchat.embeddings.bundled import FINGERPRINT, WIDTH, BundledEmbedder
from tests.programs import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = ["Bread cools on a rack.", "Rice is soaked.", "麵包", "🍞", "x", "def parse_file(): ...", "bread " * 5000]

_DIGEST = """
import hashlib, socket, sys
def refuse(*_): raise OSError("no network")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
from ragchat.embeddings.bundled import BundledEmbedder
from tests.embeddings.test_bundled import TEXTS
print(hashlib.sha256(BundledEmbedder().embed_documents(TEXTS).tobytes()).hexdigest())
"""


@pytest.fixture(scope="module")
def embedder() -> BundledEmbedder:
    return BundledEmbedder()


def test_rows_are_unit_vectors(embedder: BundledEmbedder) -> None:
    rows = embedder.embed_documents(TEXTS)
    assert rows.shape == (len(TEXTS), WIDTH)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([*TEXTS, "", " \n"]), max_size=8))
def test_a_text_has_the_same_vector_in_any_company(embedder: BundledEmbedder, texts: list[str]) -> None:
    together = embedder.embed_documents(texts)
    assert together.shape == (len(texts), WIDTH)
    for row, text in zip(together, texts, strict=True):
        assert np.array_equal(row, embedder.embed_query(text))


@pytest.mark.parametrize("text", ["", "\n", " "])
def test_a_text_that_says_nothing_points_nowhere_or_is_unit(embedder: BundledEmbedder, text: str) -> None:
    length = float(np.linalg.norm(embedder.embed_query(text)))
    assert length == 0.0 if not text else length == pytest.approx(0.0) or length == pytest.approx(1.0)


def test_what_means_alike_lies_nearer(embedder: BundledEmbedder) -> None:
    question = embedder.embed_query("baking bread in an oven")
    near, far = embedder.embed_documents(["A loaf is baked until its crust is brown.", "The stock market fell."])
    assert question @ near > question @ far + 0.1


def test_half_a_character_is_read_as_a_damaged_one(embedder: BundledEmbedder) -> None:
    assert np.array_equal(embedder.embed_query("bread \udcff rice"), embedder.embed_query("bread ? rice"))


def test_a_long_text_is_read_to_its_end(embedder: BundledEmbedder) -> None:
    begins_alike = embedder.embed_documents(["bread " * 20_000, "bread " * 20_000 + "stock market " * 20_000])
    assert begins_alike[0] @ begins_alike[1] < 0.95


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", ["a" * 1_000_000, "word and " * 120_000, "🍞" * 250_000, "\n" * 1_000_000])
def test_a_megabyte_is_embedded(embedder: BundledEmbedder, text: str) -> None:
    assert np.isfinite(embedder.embed_query(text)).all()


def test_every_process_makes_the_same_vectors_without_a_network(embedder: BundledEmbedder) -> None:
    here = hashlib.sha256(embedder.embed_documents(TEXTS).tobytes()).hexdigest()
    there = subprocess.run([sys.executable, "-c", _DIGEST], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == here


def test_the_fingerprint_names_the_weights(embedder: BundledEmbedder) -> None:
    assert embedder.fingerprint == FINGERPRINT == "bundled/wordllama-l2-supercat-256"


def test_a_damaged_package_is_an_error_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "wordllama").mkdir()
    (tmp_path / "wordllama" / "__init__.py").touch()
    code = "from ragchat.embeddings.bundled import BundledEmbedder; BundledEmbedder()"
    variables = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=variables, check=False)
    assert ran.stderr.splitlines()[-1].startswith("ragchat.errors.EmbedderError: The bundled embedder's files in")
