"""Question sets as people write them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragchat.bench.cases import Case, read_cases, read_corpus
from ragchat.errors import UsageError

TEA = {"id": "tea", "title": "Tea", "text": "Noon chai is pink."}
RICE = {"id": "rice", "text": "Rice is soaked."}


def _file(path: Path, *lines: object) -> Path:
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("\n".join(texts), "utf-8")
    return path


def test_a_corpus_is_read_with_what_other_tools_put_into_it(tmp_path: Path) -> None:
    lines = (TEA | {"url": "x"}, "", RICE | {"title": None})
    corpus = read_corpus(_file(tmp_path / "corpus.jsonl", *lines))
    assert [(one.source, one.title, one.text) for one in corpus.values()] == [
        ("tea", "Tea", "Noon chai is pink."),
        ("rice", "", "Rice is soaked."),
    ]


def test_offsets_count_characters_of_the_text_as_it_stands(tmp_path: Path) -> None:
    text = "a\r\nb\u2028c\x85\ud83d🍞 pink"
    path = _file(tmp_path / "corpus.jsonl", json.dumps({"id": "x", "text": text}, ensure_ascii=True))
    assert read_corpus(path)["x"].text == text.replace("\ud83d", "\ufffd")
    raw = {"id": "x", "text": "a\u2028b\x85c"}
    assert read_corpus(_file(path, json.dumps(raw, ensure_ascii=False)))["x"].text == raw["text"]


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(TEA).encode())
    assert list(read_corpus(path)) == ["tea"]


def test_cases_have_relevant_documents_and_spans(tmp_path: Path) -> None:
    corpus = read_corpus(_file(tmp_path / "corpus.jsonl", TEA, RICE))
    first = {"id": "q1", "text": "What is pink?", "relevant": ["tea"], "spans": [[0, 9]], "answers": ["Noon chai"]}
    second = {"id": "q2", "text": "Who won?", "relevant": []}
    assert read_cases(_file(tmp_path / "cases.jsonl", first, second), corpus) == (
        Case("q1", "What is pink?", frozenset({"tea"}), ((0, 9),)),
        Case("q2", "Who won?", frozenset()),
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "There is no document in corpus.jsonl."),
        ((TEA, "{broken"), "Line 2 of corpus.jsonl is not JSON in UTF-8."),
        ((TEA, "", "[" * 100_000), "Line 3 of corpus.jsonl is not JSON in UTF-8."),
        (("[1]",), "Line 1 of corpus.jsonl is not a JSON object."),
        (({"text": "x"},), "Line 1 of corpus.jsonl has no text under `id`."),
        (({"id": "x", "text": 5},), "Line 1 of corpus.jsonl has no text under `text`."),
        ((TEA, RICE, TEA), "Line 3 of corpus.jsonl has the id tea, as a line before it has."),
    ],
)
def test_a_corpus_that_cannot_be_read_is_refused_by_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: tuple[object, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as refused:
        read_corpus(_file(Path("corpus.jsonl"), *lines))
    assert refused.value.message == said
    assert refused.value.hint


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"relevant": ["nope"]}, "calls nope relevant, which is not in the corpus."),
        ({"relevant": "tea"}, "has no list of ids under `relevant`."),
        ({"relevant": [1]}, "has no list of ids under `relevant`."),
        ({"relevant": None}, "has no list of ids under `relevant`."),
        ({"text": " "}, "has no text under `text`."),
        ({"id": "q0"}, "has the id q0, as a line before it has."),
        ({"spans": 5}, "has no list under `spans`."),
        ({"spans": [[0, 19]]}, "has the span [0, 19], which is none of its document."),
        ({"spans": [[3, 3]]}, "has the span [3, 3], which is none of its document."),
        ({"spans": [[-1, 3]]}, "has the span [-1, 3], which is none of its document."),
        ({"spans": [7]}, "has the span 7, which is none of its document."),
        (
            {"spans": [[0, 3]], "relevant": ["tea", "rice"]},
            "has spans and 2 relevant documents, so where they stand cannot be told.",
        ),
    ],
)
def test_a_case_that_cannot_be_measured_is_refused_by_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, object], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    corpus = read_corpus(_file(Path("corpus.jsonl"), TEA, RICE))
    good: dict[str, object] = {"id": "q0", "text": "x", "relevant": ["tea"]}
    with pytest.raises(UsageError) as refused:
        read_cases(_file(Path("cases.jsonl"), good, good | {"id": "q1"} | more), corpus)
    assert refused.value.message == f"Line 2 of cases.jsonl {said}"
    assert refused.value.hint


@pytest.mark.parametrize("lines", [(), ({"id": "q", "text": "Who won?", "relevant": []},)])
def test_cases_without_a_single_answer_are_refused(tmp_path: Path, lines: tuple[object, ...]) -> None:
    corpus = read_corpus(_file(tmp_path / "corpus.jsonl", TEA))
    with pytest.raises(UsageError, match="no case with a relevant document"):
        read_cases(_file(tmp_path / "cases.jsonl", *lines), corpus)


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            read_corpus(path)
