"""One folder with everything people have: each document answers with its place, the rest is told."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import openpyxl
import pptx
import pytest

from tests.documents.packages import book, paragraph, word_file
from tests.documents.pdf_files import pdf, prose
from tests.programs import Program

if TYPE_CHECKING:
    from pathlib import Path

FACTS = {
    # what is asked: the file that answers, its place, words of the answer
    "Who painted the lighthouse of Skagen?": ("notes.txt", {"kind": "lines", "start": 3, "end": 3}, "Oda Krag"),
    "Which valve does the boiler manual name?": (
        "manual.md",
        {"kind": "lines", "start": 7, "end": 7},
        "Brass valve 9",
    ),
    "What colour is the heron ferry?": ("page.html", {"kind": "lines", "start": 3, "end": 4}, "vermilion"),
    "When was the quarry of Ulbo closed?": ("report.pdf", {"kind": "page", "start": 2, "end": 2}, "1931"),
    "What does the orchard contract forbid?": (
        "contract.docx",
        {"kind": "paragraph", "start": 1, "end": 2},
        "beekeeping",
    ),
    "Where does the marten novel begin?": ("novel.epub", {"kind": "paragraph", "start": 1, "end": 2}, "Trieste"),
    "How many crates of quinces were shipped?": (
        "cargo.csv",
        {"kind": "record", "start": 2, "end": 2, "line": 3},
        "417",
    ),
    "What is the voltage of the tram line?": (
        "grid.json",
        {"kind": "path", "start": "$.tram", "end": "$.tram", "line": 3},
        "750",
    ),
    "Who reported the frozen turnstile?": (
        "tickets.jsonl",
        {"kind": "record", "start": 2, "end": 2, "line": 2},
        "Ines",
    ),
    "What does the notebook say about glacier albedo?": (
        "melt.ipynb",
        {"kind": "cell", "start": 2, "end": 2},
        "0.62",
    ),
    "Which function computes the tonnage toll?": (
        "tolls.py",
        {"kind": "lines", "start": 4, "end": 4},
        "tonnage_toll",
    ),
    "What rent does the mill pay?": ("rents.xlsx", {"kind": "record", "start": 3, "end": 3}, "88"),
    "What do the slides promise about the observatory?": (
        "talk.pptx",
        {"kind": "page", "start": 2, "end": 2},
        "open dome",
    ),
    "Was kostet der Käse im Gasthaus?": ("gasthaus.txt", {"kind": "lines", "start": 1, "end": 1}, "fünf"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document of every format, each with a fact of its own, and all the trouble there is."""
    folder = tmp_path_factory.mktemp("formats") / "work" / "docs"
    folder.mkdir(parents=True)
    _good_files(folder)
    (folder / "broken.pdf").write_bytes(pdf(prose("Lost words", 700))[:200])
    (folder / "locked.pdf").write_bytes(
        pdf(
            prose("Secret words", 700),
            trailer=b"/Encrypt<</Filter/Standard/V 1/R 2/O<%s>/U<%s>/P -4>>/ID[<00><00>]"
            % (b"41" * 32, b"42" * 32),
        )
    )
    with (folder / "server.log").open("wb") as log:
        log.truncate(50_000_000)
    (folder / "impostor.docx").mkdir()
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.txt")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\r")
    return folder


