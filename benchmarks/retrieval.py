"""How well the bundled default finds what a question is about.

    python benchmarks/retrieval.py FOLDER...

Each folder holds `corpus.jsonl` (`{id, title, text}`) and `queries.jsonl` (`{id, text, relevant: [ids]}`).
Passages are ranked by the program itself and collapse to documents by the best one. Writes
`results/retrieval-<name of the folder>.json` and prints the same. Without a folder the sample data is asked
its own questions: is an answer among the passages?
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ragchat.core.document import Document, Section
from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.lock import writing
from ragchat.index.retriever import Retriever
from ragchat.index.writer import Writer

RESULTS = Path(__file__).parent / "results"
SAMPLE = Path(__file__).parent.parent / "data" / "food"
DEPTH = 10
TOP_K = 6
RESAMPLES = 1000


def main(folders: list[Path]) -> int:
    """Measure each folder, or the sample data."""
    with tempfile.TemporaryDirectory() as home:
        if not folders:
            _publish("sample", measure_sample(Path(home)))
        for number, folder in enumerate(folders):
            _publish(folder.name, measure(Path(home) / str(number), folder))
    return 0


def measure(home: Path, folder: Path) -> dict[str, object]:
    """Index the corpus of `folder` below `home` and ask its questions."""
    collection, embedder = Collection(home), BundledEmbedder()
    started = time.perf_counter()
    with writing(collection.folder):
        writer = Writer(collection, embedder)
        for row in _rows(folder / "corpus.jsonl"):
            whole = (Section(0, len(row["text"])),)
            writer.add(Document(row["id"], row["text"], row.get("title") or "", whole))
        writer.flush()
    ingested = time.perf_counter() - started
    retriever = Retriever(collection, embedder)
    ranks: list[int | None] = []
    seconds: list[float] = []
    recalls: list[float] = []
    for row in _rows(folder / "queries.jsonl"):
        started = time.perf_counter()
        passages = retriever.search(row["text"], DEPTH).passages
        seconds.append(time.perf_counter() - started)
        ranking = list(dict.fromkeys(passage.chunk.source for passage in passages))
        relevant = set(row["relevant"])
        ranks.append(next((rank for rank, name in enumerate(ranking, 1) if name in relevant), None))
        recalls.append(len(relevant.intersection(ranking[:5])) / len(relevant))
    reciprocal = [1 / rank if rank else 0.0 for rank in ranks]
    return {
        "documents": len(collection.manifest.documents()),
        "chunks": writer.chunks,
        "questions": len(ranks),
        "mrr@10": _with_interval(reciprocal),
        "recall@1": round(statistics.fmean(rank == 1 for rank in ranks), 4),
        "recall@5": _with_interval(recalls),
        "chunks_per_second": round(writer.chunks / ingested),
        "search_ms": {
            "median": round(1000 * statistics.median(seconds), 2),
            "p95": round(1000 * statistics.quantiles(seconds, n=20)[-1], 2),
        },
    }


def measure_sample(home: Path) -> dict[str, object]:
    """Ingest the sample data below `home` and look for the answers of its questions among the passages."""
    collection, embedder = Collection(home), BundledEmbedder()
    ingest(collection, embedder, [SAMPLE], max_bytes=20_000_000, never=home)
    retriever = Retriever(collection, embedder)
    found: list[bool] = []
    for row in _rows(SAMPLE / "questions.jsonl"):
        if row["answers"]:
            passages = retriever.search(row["text"], TOP_K).passages
            texts = [f"{passage.chunk.heading}\n{passage.text}" for passage in passages]
            found.append(any(answer in text for answer in row["answers"] for text in texts))
    return {"questions": len(found), f"answer among {TOP_K} passages": round(statistics.fmean(found), 4)}


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _with_interval(values: list[float]) -> dict[str, float]:
    """The mean with its 95 % bootstrap interval."""
    generator = random.Random(0)
    means = sorted(statistics.fmean(generator.choices(values, k=len(values))) for _ in range(RESAMPLES))
    low, high = means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES)]
    return {"mean": round(statistics.fmean(values), 4), "low": round(low, 4), "high": round(high, 4)}


def _publish(name: str, result: dict[str, object]) -> None:
    text = json.dumps(result, indent=2)
    (RESULTS / f"retrieval-{name}.json").write_text(f"{text}\n", "utf-8")
    print(f"{name}: {text}")


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
