"""A conversation with a script in the place of a model, as values and as a program to run in a terminal."""

from __future__ import annotations

import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ragchat.cli.run import settle
from ragchat.conversation.session import Session
from ragchat.core.answer import Answer, Citation
from ragchat.core.completion import Completion, Delta, Notice
from ragchat.core.document import Chunk
from ragchat.core.passage import Passage
from ragchat.core.place import Place
from ragchat.core.usage import Usage
from ragchat.errors import GenerationError
from ragchat.generation.chain.links import Link
from ragchat.pipeline.events import Answered, Event, Retrieved
from ragchat.terminal.chat import Opened

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ragchat.core.answer import Turn
    from ragchat.core.completion import Finish
    from ragchat.index.collection import Collection
    from ragchat.pipeline.answering import Answering
    from ragchat.settings.terminal import Editing
    from ragchat.terminal.desk import Desk

_BREAD = "Cool the loaf first. A cut loaf keeps best wrapped in paper,\nthen in a cotton bag, away from the stove."


def passage(rank: int = 1, text: str = _BREAD, source: str = "guides/bread.md", line: int = 41) -> Passage:
    """A passage of a document below the working directory."""
    chunk = Chunk(
        document_id="d",
        source=str(Path.cwd() / "data/food" / source),
        text=text,
        start=100 * rank,
        end=100 * rank + len(text),
        heading="Baking bread at home › Storing",
        place=Place.lines(line, line + text.count("\n")),
    )
    return Passage(chunk, rank, 0.91 - rank / 20, ("dense", "lexical") if rank == 1 else ("dense",))


def answer(
    text: str,
    *,
    finish: Finish = "stop",
    usage: Usage | None = None,
    passages: Sequence[Passage] = (),
    cited: bool = True,
    grounded: bool = True,
) -> Answer:
    """An answer that cites the second half of its first passage."""
    passages = tuple(passages) or (passage(1), passage(2, "Rye keeps for a week.", "guides/rye.md", 7))
    first = passages[0].chunk
    citation = Citation(1, passages[0], "then in a cotton bag, away from the stove.", Place.lines(42, 42))
    measured = usage or Usage(1204, 87, first_token_s=0.31, total_s=0.9, cost=Decimal("0.00012"), source="server")
    completion = Completion(text, "groq", "openai/gpt-oss-20b", measured, finish)
    citations = (citation,) if cited and first else ()
    return Answer(text, completion, citations, tuple(passages), (), grounded, 0.012)


class Scripted:
    """Streams fixed words; a KeyboardInterrupt leaves the words so far as a partial answer."""

    def __init__(self, words: Sequence[str], *, pause: float = 0.0, notice: str = "") -> None:
        self.questions: list[str] = []
        self._words = words
        self._pause = pause
        self._notice = notice

    def stream(self, question: str, turns: Sequence[Turn]) -> Generator[Event, None, None]:
        """The events of one question; `fail` in it makes the provider fail."""
        self.questions.append(question)
        if "fail" in question:
            raise GenerationError("groq refused the key.", "Check GROQ_API_KEY.", failure="key")
        said: list[str] = []
        finish: Finish = "stop"
        try:
            time.sleep(self._pause)
            yield Retrieved((passage(1), passage(2)), 0.012)
            time.sleep(self._pause)
            if self._notice:
                yield Notice(self._notice)
            for word in self._words:
                said.append(word)
                yield Delta(word)
                time.sleep(self._pause)
        except KeyboardInterrupt:
            finish = "cut"
        yield Answered(answer("".join(said), finish=finish))


class Told:
    """Has one answer to every question."""

    def __init__(self, told: Answer) -> None:
        self._told = told

    def stream(self, question: str, turns: Sequence[Turn]) -> Generator[Event, None, None]:
        """The answer."""
        yield Answered(self._told)


def session(scripted: Scripted | Told) -> Session:
    """A real session over the script."""
    return Session(cast("Answering", scripted), collection="food")


def opened(talk: Session, documents: int = 222) -> Opened:
    """A session that is ready, with nothing behind it that commands could change."""
    chain = (
        Link("groq", "openai/gpt-oss-20b", context=131_072),
        Link("ollama", "", "not running"),
        Link("extractive", "extractive"),
    )
    return Opened(talk, cast("Desk", _Budgetless()), cast("Collection", None), documents=documents, chain=chain)


class _Budgetless:
    """A desk at which no budget is set."""

    @property
    def workspace(self) -> _Budgetless:
        return self

    def budgets_left(self) -> tuple[()]:
        return ()


_ANSWER = (
    "A cut loaf keeps best wrapped in **paper**, then in a cotton bag, away from the stove [1]. "
    "It dries out faster in the fridge, where starch sets again [2].\n\n"
    "- wrap it once it is cold, never while it is still warm from the oven [1]\n"
    "- freeze what you will not eat within three days, in slices, so that you can toast them one by one\n"
    "- 麺包は紙に包んで、布の袋に入れて、暖かい場所を避けて保存してください。"
    "そうすれば三日間おいしく食べられます [2]\n\n"
    "```python\ndef keeps(days: int) -> bool:\n    return days <= 3\n```\n"
)


def main(history_file: str, pause: str, editing: Editing = "emacs", lines: str = "") -> None:
    """Run the conversation in the terminal this program was started in; `multiline` as the last argument."""
    from ragchat.terminal.console import terminal_here
    from ragchat.terminal.preferences import Preferences
    from ragchat.terminal.repl import Repl

    def open_session() -> Opened:
        time.sleep(float(pause) * 20)
        scripted = Scripted(
            _ANSWER.replace(" ", " \0").split("\0"), pause=float(pause), notice="ollama answers: no groq key."
        )
        return opened(session(scripted))

    repl = Repl(
        terminal_here(), open_session, version="0.1.0", begin=lambda: Preferences(Path(history_file), editing)
    )
    repl.keys.multiline = lines == "multiline"
    repl.run()


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], cast("Editing", (*sys.argv[3:4], "emacs")[0]), "".join(sys.argv[4:]))
    finally:
        settle()
