"""The ledger row of one attempt, from its beginning to exactly one end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ragchat.core.usage import NOTHING_SENT, Usage
from ragchat.errors import GenerationError, StorageError
from ragchat.language.surrogates import encodable
from ragchat.resilience.faults import UNSENT
from ragchat.usage.budgets import OverBudget
from ragchat.usage.ledger import Ending

if TYPE_CHECKING:
    from ragchat.core.completion import Completion
    from ragchat.generation.chain.records import Records
    from ragchat.generation.providers.transcript import Transcript
    from ragchat.usage.budgets import Worst
    from ragchat.usage.ledger import Attempt, Outcome

_LONGEST = 200
_MOST_TOKENS = 10**12


class Entry:
    """A ledger that cannot be written stops no answer: see `problem`.

    `is_news`: somebody set the provider up, so that it is a failure when it is not there.
    """

    def __init__(self, records: Records, attempt: Attempt, *, is_news: bool) -> None:
        self._ledger = records.ledger
        self._price = records.cost
        self._attempt = attempt
        self._is_news = is_news
        self._row: int | None = None
        self.ended = False
        self.problem: StorageError | None = None

    @property
    def destination(self) -> str | None:
        """Where the prompt is sent; None when it stays on this machine."""
        return self._attempt.destination

    def begin(self, worst: Worst | None = None) -> None:
        """Begin the row before anything is sent; raises `GenerationError` when `worst` is over a budget."""
        try:
            self._row = self._ledger.begin(self._attempt, worst)
        except OverBudget as error:
            raise GenerationError(
                error.reason,
                "Raise the budget, or ask a provider on this machine.",
                failure="budget",
                cause="budget",
            ) from error
        except StorageError as error:
            if worst is not None and worst.cost != 0:
                raise GenerationError(
                    f"The budget cannot be looked up. {error.message}",
                    error.hint,
                    failure="budget",
                    cause="budget",
                ) from error
            self.problem = error

    def completed(self, completion: Completion, outcome: Outcome, *, waited_s: float = 0.0) -> Completion:
        """End the row with `completion`, which comes back with its cost."""
        usage = _storable(completion.usage)
        cost = self._price(completion.provider, completion.model, usage, self._attempt.destination)
        completion = replace(completion, usage=replace(usage, cost=cost))
        self._end(
            Ending(
                outcome,
                completion.usage,
                model=completion.model or None,
                finish_reason=completion.finish,
                failure=completion.failure,
                request_id=_plain(completion.request_id),
                waited_s=waited_s or None,
                truncated=completion.truncated,
            )
        )
        return completion

    def refused(self, error: GenerationError) -> None:
        """Begin and end the row: `error` is why nothing was sent."""
        self.begin()
        self._end(_ending("skipped", error, NOTHING_SENT))

    def failed(self, error: GenerationError, transcript: Transcript, *, waited_s: float = 0.0) -> None:
        """End the row with `error`, raised before anything was shown."""
        unasked = error.failure == "config" and error.http_status is None
        # Nobody set it up, and nobody was there: that is no failure.
        skipped = unasked or (error.cause in UNSENT and not self._is_news)
        ending = _ending("skipped" if skipped else "error", error, self._taken(error, transcript))
        self._end(replace(ending, waited_s=waited_s or None))

    def _taken(self, error: GenerationError, transcript: Transcript) -> Usage:
        """Nothing, when the request was never sent or let in; else unknown, and never a false zero."""
        if error.failure in {"config", "key"} or error.cause in UNSENT:
            return transcript.timed(NOTHING_SENT)
        # A server that was too slow may have read the prompt all the same.
        usage = transcript.estimated() if error.failure == "timeout" else transcript.timed(Usage())
        attempt = self._attempt
        return replace(usage, cost=self._price(attempt.provider, attempt.model, usage, attempt.destination))

    def _end(self, ending: Ending) -> None:
        if self.ended:
            return
        if self._row is not None:
            try:
                self._ledger.finish(self._row, ending)
            except StorageError as error:
                self.problem = error
        self.ended = True  # not before: Ctrl-C in the midst of it leaves a row to end


def _plain(name: str | None) -> str | None:
    """A server's word as the database can hold it."""
    return None if name is None else encodable(str(name))[:_LONGEST]


def _storable(usage: Usage) -> Usage:
    """`usage` without counts that no server can mean."""
    return replace(
        usage,
        prompt_tokens=_count(usage.prompt_tokens),
        completion_tokens=_count(usage.completion_tokens),
        cached_tokens=_count(usage.cached_tokens),
        reasoning_tokens=_count(usage.reasoning_tokens),
    )


def _count(told: object) -> int | None:
    return told if isinstance(told, int) and 0 <= told <= _MOST_TOKENS else None


def _ending(outcome: Outcome, error: GenerationError, usage: Usage) -> Ending:
    return Ending(
        outcome,
        usage,
        failure=error.failure,
        http_status=error.http_status,
        code=_plain(error.label),
        request_id=_plain(error.request_id),
        retry_after_s=error.retry_after_s,
    )
