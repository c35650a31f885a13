"""What it takes to show an answer in a thousand pieces, against showing it at once.

    python -m benchmarks.streaming

4 KB of Markdown go to a terminal of 80 by 24, in pieces, 1,000 a second, and whole. Each run is a process of its
own that has shown another answer before, so that everything is loaded; it measures its own CPU time, and takes off
what it takes to make the pieces and wait for them. The two kinds take turns. Writes `results/streaming.json`,
prints the same, and ends with 1 when the budget is exceeded.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import time
from pathlib import Path

import pexpect

from ragchat.terminal.console import terminal_here
from ragchat.terminal.stream import show
from tests.terminal.scripted import Scripted

RESULT = Path(__file__).parent / "results" / "streaming.json"
RUNS = 11
PIECES, PAUSE_S = 1_000, 0.001
BUDGET = 2.0

_SECTION = """## Storing bread

A cut loaf keeps best wrapped in **paper**, then in a cotton bag, away from the stove [1]. It dries out faster in
the fridge, where starch sets again [2]; what *nobody* eats within three days belongs into the freezer, in slices.

1. Cool it for an hour on a rack, never while it is still warm from the oven [1]
2. Wrap it:
   - in paper
   - then in cloth, `linen` is best
3. Freeze what is left

| Bread | Days | Where |
|---|---|---|
| Rye | 7 | in a linen bag, in the dark |
| Wheat | 2–3 | in paper |

> Stale is not spoilt: a stale loaf is fresh again after ten minutes in the oven.

```python
def keeps(days: int, *, cut: bool) -> bool:
    \"\"\"Say whether it keeps.\"\"\"
    return days <= (3 if cut else 7)  # not longer
```

"""
ANSWER = (_SECTION * 6)[:4096]
_WARM_UP = "A *word* `b`.\n\n|a|\n|-|\n|b|\n\n```python\nx = 1\n```\n"


def main() -> int:
    """Print the figures; 1 when the budget is exceeded."""
    runs: dict[str, list[tuple[float, int]]] = {"whole": [], "pieces": []}
    for _ in range(RUNS):
        for kind, taken in runs.items():
            taken.append(_measured(kind))
    cpu = {kind: statistics.median(seconds for seconds, _ in taken) for kind, taken in runs.items()}
    ratio = round(
        statistics.median(b / a for (a, _), (b, _) in zip(runs["whole"], runs["pieces"], strict=True)), 2
    )
    result = {
        "runs": RUNS,
        "pieces": PIECES,
        "bytes_of_markdown": len(ANSWER.encode()),
        "cpu_ms": {kind: round(1000 * seconds, 1) for kind, seconds in cpu.items()},
        "bytes_to_the_terminal": {kind: statistics.median_low(sent for _, sent in runs[kind]) for kind in runs},
        "times_whole": ratio,
        "budget": BUDGET,
    }
    text = json.dumps(result, indent=2)
    RESULT.write_text(text + "\n", "utf-8")
    print(text)
    return int(ratio > BUDGET)


def _measured(kind: str) -> tuple[float, int]:
    """Seconds of CPU, and bytes that reached the terminal."""
    environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        environment.pop(name, None)
    command = ["-m", "benchmarks.streaming", kind]
    program = pexpect.spawn(sys.executable, command, env=environment, dimensions=(24, 80), timeout=60)
    program.expect_exact(b"measured:")
    program.expect(rb"(.*)cpu:(\S+)\r\n")
    assert isinstance(program.match, re.Match)
    shown, seconds = program.match.groups()
    program.expect(pexpect.EOF)
    program.close()
    return float(seconds), len(shown)


def _show(kind: str) -> None:
    terminal = terminal_here()
    show(Scripted([_WARM_UP]).stream("Ready?", ()), terminal)
    size = -(-len(ANSWER) // PIECES) if kind == "pieces" else len(ANSWER)
    pieces = [ANSWER[at : at + size] for at in range(0, len(ANSWER), size)]
    began = time.process_time()
    for _ in Scripted(pieces, pause=PAUSE_S).stream("How?", ()):
        pass
    making = time.process_time() - began
    print("measured:", end="", flush=True)
    began = time.process_time()
    show(Scripted(pieces, pause=PAUSE_S).stream("How?", ()), terminal)
    print(f"cpu:{time.process_time() - began - making}")


if __name__ == "__main__":
    if sys.argv[1:]:
        _show(sys.argv[1])
    else:
        sys.exit(main())
