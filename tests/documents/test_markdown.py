"""Markdown as people and programs write it."""

from __future__ import annotations

import pytest

from tests.documents.reading import chunks, document, outline


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# A\none\n## B\ntwo\n# C\nthree", [("", "# A\none"), ("B", "## B\ntwo"), ("C", "# C\nthree")]),
        (
            "## B\none\n### C\ntwo\n## D\nthree",
            [("B", "## B\none"), ("B › C", "### C\ntwo"), ("D", "## D\nthree")],
        ),
        ("## A ##\nx", [("A", "## A ##\nx")]),
        ("## C#\nx", [("C#", "## C#\nx")]),
        ("##\tTab\nx", [("Tab", "##\tTab\nx")]),
        ("   ## In\nx", [("In", "## In\nx")]),
        ("#hashtag\nx", [("", "#hashtag\nx")]),
        ("####### seven\nx", [("", "####### seven\nx")]),
        ("    # code\nx", [("", "# code\nx")]),
        ("Title\n=====\nx", [("", "Title\n=====\nx")]),
        ("a\n\nPart\n----\nx", [("", "a"), ("Part", "Part\n----\nx")]),
        ("a\n\n---\nb", [("", "a\n\n---\nb")]),
        ("- item\n---\nb", [("", "- item\n---\nb")]),
        ("- item\n  more\n---\nb", [("", "- item\n  more\n---\nb")]),
        ("> said\n---\nb", [("", "> said\n---\nb")]),
        ("- item\n\nPart\n---\nb", [("", "- item"), ("Part", "Part\n---\nb")]),
        ("## A\n## B\nx", [("B", "## A\n## B\nx")]),
        ("## Only", [("Only", "## Only")]),
        ("## parse_file `__init__` *now* [link](url) __b__\nx", None),
        ("a\u2028## no\nx", [("", "a\u2028## no\nx")]),
        ("a\x0c## no\nx", [("", "a\x0c## no\nx")]),
        ("## A\r\nx\r\n\r\n## B\r\ny", [("A", "## A\nx"), ("B", "## B\ny")]),
    ],
)
def test_headings_open_sections_and_look_alikes_do_not(text: str, found: list[tuple[str, str]] | None) -> None:
    if found is None:
        assert outline("a.md", text)[0][0] == "parse_file __init__ now link b"
    else:
        assert outline("a.md", text) == found


@pytest.mark.parametrize(
    "block",
    [
        "```\n# not\n```",
        "```py\n# not\n~~~\n# nor\n```",
        "````\n```\n# not\n```\n````",
        "```\n# not\n`````",
        "~~~ sh\n# not\n```\n~~~~",
        "- ```sh\n  # not\n  ```",
        "  1. ```\n# not\n     ```",
        "| a | b |\n|---|---|\n| # | not |",
    ],
)
def test_code_and_tables_are_sections_of_their_own_and_hold_no_headings(block: str) -> None:
    text = f"## A\nbefore\n\n{block}\n\n## B\nafter"
    assert outline("a.md", text) == [("A", "## A\nbefore"), ("A", block.strip()), ("B", "## B\nafter")]
    assert [section.verbatim for section in document("a.md", text).sections] == [False, True, False]


def test_a_fence_that_is_never_closed_runs_to_the_end() -> None:
    assert outline("a.md", "a\n\n```\n# not\nlast") == [("", "a"), ("", "```\n# not\nlast")]


def test_backticks_around_words_of_a_line_are_no_fence() -> None:
    assert outline("a.md", "```x``` is code.\n\n## B\nb") == [("", "```x``` is code."), ("B", "## B\nb")]


def test_a_comment_holds_no_headings_and_is_kept() -> None:
    assert outline("a.md", "<!--\n# old\n-->\n\n## B\nb") == [("", "<!--\n# old\n-->"), ("B", "## B\nb")]
    assert outline("a.md", "<!-- x -->\n## B\nb") == [("", "<!-- x -->"), ("B", "## B\nb")]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Big *soup*\nx", "Big soup"),
        ("x\n\n## Part\n\n# Late\ny", "Late"),
        ("## Part\nx", "a"),
        ("x", "a"),
        ('---\ntitle: "Good bread"\ntags: [x]\n---\n# Other\nx', "Good bread"),
        ("---\ntitle:\ntags: x\n...\n# Head\nx", "Head"),
        ("---\ntitle: Lost\n\n# Head\nx", "Head"),
    ],
)
def test_a_document_is_named_by_front_matter_or_first_top_heading_or_file(text: str, title: str) -> None:
    assert document("a.md", text).title == title


def test_front_matter_is_found_too() -> None:
    text = "---\ntitle: Bread\nauthor: Asha\n---\n\nFlour."
    assert outline("a.md", text) == [("", "---\ntitle: Bread\nauthor: Asha\n---"), ("", "Flour.")]


@pytest.mark.parametrize("text", ["---\n\nOne.\n\n---\n\n## B\n\nTwo.", "---\nOne.\n\n## B\n\nTwo."])
def test_a_rule_at_the_top_is_no_front_matter(text: str) -> None:
    assert outline("a.md", text)[-1] == ("B", "## B\n\nTwo.")


def test_an_endless_heading_does_not_stand_before_every_chunk() -> None:
    found = chunks("a.md", "## " + "[" * 50_000 + "\n" + "A sentence. " * 500)
    assert max(len(chunk.heading) for chunk in found) < 300


def test_a_list_is_cut_at_its_items_with_their_nesting_kept() -> None:
    text = "".join(f"- item {number} with several words\n  - below it, more words\n" for number in range(30))
    found = chunks("a.md", text)
    assert all(chunk.text.startswith("- ") for chunk in found)
    assert "".join(chunk.text for chunk in found) == text
