"""How fast, and with how much memory, the bundled default takes in and searches a large corpus.

    python -m benchmarks.scale [MEGABYTES] [--keep FOLDER]

The corpus is made up (`corpus.py`); 50 megabytes make some 100,000 chunks. Everything goes through the commands
that a person types, but for the searches, which one process asks. Writes `results/scale-<chunks>k.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

# As the program itself has it; set before numpy is loaded.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from benchmarks.corpus import Author, write_corpus
from ragchat.embeddings.bundled import WIDTH, BundledEmbedder
from ragchat.index.collection import Collection
from ragchat.index.retriever import Retriever

RESULTS = Path(__file__).parent / "results"
RAGCHAT = str(Path(sys.executable).with_name("ragchat"))
SEARCHES = 400
COLD_RUNS = 11
BUDGET = {"chunks_per_second": 2_500, "search_p50_ms": 4.0, "search_p95_ms": 8.0, "ask_times_chromadb": 1.5}


def main(megabytes: float, keep: Path | None) -> int:
    """Print the figures; 1 when a budget is exceeded."""
    with TemporaryDirectory(prefix="ragchat-scale-") as made:
        base = keep or Path(made)
        files = write_corpus(base / "docs", megabytes)
        ingest = measure_ingest(base / "docs", base / "home")
        write_corpus(base / "few", 0.57, seed=2)
        measure_ingest(base / "few", base / "few-home")
        result = {
            "files": files,
            "megabytes": megabytes,
            "ingest": ingest,
            "again_s": measure_ingest(base / "docs", base / "home")["seconds"],
            "search": measure_search(base / "home"),
            "cold": measure_cold(base / "few-home"),
            "budget": BUDGET,
            "python": platform.python_version(),
            "cores": os.cpu_count(),
        }
    (RESULTS / f"scale-{round(ingest['chunks'] / 1000)}k.json").write_text(
        json.dumps(result, indent=2) + "\n", "utf-8"
    )
    print(json.dumps(result, indent=2))
    return 0


def measure_ingest(docs: Path, home: Path) -> dict[str, Any]:
    """Chunks a second and the peaks of memory of `ragchat ingest`, its workers included."""
    command = [RAGCHAT, "ingest", str(docs), "--home", str(home), "--embedder", "bundled", "--json"]
    started = time.perf_counter()
    # To a file: a pipe that nobody empties would hold up whoever writes a long report.
    with TemporaryFile() as said, subprocess.Popen(command, stdout=said) as process:
        peaks: dict[str, dict[int, int]] = {"RssAnon": {}, "VmHWM": {}}
        while process.poll() is None:
            for pid in _family(process.pid):
                for name, seen in peaks.items():
                    seen[pid] = max(seen.get(pid, 0), _memory(pid, name))
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        said.seek(0)
        report = json.load(said)["result"]
    chunks = report["chunks"]
    sizes = {path.name: _size(path) for path in (home / "collections" / "default").iterdir()}
    return {
        "chunks": chunks,
        "seconds": round(seconds, 2),
        "chunks_per_second": round(chunks / seconds),
        # Of mapped files the kernel takes back what it needs: `RssAnon` leaves them out.
        "peak_mb": {
            "writer": {name: seen.get(process.pid, 0) // 1024 for name, seen in peaks.items()},
            "all": {name: sum(seen.values()) // 1024 for name, seen in peaks.items()},
        },
        "vectors_mb": round(chunks * WIDTH * 4 / 1e6),
        "disk_mb": {name: round(size / 1e6, 1) for name, size in sorted(sizes.items()) if size > 1e5},
    }


def measure_search(home: Path) -> dict[str, Any]:
    """Median and 95th percentile of all stages of a search, the reading of the passages included."""
    retriever = Retriever(Collection(home), BundledEmbedder())
    author = Author(1)
    questions = [author.question() for _ in range(SEARCHES)]
    for question in questions[:20]:
        retriever.search(question, 6)
    times = []
    for question in questions:
        started = time.perf_counter()
        retriever.search(question, 6)
        times.append(1000 * (time.perf_counter() - started))
    return {
        "p50_ms": round(statistics.median(times), 2),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 2),
    }


def measure_cold(home: Path) -> dict[str, Any]:
    """`ragchat ask` from nothing against the import of ChromaDB alone, alternated."""
    ask = [RAGCHAT, "ask", Author(2).sentence(), "--home", str(home), "--provider", "extractive"]
    commands = {"ask": ask, "chromadb": [sys.executable, "-c", "import chromadb"]}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(COLD_RUNS):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, capture_output=True, check=name == "chromadb")
            seconds[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    return {
        "ask_ms": round(1000 * medians["ask"]),
        "import_chromadb_ms": round(1000 * medians["chromadb"]),
        "ask_times_chromadb": round(medians["ask"] / medians["chromadb"], 2),
    }


def _family(pid: int) -> list[int]:
    """The process and those it started."""
    family = [pid]
    for one in family:
        with suppress(OSError):
            family += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
    return family


def _memory(pid: int, name: str) -> int:
    """What the kernel calls `name`, in kB: `VmHWM` the most that was resident, `RssAnon` what is its own now."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    return 0


def _size(path: Path) -> int:
    return (
        sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
        if path.is_dir()
        else path.stat().st_size
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("megabytes", nargs="?", type=float, default=50.0)
    parser.add_argument("--keep", type=Path, help="a folder to leave corpus and index in")
    given = parser.parse_args()
    sys.exit(main(given.megabytes, given.keep))
