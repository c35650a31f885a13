"""The views of an index, of a plan and of a watch's rounds, on a wide line, a narrow one and in a pipe."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragchat.documents.walk import Found
from ragchat.index.ingest import Plan
from ragchat.index.rebuild import RebuildReport
from ragchat.index.status import Sizes, Status
from ragchat.index.vacuum import VacuumReport
from ragchat.index.verify import Verification
from ragchat.index.watch import Round
from ragchat.terminal.cells import cells
from ragchat.terminal.views.index import rebuilt, repaired, status, vacuumed, verified
from ragchat.terminal.views.plan import planned, round_done
from tests.index.doubles import WordEmbedder, write

if TYPE_CHECKING:
    from rich.text import Text

    from ragchat.index.ingest import IngestReport

_HERE = Path.cwd()
_SIZES = Sizes(texts=311_296, segments=473_308, chromadb=735_396)
_BROKEN = Verification(
    documents=2,
    chunks=3,
    missing_vectors=frozenset({"a"}),
    missing_words=frozenset({"a", "b"}),
    orphans=frozenset({"z"}),
    damage=("/home/a\x1b[2Jb/x.safetensors is not as it was written.",),
)
_WHOLE = Verification(2, 3, frozenset(), frozenset(), frozenset())


def _status(**changed: object) -> Status:
    facts: dict[str, object] = {
        "name": "default",
        "embedder": "bundled/wordllama-l2-supercat-256",
        "documents": 4,
        "chunks": 274,
        "generation": 3,
        "segments": 1,
        "segment_chunks": 300,
        "buried": 26,
        "is_current": True,
        "is_settled": True,
        "is_outdated": False,
        "writer": None,
        "sizes": _SIZES,
    }
    return Status(**{**facts, **changed})  # type: ignore[arg-type]  # each has the type of its field


def test_a_status_is_three_lines_when_all_is_well() -> None:
    assert status(_status(), 100).plain == (
        "default · 4 documents · 274 chunks · bundled/wordllama-l2-supercat-256\n"
        "generation 3 · 1 segment · 26 buried\n"
        "texts 311.3 kB · segments 473.3 kB · ChromaDB 735.4 kB"
    )


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"writer": "ragchat, process 7, since 10:00"}, "Being written to by ragchat, process 7, since 10:00."),
        ({"is_settled": False}, "A writer was stopped before it had finished; the next one finishes."),
        ({"is_current": False}, "Another release split some documents"),
        ({"is_current": False, "is_outdated": True}, "An older release made it"),
    ],
)
def test_what_is_not_as_it_should_be_gets_a_sentence(changed: dict[str, object], told: str) -> None:
    *_, last = status(_status(**changed), None).plain.splitlines()
    assert last.startswith(told)


def test_while_someone_writes_what_is_unfinished_is_no_news() -> None:
    assert "stopped" not in status(_status(is_settled=False, writer="ragchat"), None).plain


def test_damage_is_a_line_for_each_kind_and_the_cure() -> None:
    assert verified(_BROKEN, "notes", None).plain.splitlines() == [
        "/home/ab/x.safetensors is not as it was written.",
        "1 chunk not found by vector",
        "2 chunks not found by words",
        "1 orphan, of no chunk",
        "cure: Run `ragchat index repair --collection notes`.",
    ]
    assert repaired(_BROKEN, None).plain.splitlines()[1] == "repaired: 1 chunk not found by vector"


def test_what_is_whole_is_one_line() -> None:
    whole = "2 documents · 3 chunks · each found by its words and its vector"
    assert verified(_WHOLE, "notes", None).plain == whole
    assert repaired(_WHOLE, None).plain == f"There was nothing to repair.\n{whole}"


def test_a_rebuild_names_what_it_kept() -> None:
    report = RebuildReport(documents=2, chunks=3, kept=(("/a\x07b.md", "It is gone."),), seconds=0.5)
    assert rebuilt(report, "bundled/x", _HERE, None).plain == (
        "2 documents · 3 chunks · bundled/x · 0.50 s\nkept: /a\\x07b.md: It is gone."
    )


def test_a_vacuum_tells_before_and_after() -> None:
    report = VacuumReport(before=Sizes(900_000, 0, 100_000), after=_SIZES, terms=1, seconds=0.01)
    assert vacuumed(report, None).plain.splitlines()[0] == (
        "1.0 MB before · 1.5 MB now · 1 unused term dropped · 10 ms"
    )


def _plan(count: int) -> Plan:
    return Plan(
        to_read=tuple(Found(_HERE / f"new {number}.md", 1_234, 0) for number in range(count)),
        unchanged=(),
        skipped=(("/b\x1b[31m.log", "ignored"),),
        to_remove=(str(_HERE / "gone.md"),),
        known={},
    )


def test_a_plan_lists_names_and_sizes() -> None:
    assert planned(_plan(1), _HERE, None).plain == (
        "1 to add · 0 to read again · 0 unchanged · 1 to remove · 1 skipped\n"
        "add: new 0.md 1.2 kB\n"
        "remove: gone.md: it is gone\n"
        "skip: /b\\x1b[31m.log: ignored"
    )


def test_a_long_plan_is_cut_and_says_so() -> None:
    lines = planned(_plan(1_060), _HERE, None).plain.splitlines()
    assert lines[0].startswith("1,060 to add")
    assert lines[51] == "add: … and 1,010 more"


def test_a_round_counts_only_what_happened(tmp_path: Path) -> None:
    done = Round(_report(tmp_path), left=("a", "b"))
    assert round_done(done, datetime(2026, 11, 20, 14, 5, 12), tmp_path, None).plain.startswith(
        "14:05:12 · 1 added · 2 removed · "
    )


def _report(folder: Path) -> IngestReport:
    """The report of a real ingest of one document."""
    from ragchat.index.collection import Collection
    from ragchat.index.ingest import ingest

    write(folder / "docs", tea="Noon chai is pink.")
    return ingest(
        Collection(folder / "home"), WordEmbedder(), [folder / "docs"], max_bytes=10_000, never=folder / "home"
    )


@pytest.mark.parametrize(
    "shown",
    [
        status(_status(is_current=False, writer="ragchat, process 7, since 10:00"), 40),
        verified(_WHOLE, "notes", 40),
        vacuumed(VacuumReport(_SIZES, _SIZES, 3, 0.1), 40),
        planned(_plan(0), _HERE, 40),
    ],
)
def test_lines_fit_a_narrow_screen(shown: Text) -> None:
    assert max(map(cells, shown.plain.splitlines())) <= 40
