"""A conversation at the terminal: what questions and commands act on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ragchat.conversation.session import summarise
from ragchat.errors import RagchatError
from ragchat.terminal.links import FILE_LINKS
from ragchat.terminal.loading import Loading
from ragchat.terminal.state import StateLine
from ragchat.terminal.stream import show
from ragchat.terminal.views.summary import farewell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ragchat.conversation.session import Session
    from ragchat.core.answer import Answer
    from ragchat.terminal.commands.table import Command
    from ragchat.terminal.console import Terminal
    from ragchat.terminal.links import Links


class Leave(Exception):
    """The person wants to go."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that is ready, what its sources link to, and a few words about it: its documents, who answers."""

    session: Session
    about: str
    links: Links = FILE_LINKS


class Chat:
    """Opens its session in the background, asks it questions and keeps count of the answers."""

    def __init__(
        self, terminal: Terminal, open_session: Callable[[], Opened], *, commands: Sequence[Command]
    ) -> None:
        self.terminal = terminal
        self.commands = commands
        self.last_answer: Answer | None = None
        self._answers: list[Answer] = []
        self._open_session = open_session
        self._loading: Loading[Opened] | None = None

    def prepare(self, then: Callable[[], object] = lambda: None) -> None:
        """Begin to open the session; `then` is called in another thread when that has ended."""
        self._loading = Loading(self._open_session, then)

    def state(self) -> str:
        """What the session is, or why it is not there yet."""
        if self._loading is None or not self._loading.ended:
            return "getting ready…"
        failure = self._loading.failure
        return f"not ready: {failure}" if failure else self._loading.result().about

    def open(self) -> Session:
        """Wait for the session; raises `RagchatError` when it cannot be opened. The next call tries again."""
        if self._loading is None:
            self.prepare()
        assert self._loading is not None
        try:
            with StateLine(self.terminal) as state:
                if not self._loading.ended:
                    state.show("getting ready…")
                opened = self._loading.result()
                self.terminal = replace(self.terminal, links=opened.links)
                return opened.session
        except RagchatError:
            self._loading = None
            raise

    def ask(self, question: str) -> bool:
        """Show the answer to `question`; True when it was interrupted.

        Raises `RagchatError` when the session cannot be opened or does not answer.
        """
        session = self.open()
        with self.terminal.keyboard.silent():
            shown = show(session.ask(question), self.terminal)
        self.last_answer = shown.answer
        self._answers.append(shown.answer)
        return shown.interrupted

    def forget(self) -> None:
        """Forget the turns; the answers still count for the farewell."""
        self.last_answer = None
        if self._loading and self._loading.ended and not self._loading.failure:
            self._loading.result().session.clear()

    def say_farewell(self) -> None:
        """Say what the conversation took, if there was one."""
        if self._answers:
            self.terminal.aside.print(farewell(summarise(self._answers), self.terminal.line_width))
