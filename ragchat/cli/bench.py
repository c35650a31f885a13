"""`ragchat bench`: how good and how fast, in figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragchat.cli.options import EmbedderOption, HomeOption, JsonOption
from ragchat.cli.output import print_result

if TYPE_CHECKING:
    from ragchat.bench.retrieval import Outcome, RetrievalReport

_MOST_MISSES = 100
_FOUND = 5

app = typer.Typer(help="Measure how well your questions are answered.")


@app.command("retrieval")
def retrieval(
    corpus: Annotated[
        Path, typer.Option("--corpus", metavar="FILE", help="Documents: {id, title, text} as JSON lines.")
    ],
    cases: Annotated[
        Path, typer.Option("--cases", metavar="FILE", help="Questions: {id, text, relevant, spans} as JSON lines.")
    ],
    embedder: EmbedderOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how well questions find their documents, in an index of its own that is removed afterwards.

    `relevant` names documents of the corpus by their id; `spans`, which may be left out, are where the answer
    stands in the document, in characters. Embedded by the bundled vectors unless --embedder names others.
    """
    from ragchat.bench.cases import read_cases, read_corpus  # noqa: PLC0415
    from ragchat.bench.retrieval import measure_retrieval  # noqa: PLC0415
    from ragchat.cli.desk import open_desk  # noqa: PLC0415
    from ragchat.terminal.progress import StepProgress  # noqa: PLC0415
    from ragchat.terminal.signals import ending_cleanly  # noqa: PLC0415
    from ragchat.terminal.views import bench as views  # noqa: PLC0415

    documents = read_corpus(corpus)
    questions = read_cases(cases, documents)
    desk = open_desk({"home": home, "retrieval.embedder": embedder}, as_json=as_json)
    # Without it a SIGTERM would leave the index behind.
    with ending_cleanly(), StepProgress(desk.terminal) as progress:
        report = measure_retrieval(documents, questions, desk.workspace.embedders.for_bench(), progress.update)
    if as_json:
        print_result(_shape(report))
    else:
        desk.terminal.out.print(views.retrieval(report, desk.terminal.line_width))


def _shape(report: RetrievalReport) -> dict[str, object]:
    misses = report.misses
    return {
        "embedder": report.embedder,
        "documents": report.documents,
        "chunks": report.chunks,
        "questions": len(report.outcomes),
        "unanswerable": report.unanswerable,
        "metrics": report.metrics,
        "chunks_per_second": round(report.chunks_per_second),
        "search_ms": {
            "median": round(1000 * report.search_s(0.5), 2),
            "p95": round(1000 * report.search_s(0.95), 2),
        },
        "missed": len(misses),
        "misses": [_miss(outcome) for outcome in misses[:_MOST_MISSES]],
    }


def _miss(outcome: Outcome) -> dict[str, object]:
    return {
        "id": outcome.case.id,
        "text": outcome.case.text,
        "rank": outcome.rank,
        "expected": sorted(outcome.case.relevant),
        "found": list(outcome.ranking[:_FOUND]),
    }
