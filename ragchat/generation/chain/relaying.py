"""An answer on its way to the person, and what is kept of it when it ends, however it ends."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

from ragchat.core.completion import Completion, Notice, Shortened
from ragchat.errors import GenerationError, StorageError
from ragchat.generation.chain.remedy import AVAILABILITY, Remedy

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Iterator

    from ragchat.core.completion import Piece, Prompt
    from ragchat.core.protocols import Generator
    from ragchat.generation.chain.opening import Opened
    from ragchat.generation.chain.records import Records
    from ragchat.generation.chain.turn import Turn
    from ragchat.usage.ledger import Outcome


class Relay:
    """Passes the answer of one provider on; `prompt` is the one it was asked, `waited_s` how long in vain."""

    def __init__(self, records: Records, turn: Turn, generator: Generator) -> None:
        self._records = records
        self._turn = turn
        self._generator = generator

    def stream(self, opened: Opened, prompt: Prompt, waited_s: float) -> abc.Generator[Piece, None, Completion]:
        """Everything but the completion, which is returned.

        Ctrl-C, thrown in or raised inside, cuts the answer; before anything was shown it is raised on.
        """
        self._turn.read = prompt
        shown = False
        try:
            # Closed before anything else is done: the provider should stop writing what nobody reads.
            with closing(opened.pieces):
                yield from self._before(prompt)
                for piece in opened.rest():
                    if isinstance(piece, Completion):
                        return (yield from self._ended(opened, piece, prompt, waited_s))
                    shown = True
                    yield piece
            raise RuntimeError(f"{self._generator.provider} ended without a completion")
        except (KeyboardInterrupt, GeneratorExit) as stop:
            if opened.entry.ended:
                raise
            cut = self.cut(opened)
            if isinstance(stop, GeneratorExit) or not (shown and cut.text.strip()):
                raise
            return cut
        except BaseException as error:
            self.broken(opened, error)
            raise

    def cut(self, opened: Opened) -> Completion:
        """The person stopped it: that says nothing of the provider."""
        self._released()
        transcript, generator = opened.transcript, self._generator
        cut = transcript.completion(generator.provider, generator.model, finish="cut")
        return opened.entry.completed(cut, "cancelled")

    def broken(self, opened: Opened, error: BaseException) -> None:
        """A fault of ours; the row ends all the same."""
        self._released()
        opened.entry.failed(GenerationError(str(error), failure="other"), opened.transcript)

    def _before(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        yield from self._turn.overheard()
        yield from self._turn.news(self._generator.provider)
        if len(prompt.passages) < len(self._turn.prompt.passages):
            yield Shortened(len(prompt.passages))

    def _ended(
        self, opened: Opened, completion: Completion, prompt: Prompt, waited_s: float
    ) -> abc.Generator[Piece, None, Completion]:
        completion = opened.entry.completed(completion, _outcome(completion), waited_s=waited_s)
        with suppress(KeyboardInterrupt):  # too late to end what is complete
            yield from self._learned(opened, completion, prompt)
        return completion

    def _learned(self, opened: Opened, completion: Completion, prompt: Prompt) -> Iterator[Notice]:
        """Keep what the answer tells of its provider; what of that the person should know."""
        warnings: list[str] = []
        with suppress(StorageError):
            warnings += self._health(completion)
            self._records.learn(prompt, completion)
            warnings += self._records.budget_warnings()
        if opened.entry.problem is not None:
            warnings.append(opened.entry.problem.message)
        for warning in warnings:
            yield Notice(warning)
        if completion.finish == "stop":
            with suppress(StorageError):
                self._records.quote(completion.provider, opened.entry.destination)

    def _health(self, completion: Completion) -> tuple[str, ...]:
        health = self._records.health
        if completion.failure in AVAILABILITY:
            health.failed(self._generator, Remedy(counts=True))
        elif completion.finish == "cut":
            health.released(self._generator)
        else:
            return health.succeeded(self._generator)
        return ()

    def _released(self) -> None:
        with suppress(StorageError):
            self._records.health.released(self._generator)


def _outcome(completion: Completion) -> Outcome:
    if completion.finish != "cut":
        return "ok"
    return "partial" if completion.failure else "cancelled"
