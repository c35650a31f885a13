"""Answers without a model: literal, marked, and honest when there is none."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.core.completion import NOT_FOUND, Delta, Notice, Prompt
from ragchat.core.document import Chunk
from ragchat.core.passage import Passage
from ragchat.core.place import Place
from ragchat.generation.extractive.generator import FAINT_LABEL, LABEL, NO_SENTENCE, ExtractiveGenerator
from tests.generation.prompts import read

if TYPE_CHECKING:
    from ragchat.core.completion import Completion


def passage(text: str, score: float = 0.5, heading: str = "") -> Passage:
    chunk = Chunk("0" * 32, "/docs/notes.md", text, 0, len(text), heading, Place.lines(1, 1))
    return Passage(chunk, 1, score, ("lexical",))


def answered(question: str, *passages: Passage) -> tuple[str, list[str], Completion]:
    return read(ExtractiveGenerator().stream(Prompt(question, passages)))


def quotes(text: str) -> list[tuple[str, int]]:
    """The quotes with their marks, which must be all there is."""
    found = re.findall(r"“(.*?)” \[(\d+)\](?: |$)", text)
    assert text == " ".join(f"“{quote}” [{marker}]" for quote, marker in found)
    return [(quote, int(marker)) for quote, marker in found]


BREAD = passage("The oven is hot. The loaf cools for 45 minutes on a rack. Cloth keeps it soft.", 0.9)
RICE = passage("Rice is rinsed three times. It soaks for half an hour.", 0.2)


def test_the_best_sentence_is_quoted_with_its_mark_under_a_label() -> None:
    text, notices, completion = answered("How long does the loaf cool on the rack?", RICE, BREAD)
    assert quotes(text)[0] == ("The loaf cools for 45 minutes on a rack.", 2)
    assert notices == [LABEL]
    assert (completion.finish, completion.provider) == ("degraded", "extractive")
    assert completion.usage.cost == Decimal(0)


def test_at_most_two_sentences_are_quoted() -> None:
    many = [passage(f"The loaf number {number} cools on the rack.") for number in range(20)]
    assert 1 <= len(quotes(answered("Which loaf cools on the rack?", *many)[0])) <= 2


def test_a_second_sentence_is_quoted_when_it_answers_the_other_half_of_the_question() -> None:
    loaf = "The loaf cools on a rack for 45 minutes."
    oven = "The oven is heated to 230 degrees."
    text, _, _ = answered(
        "How long does the loaf cool, and how hot is the oven?", passage(f"{loaf} {oven} Mills turn.")
    )
    assert {quote for quote, _ in quotes(text)} == {loaf, oven}


def test_a_sentence_that_answers_alone_is_quoted_alone() -> None:
    text, _, _ = answered("How long does the loaf cool on the rack?", RICE, BREAD)
    assert quotes(text) == [("The loaf cools for 45 minutes on a rack.", 2)]


def test_what_a_pronoun_stands_for_is_quoted_before_it() -> None:
    injera = "Injera is a spongy pancake on which guests are served."
    plate = "It serves as plate and spoon."
    text, _, _ = answered("Which pancake serves as plate and spoon?", passage(f"{injera} {plate} Coffee follows."))
    assert quotes(text) == [(injera, 1), (plate, 1)]


@pytest.mark.parametrize(
    ("question", "passages"),
    [
        ("Who won the football championship?", (BREAD, RICE)),
        ("How long does the loaf cool?", ()),
        ("", (BREAD,)),
        ("?!", (BREAD,)),
        ("How long does the loaf cool?", (passage("# The loaf\n\n| ---- | ---- |"),)),
    ],
)
def test_what_the_passages_do_not_say_is_answered_so(question: str, passages: tuple[Passage, ...]) -> None:
    text, notices, _ = answered(question, *passages)
    assert text == NOT_FOUND
    assert notices == [NO_SENTENCE]


@pytest.mark.parametrize(
    ("question", "figure"),
    [
        ("How hot is the oven for the loaf?", "The oven for the loaf is heated to 230 degrees."),
        ("How long is the oven on for the loaf?", "The oven for the loaf is on for two hours."),
        ("When is the oven lit for the loaf?", "The oven for the loaf is lit in the morning."),
    ],
)
def test_a_question_for_a_figure_is_answered_by_a_sentence_that_holds_one(question: str, figure: str) -> None:
    text, _, _ = answered(
        question, passage(f"The oven for the loaf is a joy. {figure} The oven for the loaf is old.")
    )
    assert quotes(text)[0][0] == figure


def test_the_same_sentence_is_quoted_once() -> None:
    twice = [passage("The loaf cools for an hour on the rack.", score) for score in (0.9, 0.8)]
    assert quotes(answered("How long does the loaf cool?", *twice)[0]) == [
        ("The loaf cools for an hour on the rack.", 1)
    ]


def test_nothing_in_a_sentence_is_left_out_but_the_sign_of_its_line() -> None:
    text = "- The **loaf** in `loaves[1]` or __loaf__ cools for 45 minutes [12] on a\n  rack【3†source】."
    assert quotes(answered("How long does the loaf cool?", passage(text))[0]) == [
        ("The **loaf** in `loaves[1]` or __loaf__ cools for 45 minutes [12] on a rack【3†source】.", 1)
    ]


def test_quotation_marks_of_the_document_do_not_end_the_quotation() -> None:
    text, _, _ = answered("How wide is the loaf?", passage("The “loaf” is 5” wide [2]."))
    assert text == '“The "loaf" is 5" wide [2].” [1]'


def test_a_long_sentence_is_shortened_at_a_word() -> None:
    sentence = "The loaf cools " + "very slowly indeed " * 60
    ((quote, _),) = quotes(answered("How does the loaf cool?", passage(sentence))[0])
    assert len(quote) <= 402
    assert quote.endswith(" …")
    assert sentence.startswith(quote.removesuffix("…"))


def test_of_a_long_sentence_the_clauses_that_answer_are_quoted() -> None:
    sentence = "Dough rests; " * 60 + "the loaf cools for 45 minutes on the rack; " + "guests wait, " * 60
    ((quote, _),) = quotes(answered("How long does the loaf cool on the rack?", passage(sentence))[0])
    assert "the loaf cools for 45 minutes on the rack" in quote
    assert len(quote) <= 404
    assert quote.strip("… ") in sentence


def test_it_streams_the_label_then_a_delta_for_each_sentence() -> None:
    pieces = list(ExtractiveGenerator().stream(Prompt("How does the loaf cool?", (BREAD, BREAD))))
    assert isinstance(pieces[0], Notice)
    assert all(isinstance(piece, Delta) for piece in pieces[1:-1])


def test_nothing_leaves_this_machine() -> None:
    assert ExtractiveGenerator().destination is None


WORDS = st.sampled_from(
    ["the", "loaf", "cools", "for", "45", "minutes.", "rice", "soaks.", "«so»", "ü!", "\n\n", "\n- ", "**hot**"]
)


@given(st.lists(st.lists(WORDS, max_size=30).map(" ".join), max_size=4))
def test_every_quote_stands_in_the_passage_its_mark_names(texts: list[str]) -> None:
    text, _, _ = answered("How long does the loaf cool?", *map(passage, texts))
    if text != NOT_FOUND:
        for quote, marker in quotes(text):
            assert _bare(quote.removesuffix(" …")) in _bare(texts[marker - 1])


def _bare(text: str) -> str:
    return " ".join(re.sub(r"[*-]", " ", text).split())


def test_a_megabyte_of_question_is_answered() -> None:
    text, _, _ = answered("How long does the loaf cool? " * 40_000, BREAD, RICE)
    assert quotes(text)


def test_rows_of_a_table_can_be_quoted_and_its_rules_cannot() -> None:
    table = passage("| Food | Centre |\n|------|-------:|\n| Chicken, all parts | 74 °C |\n| Eggs | 71 °C |", 0.9)
    text, _, _ = answered("What temperature should chicken have?", table)
    assert quotes(text)[0] == ("Chicken, all parts | 74 °C", 1)
    assert "---" not in text


def test_a_line_of_a_log_is_quoted_and_not_the_lines_before_it() -> None:
    lines = [f"10:{minute:02} INFO served invoice {minute}" for minute in range(20)]
    log = passage("\n".join([*lines, "10:20 ERROR Stripe answered 503 for invoice 20"]), 0.9)
    text, _, _ = answered("What did Stripe answer?", log)
    assert quotes(text)[0] == ("10:20 ERROR Stripe answered 503 for invoice 20", 1)


def test_a_question_is_not_answered_by_itself() -> None:
    text, _, _ = answered(
        "How do I cancel?", passage("How do I cancel?\n\nWrite to us, and we cancel at once.", 0.9)
    )
    assert quotes(text) == [("Write to us, and we cancel at once.", 1)]


def test_a_sentence_without_spaces_is_a_sentence() -> None:
    meeting = passage("会議は火曜日の午後三時に始まります。\n\nThe office is closed on Friday.", 0.9)
    text, _, _ = answered("会議はいつ始まりますか", meeting)
    assert quotes(text)[0] == ("会議は火曜日の午後三時に始まります。", 1)


def test_what_is_hardly_about_the_question_is_called_so() -> None:
    assert answered("Which loaf has raisins?", BREAD)[1] == [FAINT_LABEL]
    assert answered("Which loaf cools on a rack?", BREAD)[1] == [LABEL]


def test_a_row_of_a_wide_table_comes_with_the_names_of_its_columns() -> None:
    rows = "\n".join(f"| Town {number} | {number * 3} | {number * 7} |" for number in range(1, 9))
    table = passage(f"| Town | Bakeries | Mills |\n|------|-----|-----|\n| Lindau | 12 | 41 |\n{rows}", 0.9)
    text, _, _ = answered("How many bakeries does Lindau have?", table)
    assert quotes(text) == [("Town | Bakeries | Mills", 1), ("Lindau | 12 | 41", 1)]


def test_of_settings_the_line_is_quoted_and_not_the_block() -> None:
    settings = passage("cool_minutes: 45\noven_degrees: 230\nrack: true\nloaf_weight: 900 g")
    text, _, _ = answered("What is the loaf weight?", settings)
    assert quotes(text)[0] == ("loaf_weight: 900 g", 1)


def test_a_comment_in_code_is_quoted_and_a_heading_of_prose_is_not() -> None:
    line = "# The loaf cools for 45 minutes on a rack."
    chunk = replace(BREAD.chunk, source="/docs/oven.py", text=line)
    question = "How long does the loaf cool on the rack?"
    assert quotes(answered(question, replace(BREAD, chunk=chunk))[0])[0][0] == line.removeprefix("# ")
    assert answered(question, replace(BREAD, chunk=replace(chunk, source="/docs/oven.md")))[0] == NOT_FOUND


@pytest.mark.parametrize("heading", ["# The loaf and the rack", "The loaf and the rack\n======================"])
def test_a_heading_without_a_blank_line_below_it_hides_no_sentence_and_is_not_quoted(heading: str) -> None:
    page = passage(f"{heading}\nThe loaf cools for 45 minutes on a rack. It is brown.", heading="The loaf")
    text, _, _ = answered("How long does the loaf cool on the rack?", page)
    assert quotes(text)[0] == ("The loaf cools for 45 minutes on a rack.", 1)
    assert "======" not in text


def test_an_answer_below_a_question_is_read_with_it() -> None:
    page = passage("Can I freeze the loaf?\n\nYes, for three months.\n\nCan I toast it?\n\nYes, on both sides.")
    text, _, _ = answered("Can I freeze the loaf?", page)
    assert quotes(text)[0][0] == "Yes, for three months."


def test_a_definition_is_preferred_when_one_is_asked_for() -> None:
    dough = passage(
        "Bakers love a biga and talk about it. A biga is a stiff starter dough. The biga came late.", 0.9
    )
    assert quotes(answered("What is a biga?", dough)[0])[0][0] == "A biga is a stiff starter dough."


@pytest.mark.parametrize(
    ("question", "sentence", "others"),
    [
        (
            "Wie lange kühlt das Brot ab?",
            "Das Brot kühlt nach dem Backen 45 Minuten ab.",
            "Der Ofen wird auf 230 Grad vorgeheizt. Die Kruste bleibt knusprig.",
        ),
        ("बैठक कब शुरू होती है?", "बैठक मंगलवार को सुबह दस बजे शुरू होती है।", "चावल को तीन बार धोया जाता है।"),
        ("茶叶产自哪里？", "茶叶产自福建省武夷山。", "面包要冷却四十五分钟。办公室星期五关闭。"),
        ("Во сколько начинается встреча?", "Встреча начинается в три часа.", "Хлеб остывает на решётке."),
    ],
)
@pytest.mark.parametrize("found_by", [("lexical",), ("dense", "lexical")])
def test_other_languages_are_quoted_too(
    question: str, sentence: str, others: str, found_by: tuple[Literal["dense", "lexical"], ...]
) -> None:
    found = replace(passage(f"{others} {sentence}"), found_by=found_by)
    assert quotes(answered(question, found)[0])[0] == (sentence, 1)


def test_a_question_in_another_language_that_nothing_answers_is_refused() -> None:
    bread = passage("Das Brot kühlt nach dem Backen 45 Minuten ab. Die Kruste bleibt knusprig.")
    for question in ("Welche Hauptstadt hat Norwegen?", "挪威的首都是哪里？"):
        assert answered(question, bread)[0] == NOT_FOUND


def test_what_is_distant_must_share_more_words_to_be_quoted() -> None:
    question = "Which cloth did the museum in Paris keep?"
    near = Prompt(question, (BREAD,))
    assert read(ExtractiveGenerator().stream(near))[0] != NOT_FOUND
    assert read(ExtractiveGenerator().stream(replace(near, distant=True)))[0] == NOT_FOUND


def test_a_question_about_somebody_else_is_not_answered_plainly() -> None:
    luther = passage("Luther was ordained in Erfurt in 1507. He taught theology in Wittenberg from 1508.", 0.9)
    assert answered("When was Luther ordained in Erfurt?", luther)[1] == [LABEL]
    assert answered("When was Calvin ordained in Geneva?", luther)[1] != [LABEL]


def test_lines_of_a_log_with_bars_are_no_table() -> None:
    log = passage("\n".join(f"10:{minute:02} | INFO | served invoice {minute}" for minute in range(20)), 0.9)
    assert quotes(answered("When was invoice 13 served?", log)[0])[0] == ("10:13 | INFO | served invoice 13", 1)