def _good_files(folder: Path) -> None:
    (folder / "notes.txt").write_text("A list.\n\nOda Krag painted the lighthouse of Skagen white and red.\n")
    (folder / "manual.md").write_text(
        "# Boiler manual\n\nRead me.\n\n## Valves\n\nBrass valve 9 shuts the boiler off.\n"
    )
    (folder / "page.html").write_text(
        "<html><head><title>Ferries</title></head>\n<body>\n<h1>Ferries</h1>\n"
        "<p>The heron ferry is painted vermilion every spring.</p>\n</body></html>\n"
    )
    second = prose("The quarry of Ulbo was closed in 1931 after a flood.", 700)
    (folder / "report.pdf").write_bytes(pdf(prose("A report on old industries.", 700), second))
    body = paragraph("Contract") + paragraph("The orchard contract forbids beekeeping near the road.")
    (folder / "contract.docx").write_bytes(word_file(body))
    (folder / "novel.epub").write_bytes(book("<h1>One</h1><p>The marten novel begins in Trieste at dawn.</p>"))
    (folder / "cargo.csv").write_text("fruit,crates shipped\napples,12\nquinces,417\n")
    (folder / "grid.json").write_text(
        '{\n "bus": {"fuel": "gas"},\n "tram": {"line": "coast", "voltage": 750}\n}\n'
    )
    tickets = [
        {"text": "The clock stopped.", "reporter": "Per"},
        {"text": "The turnstile is frozen; Ines reported it.", "reporter": "Ines"},
    ]
    (folder / "tickets.jsonl").write_text("".join(json.dumps(ticket) + "\n" for ticket in tickets))
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# Melt"},
        {"cell_type": "markdown", "metadata": {}, "source": "The albedo of the glacier is 0.62 in June."},
    ]
    (folder / "melt.ipynb").write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    )
    (folder / "tolls.py").write_text(
        "RATE = 3\n\n\ndef tonnage_toll(tons):\n    # Computes the toll from the tonnage.\n    return RATE * tons"
    )
    workbook = openpyxl.Workbook()
    for row in (("tenant", "rent"), ("smithy", 70), ("mill", 88)):
        workbook.active.append(row)
    workbook.save(folder / "rents.xlsx")
    _slides(folder / "talk.pptx")
    (folder / "gasthaus.txt").write_bytes("Der Käse im Gasthaus kostet fünf Taler.\n".encode("cp1252"))


def _slides(path: Path) -> None:
    deck = pptx.Presentation()
    for title, text in (
        ("Welcome", "A town with a view."),
        ("The observatory", "We promise an open dome every Friday."),
    ):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        assert slide.shapes.title
        slide.shapes.title.text = title
        slide.placeholders[1].text = text
    deck.save(str(path))


@pytest.fixture(scope="module")
def ragchat(folder: Path) -> Program:
    """The program beside the folder."""
    return Program(folder.parent)


@pytest.mark.parametrize("question", FACTS)
def test_every_format_answers_with_its_place(ragchat: Program, question: str) -> None:
    file, place, words = FACTS[question]
    ran = ragchat("ask", question, "--docs", "docs", "--json")
    assert ran.status == 0
    best = ran.result["passages"][0]
    assert best["source"] == f"docs/{file}"
    assert words in best["text"]
    found = [citation["place"] for citation in ran.result["citations"] if citation["source"] == f"docs/{file}"]
    assert place in found


def test_the_report_adds_up_and_names_what_could_not_be_read(ragchat: Program, folder: Path) -> None:
    ran = ragchat("ingest", "docs", "--json")
    assert ran.status == 0
    report = ran.result
    reasons = {row["source"].removeprefix("docs/"): row["reason"] for row in report["failed"] + report["skipped"]}
    assert set(reasons) == {"broken.pdf", "locked.pdf", "server.log", "loop", "pipe.txt", "picture.png"}
    assert "password" in reasons["locked.pdf"]
    assert "over the limit of 20 MB" in reasons["server.log"]
    assert len(report["added"]) == len(FACTS)
    told = sum(len(report[key]) for key in ("added", "changed", "unchanged", "failed", "skipped"))
    assert told == len(list(folder.iterdir())) - 1  # the empty folder is no file


def test_an_encoding_that_is_named_is_taken_at_its_word(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.txt").write_bytes("The word ďábel means devil in Prague.".encode("cp1250"))
    ragchat = Program(tmp_path / "work")
    ragchat("ingest", ".")
    assert ragchat("ingest", ".", "--encoding", "cp1250", "--json").result["changed"] == ["a.txt"]
    assert "ďábel" in ragchat("search", "devil").out
    assert ragchat("ingest", ".", "--json").result["unchanged"] == ["a.txt"]
    wrong = ragchat("ingest", ".", "--encoding", "klingon", "--json")
    assert wrong.status == 2
    assert wrong.error["message"] == "Text cannot be read as klingon."
