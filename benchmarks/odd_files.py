"""What it takes to ingest odd files: a hundred thousand tiny ones, a text in one line, one of many lines.

    python benchmarks/odd_files.py

Time, and the peak memory of the program and of its worker. Writes `results/odd-files.json` and prints the same.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULT = Path(__file__).parent / "results" / "odd-files.json"
_SENTENCE = "Rice number {} is rinsed until the water runs clear, and rests. "


def main() -> int:
    """Make each folder, ingest it in a process of its own, and publish."""
    result = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, make in (("tiny", _tiny), ("one_line", _one_line), ("many_lines", _many_lines)):
            folder = Path(scratch) / name
            (folder / "docs").mkdir(parents=True)
            make(folder / "docs")
            result[name] = _measure(folder)
    text = json.dumps(result, indent=2)
    RESULT.write_text(text + "\n", "utf-8")
    print(text)
    return 0


def _tiny(folder: Path) -> None:
    for number in range(100_000):
        below = folder / f"{number // 1000:03}"
        below.mkdir(exist_ok=True)
        (below / f"{number}.md").write_text(_SENTENCE.format(number))


def _one_line(folder: Path) -> None:
    (folder / "one-line.txt").write_text("".join(map(_SENTENCE.format, range(300_000)))[:19_900_000])


def _many_lines(folder: Path) -> None:
    (folder / "lines.txt").write_text("\n".join(_SENTENCE.format(number)[:48] for number in range(400_000)))


def _measure(folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "ragchat", "ingest", str(folder / "docs"), "--embedder", "bundled"]
    started = time.monotonic()
    peaks: dict[int, int] = {}
    with subprocess.Popen(
        [*command, "--home", str(folder / "home")], stdout=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None:
            for one in (process.pid, *_children(process.pid)):
                peaks[one] = max(peaks.get(one, 0), _peak_kb(one))
            time.sleep(0.05)
        assert process.stdout is not None
        said = process.stdout.read().splitlines()[0]
    program = peaks.pop(process.pid)
    return {
        "said": said,
        "seconds": round(time.monotonic() - started, 1),
        "peak_mb": round(program / 1024),
        "worker_peak_mb": round(max(peaks.values(), default=0) / 1024),
        "index_mb": round(
            sum(path.stat().st_size for path in (folder / "home").rglob("*") if path.is_file()) / 1e6
        ),
    }


def _children(process: int) -> Iterator[int]:
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            yield from map(int, path.read_text().split())
        except OSError:
            continue


def _peak_kb(process: int) -> int:
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0


if __name__ == "__main__":
    sys.exit(main())
