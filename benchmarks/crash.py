"""What is left of an index when a writer is killed: at every border, and at random moments.

    python -m benchmarks.crash

An ingest of some 4,000 chunks with its worker processes is killed fifty times, the removal of half of them twenty
times, and each kind of writer at every border of a small index. After each kill `verify` must pass, and after the
next run the index must be the uninterrupted one, id for id; the first that is not ends the program. Writes
`results/crash.json` and prints the same. It takes some ten minutes.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from tests.index.kills import kill_at_borders, kill_at_random, write_notes
from tests.index.nursery import Nursery

RESULT = Path(__file__).parent / "results" / "crash.json"
PROGRAMS = ("ingest", "remove_half", "rebuild", "vacuum")


def main() -> int:
    """Kill, judge and publish."""
    started = time.monotonic()
    result: dict[str, Any] = {}
    with Nursery() as nursery, tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for program, kills, seed in (("ingest", 50, 1), ("remove_half", 20, 2)):
            docs, before = _large(folder / f"random-{program}", ingested=program != "ingest")
            arguments = [docs] if program == "ingest" else []
            made = kill_at_random(nursery, program, before, arguments, kills=kills, seed=seed)
            result[f"{program}_at_random"] = asdict(made)
        for program in PROGRAMS:
            docs, before = _small(folder / f"borders-{program}")
            arguments = [docs] if program == "ingest" else []
            result[f"{program}_at_borders"] = {
                "killed": kill_at_borders(nursery, program, before, arguments, count(1))
            }
    result["seconds"] = round(time.monotonic() - started)
    text = json.dumps(result, indent=2)
    RESULT.write_text(text + "\n", "utf-8")
    print(text)
    return 0


def _large(folder: Path, *, ingested: bool) -> tuple[Path, Path]:
    docs, home = folder / "docs", folder / "before"
    write_notes(docs, 40, paragraphs=100)
    if ingested:
        _ingest(home, docs)
    else:
        Collection(home).manifest.close()
    return docs, home


def _small(folder: Path) -> tuple[Path, Path]:
    """A folder whose notes have changed, gone and come since they were ingested into a home."""
    docs, home = folder / "docs", folder / "before"
    write_notes(docs, 8, paragraphs=6)
    _ingest(home, docs)
    write_notes(docs, 4, paragraphs=5, seed=1)
    (docs / "note-7.md").unlink()
    (docs / "note-8.md").write_text("Kettles are new here.\n", "utf-8")
    return docs, home


def _ingest(home: Path, docs: Path) -> None:
    collection = Collection(home)
    ingest(collection, BundledEmbedder(), [docs], max_bytes=10**8, never=home)
    collection.close()


if __name__ == "__main__":
    sys.exit(main())
