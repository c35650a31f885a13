"""How long the program takes to say its version and its help, and to be ready to be typed at.

Run alternately in one go, so that a busy machine slows all of them alike, and as multiples of a bare interpreter.
Keys are typed through a pseudo-terminal while the heavy parts load behind the prompt; each is timed until it is
shown. Writes `results/startup.json`.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import pexpect

RUNS = 31
RUNS_FOR_A_CHAT = 2
BUDGET = {"--version": 1.5, "--help": 8.0, "prompt": 20.0}
ECHO_BUDGET_MS = 40.0
RESULT = Path(__file__).parent / "results" / "startup.json"
RAGCHAT = str(Path(sys.executable).with_name("ragchat"))
SAMPLE = str(Path(__file__).parent.parent / "data" / "food")

_WHERE_IS_THE_CURSOR, _CURSOR = b"\x1b[6n", b"\x1b[1;1R"
_KEYS = b"QXZJ"  # in nothing else that the prompt shows
_BETWEEN_KEYS_S = 0.01


def main() -> int:
    """Print the figures; 1 when a budget is exceeded."""
    seconds: dict[str, list[float]] = {name: [] for name in ("python", *BUDGET)}
    echoes: list[list[float]] = []
    with TemporaryDirectory() as home:
        environment = {**os.environ, "RAGCHAT_HOME": home, "OLLAMA_HOST": "127.0.0.1:9", "TERM": "xterm-256color"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled
        subprocess.run([RAGCHAT, "ingest", SAMPLE], env=environment, check=True, capture_output=True)
        _chat(environment)  # compiles what only a chat imports
        for run in range(RUNS):
            seconds["python"].append(_timed([sys.executable, "-c", "pass"], environment))
            for option in ("--version", "--help"):
                seconds[option].append(_timed([RAGCHAT, option], environment))
            if run % RUNS_FOR_A_CHAT == 0:
                ready, echo = _chat(environment)
                seconds["prompt"].append(ready)
                echoes.append(echo)
    return _report(seconds, echoes)


def _report(seconds: dict[str, list[float]], echoes: list[list[float]]) -> int:
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    ratios = {name: round(medians[name] / medians["python"], 2) for name in BUDGET}
    worst = statistics.median(max(echo) for echo in echoes)
    result = {
        "runs": {name: len(times) for name, times in seconds.items()},
        "median_ms": {name: round(1000 * median, 1) for name, median in medians.items()},
        "times_bare_python": ratios,
        "key_echo_while_loading_ms": {
            "worst of a start, median": round(1000 * worst, 1),
            "worst of all starts": round(1000 * max(map(max, echoes)), 1),
            "median": round(1000 * statistics.median(time for echo in echoes for time in echo), 1),
        },
        "budget": {**BUDGET, "key_echo_while_loading_ms": ECHO_BUDGET_MS},
        "python": platform.python_version(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(json.dumps(result, indent=2))
    within = all(ratios[name] <= budget for name, budget in BUDGET.items())
    return int(not within or 1000 * worst > ECHO_BUDGET_MS)


def _timed(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


def _chat(environment: dict[str, str]) -> tuple[float, list[float]]:
    """Seconds until the prompt of a chat is there, and from each key to its echo until all is loaded."""
    started = time.perf_counter()
    chat: pexpect.spawn[bytes] = pexpect.spawn(RAGCHAT, ["chat"], env=environment, dimensions=(24, 80))
    shown = _until(chat, b"> ")
    ready = time.perf_counter() - started
    echoes: list[float] = []
    for key in cycle(_KEYS):
        pressed = time.perf_counter()
        os.write(chat.child_fd, bytes([key]))
        shown = _until(chat, bytes([key]))
        echoes.append(time.perf_counter() - pressed)
        if b" documents " in shown:
            break
        time.sleep(_BETWEEN_KEYS_S)
    os.write(chat.child_fd, b"\x03\x04")
    chat.expect(pexpect.EOF)
    chat.wait()
    return ready, echoes


def _until(chat: pexpect.spawn[bytes], awaited: bytes) -> bytes:
    """Everything shown until `awaited` is; the terminal's question where the cursor is gets its answer."""
    shown = b""
    while awaited not in shown:
        piece = chat.read_nonblocking(65536, timeout=30)
        if _WHERE_IS_THE_CURSOR in piece:
            os.write(chat.child_fd, _CURSOR)
        shown += piece
    return shown


if __name__ == "__main__":
    sys.exit(main())
