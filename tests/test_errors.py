"""The tree of errors keeps what its docstring says."""

from __future__ import annotations

import re

import pytest

from ragchat import errors
from ragchat.errors import EmbedderMismatch, GenerationError, OllamaError, RagchatError


def tree(error: type[RagchatError]) -> list[type[RagchatError]]:
    return [
        error,
        *(
            below
            for child in error.__subclasses__()
            for below in tree(child)
            if below.__module__ == errors.__name__
        ),
    ]


ALL = tree(RagchatError)


def test_the_docstring_draws_every_class_below_its_parent_and_no_other() -> None:
    lines = re.findall(r"^    ([│ ├└─]*)(\w+)(?: {2,}\S|$)", errors.__doc__ or "", re.MULTILINE)
    drawn = {name: len(indent) // 4 for indent, name in lines}
    assert drawn == {error.__name__: len(error.__mro__) - len(RagchatError.__mro__) for error in ALL}


def test_kinds_are_unique_words_for_programs() -> None:
    kinds = [error.kind for error in ALL]
    assert len(set(kinds)) == len(kinds)
    assert all(re.fullmatch(r"[a-z_]+", kind) for kind in kinds)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("error", 1),
        ("usage", 2),
        ("embedder_mismatch", 2),
        ("nothing_indexed", 3),
        ("no_hits", 4),
        ("provider", 5),
        ("settings", 7),
        ("interrupted", 130),
    ],
)
def test_exit_statuses_are_those_that_are_documented(kind: str, status: int) -> None:
    assert next(error for error in ALL if error.kind == kind).exit_status == status


def test_an_error_carries_its_sentence_and_its_cure() -> None:
    error = EmbedderMismatch("Made by another.", "Ingest again.")
    assert (str(error), error.message, error.hint) == ("Made by another.", "Made by another.", "Ingest again.")


def test_failures_of_providers_keep_what_the_server_said() -> None:
    limited = GenerationError(
        "Limited.", failure="limit", retry_after_s=2.5, http_status=429, code="x", request_id="r"
    )
    assert (limited.failure, limited.retry_after_s, limited.http_status) == ("limit", 2.5, 429)
    assert (limited.code, limited.request_id, limited.hint) == ("x", "r", "")
    assert OllamaError("Gone.", failure="network").http_status is None
