"""What is killed at random moments is whole, and the next run completes it; every kill is judged."""

from __future__ import annotations

import random
import shutil
import signal
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.index.collection import Collection
from ragchat.index.verify import verify
from tests.index.contents import assert_between, assert_same, contents

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tests.index.contents import Contents
    from tests.index.nursery import Nursery

QUESTIONS = ("Where is saffron kept?", "dish 7 of note 3", "zucchini")
_WORDS = ("saffron", "rice", "barley", "loaf", "crust", "rinse", "simmer", "fold", "dough", "kettle", "cumin")


def write_notes(folder: Path, files: int, *, paragraphs: int = 12, seed: int = 0) -> None:
    """Make `folder` with `files` notes, each of so many paragraphs of 400 letters or so."""
    folder.mkdir(parents=True, exist_ok=True)
    choose = random.Random(seed)
    for number in range(files):
        text = "\n\n".join(
            f"Dish {paragraph} of note {number} is {' '.join(choose.choices(_WORDS, k=70))}."
            for paragraph in range(paragraphs)
        )
        (folder / f"note-{number}.md").write_text(f"# Note {number}\n\n{text}\n", "utf-8")


@cache
def _embedder() -> BundledEmbedder:
    return BundledEmbedder()


@dataclass(frozen=True, slots=True)
class Kills:
    """How many runs were killed, and how many were too quick; the seconds that an uninterrupted one took."""

    killed: int
    too_quick: int
    uninterrupted_s: float


def kill_at_random(
    nursery: Nursery, program: str, before: Path, arguments: Sequence[object], *, kills: int, seed: int
) -> Kills:
    """Run `program` on copies of the home `before`, and kill so many runs at random moments.

    Asserts that `verify` passes after each, that a second run completes it, and that the index is then what an
    uninterrupted run makes, id for id; and that no worker outlives its parent.
    """
    home = before.with_name(f"{program}-uninterrupted")
    shutil.copytree(before, home)
    nursery.run("nothing")  # which waits until it has loaded everything
    started = time.monotonic()
    assert nursery.run(program, home, *arguments) == 0
    seconds = time.monotonic() - started
    earlier, expected = whole(before), whole(home)
    choose = random.Random(seed)
    killed = too_quick = 0
    while killed < kills:
        home = before.with_name(f"{program}-{killed + too_quick}")
        shutil.copytree(before, home)
        status = nursery.run(program, home, *arguments, kill_after_s=seconds * choose.uniform(0.02, 1.0))
        assert status in (0, -signal.SIGKILL)
        killed += status != 0
        too_quick += status == 0
        nursery.wait_until_alone()
        _assert_completed(nursery, program, home, arguments, earlier, expected)
    return Kills(killed, too_quick, round(seconds, 2))


def kill_at_borders(
    nursery: Nursery, program: str, before: Path, arguments: Sequence[object], borders: Iterable[object]
) -> int:
    """The same at `borders`, numbers or names, until there is none of a number; how many there were."""
    home = before.with_name(f"{program}-uninterrupted")
    shutil.copytree(before, home)
    assert nursery.run(program, home, *arguments) == 0
    earlier, expected = whole(before), whole(home)
    killed = 0
    for border in borders:
        home = before.with_name(f"{program}-border-{border}")
        shutil.copytree(before, home)
        status = nursery.run(program, home, *arguments, border)
        if status == 0:
            break
        assert status == -signal.SIGKILL
        killed += 1
        _assert_completed(nursery, program, home, arguments, earlier, expected)
    return killed


def _assert_completed(
    nursery: Nursery, program: str, home: Path, arguments: Sequence[object], before: Contents, after: Contents
) -> None:
    assert_between(whole(home), before, after)
    assert nursery.run(program, home, *arguments) == 0
    assert_same(whole(home), after)
    shutil.rmtree(home)


def whole(home: Path) -> Contents:
    """What the collection below `home` holds, after `verify` has found it whole."""
    collection = Collection(home)
    try:
        found = verify(collection)
        assert found.ok, str(found)[:500]
        return contents(collection, _embedder(), QUESTIONS)
    finally:
        collection.close()
