"""How long the program takes to say its version and its help, as multiples of a bare interpreter.

Run alternately in one go, so that a busy machine slows all of them alike. Writes `results/startup.json`.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 31
BUDGET = {"--version": 1.5, "--help": 8.0}
RESULT = Path(__file__).parent / "results" / "startup.json"


def main() -> int:
    """Print the figures; 1 when a budget is exceeded."""
    ragchat = str(Path(sys.executable).with_name("ragchat"))
    commands = {"python": [sys.executable, "-c", "pass"], **{option: [ragchat, option] for option in BUDGET}}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    ratios = {name: round(medians[name] / medians["python"], 2) for name in BUDGET}
    result = {
        "runs": RUNS,
        "median_ms": {name: round(1000 * median, 1) for name, median in medians.items()},
        "times_bare_python": ratios,
        "budget": BUDGET,
        "python": platform.python_version(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(json.dumps(result, indent=2))
    return int(any(ratios[name] > budget for name, budget in BUDGET.items()))


if __name__ == "__main__":
    sys.exit(main())
