"""From question to cited answer: the product on one page."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ragchat.core.answer import Answer
from ragchat.core.completion import NOT_FOUND, Completion, Delta, Notice, Shortened
from ragchat.pipeline.citing import cite, unsupported
from ragchat.pipeline.condensing import refers, standalone
from ragchat.pipeline.events import Answered, Retrieved
from ragchat.pipeline.marks import MarkFilter
from ragchat.pipeline.prompting import make_prompt
from ragchat.pipeline.rewriting import Rewritten

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Iterable, Iterator, Sequence

    from ragchat.core.answer import Turn
    from ragchat.core.completion import Piece, Prompt
    from ragchat.core.protocols import Generator
    from ragchat.pipeline.attaching import PassageSearch
    from ragchat.pipeline.rewriting import Rewriter
from ragchat.pipeline.events import Event


class Answering:
    """Answers questions from one collection.

    `top_k` passages are retrieved; they and what was said before take `context_tokens` of a prompt at the most.
    `rewriter`, if there is one, says what a follow-up means; rules do otherwise.
    """

    def __init__(
        self,
        retriever: PassageSearch,
        generator: Generator,
        *,
        top_k: int,
        context_tokens: int,
        rewriter: Rewriter | None = None,
    ) -> None:
        self.search = retriever
        self._generator = generator
        self._rewriter = rewriter
        self._top_k = top_k
        self._context_tokens = context_tokens

    def stream(self, question: str, turns: Sequence[Turn] = ()) -> abc.Generator[Event, None, None]:
        """Retrieved, then deltas and notices, then Answered; what is streamed is the answer's text.

        A KeyboardInterrupt, raised in here or thrown in, ends the answer with what has arrived; before the
        generator has begun it is raised on. Raises what the retriever and, before the first delta, the generator
        raise.
        """
        rewritten = self._rewritten(question, turns)
        meant = rewritten.question or standalone(question, turns)
        started = time.monotonic()
        found = self.search.search(meant, self._top_k)
        passages, seconds = found.passages, time.monotonic() - started
        yield Retrieved(passages, seconds)
        prompt = make_prompt(question, passages, turns, self._context_tokens)
        prompt = replace(prompt, question=found.search.question, distant=found.distant)
        notices: list[str] = []
        if meant != question:
            yield _noted(notices, f"Searched for: {meant}")
        for notice in (*rewritten.notices, *found.notices):
            yield _noted(notices, notice)
        marks = MarkFilter(len(prompt.passages))
        shown: list[str] = []
        completion = yield from self._write(prompt, len(passages), marks, shown, notices)
        text, read = "".join(shown), passages[: marks.passages]
        citations, doubtful = cite(text, read), unsupported(text, read)
        with suppress(KeyboardInterrupt):  # too late to end what is complete
            if marks.dropped:
                yield _noted(notices, "A mark that led to no passage was removed.")
            if doubtful:
                yield _noted(notices, _doubts(doubtful))
        grounded = bool(citations) and not doubtful and NOT_FOUND not in text
        yield Answered(
            Answer(
                text,
                completion,
                citations,
                passages,
                tuple(notices),
                grounded,
                seconds,
                unsupported=tuple(doubtful),
                read=len(read),
                search=found.search,
                rewriting=rewritten.completion,
            )
        )

    def _rewritten(self, question: str, turns: Sequence[Turn]) -> Rewritten:
        """What a model says that a follow-up means."""
        if self._rewriter is None or not (turns and refers(question)):
            return Rewritten(None, None)
        return self._rewriter.rewrite(question, turns)

    def _write(
        self, prompt: Prompt, found: int, marks: MarkFilter, shown: list[str], notices: list[str]
    ) -> abc.Generator[Event, None, Completion]:
        """Pass the generator's stream on, with its marks made right; returns its completion.

        How many of the `found` passages were dropped is told before the first text: each attempt may drop others.
        """
        held, verbatim = "", False
        with closing(self._generator.stream(prompt)) as pieces:
            piece: Piece = next(pieces)
            while not isinstance(piece, Completion):
                try:
                    if isinstance(piece, Notice):
                        if piece.text not in notices:  # a rewriting may have said it
                            yield _noted(notices, piece.text)
                    elif isinstance(piece, Shortened):
                        marks.passages = min(piece.passages, len(prompt.passages))
                    elif held := marks.feed(piece.text):
                        if not shown:
                            yield from _dropped(found, marks.passages, notices)
                        shown.append(held)
                        visible, held, verbatim = held, "", piece.verbatim
                        yield Delta(visible, verbatim=verbatim)
                    piece = next(pieces)
                except KeyboardInterrupt as interrupt:
                    piece = pieces.throw(interrupt)
        with suppress(KeyboardInterrupt):
            if not (shown or held):
                yield from _dropped(found, marks.passages, notices)
        if rest := held + marks.flush():
            shown.append(rest)
            with suppress(KeyboardInterrupt):
                yield Delta(rest, verbatim=verbatim)
        return piece


def collect(events: Iterable[Event]) -> Answer:
    """The answer at the end of `events`."""
    return next(event.answer for event in events if isinstance(event, Answered))


def _dropped(found: int, kept: int, notices: list[str]) -> Iterator[Notice]:
    if kept < found:
        yield _noted(notices, f"{found - kept} of {found} passages dropped to fit.")


def _noted(notices: list[str], text: str) -> Notice:
    notices.append(text)
    return Notice(text)


def _doubts(sentences: Sequence[str]) -> str:
    shown = sentences[0] if len(sentences[0]) <= 80 else f"{sentences[0][:79]}…"
    more = f" and {len(sentences) - 1} more" if len(sentences) > 1 else ""
    return f"The passages do not bear out “{shown.rstrip('.')}”{more}."
