"""Notebooks are found by their cells."""

from __future__ import annotations

import json
import random

import pytest

from ragchat.documents.decode import decode
from ragchat.documents.readers.notebook import read_notebook
from ragchat.documents.split import split
from ragchat.errors import DocumentError

CELLS = [
    {"cell_type": "markdown", "source": ["# Rainfall\n", "Measured daily.\n"]},
    {"cell_type": "markdown", "source": "## Loading\n\nFrom a file."},
    {
        "cell_type": "code",
        "source": ["import csv\n", "\n", "def load(path):\n", "    return csv.reader(path)\n"],
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["10 %\r", "100 %\r\n", "\x1b[31mread\x1b[0m\n"]},
            {"output_type": "execute_result", "data": {"text/plain": ["42 rows"], "text/html": "<b>42</b>"}},
            {"output_type": "display_data", "data": {"image/png": "iVBORw0", "text/plain": "<Figure>"}},
            {"output_type": "error", "ename": "ValueError", "evalue": "no rain", "traceback": ["\x1b[0m"]},
        ],
    },
    {"cell_type": "code", "source": "", "outputs": []},
    {"cell_type": "raw", "source": "# As it is."},
]
NOTEBOOK = json.dumps({"nbformat": 4, "metadata": {}, "cells": CELLS}, indent=1)


def outline(text: str) -> list[tuple[str, str, str, bool]]:
    """Heading, place, text and whether it is verbatim, of each section."""
    read = read_notebook("/docs/a.ipynb", text, "a")
    return [
        (
            " › ".join(section.heading),
            section.place.suffix() if section.place else "",
            read.text[section.start : section.end].strip(),
            section.verbatim,
        )
        for section in read.sections
    ]


def test_each_cell_is_found_by_its_number_below_the_headings_before_it() -> None:
    assert outline(NOTEBOOK) == [
        ("", " cell 1", "# Rainfall\nMeasured daily.", False),
        ("Loading", " cell 2", "## Loading\n\nFrom a file.", False),
        ("Loading", " cell 3", "import csv", True),
        ("Loading › def load", " cell 3", "def load(path):\n    return csv.reader(path)", True),
        ("Loading", " cell 3", "100 %\nread\n42 rows\nValueError: no rain", True),
        ("Loading", " cell 5", "# As it is.", False),
    ]


def test_the_first_top_heading_names_the_notebook_else_its_file_does() -> None:
    assert read_notebook("/docs/a.ipynb", NOTEBOOK, "a").title == "Rainfall"
    assert read_notebook("/docs/a.ipynb", json.dumps({"cells": CELLS[1:]}), "a").title == "a"


def test_chunks_have_the_place_of_their_cell() -> None:
    chunks = list(split(read_notebook("/docs/a.ipynb", NOTEBOOK, "a")))
    assert [chunk.place.as_json() for chunk in chunks][2] == {"kind": "cell", "start": 3, "end": 3}
    assert chunks[3].heading == "Rainfall › Loading › def load"


def test_format_3_is_read_too() -> None:
    sheet = {
        "cells": [
            {"cell_type": "heading", "level": 1, "source": ["Old"]},
            {"cell_type": "heading", "level": 2, "source": ["Part"]},
            {"cell_type": "code", "input": ["x = 1"], "outputs": [{"output_type": "pyout", "text": ["1"]}]},
        ]
    }
    assert outline(json.dumps({"nbformat": 3, "worksheets": [sheet]})) == [
        ("", " cell 1", "# Old", False),
        ("Part", " cell 2", "## Part", False),
        ("Part", " cell 3", "x = 1", True),
        ("Part", " cell 3", "1", True),
    ]


def test_code_is_cut_as_the_language_of_the_kernel_says() -> None:
    cells = [{"cell_type": "code", "source": "get <- function(a) {\n  a\n}"}]
    metadata = {"language_info": {"file_extension": ".r"}}
    assert outline(json.dumps({"cells": cells, "metadata": metadata}))[0][0] == "get"
    assert outline(json.dumps({"cells": cells}))[0][0] == ""


@pytest.mark.timeout(10)  # quadratic time would be minutes
def test_long_output_is_cut() -> None:
    cell = {"cell_type": "code", "source": "", "outputs": [{"output_type": "stream", "text": "x" * 1_000_000}]}
    (shown,) = outline(json.dumps({"cells": [cell]}))
    assert shown[2] == "x" * 1999 + "…"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"cells": [\n\n}', "Line 3 is not JSON"),
        ("[1]", "no notebook"),
        ('{"cells": 1}', "no notebook"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_notebook_is_refused(text: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        read_notebook("/docs/a.ipynb", text, "a")


def test_half_a_character_and_a_number_without_end_do_no_harm() -> None:
    cells = '[{"cell_type": "markdown", "source": "a \\ud800 b", "n": ' + "9" * 5000 + "}, 7, null]"
    (shown,) = outline(f'{{"cells": {cells}}}')
    assert shown[2] == "a \ufffd b"


def test_damaged_copies_are_a_document_or_a_clear_refusal() -> None:
    generator = random.Random(0)
    whole = NOTEBOOK.encode()
    read = 0
    for _ in range(200):
        data = bytearray(whole if generator.random() < 0.8 else whole[: generator.randrange(len(whole))])
        for _ in range(generator.randrange(1, 4)):
            data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
        try:
            document = read_notebook("/docs/a.ipynb", decode(bytes(data)), "a")
        except DocumentError as error:
            assert error.message.endswith(".")
        else:
            read += 1
            assert all(section.end <= len(document.text) for section in document.sections)
            assert document.text.encode()
    assert read
