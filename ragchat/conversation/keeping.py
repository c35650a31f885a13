"""The store as a conversation sees it: when it fails, the conversation goes on without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.core.completion import Notice
from ragchat.errors import StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ragchat.conversation.store import Conversations
    from ragchat.conversation.stored import StoredSession
    from ragchat.core.answer import Turn


class Keeping:
    """Writes one session after the other to `conversations`; to nowhere where that is None.

    A store that fails is told of once, by `news`, and tried again for the next session.
    """

    def __init__(self, conversations: Conversations | None, collection: str) -> None:
        self._conversations = conversations
        self._collection = collection
        self._stored: StoredSession | None = None
        self._untold = ""
        self.begin()

    @property
    def id(self) -> str:
        """The session's id; empty where it is not kept."""
        return self._stored.id if self._stored else ""

    @property
    def name(self) -> str:
        """The session's name; empty before the first question, and where it is not kept."""
        return self._stored.name if self._stored else ""

    def begin(self) -> None:
        """Write to a new session from now on."""
        self._stored = None
        if self._conversations is not None:
            try:
                self._stored = self._conversations.begin(self._collection)
            except StorageError as error:
                self._leave(error)

    def resume(self, session: str) -> tuple[Turn, ...]:
        """Go on with a stored session, and return its turns.

        Raises `StorageError`, and `UsageError` for an unknown one or one about another collection: what it says
        may have come from documents that must not leave this machine.
        """
        stored, turns = self._required().resume(session)
        if stored.collection != self._collection:
            raise UsageError(
                f"That session is about another collection, {stored.collection}.",
                f"Leave this one, and go on with it: ragchat chat --resume {session}",
            )
        self._stored = stored
        return turns

    def rename(self, name: str) -> None:
        """Call the session `name`; raises `StorageError`, and `UsageError` for an empty one or none kept."""
        if self._stored is None:
            self._required()
            raise UsageError("This session is not kept any more, and has no name.", "Begin a new one.")
        self._stored.rename(name)

    def ask(self, question: str) -> None:
        """As `StoredSession.ask`, raising nothing; so are the next four."""
        self._write(lambda stored: stored.ask(question))

    def hear(self, text: str) -> None:
        """The next piece of the answer."""
        self._write(lambda stored: stored.hear(text))

    def answer(self, turn: Turn, *, replacing: bool) -> None:
        """The whole turn."""
        self._write(lambda stored: stored.answer(turn, replacing=replacing))

    def stop(self, *, keep_question: bool) -> None:
        """No more will come of the answer."""
        self._write(lambda stored: stored.stop(keep_question=keep_question))

    def undo(self) -> None:
        """The last turn goes."""
        self._write(lambda stored: stored.undo())

    def news(self) -> Iterator[Notice]:
        """That the store failed, once."""
        if self._untold:
            news, self._untold = self._untold, ""
            yield Notice(news)

    def _write(self, act: Callable[[StoredSession], object]) -> None:
        if self._stored is not None:
            try:
                act(self._stored)
            except StorageError as error:
                self._leave(error)

    def _leave(self, error: StorageError) -> None:
        self._stored = None
        self._untold = f"This session is not kept any more. {error.message} {error.hint}"

    def _required(self) -> Conversations:
        if self._conversations is None:
            raise UsageError("Sessions are not kept.", "Set RAGCHAT_CONVERSATIONS=keep, and begin again.")
        return self._conversations
