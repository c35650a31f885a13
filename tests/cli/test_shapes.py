"""What `--json` says of an ingest, to the last file."""

from __future__ import annotations

from pathlib import Path

from ragchat.cli.shapes import report_shape, search_shape
from ragchat.core.passage import Dropped, Scores, Search
from ragchat.core.place import Place
from ragchat.index.ingest import IngestReport


def test_an_ingest_tells_of_every_copy_and_of_what_was_embedded_before() -> None:
    here = Path.cwd()
    report = IngestReport(
        added=(str(here / "a.md"),),
        changed=(),
        unchanged=(),
        removed=(),
        failed=(),
        skipped=(),
        warnings=(),
        duplicates=((str(here / "a.md"), "/far/b.md"),),
        similar=tuple((f"/far/{number}.md", str(here / "a.md"), 0.953125) for number in range(12)),
        notices=("The cache is damaged.",),
        chunks=9,
        embedded=2,
        reused=7,
        seconds=0.25,
    )
    shape = report_shape(report, "")
    assert shape["duplicates"] == [{"source": "a.md", "other": "/far/b.md"}]
    assert shape["similar"] == [{"source": f"/far/{n}.md", "other": "a.md", "share": 0.953} for n in range(12)]
    assert [shape[name] for name in ("notices", "chunks", "embedded", "reused")] == [
        ["The cache is damaged."],
        9,
        2,
        7,
    ]


def test_a_search_tells_what_it_dropped_with_its_scores() -> None:
    scores = Scores(None, None, 3.25, 2, 0.7000001)
    dropped = Dropped(str(Path.cwd() / "a.md"), Place.lines(3, 4), 0.5, scores, "copy", 1)
    assert search_shape(Search("How long?", 120, 60, (dropped,))) == {
        "question": "How long?",
        "found": 120,
        "looked": 60,
        "dropped": [
            {
                "why": "copy",
                "into": 1,
                "score": 0.5,
                "source": "a.md",
                "place": {"kind": "lines", "start": 3, "end": 4},
                "scores": {
                    "dense": None,
                    "dense_rank": None,
                    "lexical": 3.25,
                    "lexical_rank": 2,
                    "fused": 0.7,
                },
            }
        ],
    }
