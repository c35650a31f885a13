"""Short texts are cut into the tokens that the library makes of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from ragchat.embeddings.bundled import BundledEmbedder, tokenizer_file
from ragchat.embeddings.byte_pairs import BytePairs
from tests.programs import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = Tokenizer.from_file(str(tokenizer_file()))
PAIRS = BytePairs(tokenizer_file())
TOKENS = sorted(LIBRARY.get_vocab())
ODD = ["<s>", "</s>", "<unk>", "<0x0A>", "▁", " ", "  ", "\n", "\0", "e\u0301", "麵包", "👩‍🍳", "aaaa", "____"]


def _by_the_library(text: str) -> list[int]:
    ids: list[int] = LIBRARY.encode(text, add_special_tokens=False).ids
    return ids


@settings(max_examples=400, deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(ODD) | st.sampled_from(TOKENS) | st.text(max_size=3), max_size=10).map("".join)
)
def test_any_text_has_the_tokens_of_the_library(text: str) -> None:
    assert PAIRS.ids(text) == _by_the_library(text)


def test_the_lines_of_documents_and_of_code_have_the_tokens_of_the_library() -> None:
    files = [*(ROOT / "data" / "food").rglob("*.md"), *(ROOT / "ragchat" / "terminal").rglob("*.py")]
    texts = [piece for file in files for text in [file.read_text("utf-8")] for piece in (text, *text.splitlines())]
    assert len(texts) > 1000
    assert [PAIRS.ids(text) for text in texts] == [_by_the_library(text) for text in texts]


def test_a_text_has_the_same_vector_whoever_cuts_it() -> None:
    text = "How long does bread cool? <s> 麵包 "
    alone = BundledEmbedder()
    company = BundledEmbedder()
    company.embed_documents([text] * 100)
    assert alone.embed_query(text).tobytes() == company.embed_query(text).tobytes()


@pytest.mark.parametrize("content", ["", "{", json.dumps({"model": {}}), json.dumps([1]), "\xff"])
def test_a_damaged_file_is_told_from_a_whole_one(content: str, tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises((ValueError, LookupError, TypeError)):
        BytePairs(file)
