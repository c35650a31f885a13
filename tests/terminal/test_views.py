"""Every view as text of a fixed width."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ragchat.core.passage import Scores
from ragchat.errors import GenerationError, NoHits
from ragchat.index.collection import Collection
from ragchat.index.ingest import IngestReport
from ragchat.index.manifest import DocumentRecord
from ragchat.terminal.commands.table import COMMANDS
from ragchat.terminal.views.collections import collections
from ragchat.terminal.views.commands import command_list
from ragchat.terminal.views.documents import document, documents
from ragchat.terminal.views.failure import failure
from ragchat.terminal.views.ingest import ingested
from ragchat.terminal.views.quantities import money, seconds, share, size, tokens
from ragchat.terminal.views.sources import cited, found
from tests.terminal.screens import screen
from tests.terminal.scripted import answer, passage

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path.cwd()


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (
            None,
            "[1] data/food/guides/bread.md:42  .86  Baking bread at home › Storing"
            "  “then in a cotton bag, away from the stove.”",
        ),
        (80, "[1] data/food/guides/bread.md:42  .86  Baking bread at home › Storing  “then in…"),
        (50, "[1] data/food/guides/bread.md:42  .86  Baking bre…"),
        (40, "[1] data/food/guides/bread.md:42  .86"),
        (20, "[1] data/food/guides/bread.md:42"),
    ],
)
def test_a_source_line_is_cropped_behind_the_place_and_never_in_it(width: int | None, shown: str) -> None:
    assert cited(answer("x [1]").citations, _HERE, width).plain == shown


def test_a_source_is_linked_to_its_file_in_colour() -> None:
    terminal, shown = screen(80, colour=True)
    terminal.out.print(cited(answer("x [1]").citations, _HERE, 40))
    uri = (_HERE / "data/food/guides/bread.md").as_uri()
    assert re.sub(r"id=\d+", "id=0", shown.getvalue()) == (
        f"\x1b[1;36m[1]\x1b[0m \x1b]8;id=0;{uri}\x1b\\\x1b[36mdata/food/guides/bread.md:42\x1b[0m\x1b]8;;\x1b\\"
        "  \x1b[2m.86\x1b[0m\n"
    )


def test_passages_are_shown_in_full_with_how_they_were_found() -> None:
    passages = (passage(1), passage(2, "Rye keeps for a week.", "guides/rye.md", 7))
    assert found(passages, _HERE, 40, used={passages[0].chunk.id}).plain == (
        "1. data/food/guides/bread.md:41-42\n"
        "   Cool the loaf first. A cut loaf keeps\n"
        "   best wrapped in paper,\n"
        "   then in a cotton bag, away from the\n"
        "   stove.\n"
        "\n"
        "2. data/food/guides/rye.md:7  .81 dense\n"
        "   Rye keeps for a week."
    )
    assert found(passages, _HERE, None, used={passages[0].chunk.id}).plain.startswith(
        "1. data/food/guides/bread.md:41-42  .86 dense + lexical · cited  Baking bread at home › Storing\n"
        "   Cool the loaf first. A cut loaf keeps best wrapped in paper,\n"
    )


def test_a_passage_tells_the_score_and_the_rank_that_each_search_gave_it() -> None:
    both = replace(passage(1, "Wrap it."), scores=Scores(0.634, 1, 8.24, 3, 0.91))
    assert found((both,), _HERE, None).plain == (
        "1. data/food/guides/bread.md:41  .86 dense .63 #1 + lexical 8.2 #3  Baking bread at home › Storing\n"
        "   Wrap it."
    )


def test_hostile_passages_are_shown_as_visible_text() -> None:
    hostile = passage(1, "a\x1b]52;c;ZXZpbA==\x07b [red]c[/red]\u202e", "evil\x1b[2J\u202e.md")
    shown = found((hostile,), _HERE, 80).plain
    assert "evil\\x1b[2J\\u202e.md" in shown
    assert shown.endswith("\n   ab [red]c[/red]")


def test_a_failure_says_what_happened_and_what_to_do() -> None:
    error = GenerationError("groq refused the key.", "Check GROQ_API_KEY in your .env file.", failure="key")
    assert failure(error, None).plain == (
        "error: groq refused the key.\nhint: Check GROQ_API_KEY in your .env file."
    )
    assert failure(error, 30).plain == (
        "error: groq refused the key.\nhint: Check GROQ_API_KEY in\nyour .env file."
    )
    assert failure(NoHits("Nothing was found."), None).plain == "error: Nothing was found."


def _report(**facts: Any) -> IngestReport:
    """A report of an ingest that did nothing but `facts`."""
    lists = ("added", "changed", "unchanged", "removed", "failed", "skipped", "warnings")
    found = ("duplicates", "similar", "notices")
    nothing = {"chunks": 0, "embedded": 0, "reused": 0, "seconds": 0.0}
    return IngestReport(**{**dict.fromkeys((*lists, *found), ()), **nothing, **facts})


def test_an_ingest_report_adds_up_and_names_at_most_ten_files_of_a_kind() -> None:
    report = _report(
        added=("a.md",),
        unchanged=("b.md", "c.md"),
        failed=((str(_HERE / "bad.json"), "It is not JSON\x1b[2J."),),
        skipped=tuple((f"/big/{number}.bin", "It is binary.") for number in range(22)),
        chunks=1234,
        embedded=1234,
        seconds=75.0,
    )
    lines = ingested(report, _HERE, None).plain.split("\n")
    assert lines[0] == (
        "1 added · 0 changed · 2 unchanged · 0 removed · 1 failed · 22 skipped · 1,234 chunks · 1 min 15 s"
    )
    assert lines[1:3] == ["failed: bad.json: It is not JSON.", "skipped: /big/0.bin: It is binary."]
    assert lines[-1] == "skipped: … and 12 more"
    assert len(lines) == 13


def test_an_ingest_report_tells_what_was_embedded_before_and_why_nothing_is_kept() -> None:
    report = _report(chunks=1234, embedded=4, reused=1230, notices=("The cache\x1b[2J is damaged.",))
    lines = ingested(report, _HERE, None).plain.split("\n")
    assert lines[0].endswith("· 1,234 chunks · 1,230 embedded before · 0 ms")
    assert lines[1:] == ["The cache is damaged."]


def test_an_ingest_report_tells_of_a_few_copies() -> None:
    report = _report(
        duplicates=((str(_HERE / "a\x1b[2J.md"), str(_HERE / "b.md")),),
        similar=tuple((f"/notes/{number}.md", "/notes/old\u202e.md", 0.953125) for number in range(5)),
    )
    assert ingested(report, _HERE, None).plain.split("\n")[1:] == [
        "twice: a\\x1b[2J.md says the same as b.md",
        "twice: /notes/0.md says nearly the same as /notes/old\\u202e.md",
        "twice: /notes/1.md says nearly the same as /notes/old\\u202e.md",
        "twice: … and 3 more",
    ]


def _row(source: str, title: str, chunks: int, size: int) -> DocumentRecord:
    return DocumentRecord(0, source, "", title, chunks, size, 0, "", "2026-11-20T12:30:00+00:00", "", None)


_ROWS = (
    _row(str(_HERE / "data/bread.md"), "Baking bread at home, and keeping it", 12, 3400),
    _row(str(_HERE / "data/漢字.md"), "漢字", 1, 812),
)


@pytest.fixture
def utc() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (
            80,
            "data/bread.md  Baking bread at home, and k…  12 chunks  3.4 kB  2026-11-20 12:30\n"
            "data/漢字.md   漢字                            1 chunk   812 B  2026-11-20 12:30",
        ),
        (
            40,
            "data/bread.md\n   Baking bread at home, and keeping it\n   12 chunks · 3.4 kB · 2026-11-20 12:30\n"
            "data/漢字.md\n   漢字 · 1 chunk · 812 B\n   2026-11-20 12:30",
        ),
        (
            60,
            "data/bread.md  12 chunks  3.4 kB  2026-11-20 12:30\n"
            "data/漢字.md     1 chunk   812 B  2026-11-20 12:30",
        ),
    ],
)
def test_documents_are_a_table_where_it_fits(width: int, shown: str) -> None:
    assert documents(_ROWS, _HERE, width).plain == shown


def test_no_documents_are_no_lines() -> None:
    assert documents((), _HERE, 80).plain == ""


@pytest.mark.usefixtures("utc")
def test_a_document_is_shown_with_its_chunks() -> None:
    assert document(_ROWS[1], [passage(1, "紙に包む\n").chunk], _HERE, None).plain == (
        "data/漢字.md\n漢字 · 1 chunk · 812 B · 2026-11-20 12:30\n\n"
        "data/food/guides/bread.md:41-42  Baking bread at home › Storing\n   紙に包む"
    )


def test_a_damaged_collection_is_listed_among_the_others(tmp_path: Path) -> None:
    names = ("food", "notes", "tea")
    shown = [Collection(tmp_path, name) for name in names]
    (shown[1].folder / "index.db").write_bytes(b"no database" * 100)
    assert collections(shown, _HERE, None).plain == (
        "food · 0 documents · 0 chunks\n"
        "notes · damaged · Run `ragchat collection remove notes` and ingest again.\n"
        "tea · 0 documents · 0 chunks"
    )


def test_the_help_stands_beside_the_commands_and_below_them_where_there_is_little_room() -> None:
    few = [command for command in COMMANDS if command.name in ("open", "why", "quit")]
    assert command_list(few, 40).plain == (
        "/open [N]  open a source in your editor,\n"
        "           where it is cited\n"
        "/why       how the passages were found,\n"
        "           and what was dropped\n"
        "/quit      leave (also Ctrl-D)"
    )
    assert command_list(few, 30).plain == (
        "/open [N]\n   open a source in your\n   editor, where it is cited\n"
        "/why\n   how the passages were\n   found, and what was dropped\n"
        "/quit\n   leave (also Ctrl-D)"
    )


def test_quantities_read_well() -> None:
    assert [seconds(value) for value in (0.0004, 0.012, 0.3, 0.996, 59.96, 125)] == [
        "0 ms",
        "12 ms",
        "0.30 s",
        "1.0 s",
        "1 min 0 s",
        "2 min 5 s",
    ]
    assert [share(value) for value in (0.874, 0.0, 0.999, 1.0, -0.05, -0.001)] == [
        ".87",
        ".00",
        "1.0",
        "1.0",
        "-.05",
        ".00",
    ]
    assert [money(None), money(Decimal("0.00001")), money(Decimal(12))] == ["cost unknown", "<$0.0001", "$12.0000"]
    assert [tokens(None, None), tokens(0, 0), tokens(None, 5), tokens(1000, 5)] == [
        "",
        "",
        "5 tokens",
        "1,000 + 5 tokens",
    ]
    assert [size(0), size(999_400), size(999_600), size(2_000_000_000)] == ["0 B", "999.4 kB", "1.0 MB", "2.0 GB"]
