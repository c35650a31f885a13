"""A whole conversation with the real program in a real terminal, from the first question to the farewell."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.programs import RAGCHAT, Program
from tests.servers import groq
from tests.servers.wire import never
from tests.terminal.window import Window, window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.groq import GroqServer

_CTRL_C, _CTRL_D, _CTRL_R, _TAB = "\x03", "\x04", "\x12", "\t"
_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"

BREAD = (
    "# Bread\n\nLet the loaf cool on a rack for an hour before slicing it.\n\nKnead the dough for ten minutes.\n"
)
ANSWER = """\
Let the loaf cool on a **rack** for an hour [1].

1. lift it out of the tin
2. put it on a rack

```sh
sleep 3600
```

| bread | hours |
|---|---|
| wheat | one |
| rye | twentyfour |
"""


@contextmanager
def _chat(folder: Path, server: GroqServer, columns: int, rows: int) -> Iterator[Window]:
    ragchat = Program(folder, {"GROQ_API_KEY": groq.KEY, "GROQ_BASE_URL": server.url})
    (folder / "bread.md").write_text(BREAD)
    ragchat("ingest", "bread.md", "--embedder", "bundled")
    with window((str(RAGCHAT), "chat"), columns, rows, **ragchat.variables()) as chat:
        yield chat


def _ask(chat: Window, question: str, until: str) -> None:
    chat.type(f"{question}\r")
    chat.shows(until)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 15)])
def test_a_conversation_from_the_first_question_to_the_farewell(
    folder: Path, groq_server: GroqServer, columns: int, rows: int
) -> None:
    pasted = [f"line {number} of a log that says nothing" for number in range(200)]
    with _chat(folder, groq_server, columns, rows) as chat:
        chat.shows("1 document")
        groq_server.then(groq.answer(ANSWER))
        _ask(chat, "How long does the loaf cool?", "twentyfour")
        chat.shows("first token")

        groq_server.then(groq.broken(never, "Kneading takes ten minutes or so [1].", after=3))
        _ask(chat, "How long is the dough kneaded for?", "Kneading takes ten")
        chat.type(_CTRL_C)
        chat.shows("cut short")

        chat.resize(columns + 10, rows)
        groq_server.then(groq.answer("Ten minutes, by hand [1]."))
        _ask(chat, "/retry", "Ten minutes, by hand")

        chat.type("/sou")
        chat.shows("/sources  ")
        chat.type(_TAB)
        chat.until(lambda lines: "> /sources" in lines)
        chat.type("\r")
        chat.until(lambda lines: any(line.lstrip().startswith("Knead the dough") for line in lines))

        chat.type(f"{_CTRL_R}loaf coo")
        chat.shows("I-search backward: loaf coo")
        chat.until(lambda lines: any(line.startswith("> How long does the loaf") for line in lines[-6:]))
        chat.type(_CTRL_C)
        chat.hides("I-search")

        groq_server.then(groq.answer("The log says nothing of bread."))
        chat.type(_PASTE + "\n".join(pasted) + _PASTED)
        chat.shows("line 199 of a log")
        chat.type("\r")
        chat.shows("The log says nothing of bread.")

        chat.type(_CTRL_D)
        chat.shows("questions")
        chat.ended(0)
        lines = chat.lines()
    asked = [exchange.body["messages"][-1]["content"] for exchange in groq_server.journal]
    assert asked[-1].endswith("\n".join(pasted))
    for once in (
        "lift it out of the tin",
        "sleep 3600",
        "twentyfour",
        "Ten minutes, by hand",
        "/retry",
        "The log says nothing of bread.",
    ):
        assert sum(once in line for line in lines if not line.startswith("  line")) == 1, (once, lines)
    assert not any("**" in line or "|---" in line for line in lines)
