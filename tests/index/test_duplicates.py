"""Which documents are told to be copies, and of what."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragchat.core.document import Document, Section
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.prepare import prepare
from ragchat.index.rebuild import rebuild
from tests.index.doubles import WordEmbedder, write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ragchat.index.ingest import IngestReport

    TakeIn: TypeAlias = Callable[..., IngestReport]


def _text(seed: int, words: int = 300) -> str:
    """Other words for each seed."""
    chosen = random.Random(seed)
    return " ".join(f"word{chosen.randrange(5_000)}" for _ in range(words))


def _edited(text: str, *places: int) -> str:
    words = text.split()
    for place in places:
        words[place] = f"other{place}"
    return " ".join(words)


def _exact(report: IngestReport) -> list[tuple[str, str]]:
    return [(Path(source).stem, Path(other).stem) for source, other in report.duplicates]


def _similar(report: IngestReport) -> list[tuple[str, str]]:
    return [(Path(source).stem, Path(other).stem) for source, other, _ in report.similar]


def _told(folder: Path, *rounds: Mapping[str, str]) -> IngestReport:
    """What the last of several ingests tells, each with more files or other texts."""
    for texts in rounds:
        write(folder / "docs", **texts)
        with closing(Collection(folder / "home")) as collection:
            report = ingest(collection, WordEmbedder(), [folder / "docs"], max_bytes=10**6, never=folder / "home")
    return report


def test_copies_are_told_with_the_first_of_their_kind(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", a="One short note.", b=_text(1), c="One short note.", d="One short note.", e=_text(1))
    report = take_in(collection, tmp_path / "docs")
    assert _exact(report) == [("c", "a"), ("d", "a"), ("e", "b")]
    assert _similar(report) == []
    assert len(report.added) == len(collection.manifest.documents()) == 5


def test_what_was_there_before_is_the_first_of_its_kind(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", m=_text(1), n=_text(2), z="One short note.")
    take_in(collection, tmp_path / "docs")
    write(tmp_path / "docs", a=_text(1), b=_edited(_text(2), 7), y="One short note.")
    report = take_in(collection, tmp_path / "docs")
    assert _exact(report) == [("a", "m"), ("y", "z")]
    assert _similar(report) == [("b", "n")]


def test_only_what_a_run_has_brought_is_told(collection: Collection, take_in: TakeIn, tmp_path: Path) -> None:
    write(tmp_path / "docs", a=_text(1), b=_text(1), c=_edited(_text(1), 7))
    take_in(collection, tmp_path / "docs")
    assert not take_in(collection, tmp_path / "docs").duplicates
    write(tmp_path / "docs", d=_text(4))
    report = take_in(collection, tmp_path / "docs")
    assert (report.duplicates, report.similar) == ((), ())


def test_what_has_moved_is_no_copy_of_itself(collection: Collection, take_in: TakeIn, tmp_path: Path) -> None:
    write(tmp_path / "docs", a=_text(1))
    take_in(collection, tmp_path / "docs")
    (tmp_path / "docs" / "a.md").rename(tmp_path / "docs" / "b.md")
    report = take_in(collection, tmp_path / "docs")
    assert (report.duplicates, report.similar) == ((), ())


def test_one_word_of_three_hundred_makes_no_other_text(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", a=_text(1), b=_edited(_text(1), 150), c=_text(2), d=_text(3))
    report = take_in(collection, tmp_path / "docs")
    assert _similar(report) == [("b", "a")]
    assert report.similar[0][2] == pytest.approx(295 / 301, abs=0.06)


def test_a_copy_in_other_lines_under_another_heading_is_nearly_the_same(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    words = _text(1).split()
    lines = "\n".join(" ".join(words[at : at + 7]) for at in range(0, 300, 7))
    write(tmp_path / "docs", a=_text(1), b=f"# Report\n\n{lines}\n")
    assert _similar(take_in(collection, tmp_path / "docs")) == [("b", "a")]


def test_texts_that_share_no_more_than_their_template_are_different(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    template = f"# Minutes of the weekly meeting\n\n{_text(0, 200)}\n\n## Decisions\n\n"
    texts = {f"week{number:02}": template + _text(number, 200) for number in range(1, 60)}
    texts["week33"] = template + _edited(_text(11, 200), 100)
    write(tmp_path / "docs", **texts)
    report = take_in(collection, tmp_path / "docs")
    assert _exact(report) == []
    assert _similar(report) == [("week33", "week11")]


def test_short_texts_are_like_others_by_chance(collection: Collection, take_in: TakeIn, tmp_path: Path) -> None:
    short = _text(1, 19)
    write(tmp_path / "docs", a=short, b=f"**{short}**", c=_text(2, 30), d=f"**{_text(2, 30)}**")
    assert _similar(take_in(collection, tmp_path / "docs")) == [("d", "c")]


def test_no_pair_is_missed_among_many_and_each_is_told_with_the_first(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    chosen = random.Random(5)
    texts = {
        f"{chosen.randrange(10**6):06}": _edited(
            _text(number % 6), *chosen.sample(range(300), chosen.randrange(12))
        )
        for number in range(120)
    }
    names = sorted(texts)
    write(tmp_path / "docs", **{name: texts[name] for name in names[::3]})
    take_in(collection, tmp_path / "docs")
    write(tmp_path / "docs", **texts)
    report = take_in(collection, tmp_path / "docs")

    signatures = {
        Path(row["source"]).stem: np.frombuffer(row["signature"], "<u4")
        for row in collection.manifest.connection.execute("SELECT source, signature FROM documents")
    }
    copies = {one for one, _ in _exact(report)}
    ranked = [name for name in (*names[::3], *names[1::3], *names[2::3]) if name not in copies]
    ranked.sort(key=lambda name: (name not in names[::3], name))
    expected = []
    for at, name in enumerate(ranked):
        like = [other for other in ranked[:at] if (signatures[name] == signatures[other]).sum() >= 58]
        if like and name not in names[::3]:
            expected.append((name, like[0]))
    assert len(expected) > 20
    assert _similar(report) == expected


def test_a_rebuilt_index_has_the_same_signatures(collection: Collection, take_in: TakeIn, tmp_path: Path) -> None:
    write(tmp_path / "docs", a=f"# A\n\n{_text(1)}\n\n## B\n\n{_text(2)}", b=_text(3))
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    query = "SELECT source, signature FROM documents ORDER BY source"
    before = [tuple(row) for row in collection.manifest.connection.execute(query)]
    with collection.writing():
        rebuild(collection, WordEmbedder(), rechunk=False, max_bytes=10**6)
    assert [tuple(row) for row in collection.manifest.connection.execute(query)] == before
    assert all(len(signed) == 256 for _, signed in before)


def test_a_signature_is_the_same_on_every_machine() -> None:
    text = _text(1)
    document = Document("a.txt", text, "a", (Section(0, len(text)),))
    assert prepare(document).signature[:16].hex() == "bac4ba007d040b00ec28e200d86c4401"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 99), places=st.sets(st.integers(0, 299), max_size=25))
def test_who_comes_first_changes_what_is_told_of_whom_and_not_whether(
    seed: int, places: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    one, other = {"a": _text(seed)}, {"b": _edited(_text(seed), *places)}
    told = _told(tmp_path_factory.mktemp("one"), one, other)
    back = _told(tmp_path_factory.mktemp("other"), other, one)
    assert _exact(told) == [(other, one) for one, other in _exact(back)]
    assert _similar(told) == [(other, one) for one, other in _similar(back)]
    assert [share for *_, share in told.similar] == [share for *_, share in back.similar]
    assert bool(told.duplicates) == (not places)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.tuples(st.integers(0, 1), st.sets(st.integers(0, 299), max_size=3)), min_size=1, max_size=4)
)
def test_a_document_is_no_copy_of_what_it_was(
    texts: list[tuple[int, set[int]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rounds = [{"a": _edited(_text(seed), *places)} for seed, places in texts]
    report = _told(tmp_path_factory.mktemp("any"), *rounds)
    assert (report.duplicates, report.similar) == ((), ())
