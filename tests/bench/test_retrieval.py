"""`ragchat bench retrieval` on sets whose figures can be told by hand."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from typing import TYPE_CHECKING, TypeAlias

import pytest

from ragchat.bench.cases import Case
from ragchat.bench.metrics import figures
from ragchat.bench.retrieval import Outcome, RetrievalReport, measure_retrieval
from ragchat.core.document import Document, Section
from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.errors import EmbedderError
from ragchat.terminal.views.bench import retrieval
from tests.index.doubles import BrokenEmbedder, WordEmbedder
from tests.programs import RAGCHAT, Program, Ran

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tests.servers.ollama import OllamaServer

Rows: TypeAlias = "list[dict[str, object]]"

TEA = "Noon chai is a pink tea with salt. It is drunk at breakfast in Kashmir."
BREAD = "Let the loaf cool on a rack for an hour before slicing it. The crumb sets as it cools."
CORPUS: Rows = [
    {"id": "tea", "title": "Noon chai", "text": TEA},
    {"id": "bread", "title": "Bread", "text": BREAD},
    {"id": "stew", "title": "Stew", "text": "Beans simmer for three hours."},
]
CASES: Rows = [
    {"id": "q1", "text": "Which tea is pink?", "relevant": ["tea"], "spans": [[TEA.index("pink"), 34]]},
    {"id": "q2", "text": "How long should a loaf cool?", "relevant": ["bread"]},
    {"id": "q3", "text": "Which tea has salt, and what simmers?", "relevant": ["tea", "bread"], "answers": ["x"]},
    {"id": "q4", "text": "zzxq", "relevant": ["stew"]},
    {"id": "q5", "text": "Who won the election?", "relevant": []},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (tmp_path / "temporary").mkdir()
    return folder


def _write(path: Path, rows: Iterable[object]) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")


def _bench(
    folder: Path, *more: str, corpus: Rows | None = None, cases: Rows | None = None, **variables: str
) -> Ran:
    _write(folder / "corpus.jsonl", CORPUS if corpus is None else corpus)
    _write(folder / "cases.jsonl", CASES if cases is None else cases)
    program = Program(folder, {"TMPDIR": str(folder.parent / "temporary")})
    ran = program("bench", "retrieval", "--corpus", "corpus.jsonl", "--cases", "cases.jsonl", *more, **variables)
    assert list((folder.parent / "temporary").iterdir()) == []
    return ran


def test_the_figures_of_a_small_set_are_those_told_by_hand(folder: Path) -> None:
    ran = _bench(folder, "--json")
    result = ran.result
    assert ran.err == ""
    assert not (folder.parent / "home").exists()
    assert set(result) == {
        "embedder",
        "documents",
        "chunks",
        "questions",
        "unanswerable",
        "metrics",
        "chunks_per_second",
        "search_ms",
        "missed",
        "misses",
    }
    assert result["embedder"].startswith("bundled/")
    assert [result[name] for name in ("documents", "chunks", "questions", "unanswerable")] == [3, 3, 4, 1]
    assert set(result["search_ms"]) == {"median", "p95"}
    metrics = result["metrics"]
    # One of two relevant documents stands first for q3, and none was found for q4.
    assert metrics["recall@1"] == (1 + 1 + 0.5 + 0) / 4
    assert metrics["recall@3"] == metrics["recall@5"] == metrics["recall@10"] == (1 + 1 + 1 + 0) / 4
    assert metrics["hit@1"] == metrics["hit@5"] == metrics["mrr@10"] == 0.75
    assert metrics["ndcg@10"] < 0.75  # of q3, the second relevant document came third
    assert metrics["span@5"] == metrics["span@1000t"] == 1.0
    assert result["missed"] == 1
    assert result["misses"] == [{"id": "q4", "text": "zzxq", "rank": None, "expected": ["stew"], "found": []}]


def test_people_see_a_table_and_the_misses(folder: Path) -> None:
    ran = _bench(folder)
    assert ran.status == 0
    assert ran.out.startswith("3 documents · 3 chunks · 4 questions · 1 without an answer left out · bundled/")
    assert re.search(r"^ +@1 +@3 +@5 +@10 +@1000t$", ran.out, re.MULTILINE)
    assert re.search(r"^recall +0\.625 +0\.750 +0\.750 +0\.750$", ran.out, re.MULTILINE)
    assert re.search(r"^span +1\.000 +1\.000$", ran.out, re.MULTILINE)
    assert ran.out.endswith(
        "1 question without a right document among the first five:\nzzxq\n   not found: stew; instead nothing\n"
    )


def test_without_spans_there_are_no_figures_of_spans(folder: Path) -> None:
    metrics = _bench(folder, "--json", cases=CASES[1:]).result["metrics"]
    assert list(metrics) == [
        "recall@1",
        "recall@3",
        "recall@5",
        "recall@10",
        "hit@1",
        "hit@5",
        "mrr@10",
        "ndcg@10",
    ]


def test_ollama_is_measured_when_it_is_named_and_only_then(folder: Path, ollama_server: OllamaServer) -> None:
    def embedder(*more: str, wish: str = "auto") -> str:
        ran = _bench(folder, "--json", *more, OLLAMA_HOST=ollama_server.url, RAGCHAT_EMBEDDER=wish)
        return str(ran.result["embedder"]).partition("/")[0]

    assert embedder() == "bundled"
    assert embedder("--embedder", "ollama") == "ollama"
    assert embedder(wish="ollama") == "ollama"


def test_an_embedder_that_is_not_there_ends_it_and_leaves_nothing(folder: Path) -> None:
    ran = _bench(folder, "--embedder", "ollama")
    assert ran.status == 1
    assert ran.err.startswith("error: ")


def test_a_corpus_stays_here_when_nothing_may_leave(folder: Path) -> None:
    ran = _bench(folder, "--embedder", "ollama", RAGCHAT_CLOUD="never", OLLAMA_HOST="http://ollama.invalid:11434")
    assert ran.status == 7
    assert "RAGCHAT_CLOUD=never" in ran.err


def test_bad_input_is_one_sentence_and_a_cure(folder: Path) -> None:
    for corpus, cases in (([], CASES), (CORPUS, []), (CORPUS + CORPUS, CASES), (CORPUS[1:], CASES)):
        ran = _bench(folder, corpus=corpus, cases=cases)
        assert ran.status == 2
        assert ran.out == ""
        assert re.fullmatch(r"error: .+\.\nhint: .+\n", ran.err), ran.err
    missing = Program(folder)("bench", "retrieval", "--corpus", "nowhere", "--cases", "nowhere", "--json")
    assert (missing.status, missing.error["kind"]) == (2, "usage")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_bench_that_is_stopped_takes_its_index_along(folder: Path, number: signal.Signals) -> None:
    _write(folder / "corpus.jsonl", ({"id": f"d{row}", "text": f"{BREAD} {row} " * 5} for row in range(20_000)))
    _write(folder / "cases.jsonl", [{"id": "q", "text": "loaf", "relevant": ["d1"]}])
    temporary = folder.parent / "temporary"
    bench = subprocess.Popen(
        [str(RAGCHAT), "bench", "retrieval", "--corpus", "corpus.jsonl", "--cases", "cases.jsonl"],
        cwd=folder,
        env=Program(folder).variables({"TMPDIR": str(temporary)}),
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(temporary.glob("ragchat-bench-*/collections/default/vectors/*")):
        assert bench.poll() is None
    bench.send_signal(number)
    _, said = bench.communicate(timeout=60)
    assert "Traceback" not in said
    assert bench.returncode == {signal.SIGINT: 130, signal.SIGTERM: 128 + signal.SIGTERM}[number]
    assert list(temporary.iterdir()) == []


def _document(name: str, text: str) -> Document:
    return Document(name, text, "", (Section(0, len(text)),))


def test_a_document_with_many_passages_does_not_hide_the_others() -> None:
    book = " ".join(f"The copper kettle number {number} boils water for tea." for number in range(3_000))
    corpus = {"book": _document("book", book)}
    for number in range(9):
        note = f"Note {number}: among pots, pans, jars and spoons there was also one kettle on the shelf."
        corpus[f"note {number}"] = _document(f"note {number}", note)
    case = Case("q", "Which copper kettle boils water for tea?", frozenset({"note 3"}))
    (outcome,) = measure_retrieval(corpus, [case], BundledEmbedder()).outcomes
    assert outcome.ranking[0] == "book"
    assert set(outcome.ranking) == set(corpus)
    assert outcome.rank is not None


def test_a_span_far_from_what_is_found_is_not_handed_over() -> None:
    kettle = "The copper kettle boils water for tea. "
    pots = "".join(f"Pot number {number} is of copper, and holds water. " for number in range(300))
    rye = "Rye, oats and barley are grown in the north. " * 40
    text = f"{kettle}{pots}{rye}The lid is tin."
    corpus = {"long": _document("long", text), "other": _document("other", "Beans simmer.")}
    first, last = (0, len(kettle) - 1), (len(text) - 15, len(text))
    question, relevant = "Which copper kettle boils water for tea?", frozenset({"long"})
    cases = [
        Case("near", question, relevant, (first,)),
        Case("far", question, relevant, (last,)),
        Case("both", question, relevant, (last, first)),
        Case("none", question, relevant),
    ]
    *spans, without = (one.figures for one in measure_retrieval(corpus, cases, BundledEmbedder()).outcomes)
    assert [figure["span@5"] for figure in spans] == [1.0, 0.0, 1.0]
    assert [figure["span@1000t"] for figure in spans] == [1.0, 0.0, 0.0]
    assert "span@5" not in without


def test_small_documents_are_asked_for_until_a_thousand_tokens_are_full() -> None:
    corpus = {f"d{number}": _document(f"d{number}", f"The kettle {number} is tin.") for number in range(40)}
    cases = [Case(name, "Which kettle is tin?", frozenset({name}), ((4, 10),)) for name in corpus]
    metrics = measure_retrieval(corpus, cases, BundledEmbedder()).metrics
    assert metrics["span@1000t"] == 1.0
    assert metrics["span@5"] == 5 / 40


class AwayForQuestions(BrokenEmbedder):
    """Takes documents, and no question."""

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return WordEmbedder().embed_documents(texts)


def test_questions_that_an_embedder_fails_at_are_not_measured_by_words_alone() -> None:
    with pytest.raises(EmbedderError, match="by words alone"):
        measure_retrieval({"a": _document("a", TEA)}, [Case("q", "tea", frozenset({"a"}))], AwayForQuestions())


def test_progress_tells_of_documents_and_of_questions() -> None:
    heard: list[tuple[int, int, str]] = []
    measure_retrieval(
        {"a": _document("a", TEA)},
        [Case("q", "tea", frozenset({"a"}))],
        BundledEmbedder(),
        lambda *step: heard.append(step),
    )
    assert heard == [(0, 1, "documents"), (0, 1, "questions"), (1, 1, "questions")]


def _report(*rankings: tuple[str, ...]) -> RetrievalReport:
    case = Case("q", "What is\x1b[2J\n pink, and drunk at breakfast in Kashmir?", frozenset({"noon chai"}))
    outcomes = tuple(
        Outcome(case, ranking, figures(ranking, case.relevant), number / 1000)
        for number, ranking in enumerate(rankings, 1)
    )
    return RetrievalReport("test/words", 1_234, 5_678, 2.0, 0, outcomes)


def test_times_are_told_by_the_share_of_searches_that_ended_within_them() -> None:
    report = _report(*[("x",)] * 100)
    assert [report.search_s(share) for share in (0.5, 0.95, 1.0)] == [0.05, 0.095, 0.1]
    assert report.chunks_per_second == 2_839


def test_ten_misses_are_shown_and_no_line_is_wider_than_the_screen() -> None:
    late = (*"abcdef", "noon chai")
    shown = retrieval(_report(("noon chai",), *[late] * 12), 40).plain
    assert "\n12 questions without a right document" in shown
    assert shown.count("What is pink") == 10
    assert "   at 7: noon chai; instead a, b, c, …" in shown
    assert all(len(line) <= 40 for line in shown.splitlines())
