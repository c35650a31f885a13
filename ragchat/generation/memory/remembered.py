"""What was answered before is answered again at once, and for nothing."""

from __future__ import annotations

import re
import time
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import uuid4

from ragchat.core.completion import NOT_FOUND, Completion, Notice, Shortened
from ragchat.core.usage import NOTHING_SENT
from ragchat.errors import StorageError
from ragchat.generation.fronting import Fronting
from ragchat.generation.memory.answers import answer_key
from ragchat.generation.providers.transcript import Transcript
from ragchat.usage.ledger import Attempt, Ending

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Callable, Iterator
    from datetime import timedelta

    from ragchat.core.completion import Finish, Piece, Prompt
    from ragchat.core.protocols import Generator
    from ragchat.generation.memory.answers import AnswerCache, KeptAnswer
    from ragchat.usage.ledger import Ledger


# To the end of a word where one ends, else anywhere: not every script parts its words.
_FEW_WORDS = re.compile(r".{1,24}(?:\s+|\Z)|.{24}", re.DOTALL)


class Remembering(Fronting):
    """A `Generator` that shows a kept answer again; else `generator` is asked, and what a model wrote is kept.

    `signature` says what makes an answer beside the prompt: the chain, its models, temperature and limits. Only
    answers of the provider `kept_of`, if it is named, are kept: what another wrote in its place is not shown for
    a month. `writer` names the model that will write, where it is chosen late; while it is empty nothing is looked
    for or kept. An answer shown again has its row in the ledger. A cache that cannot be used is left alone from
    then on, which is said once.
    """

    def __init__(
        self,
        generator: Generator,
        cache: AnswerCache,
        ledger: Ledger,
        signature: str,
        *,
        kept_of: str | None = None,
        writer: Callable[[], str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(generator)
        self._cache = cache
        self._ledger = ledger
        self._signature = signature
        self._kept_of = kept_of
        self._writer = writer
        self._clock = clock
        self._usable = True
        self._untold = ""
        self.passed_over = False
        """Whether kept answers are not looked for."""

    @contextmanager
    def afresh(self) -> Iterator[None]:
        """A stream that begins in here is written anew, and kept in place of what was."""
        before, self.passed_over = self.passed_over, True
        try:
            yield
        finally:
            self.passed_over = before

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        """As `Generator.stream`; a kept answer comes as deltas of a few words, behind a notice that says so."""
        transcript = Transcript(prompt, self._clock)
        key = self._key(prompt)
        answer = self._found(key)
        if answer is not None:
            yield from self._shown_again(answer, transcript)
        else:
            yield from self._news()
            yield from self._written(prompt, key)

    def _key(self, prompt: Prompt) -> bytes | None:
        if self._writer is None:
            return answer_key(self._signature, prompt.messages)
        writer = self._writer()
        return answer_key(f"{self._signature} {writer}", prompt.messages) if writer else None

    def _shown_again(self, answer: KeptAnswer, transcript: Transcript) -> abc.Generator[Piece, None, None]:
        try:
            yield from self._recorded(answer, transcript)
            yield Notice(_told(answer))
            if answer.passages is not None:
                yield Shortened(answer.passages)
            for words in _FEW_WORDS.findall(answer.text):
                yield transcript.add(words)
        except KeyboardInterrupt:
            if not transcript.text.strip():
                raise
            yield _completion(answer, transcript, "cut")
        else:
            yield _completion(answer, transcript, "stop")

    def _written(self, prompt: Prompt, key: bytes | None) -> abc.Generator[Piece, None, None]:
        """The generator's stream, unchanged; its answer is kept before its end is told."""
        passages: int | None = None
        with closing(self._fronted.stream(prompt)) as pieces:
            piece = next(pieces)
            while not isinstance(piece, Completion):
                if isinstance(piece, Shortened):
                    passages = piece.passages
                try:
                    yield piece
                    piece = next(pieces)
                except KeyboardInterrupt as interrupt:
                    piece = pieces.throw(interrupt)
        with suppress(KeyboardInterrupt):  # too late to end what is complete
            if _worth_keeping(piece) and self._kept_of in (None, piece.provider):
                self._keep(key, piece, passages)
            yield from self._news()
        yield piece

    def _recorded(self, answer: KeptAnswer, transcript: Transcript) -> Iterator[Notice]:
        attempt = Attempt(uuid4().hex, 1, answer.provider, answer.model, None, None)
        usage = transcript.timed(NOTHING_SENT)
        try:
            row = self._ledger.begin(attempt)
            self._ledger.finish(row, Ending("cached", usage, finish_reason="stop", saved_cost=answer.cost))
        except StorageError as error:
            yield Notice(error.message)

    def _found(self, key: bytes | None) -> KeptAnswer | None:
        if key is not None and self._usable and not self.passed_over:
            try:
                return self._cache.find(key)
            except StorageError as error:
                self._leave(error)
        return None

    def _keep(self, key: bytes | None, completion: Completion, passages: int | None) -> None:
        if key is not None and self._usable:
            try:
                self._cache.keep(key, completion, passages)
            except StorageError as error:
                self._leave(error)

    def _leave(self, error: StorageError) -> None:
        self._usable = False
        self._untold = f"Answers are not kept this time. {error.message} {error.hint}"

    def _news(self) -> Iterator[Notice]:
        if self._untold:
            news, self._untold = self._untold, ""
            yield Notice(news)


def _worth_keeping(completion: Completion) -> bool:
    """Whether a model read the whole prompt, wrote the answer to its end, and found something."""
    text = completion.text
    whole = completion.finish == "stop" and not completion.truncated
    return whole and bool(text.strip()) and NOT_FOUND not in text


def _completion(answer: KeptAnswer, transcript: Transcript, finish: Finish) -> Completion:
    return Completion(
        transcript.text,
        answer.provider,
        answer.model,
        transcript.timed(NOTHING_SENT),
        finish,
        cached=True,
        saved_cost=answer.cost,
    )


def _told(answer: KeptAnswer) -> str:
    """`Answered before, 3 min ago; saved $0.0004.`, of money only where some was saved."""
    saved = f"; saved {_dollars(answer.cost)}" if answer.cost else ""
    return f"Answered before, {_ago(answer.age)}{saved}."


def _dollars(cost: Decimal) -> str:
    return f"${cost:,.4f}" if cost >= Decimal("0.0001") else "<$0.0001"


def _ago(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 24 * 60:
        return f"{minutes // 60} h ago"
    return "1 day ago" if age.days == 1 else f"{age.days} days ago"
