"""An independent server breaks a question in each way it knows, and judges how the whole chain bears it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ragchat.generation.extractive.generator import ExtractiveGenerator
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.openai import OpenAIGenerator
from ragchat.pipeline.prompting import make_prompt
from tests.generation.chains import Faraway, router, rows
from tests.generation.prompts import read
from tests.pipeline.passages import passage

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from llmock.pytest_plugin import LLMock

    from ragchat.core.completion import Completion
    from ragchat.generation.providers.groq import GroqGenerator

    Generator: TypeAlias = GroqGenerator | OpenAIGenerator
    Fault: TypeAlias = Callable[[LLMock], LLMock]

TEXT = "A loaf cools for an hour, the passages say [1]."
PROMPT = make_prompt(
    "How long does a loaf cool?",
    [passage("A loaf cools on a rack for an hour."), passage("Knead the dough for ten minutes.")],
    (),
    2000,
)
_WORDLESS = 1
"""The chunks before the first word: one that names the role."""


class _FarawayOpenAI(OpenAIGenerator):
    """Stands for a server far away, which is asked again when it was slow."""

    destination = "cloud.test"


@pytest.fixture(params=["groq", "openai"])
def generator(request: pytest.FixtureRequest, llmock: LLMock) -> Iterator[Generator]:
    deadlines = Deadlines(0.5, 0.5)
    made: Generator
    if request.param == "groq":
        made = Faraway(
            api_key="gsk_llmock",
            model="openai/gpt-oss-20b",
            temperature=0.2,
            max_tokens=500,
            base_url=llmock.base_url("groq").removesuffix("/openai/v1"),
            deadlines=deadlines,
        )
    else:
        made = _FarawayOpenAI(
            api_key="sk-llmock",
            model="gpt-4o-mini",
            temperature=0.2,
            max_tokens=500,
            base_url=llmock.base_url("openai"),
            deadlines=deadlines,
        )
    with closing(made):
        yield made


def _asked(state: sqlite3.Connection, generator: Generator) -> Completion:
    """The answer of the chain."""
    return read(router(state, generator, ExtractiveGenerator()).stream(PROMPT))[2]


def _sent(state: sqlite3.Connection, generator: Generator) -> int:
    """The requests that have a row in the ledger."""
    return sum(row["provider"] == generator.provider and row["outcome"] != "skipped" for row in rows(state))


PASSING: list[Fault] = [
    lambda llmock: llmock.rate_limit(retry_after=0.2),
    lambda llmock: llmock.rate_limit(times=2, retry_after=0.2),
    lambda llmock: llmock.fail(429),
    lambda llmock: llmock.fail(500),
    lambda llmock: llmock.fail(502, times=2),
    lambda llmock: llmock.fail(503),
    lambda llmock: llmock.fail(504),
    lambda llmock: llmock.disconnect(after_chunks=_WORDLESS),
    lambda llmock: llmock.truncate(after_chunks=_WORDLESS),
    lambda llmock: llmock.corrupt(after_chunks=_WORDLESS),
    lambda llmock: llmock.stall(after_chunks=_WORDLESS, seconds=5.0),
    lambda llmock: llmock.slow_first_token(5.0),
]
"""What is over when the question is asked again."""

LASTING: list[Fault] = [
    lambda llmock: llmock.rate_limit(times=None, retry_after=578.0),
    lambda llmock: llmock.rate_limit(times=None, retry_after=1.0),
    lambda llmock: llmock.outage(),
    lambda llmock: llmock.outage(status=500),
    lambda llmock: llmock.fail(401, times=None),
    lambda llmock: llmock.fail(403, times=None),
    lambda llmock: llmock.fail(404, times=None),
    lambda llmock: llmock.fail(413, times=None),
    lambda llmock: llmock.fail(422, times=None),
    lambda llmock: llmock.limits(context_window=5),
    lambda llmock: llmock.limits(tpm=1),
    lambda llmock: llmock.disconnect(times=None, after_chunks=_WORDLESS),
]
"""What is not: the passages answer."""


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_borne(
    llmock: LLMock, state: sqlite3.Connection, generator: Generator, fault: Fault
) -> None:
    fault(llmock).reply(TEXT, times=None)
    completion = _asked(state, generator)
    assert (completion.provider, completion.text, completion.finish) == (generator.provider, TEXT, "stop")
    assert _sent(state, generator) == len(llmock.requests)
    llmock.assert_resilient()


@pytest.mark.parametrize("fault", LASTING)
def test_what_lasts_is_left_for_the_passages(
    llmock: LLMock, state: sqlite3.Connection, generator: Generator, fault: Fault
) -> None:
    fault(llmock)
    completion = _asked(state, generator)
    assert (completion.provider, completion.finish) == ("extractive", "degraded")
    assert _sent(state, generator) == len(llmock.requests)
    llmock.assert_resilient()


@pytest.mark.parametrize("kind", ["disconnect", "truncate", "corrupt"])
def test_words_that_were_shown_are_kept_and_never_asked_for_again(
    llmock: LLMock, state: sqlite3.Connection, generator: Generator, kind: str
) -> None:
    getattr(llmock.reply(TEXT), kind)(after_chunks=_WORDLESS + 3)
    completion = _asked(state, generator)
    assert completion.text.startswith("A loaf cools")
    assert completion.finish == "cut"
    assert _sent(state, generator) == len(llmock.requests) == 1
    # Half an answer stays, marked as such: to the server that looks as if a cut stream had been taken for whole.
    expected = {"truncate": ["truncated_stream_accepted"]}.get(kind, [])
    assert [finding.code for finding in llmock.verdict().errors] == expected
