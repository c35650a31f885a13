"""How well the bundled default finds what a question is about.

    python benchmarks/retrieval.py FOLDER...

Each folder holds `corpus.jsonl` and `queries.jsonl`, as `ragchat bench retrieval` takes them. Writes
`results/retrieval-<name of the folder>.json` and prints the same. Without a folder the sample data is asked
its own questions: is an answer among the passages?
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.retriever import Retriever

RESULTS = Path(__file__).parent / "results"
SAMPLE = Path(__file__).parent.parent / "data" / "food"
TOP_K = 6


def main(folders: list[Path]) -> int:
    """Measure each folder, or the sample data."""
    if not folders:
        _publish("sample", measure_sample())
    for folder in folders:
        _publish(folder.name, measure(folder))
    return 0


def measure(folder: Path) -> dict[str, Any]:
    """The figures of the question set in `folder`."""
    ragchat = str(Path(sys.executable).with_name("ragchat"))
    files = ["--corpus", str(folder / "corpus.jsonl"), "--cases", str(folder / "queries.jsonl")]
    command = [ragchat, "bench", "retrieval", *files, "--embedder", "bundled", "--json"]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    result: dict[str, Any] = json.loads(ran.stdout)["result"]
    # They quote the set, which has a licence of its own.
    del result["misses"]
    result["metrics"] = {name: round(value, 4) for name, value in result["metrics"].items()}
    return result


def measure_sample() -> dict[str, Any]:
    """Ingest the sample data and look for the answers of its questions among the passages."""
    found: list[bool] = []
    with tempfile.TemporaryDirectory() as home:
        collection, embedder = Collection(Path(home)), BundledEmbedder()
        ingest(collection, embedder, [SAMPLE], max_bytes=20_000_000, never=Path(home))
        retriever = Retriever(collection, embedder)
        for line in (SAMPLE / "questions.jsonl").read_text("utf-8").splitlines():
            case = json.loads(line)
            if case["answers"]:
                passages = retriever.search(case["text"], TOP_K).passages
                texts = [f"{passage.chunk.heading}\n{passage.text}" for passage in passages]
                found.append(any(answer in text for answer in case["answers"] for text in texts))
    return {"questions": len(found), f"answer among {TOP_K} passages": round(statistics.fmean(found), 4)}


def _publish(name: str, result: dict[str, Any]) -> None:
    text = json.dumps(result, indent=2)
    (RESULTS / f"retrieval-{name}.json").write_text(f"{text}\n", "utf-8")
    print(f"{name}: {text}")


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
