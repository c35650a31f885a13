"""A whole conversation in a real terminal: what a person sees in the end, and what scrolled away."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.terminal.window import Window, window

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

_PROGRAM = ("-m", "tests.terminal.scripted")
_READY = "food · 222 documents"
_BAR = "groq · openai"


def _window(path: Path, columns: int = 80, rows: int = 24, pause: float = 0.001) -> AbstractContextManager[Window]:
    return window((sys.executable, *_PROGRAM, str(path / "history"), str(pause)), columns, rows)


def _answers(lines: list[str]) -> int:
    return sum("1,204 + 87 tokens" in line for line in lines)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 15)])
def test_a_conversation_shows_every_line_once(tmp_path: Path, columns: int, rows: int) -> None:
    with _window(tmp_path, columns, rows) as window:
        window.shows(_READY)
        window.program.send("how long?\r")
        window.until(lambda lines: _answers(lines) == 1)
        window.program.send("and rye?\r")
        window.until(lambda lines: _answers(lines) == 2 and _BAR in lines[-1])
        window.program.send("\x04")
        window.shows("s answering")
        lines = window.lines()
    assert lines.count("    return days <= 3") == 2
    assert sum(line.startswith("[1] data/food/guides/bread.md:42") for line in lines) == 2
    assert sum(line.startswith("> ") for line in lines) == 2
    assert not any(state in line for line in lines for state in ("searching", "waiting for", "getting ready"))
    assert any("2 questions · answered by groq" in line for line in lines)


def test_ctrl_c_keeps_the_partial_answer_and_typed_ahead_text_survives(tmp_path: Path) -> None:
    with _window(tmp_path, pause=0.02) as window:
        window.shows(_READY)
        window.program.send("how long?\r")
        window.shows("A cut loaf")
        window.program.send("and rye")
        window.program.sendintr()
        window.shows("cut short")
        window.shows("> and rye")
        lines = window.lines()
    assert not any("return days" in line for line in lines)
    assert sum("A cut loaf" in line for line in lines) == 1
    assert sum("and rye" in line for line in lines) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_at_the_prompt_ends_with_the_summary_and_a_usable_terminal(tmp_path: Path, number: int) -> None:
    with _window(tmp_path) as window:
        window.shows(_READY)
        window.program.send("how long?\r")
        window.until(lambda lines: _answers(lines) == 1 and _BAR in lines[-1])
        window.program.kill(number)
        window.shows("1 question")
        window.program.wait()
        assert window.program.exitstatus == 128 + number


@pytest.mark.skipif(not shutil.which("tmux"), reason="needs tmux")
@pytest.mark.skipif(os.environ.get("RAGCHAT_TEST_ALL") != "1", reason="needs tmux and RAGCHAT_TEST_ALL=1")
def test_tmux_shows_a_resized_conversation_once(tmp_path: Path) -> None:
    program = f"{sys.executable} {' '.join(_PROGRAM)} {tmp_path / 'history'} 0.02; cat"
    start = ("new-session", "-d", "-x", "80", "-y", "24", "-e", "LC_ALL=C.UTF-8", program)
    tmux = ("tmux", "-S", str(tmp_path / "tmux"), "-f", os.devnull)
    subprocess.run([*tmux, *start], check=True)
    try:
        _await(tmux, _READY)
        subprocess.run([*tmux, "send-keys", "-l", "how long?"], check=True)
        subprocess.run([*tmux, "send-keys", "Enter"], check=True)
        _await(tmux, "A cut loaf")
        subprocess.run([*tmux, "resize-window", "-x", "60", "-y", "20"], check=True)
        _await(tmux, _READY)
        subprocess.run([*tmux, "send-keys", "C-d"], check=True)
        shown = _await(tmux, "1 question · answered by groq")
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)
    assert shown.count("return days <= 3") == 1
    assert shown.count("A cut loaf") == 1


def _await(tmux: tuple[str, ...], text: str) -> str:
    deadline = time.monotonic() + 30
    while True:
        capture = [*tmux, "capture-pane", "-p", "-J", "-S", "-1000"]  # lines that the terminal broke are joined
        shown = subprocess.run(capture, check=True, capture_output=True, text=True).stdout
        if text in shown:
            return shown
        assert time.monotonic() < deadline, shown


def _numbered(prefix: str, count: int) -> str:
    return " ".join(f"{prefix}{number}" for number in range(count))


_LONG = f"""# Heading

{_numbered("p", 150)} **{_numbered("b", 90)}** [1].

- {_numbered("l", 40)}
  1. 漢字 {_numbered("n", 40)} 👩‍👩‍👧

> {_numbered("q", 60)}

| a | b |
|---|---|
| {_numbered("t", 9)} | {_numbered("u", 9)} |

```python
{chr(10).join(f"c{number} = {number}" for number in range(120))}
```
"""


@pytest.mark.skipif(not shutil.which("tmux"), reason="needs tmux")
@pytest.mark.parametrize("sizes", [((80, 24),), ((80, 24), (60, 20), (45, 20), (80, 24))])
def test_tmux_shows_each_word_of_a_long_answer_once_however_it_is_resized(
    tmp_path: Path, sizes: tuple[tuple[int, int], ...]
) -> None:
    (tmp_path / "answer.md").write_text(_LONG, "utf-8")
    program = f"{sys.executable} -m tests.terminal.streamed {tmp_path / 'answer.md'} 3 0.002; cat"
    tmux = ("tmux", "-S", str(tmp_path / "tmux"), "-f", os.devnull)
    columns, rows = sizes[0]
    start = ("new-session", "-d", "-x", str(columns), "-y", str(rows), "-e", "LC_ALL=C.UTF-8", program)
    subprocess.run([*tmux, *start], check=True)
    try:
        for step, (columns, rows) in enumerate(sizes[1:]):
            _await(tmux, f"p{20 + 30 * step}")
            subprocess.run([*tmux, "resize-window", "-x", str(columns), "-y", str(rows)], check=True)
        shown = _await(tmux, "1,204 + 87 tokens")
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)
    words = re.findall(r"\b[pblnqtuc]\d+\b", shown)
    assert sorted(words) == sorted(re.findall(r"\b[pblnqtuc]\d+\b", _LONG))
    assert not any(state in shown for state in ("searching", "waiting for", "**"))
