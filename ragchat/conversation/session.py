"""A conversation while it lasts."""

from __future__ import annotations

from contextlib import closing, nullcontext, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ragchat.conversation.keeping import Keeping
from ragchat.core.answer import Turn
from ragchat.core.completion import Delta
from ragchat.errors import UsageError
from ragchat.pipeline.events import Answered

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    from ragchat.conversation.store import Conversations
    from ragchat.pipeline.answering import Answering
    from ragchat.pipeline.attaching import PassageSearch
    from ragchat.pipeline.events import Event


class Session:
    """Asks one question after the other and remembers the turns, in `conversations` too where it is given.

    `collection` is what the questions are about. A question that is asked inside `afresh` is answered anew, and
    not from memory.
    """

    def __init__(
        self,
        answering: Answering,
        conversations: Conversations | None = None,
        collection: str = "",
        afresh: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.collection = collection
        self.is_encrypted = conversations is not None and conversations.encrypted
        self._answering = answering
        self._keeping = Keeping(conversations, collection)
        self._afresh = afresh
        self._turns: list[Turn] = []

    @property
    def search(self) -> PassageSearch:
        """How its passages are found."""
        return self._answering.search

    def hand_over(self, answering: Answering, afresh: Callable[[], AbstractContextManager[None]]) -> None:
        """Let `answering` answer from the next question on."""
        self._answering, self._afresh = answering, afresh

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns so far, oldest first."""
        return tuple(self._turns)

    @property
    def id(self) -> str:
        """What the session is kept under; empty where it is not kept."""
        return self._keeping.id

    @property
    def name(self) -> str:
        """What it is called: the beginning of its first question, unless it was renamed."""
        return self._keeping.name

    def ask(self, question: str) -> Generator[Event, None, None]:
        """Stream the events of one question; the turn is remembered when its answer is there.

        A KeyboardInterrupt thrown in goes on to whoever is answering. A store that fails is told of in a notice.
        """
        return self._asked(question, replacing=False)

    def retry(self) -> Generator[Event, None, None]:
        """The last question again, afresh; its turn is replaced when the new answer is there, and kept otherwise.

        Raises `UsageError` before the first question.
        """
        if not self._turns:
            raise UsageError("There is no question to ask again.", "Ask one first.")
        return self._retried(self._turns[-1].question)

    def undo(self) -> Turn | None:
        """Take the last turn away, from the store too; it comes back, or None when there is none."""
        if not self._turns:
            return None
        self._keeping.undo()
        return self._turns.pop()

    def rename(self, name: str) -> None:
        """Call the session `name`; raises `StorageError`, and `UsageError` where it is not kept."""
        self._keeping.rename(name)

    def clear(self) -> None:
        """Begin another session: the next question starts afresh, and what was kept stays."""
        self._turns.clear()
        self._keeping.begin()

    def resume(self, session: str) -> None:
        """Go on with the stored session of this id, whose turns are now what was said before.

        Raises `StorageError`, and `UsageError` for an unknown one or one about another collection.
        """
        self._turns = list(self._keeping.resume(session))

    def _retried(self, question: str) -> Generator[Event, None, None]:
        with self._afresh():
            yield from self._asked(question, replacing=True)

    def _asked(self, question: str, *, replacing: bool) -> Generator[Event, None, None]:
        before = self._turns[:-1] if replacing else self._turns
        # What was cut before its first word is nothing that a model could have said.
        said = [turn for turn in before if turn.answer.text.strip()]
        self._keeping.ask(question)
        try:
            with closing(self._answering.stream(question, said)) as events:
                event = next(events, None)
                while event is not None:
                    if isinstance(event, Delta):
                        self._keeping.hear(event.text)
                    elif isinstance(event, Answered):
                        self._remember(Turn(question, event.answer, datetime.now(UTC)), replacing=replacing)
                        with suppress(KeyboardInterrupt):  # too late to end what is complete
                            yield from self._keeping.news()
                    try:
                        yield event
                        event = next(events, None)
                    except KeyboardInterrupt as interrupt:
                        event = events.throw(interrupt)
        except (Exception, KeyboardInterrupt):
            self._keeping.stop(keep_question=False)  # whoever asked is told, and has it before them
            raise
        except BaseException:
            self._keeping.stop(keep_question=True)
            raise

    def _remember(self, turn: Turn, *, replacing: bool) -> None:
        if replacing:
            self._turns.pop()
        self._turns.append(turn)
        self._keeping.answer(turn, replacing=replacing)
