"""Where the marks lead, and what no passage bears out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.core.completion import NOT_FOUND
from ragchat.core.document import Chunk
from ragchat.core.passage import Passage
from ragchat.core.place import Place
from ragchat.pipeline.citing import cite, unsupported
from tests.pipeline.passages import passage

BREAD = "# Cooling\n\nLet the loaf cool on a rack.\nWait 45 minutes before slicing it. Never store it warm.\n"
RICE = "Rinse basmati rice three times.\n\nSoak it for half an hour."


def test_a_citation_quotes_the_words_that_bear_its_sentence_out_and_says_their_line() -> None:
    (citation,) = cite("Wait 45 minutes before you slice it [1].", [passage(BREAD, line=10)])
    assert citation.marker == 1
    assert citation.quote == "Wait 45 minutes before slicing it."
    assert citation.place.suffix() == ":13"


def test_each_mark_has_its_own_quote_by_mark_and_place_and_the_same_place_is_named_once() -> None:
    passages = [passage(BREAD), passage(RICE, source="/docs/rice.md")]
    text = (
        "Soak it for half an hour [2]. Rinse the rice three times [2]. Slice after 45 minutes [1]. "
        "Rinsing rice is done three times [2]."
    )
    assert [(citation.marker, citation.place.suffix()) for citation in cite(text, passages)] == [
        (1, ":4"),
        (2, ":1"),
        (2, ":3"),
    ]


def test_what_a_neighbour_of_the_hit_says_is_cited_where_the_neighbour_lies() -> None:
    texts = ("The loaf cools on a rack. ", "Rice is soaked. ", "Tea is pink.")
    before, hit, after = (
        Chunk("d", "/docs/a.pdf", text, 0, len(text), "", Place("page", page, page))
        for page, text in enumerate(texts, start=1)
    )
    passages = [Passage(hit, 1, 1.0, (), before, after)]
    citations = cite("Rice is soaked [1]. The tea is pink [1]. A loaf cools on a rack [1].", passages)
    assert [(one.quote, one.place.suffix()) for one in citations] == [
        ("The loaf cools on a rack.", " p. 1"),
        ("Rice is soaked.", " p. 2"),
        ("Tea is pink.", " p. 3"),
    ]


def test_a_place_that_is_cited_twice_is_quoted_for_the_first_sentence() -> None:
    text = "Rinse it well. Soak it for half an hour."
    record = Passage(Chunk("d", "/docs/a.jsonl", text, 0, len(text), "", Place("record", 1, 1, 1)), 1, 1.0, ())
    (citation,) = cite("Half an hour is what it soaks [1]. It is rinsed [1].", [record])
    assert citation.quote == "Soak it for half an hour."


def test_a_heading_is_cited_only_where_it_says_more_than_any_sentence() -> None:
    heading = "# Cooling loaves"
    page = passage(f"{heading}\nThe rack lets air through.\n\nLoaves sweat.")
    assert [one.quote for one in cite("All loaves [1].", [page])] == ["Loaves sweat."]
    assert [one.quote for one in cite("Cooling loaves is treated [1].", [page])] == [heading]


def test_a_bracket_in_a_quotation_is_no_citation() -> None:
    passages = [passage("Use argv[1] to read the name [2]."), passage(BREAD)]
    text = "“Use argv[1] to read the name [2].” [1]"
    assert [(one.marker, one.quote) for one in cite(text, passages)] == [(1, "Use argv[1] to read the name [2].")]
    assert unsupported(text, passages) == []


def test_an_answer_of_marks_alone_still_leads_somewhere() -> None:
    assert [one.marker for one in cite("[2][1]", [passage(BREAD), passage(RICE)])] == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "The loaf cools on a rack [1]. Soak rice for half an hour [2].",
        "The loaf cools on a rack.[1] Soak rice for half an hour.[2]",
        "The loaf cools on a rack. [1] Soak rice for half an hour. [2]",
        "“The loaf cools on a rack.” [1] “Soak rice for half an hour.” [2]",
        "1. The loaf cools on a rack. [1]\n2. Soak rice for half an hour. [2]",
        "- The loaf cools on a rack [1]\n- Soak rice for half an hour [2]",
    ],
)
def test_a_mark_belongs_to_the_sentence_it_stands_behind(text: str) -> None:
    passages = [passage(BREAD), passage(RICE)]
    assert [(one.marker, one.quote) for one in cite(text, passages)] == [
        (1, "Let the loaf cool on a rack."),
        (2, "Soak it for half an hour."),
    ]
    assert unsupported(text, passages) == []
    swapped = text.replace("[1]", "[3]").replace("[2]", "[1]").replace("[3]", "[2]")
    assert len(unsupported(swapped, passages)) == 2


@pytest.mark.parametrize(
    "text", ["In [1999] rice was rinsed.", "Take xs[0] of rice.", "Rice [7].", "Rice [01].", "[100]"]
)
def test_a_bracket_that_is_no_mark_is_no_citation(text: str) -> None:
    assert cite(text, [passage(RICE)]) == ()
    unsupported(text, [passage(RICE)])


def test_an_invented_number_is_found() -> None:
    passages = [passage(BREAD)]
    assert unsupported("Wait 90 minutes before slicing it [1].", passages) == [
        "Wait 90 minutes before slicing it."
    ]
    assert unsupported("About 90 minutes [1].", passages) == ["About 90 minutes."]
    assert unsupported("About 45 minutes [1].", passages) == []


def test_an_invented_claim_is_found_and_a_paraphrase_is_not() -> None:
    passages = [passage(BREAD), passage(RICE)]
    text = "Before slicing, cool the loaf on a rack [1]. Saffron comes from Iranian crocus flowers [1]."
    assert unsupported(text, passages) == ["Saffron comes from Iranian crocus flowers."]


def test_a_sentence_without_a_mark_may_be_borne_out_by_any_passage() -> None:
    passages = [passage(BREAD), passage(RICE)]
    assert unsupported("Soak the rice for half an hour.", passages) == []
    assert unsupported("Soak the rice for half an hour [1].", passages) == ["Soak the rice for half an hour."]


@pytest.mark.parametrize(
    "text",
    [
        NOT_FOUND,
        "Yes.",
        "Here is how:",
        "Three things help:",
        "**Three things help:**\n\n- [1]",
        "1. ",
        "",
        "Yes [1]. No.",
        "## Storing crusty sourdough overnight",
    ],
)
def test_what_asserts_nothing_needs_no_support(text: str) -> None:
    assert unsupported(text, [passage(BREAD)]) == []


def test_what_is_claimed_after_saying_that_nothing_is_known_needs_support() -> None:
    text = f"{NOT_FOUND} The Eiffel tower measures 330 metres [1]."
    assert unsupported(text, [passage(BREAD)]) == ["The Eiffel tower measures 330 metres."]


WORDS = st.sampled_from(
    [
        "the",
        "loaf",
        "rice",
        "rack",
        "45",
        "minutes.",
        "half",
        "an",
        "hour!",
        "[1]",
        "[2]",
        "[3]",
        "\n\n",
        "-",
        "«so»",
    ]
)


@given(st.lists(WORDS, max_size=25).map(" ".join), st.lists(WORDS, min_size=1, max_size=25).map(" ".join))
def test_every_quote_is_literal_and_stands_where_its_place_says(text: str, source: str) -> None:
    lines = source.strip().split("\n")
    for citation in cite(text, [passage(source.strip(), line=1), passage(RICE)]):
        if citation.marker == 1:
            assert citation.quote in source
            start, end = citation.place.start, citation.place.end
            assert isinstance(start, int)
            assert isinstance(end, int)
            assert citation.quote in "\n".join(lines[start - 1 : end])


def test_each_quotation_leads_to_its_own_line_though_it_ends_without_a_stop() -> None:
    table = passage("| Food | Centre |\n|---|---|\n| Chicken | 74 °C |\n| Egg dishes | 71 °C |\n")
    found = cite("“Chicken | 74 °C” [1] “Egg dishes | 71 °C” [1]", [table])
    assert [citation.quote for citation in found] == ["| Chicken | 74 °C |", "| Egg dishes | 71 °C |"]
    assert [citation.place.start for citation in found] == [3, 4]


@pytest.mark.parametrize(
    "code",
    [
        "```python\nbake(minutes=4711, at=999)\n```",
        "~~~\nNobody ever baked seventeen purple loaves.\n~~~",
        "````\n```\nNobody ever baked seventeen purple loaves.\n```\n````",
        "```\nNobody ever baked seventeen purple loaves.",
    ],
)
def test_code_asserts_nothing(code: str) -> None:
    passages = [passage("The loaf cools on a rack for an hour.")]
    before = "The loaf cools on a rack for an hour [1].\n\n"
    assert unsupported(before + code, passages) == []
    claimed = unsupported(before + code + "\n\nNobody ever baked seventeen purple loaves.", passages)
    assert bool(claimed) == code.rstrip().endswith(("```", "~~~", "````"))
