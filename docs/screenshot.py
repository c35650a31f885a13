"""The picture in the README: a real chat on the sample data, in tmux, with a scripted server in Groq's place.

    python -m docs.screenshot [FILE]

Writes `screenshot.svg`, or FILE. Only the times that were measured differ from run to run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.programs import RAGCHAT, SAMPLE, Program
from tests.servers import groq
from tests.servers.groq import GroqServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PICTURE: Final = Path(__file__).with_name("screenshot.svg")
QUESTION: Final = "How long should a loaf cool, and how do I keep it?"
COLUMNS, ROWS = 100, 16
_PATIENCE_S = 60
_ANSWER = """\
Let it cool on a rack for **at least an hour**: the crumb is still setting as it cools [1].

- Keep a crusty loaf *cut side down* on a board for the first day [2].
- Then keep it in a cloth or paper bag, for 3 to 4 days [2].
"""
_THEME = TerminalTheme(
    (24, 26, 31),
    (220, 223, 228),
    [(24, 26, 31), (224, 108, 117), (152, 195, 121), (229, 192, 123), (97, 175, 239), (198, 120, 221),
     (86, 182, 194), (220, 223, 228)],
    [(110, 118, 132), (224, 108, 117), (152, 195, 121), (229, 192, 123), (97, 175, 239), (198, 120, 221),
     (86, 182, 194), (255, 255, 255)],
)  # fmt: skip
# Rich asks the network for its font, which no viewer of a README does.
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


def picture() -> str:
    """The window of the chat, as SVG, when it has answered `QUESTION`."""
    with TemporaryDirectory() as folder, GroqServer() as server:
        work = Path(folder, "work")
        shutil.copytree(SAMPLE, work)
        server.then(groq.answer(_ANSWER))
        served = {"GROQ_API_KEY": groq.KEY, "GROQ_BASE_URL": server.url, "RAGCHAT_CLOUD": "allow"}
        ragchat = Program(work, served)
        ingested = ragchat("ingest", ".")
        assert ingested.status == 0, ingested.err
        with _chat(ragchat, Path(folder, "tmux")) as tmux:
            _awaited(tmux, lambda shown: "ragchat" in shown and "getting ready" not in shown)
            tmux("send-keys", "-l", QUESTION)
            tmux("send-keys", "Enter")
            # While an answer is written there is no toolbar.
            _awaited(tmux, lambda shown: "tokens" in shown and bool(shown.splitlines()[-1].strip()))
            return _svg(tmux("capture-pane", "-e", "-p"))


@contextmanager
def _chat(ragchat: Program, socket: Path) -> Iterator[Callable[..., str]]:
    """The chat in a window of its own; calls a command of tmux and returns what that says."""
    environment = {**ragchat.variables(), "TERM": "tmux-256color"}

    def tmux(*command: str) -> str:
        called = ("tmux", "-S", str(socket), "-f", os.devnull, *command)
        return subprocess.run(called, env=environment, check=True, capture_output=True, text=True).stdout

    size = ("-x", str(COLUMNS), "-y", str(ROWS))
    tmux("new-session", "-d", *size, "-c", str(ragchat.folder), f"'{RAGCHAT}' chat")
    try:
        yield tmux
    finally:
        tmux("kill-server")


def _awaited(tmux: Callable[..., str], seen: Callable[[str], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not seen(shown := tmux("capture-pane", "-p")):
        if time.monotonic() > deadline:
            raise TimeoutError(shown)
        time.sleep(0.05)


def _svg(shown: str) -> str:
    console = Console(width=COLUMNS, record=True, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi(shown.rstrip()), soft_wrap=True)
    svg = console.export_svg(title="ragchat chat", theme=_THEME, unique_id="ragchat")
    return _FONT_FACE.sub("", svg).replace("Fira Code, monospace", _FONT)


def main(*arguments: str) -> None:
    """Write the picture."""
    Path(*arguments or (PICTURE,)).write_text(picture(), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
