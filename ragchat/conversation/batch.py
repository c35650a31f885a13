"""Many questions, several at a time, whose answers come in the order in which they were asked."""

from __future__ import annotations

from collections import deque
from concurrent import futures
from contextlib import closing
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, TypeAlias

from ragchat.errors import Interrupted, RagchatError
from ragchat.pipeline.events import Answered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from ragchat.conversation.questions import AskedQuestion
    from ragchat.conversation.session import Session
    from ragchat.core.answer import Answer

# For each asker so many questions wait, to be asked or to be told: one slow answer does not hold up all others.
_AHEAD = 8
# A request that is under way can only be left alone; what writes its last words is waited for.
_LAST_WORDS_S = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question: an answer, or why there is none."""

    question: AskedQuestion
    answer: Answer | None = None
    error: RagchatError | None = None


_Asked: TypeAlias = "tuple[AskedQuestion, futures.Future[Outcome]]"


class Batch:
    """Puts `questions` to sessions in threads, `at_once` at a time; each question has a session to itself.

    `open_sessions` opens for a thread what begins its sessions.

    Used as `while batch.fill(): batch.wait(); batch.take()`. What it holds does not grow with the questions.
    Ctrl-C may land in `wait`, which changes nothing. `wake` makes a session that waits for its turn raise
    `KeyboardInterrupt`.
    """

    def __init__(
        self,
        questions: Iterator[AskedQuestion],
        open_sessions: Callable[[], AbstractContextManager[Callable[[], Session]]],
        at_once: int,
        wake: Callable[[], None],
    ) -> None:
        self._questions = questions
        self._open_sessions = open_sessions
        self._at_once = at_once
        self._wake = wake
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._waiting: deque[_Asked] = deque()
        self._stopping = Event()
        # They must not keep a process alive that is told to end, while a server says nothing.
        self._askers = [Thread(target=self._ask, name="asker", daemon=True) for _ in range(at_once)]
        for asker in self._askers:
            asker.start()

    def fill(self) -> bool:
        """Hand out questions as far as there is room; whether an outcome is to come."""
        while len(self._waiting) < self._at_once * _AHEAD:
            question = next(self._questions, None)
            if question is None:
                break
            self._waiting.append((question, futures.Future()))
            self._asked.put(self._waiting[-1])
        return bool(self._waiting)

    def wait(self) -> None:
        """Wait for the next outcome."""
        futures.wait([self._waiting[0][1]])

    def take(self) -> Outcome:
        """The next outcome, in the order of the questions; raises what is a fault of ours."""
        return self._waiting.popleft()[1].result()

    def stop(self) -> tuple[Outcome, ...]:
        """Ask nothing more, and cut what is being answered; the outcomes of all that were asked, in their order.

        What has no answer in a second is given up, and has an `Interrupted` in its place.
        """
        self._stopping.set()
        self._wake()
        begun = [asked for asked in self._waiting if not asked[1].cancel()]
        self._waiting.clear()
        ended, _ = futures.wait([outcome for _, outcome in begun], _LAST_WORDS_S)
        return tuple(outcome.result() if outcome in ended else _stopped(question) for question, outcome in begun)

    def close(self) -> None:
        """Let the askers go home; those that have been stopped are not waited for."""
        stopped = self._stopping.is_set()
        self._stopping.set()
        self._wake()
        for _ in self._askers:
            self._asked.put(None)
        for asker in () if stopped else self._askers:
            asker.join(_LAST_WORDS_S)

    def _ask(self) -> None:
        try:
            with self._open_sessions() as begin:
                while asked := self._asked.get():
                    question, outcome = asked
                    if outcome.set_running_or_notify_cancel():
                        self._settle(outcome, begin, question)
        except Exception as error:
            # Without a session there are no answers: whoever waits for one hears why.
            while asked := self._asked.get():
                if asked[1].set_running_or_notify_cancel():
                    asked[1].set_exception(error)

    def _settle(
        self, outcome: futures.Future[Outcome], begin: Callable[[], Session], question: AskedQuestion
    ) -> None:
        try:
            outcome.set_result(Outcome(question, answer=self._answered(begin(), question.text)))
        except RagchatError as error:
            outcome.set_result(Outcome(question, error=error))
        except KeyboardInterrupt:
            outcome.set_result(_stopped(question))
        except Exception as error:
            outcome.set_exception(error)

    def _answered(self, session: Session, question: str) -> Answer:
        """The answer, cut when the batch is stopped; raises `KeyboardInterrupt` when it has not begun then."""
        cut = False
        with closing(session.ask(question)) as events:
            event = next(events)
            while not isinstance(event, Answered):
                if self._stopping.is_set() and not cut:
                    cut, event = True, events.throw(KeyboardInterrupt())
                else:
                    event = next(events)
        return event.answer


def _stopped(question: AskedQuestion) -> Outcome:
    told = Interrupted("The question was interrupted before an answer came.", "Ask it again.")
    return Outcome(question, error=told)
