"""A conversation at the terminal: what questions and commands act on."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.conversation.summary import summarise
from ragchat.core.choices import SERVED
from ragchat.errors import Interrupted, RagchatError, StorageError, UsageError
from ragchat.terminal.links import FILE_LINKS
from ragchat.terminal.loading import Loading
from ragchat.terminal.state import StateLine
from ragchat.terminal.stream import show
from ragchat.terminal.theme import theme_of
from ragchat.terminal.toolbar import fitted, parts
from ragchat.terminal.views.chain import chain
from ragchat.terminal.views.summary import farewell
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from ragchat.conversation.session import Session
    from ragchat.core.answer import Answer
    from ragchat.core.choices import ThemeChoice
    from ragchat.generation.chain.links import Link
    from ragchat.index.collection import Collection
    from ragchat.pipeline.events import Event
    from ragchat.terminal.commands.table import Command
    from ragchat.terminal.console import Terminal
    from ragchat.terminal.desk import Desk
    from ragchat.terminal.keys import PromptKeys
    from ragchat.terminal.links import Links
    from ragchat.usage.budgets import Remaining


class Leave(Exception):
    """The person wants to go."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that is ready, and what it is about; `provider` answers alone when it is named.

    `chain` are those who answer, as things stand now. `links` are what its sources link to.
    """

    session: Session
    desk: Desk
    collection: Collection
    provider: str | None = None
    documents: int = 0
    chain: tuple[Link, ...] = ()
    links: Links = FILE_LINKS

    @classmethod
    def of(cls, session: Session, desk: Desk, collection: Collection, provider: str | None) -> Opened:
        """With what can be said about it as things stand now."""
        documents, _ = collection.manifest.counts()
        chain = desk.workspace.chain(provider)
        return cls(session, desk, collection, provider, documents, chain, desk.terminal.links)


class Chat:
    """Opens its session in the background, asks it questions and keeps count of the answers.

    `offered` is put into the next prompt.
    """

    def __init__(
        self,
        terminal: Terminal,
        open_session: Callable[[], Opened],
        *,
        commands: Sequence[Command],
        keys: PromptKeys | None = None,
    ) -> None:
        self.terminal = terminal
        self.commands = commands
        self.keys = keys
        self.offered = ""
        self.theme = theme_of("auto", os.environ)
        self.changes: dict[str, object] = {}
        """The settings that were changed since it began, by their dotted names."""
        self._answers: list[Answer] = []
        self._failed = 0
        self._summary = summarise(())
        self._open_session = open_session
        self._loading: Loading[Opened] | None = None
        self._opened: Opened | None = None

    # The session

    def prepare(self, then: Callable[[], object] = lambda: None) -> None:
        """Begin to open the session; `then` is called in another thread when that has ended."""
        self._loading = Loading(self._open_session, then)

    @property
    def ready(self) -> Opened | None:
        """What is opened; None while that lasts, and where it failed. Waits for nothing."""
        loading = self._loading
        if self._opened is None and loading is not None and loading.ended and loading.failure is None:
            return loading.result()
        return self._opened

    @property
    def last_answer(self) -> Answer | None:
        """The answer that commands are about."""
        turns = self.ready.session.turns if self.ready else ()
        return turns[-1].answer if turns else None

    def state(self, room: int) -> str:
        """What the session is, or why it is not there yet, in at most `room` cells."""
        if ready := self.ready:
            told = parts(ready.session.name, self._context(ready), self._summary, chain(ready.chain))
            return fitted(told, room)
        failure = self._loading.failure if self._loading else None
        return f"not ready: {failure}" if failure else "getting ready…"

    def open(self) -> Opened:
        """Wait for the session; raises `RagchatError` when it cannot be opened. The next call tries again."""
        if self._opened is None:
            if self._loading is None:
                self.prepare()
            assert self._loading is not None
            try:
                with StateLine(self.terminal) as state:
                    if not self._loading.ended:
                        state.show("getting ready…")
                    self._adopt(self._loading.result())
            except RagchatError:
                self._loading = None
                raise
        assert self._opened is not None
        return self._opened

    def change(self, changes: Mapping[str, object]) -> None:
        """Go on with other settings, by their dotted names; raises `SettingsError`, and nothing has changed."""
        opened = self.open()
        opened.desk.workspace.change(changes)
        self.changes |= changes
        self.choose(opened.provider)

    def choose(self, provider: str | None) -> None:
        """Let `provider` alone answer from now on; the whole chain when it is None."""
        opened = self.open()
        opened.desk.workspace.hand_over(opened.session, provider)
        self._adopt(Opened.of(opened.session, opened.desk, opened.collection, provider))

    def model_setting(self) -> str:
        """The setting that names the model of whoever answers; raises `UsageError` where no model does."""
        opened = self.open()
        links = opened.desk.workspace.chain(opened.provider)
        able = [link for link in links if not link.trouble and link.provider in SERVED]
        if not able:
            raise UsageError("No model answers just now.", "Say which provider should: /provider NAME")
        return f"{able[0].provider}.model"

    def wear(self, name: ThemeChoice) -> None:
        """Show everything from now on in the theme of this name."""
        self.theme = theme_of(name, os.environ)
        self.terminal.wear(self.theme)

    def renew(self) -> None:
        """Take note of what has changed in the collection."""
        opened = self.open()
        self._adopt(Opened.of(opened.session, opened.desk, opened.collection, opened.provider))

    def _adopt(self, opened: Opened) -> None:
        self._opened = opened
        self.terminal = replace(self.terminal, links=opened.links)

    # Questions

    def ask(self, question: str) -> bool:
        """Show the answer to `question`; True when it was interrupted.

        Raises `RagchatError` when the session cannot be opened or does not answer.
        """
        return self._show(self.open().session.ask(question))

    def retry(self) -> bool:
        """Show another answer to the last question. As `ask`, and raises `UsageError` before the first."""
        return self._show(self.open().session.retry())

    def forget(self) -> None:
        """Begin another session; the answers still count for the farewell."""
        self.open().session.clear()

    def say(self, text: str) -> None:
        """Say something about the conversation."""
        shown = Text(wrapped(text, self.terminal.width), style="notice")
        self.terminal.aside.print(shown)

    def say_farewell(self) -> None:
        """Say what the conversation took, if there was one."""
        if self._summary.questions:
            shown = farewell(self._summary, self.terminal.line_width, self._budgets())
            self.terminal.aside.print(shown)

    def _show(self, events: Generator[Event, None, None]) -> bool:
        try:
            with self.terminal.keyboard.silent():
                shown = show(events, self.terminal)
        except Interrupted:
            raise
        except RagchatError:
            self._failed += 1
            self._summary = summarise(self._answers, failed=self._failed)
            raise
        self._answers.append(shown.answer)
        self._summary = summarise(self._answers, failed=self._failed)
        return shown.interrupted

    def _context(self, ready: Opened) -> tuple[int | None, int | None]:
        """The tokens that the last prompt took, and those that its provider takes."""
        answer = self.last_answer
        if answer is None:
            return None, None
        last = answer.completion
        size = next((link.context for link in ready.chain if link.provider == last.provider), None)
        return last.usage.prompt_tokens, size

    def _budgets(self) -> Sequence[Remaining]:
        with suppress(StorageError):
            if self._opened is not None:
                return self._opened.desk.workspace.budgets_left()
        return ()
