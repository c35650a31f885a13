"""What was said before stays within its budget, and keeps its evidence."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ragchat.core.answer import Answer, Citation, Turn
from ragchat.language.marks import MARK
from ragchat.language.tokens import estimate_tokens
from ragchat.pipeline.history import history_of, named
from ragchat.pipeline.prompting import make_prompt
from tests.pipeline.passages import completion, passage


def turn(question: str, text: str, *quotes: tuple[str, str]) -> Turn:
    """A turn whose answer cites `quotes`: the file, and its words."""
    passages = [passage(words, source=f"/docs/{name}") for name, words in quotes]
    citations = tuple(
        Citation(number, found, found.text, found.place) for number, found in enumerate(passages, start=1)
    )
    answer = Answer(text, completion(text), citations, tuple(passages), (), bool(citations), 0.0)
    return Turn(question, answer, datetime(2026, 11, 20, tzinfo=UTC))


BREAD = turn(
    "How long does it cool?", "An hour [1], on a rack [1][2].", ("bread.md", "Cool it."), ("rack.md", "A rack.")
)


def test_marks_of_an_earlier_answer_become_the_names_of_its_sources() -> None:
    assert named(BREAD.answer) == "An hour (bread.md), on a rack (bread.md, rack.md)."


def test_the_latest_turns_are_whole_and_the_older_ones_keep_their_evidence() -> None:
    turns = [BREAD, *(turn(f"Question {number}?", f"Answer {number}.") for number in range(4))]
    history = history_of(turns, 1000)
    assert [message.text for message in history.messages[::2]] == ["Question 1?", "Question 2?", "Question 3?"]
    assert history.earlier.splitlines() == [
        "Earlier in this conversation:",
        "- How long does it cool?: “Cool it.” (bread.md) “A rack.” (rack.md)",
        "- Question 0?: no passage was cited",
    ]


def test_the_older_turns_stand_before_the_passages_of_a_prompt_and_give_way_first() -> None:
    turns = [BREAD, *(turn(f"Question {number}?", "Yes.") for number in range(3))]
    prompt = make_prompt("And then?", [passage("An hour."), passage("Rice.")], turns, 1000)
    asked = prompt.messages[-1].text
    assert asked.startswith("Earlier in this conversation:\n- How long does it cool?: “Cool it.” (bread.md)")
    assert asked.index("Earlier") < asked.index("Passages:") < asked.index("Question: And then?")
    assert "Earlier" not in prompt.with_passages(2).messages[-1].text


@given(st.lists(st.tuples(st.text(max_size=300), st.text(max_size=900)), max_size=20), st.integers(0, 500))
def test_whatever_was_said_the_history_fits(said: list[tuple[str, str]], budget: int) -> None:
    history = history_of([turn(question, text) for question, text in said], budget)
    tokens = sum(estimate_tokens(message.text) for message in history.messages)
    assert tokens + estimate_tokens(history.earlier) <= budget + 1
    assert not any(MARK.search(message.text) for message in history.messages[1::2])
