"""Each change of a watched file leads to one ingest: real files and folders, changed while nobody looks."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import pytest

from ragchat.errors import EmbedderError, IndexBusy, RagchatError
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest, make_plan
from ragchat.index.watch import Round, rounds
from tests.index.doubles import WordEmbedder, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ragchat.index.ingest import IngestReport, Plan


@dataclass
class Watch:
    """Rounds over `paths`, after a first ingest.

    `failures` are raised in place of the next ingests, while something changes in the first path.
    """

    home: Path
    paths: list[Path]
    failures: list[RagchatError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.collection = Collection(self.home)
        first = self._ingest(self.paths)
        self._rounds = rounds(self.paths, self._plan, self._ingest, never=self.home, failed=first.failed)

    def next(self) -> Round:
        """The next round, which must not fail."""
        done = next(self._rounds)
        assert isinstance(done, Round), done
        return done

    def failure(self) -> RagchatError:
        """The next thing told, which must be a failure."""
        done = next(self._rounds)
        assert isinstance(done, RagchatError), done
        return done

    def close(self) -> None:
        self._rounds.close()  # type: ignore[attr-defined]  # the iterator is a generator
        self.collection.close()

    def _plan(self, there: list[Path]) -> Plan:
        return make_plan(self.collection.manifest.documents(), there, max_bytes=10_000, never=self.home)

    def _ingest(self, there: list[Path]) -> IngestReport:
        if self.failures:
            write(self.paths[0], **{f"late {len(self.failures)}": "It changes meanwhile."})
            raise self.failures.pop()
        return ingest(self.collection, WordEmbedder(), there, max_bytes=10_000, never=self.home)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    write(tmp_path / "docs", tea="Noon chai is pink.", bread="Let the loaf cool.")
    return tmp_path / "docs"


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watching]:
    """Makes a watch over some paths."""
    made: list[Watch] = []

    def start(*paths: Path) -> Watch:
        made.append(Watch(tmp_path / "home", list(paths)))
        return made[-1]

    yield start
    for one in made:
        one.close()


def _rewrite(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def _replace(path: Path, text: str) -> None:
    """As an editor that saves atomically does."""
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_text(text, "utf-8")
    beside.replace(path)


def _back_up(path: Path, text: str) -> None:
    """As vim and emacs do: the old file is moved away, and a new one written in its place."""
    old = path.with_name(f"{path.name}~")
    path.rename(old)
    path.write_text(text, "utf-8")
    old.unlink()


Save: TypeAlias = "Callable[[Path, str], None]"
Watching: TypeAlias = "Callable[..., Watch]"
SAVES = pytest.mark.parametrize("save", [_rewrite, _replace, _back_up])


@SAVES
def test_a_file_in_a_folder_is_followed_however_it_is_saved(watch: Watching, docs: Path, save: Save) -> None:
    watching = watch(docs)
    for number in range(3):
        save(docs / "tea.md", f"Noon chai, version {number}.")
        assert watching.next().report.changed == (str(docs / "tea.md"),)


@SAVES
def test_a_file_that_is_named_itself_is_followed_however_it_is_saved(
    watch: Watching, docs: Path, save: Save
) -> None:
    watching = watch(docs / "tea.md")
    for number in range(3):
        save(docs / "tea.md", f"Noon chai, version {number}.")
        (docs / "bread.md").write_text(f"Not asked for, {number}.")
        assert watching.next().report.changed == (str(docs / "tea.md"),)


def test_folders_made_later_are_watched_too(watch: Watching, docs: Path) -> None:
    watching = watch(docs)
    (docs / "a" / "b").mkdir(parents=True)
    write(docs / "a" / "b", soup="Joumou.")
    assert watching.next().report.added == (str(docs / "a" / "b" / "soup.md"),)
    write(docs / "a" / "b", soup="Joumou, on the first of January.")
    assert watching.next().report.changed == (str(docs / "a" / "b" / "soup.md"),)


def test_where_the_kernel_tells_nothing_the_files_are_looked_at(
    watch: Watching, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "1")
    watching = watch(docs)
    for number in range(3):
        write(docs, **{f"soup {number}": "Joumou."})
        assert watching.next().report.added == (str(docs / f"soup {number}.md"),)
    (docs / "tea.md").unlink()
    assert watching.next().left == (str(docs / "tea.md"),)


def test_what_goes_leaves_the_index(watch: Watching, docs: Path) -> None:
    watching = watch(docs)
    (docs / "tea.md").unlink()
    assert watching.next().left == (str(docs / "tea.md"),)
    (docs / ".gitignore").write_text("bread*\n")
    assert watching.next().left == (str(docs / "bread.md"),)
    assert watching.collection.manifest.counts() == (0, 0)


def test_a_folder_that_vanishes_keeps_its_documents_and_is_followed_when_it_is_back(
    watch: Watching, docs: Path
) -> None:
    watching = watch(docs)
    docs.rename(docs.with_name("away"))
    assert str(docs) in watching.failure().message
    assert watching.collection.manifest.counts()[0] == 2
    docs.with_name("away").rename(docs)
    write(docs, soup="Joumou.")
    assert watching.next().report.added == (str(docs / "soup.md"),)
    write(docs, soup="Joumou, and squash.")
    assert watching.next().report.changed == (str(docs / "soup.md"),)


def test_a_folder_that_another_takes_the_place_of_is_followed(watch: Watching, docs: Path) -> None:
    watching = watch(docs)
    shutil.rmtree(docs)
    write(docs, tea="Green tea.")
    done = watching.next()
    assert (done.report.changed, done.left) == ((str(docs / "tea.md"),), (str(docs / "bread.md"),))
    write(docs, tea="Black tea.")
    assert watching.next().report.changed == (str(docs / "tea.md"),)


def test_one_path_that_vanishes_does_not_stop_the_others(watch: Watching, docs: Path) -> None:
    watching = watch(docs / "tea.md", docs / "bread.md")
    (docs / "tea.md").unlink()
    assert "tea.md" in watching.failure().message
    write(docs, bread="Slice it.")
    assert watching.next().report.changed == (str(docs / "bread.md"),)


def test_what_changes_nothing_leads_to_no_round(watch: Watching, docs: Path) -> None:
    (docs / ".ragchatignore").write_text("*.log\n")
    watching = watch(docs)
    (docs / "debug.log").write_text("ignored\n")
    (docs / ".hidden.md").write_text("hidden\n")
    (docs / ".git").mkdir()
    (docs / ".git" / "HEAD.md").write_text("hidden\n")
    os.utime(docs / "tea.md")
    (docs / "home.md").symlink_to(docs / "tea.md")
    write(watching.home / "collections", notes="Ours.")
    write(docs, soup="Joumou.")
    done = watching.next()
    assert (done.report.added, done.report.changed, done.left) == ((str(docs / "soup.md"),), (), ())


def test_ragchats_own_home_is_not_watched(watch: Watching, tmp_path: Path, docs: Path) -> None:
    watching = watch(tmp_path)
    write(watching.home, notes="Ours.")
    write(docs, soup="Joumou.")
    assert watching.next().report.added == (str(docs / "soup.md"),)


def test_many_files_at_once_are_one_round(watch: Watching, docs: Path) -> None:
    watching = watch(docs)
    write(docs, **{f"note {number}": f"Note {number}." for number in range(1_000)})
    assert len(watching.next().report.added) == 1_000


def test_a_file_that_fails_is_told_of_once_and_read_when_it_is_mended(watch: Watching, docs: Path) -> None:
    (docs / "old.json").write_text("{")
    watching = watch(docs)
    (docs / "new.json").write_text("{")
    assert {source for source, _ in watching.next().report.failed} == {
        str(docs / "new.json"),
        str(docs / "old.json"),
    }
    (docs / ".gitignore").write_text("# nothing\n")
    (docs / "new.json").write_text('{"tea": "pink"}')
    assert watching.next().report.added == (str(docs / "new.json"),)


@pytest.mark.parametrize("error", [IndexBusy("Another process is writing."), EmbedderError("Ollama is away.")])
def test_a_failure_is_told_once_and_watching_goes_on(watch: Watching, docs: Path, error: RagchatError) -> None:
    watching = watch(docs)
    watching.failures += [error, error]
    write(docs, tea="Green tea.")
    assert watching.failure() is error
    done = watching.next()
    assert watching.failures == []
    assert str(docs / "tea.md") in done.report.changed
