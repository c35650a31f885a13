"""The ledger row of one attempt, from its beginning to exactly one end."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from ragchat.core.usage import Usage
from ragchat.errors import StorageError
from ragchat.resilience.faults import UNSENT
from ragchat.usage.ledger import Ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragchat.core.completion import Completion
    from ragchat.errors import GenerationError
    from ragchat.generation.transcript import Transcript
    from ragchat.usage.ledger import Attempt, Ledger, Outcome

_NOTHING_SENT = Usage(prompt_tokens=0, completion_tokens=0, cost=Decimal(0))


class Entry:
    """Begins the row at once. A ledger that cannot be written stops no answer: see `problem`."""

    def __init__(
        self,
        ledger: Ledger,
        attempt: Attempt,
        price: Callable[[str, str, Usage, str | None], Decimal | None],
    ) -> None:
        self._ledger = ledger
        self._attempt = attempt
        self._price = price
        self._row: int | None = None
        self.ended = False
        self.problem: StorageError | None = None
        try:
            self._row = ledger.begin(attempt)
        except StorageError as error:
            self.problem = error

    def completed(self, completion: Completion, outcome: Outcome) -> Completion:
        """End the row with `completion`, which comes back with its cost."""
        usage = completion.usage
        cost = self._price(completion.provider, completion.model, usage, self._attempt.destination)
        completion = replace(completion, usage=replace(usage, cost=cost))
        self._end(
            Ending(
                outcome,
                completion.usage,
                model=completion.model or None,
                finish_reason=completion.finish,
                failure=completion.failure,
                request_id=completion.request_id,
            )
        )
        return completion

    def failed(self, error: GenerationError, transcript: Transcript) -> None:
        """End the row with `error`, raised before anything was shown."""
        self._end(
            Ending(
                "skipped" if error.failure == "config" or error.code in UNSENT else "error",
                self._taken(error, transcript),
                failure=error.failure,
                http_status=error.http_status,
                code=error.code,
                request_id=error.request_id,
                retry_after_s=error.retry_after_s,
            )
        )

    def _taken(self, error: GenerationError, transcript: Transcript) -> Usage:
        """Nothing, when the request was never sent or let in; else unknown, and never a false zero."""
        if error.failure in {"config", "key"} or error.code in UNSENT:
            return transcript.timed(_NOTHING_SENT)
        # A server that was too slow may have read the prompt all the same.
        usage = transcript.estimated() if error.failure == "timeout" else transcript.timed(Usage())
        attempt = self._attempt
        return replace(usage, cost=self._price(attempt.provider, attempt.model, usage, attempt.destination))

    def _end(self, ending: Ending) -> None:
        if self.ended:
            return
        self.ended = True
        if self._row is None:
            return
        try:
            self._ledger.finish(self._row, ending)
        except StorageError as error:
            self.problem = error
