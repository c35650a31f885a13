"""The sample questions fix the quality of what the bundled parts find and say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragchat.core.completion import NOT_FOUND
from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.generation.extractive.generator import ExtractiveGenerator
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.retriever import Retriever
from ragchat.pipeline.answering import Answering, collect

if TYPE_CHECKING:
    from ragchat.core.answer import Answer

FOOD = Path(__file__).parents[2] / "data" / "food"


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Answering:
    """The sample data, asked without a model."""
    home = tmp_path_factory.mktemp("food")
    collection, embedder = Collection(home), BundledEmbedder()
    ingest(collection, embedder, [FOOD], max_bytes=10**6, never=home)
    return Answering(Retriever(collection, embedder), ExtractiveGenerator(), top_k=6, context_tokens=3000)


@pytest.fixture(scope="module")
def answers(answering: Answering) -> list[tuple[list[str], Answer]]:
    """The accepted answers of each sample question, and what was answered."""
    rows = [json.loads(line) for line in (FOOD / "questions.jsonl").read_text("utf-8").splitlines()]
    return [(row["answers"], collect(answering.stream(row["text"]))) for row in rows if row["answers"]]


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[*_`]", "", text).casefold().split())


def _holds(text: str, accepted: list[str]) -> bool:
    return any(_plain(answer) in _plain(text) for answer in accepted)


def test_the_passages_hold_an_answer_to_fifty_of_sixty_questions(answers: list[tuple[list[str], Answer]]) -> None:
    right = sum(
        _holds("\n".join(passage.text for passage in answer.passages), accepted) for accepted, answer in answers
    )
    assert right >= 50


def test_the_quoted_sentences_hold_an_answer_to_forty_two(answers: list[tuple[list[str], Answer]]) -> None:
    assert sum(_holds(answer.text, accepted) for accepted, answer in answers) >= 42


def test_every_answer_is_quoted_literally_from_the_passage_its_mark_leads_to(
    answers: list[tuple[list[str], Answer]],
) -> None:
    for _, answer in answers:
        if answer.text == NOT_FOUND:
            continue
        quotes = re.findall(r"“(.*?)” \[(\d+)\]", answer.text)
        assert answer.text == " ".join(f"“{quote}” [{marker}]" for quote, marker in quotes)
        for quote, marker in quotes:
            assert _plain(quote.removesuffix(" …")) in _plain(answer.passages[int(marker) - 1].text)
        assert answer.grounded


def test_what_has_nothing_to_do_with_food_is_not_answered(answering: Answering) -> None:
    for question in (
        "How many moons does Saturn have?",
        "How often should I change the oil in a diesel engine?",
        "What is the capital of Mongolia?",
        "Who wrote Hamlet?",
    ):
        assert collect(answering.stream(question)).text == NOT_FOUND, question
