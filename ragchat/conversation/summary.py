"""What the answers of a session took, added up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ragchat.core.answer import Answer


@dataclass(frozen=True, slots=True)
class Durations:
    """Seconds: the mean, and what 95 of 100 did not exceed, by the nearest rank."""

    count: int
    mean_s: float
    p95_s: float


@dataclass(frozen=True, slots=True)
class Summary:
    """What a session took, the rewriting of its follow-ups included.

    Answers were `written` by a model, `quoted` without one, or `cut`; a question that `failed` has none.
    `providers` counts the answers of each. `cost`, in US dollars, adds up what is known, and `unknown_costs`
    counts the answers of which a part has no price. `saved_cost` is what the `cached` answers, shown again from
    memory, had cost, as far as that is known. `first_token` is of models that were asked, from the request on,
    `in_all` of every answer, from the question on, and `retrieval` of its search; None where there was none.
    """

    written: int = 0
    quoted: int = 0
    cut: int = 0
    failed: int = 0
    cached: int = 0
    providers: tuple[tuple[str, int], ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False
    cost: Decimal = Decimal(0)
    unknown_costs: int = 0
    saved_cost: Decimal = Decimal(0)
    retrieval: Durations | None = None
    first_token: Durations | None = None
    in_all: Durations | None = None

    @property
    def questions(self) -> int:
        """How many were asked."""
        return self.written + self.quoted + self.cut + self.failed

    @property
    def success(self) -> float | None:
        """The share of the questions whose answer came to its end; None before the first question."""
        return (self.written + self.quoted) / self.questions if self.questions else None


def summarise(answers: Iterable[Answer], *, failed: int = 0) -> Summary:
    """Add up what `answers` took; so many questions beside them have `failed`."""
    answers = tuple(answers)
    endings = Counter(answer.completion.finish for answer in answers)
    usages = [completion.usage for answer in answers for completion in answer.completions]
    finals = [answer.completion for answer in answers]
    firsts = [final.usage.first_token_s for final in finals if not final.cached and final.finish != "degraded"]
    return Summary(
        written=endings["stop"] + endings["length"],
        quoted=endings["degraded"],
        cut=endings["cut"],
        failed=failed,
        cached=sum(final.cached for final in finals),
        providers=tuple(Counter(final.provider for final in finals).items()),
        prompt_tokens=sum(usage.prompt_tokens or 0 for usage in usages),
        completion_tokens=sum(usage.completion_tokens or 0 for usage in usages),
        estimated=any(usage.source == "estimate" for usage in usages),
        cost=sum((answer.known_cost for answer in answers), Decimal(0)),
        unknown_costs=sum(answer.cost_unknown for answer in answers),
        saved_cost=sum(filter(None, (final.saved_cost for final in finals)), Decimal(0)),
        retrieval=_durations([answer.retrieval_s for answer in answers]),
        first_token=_durations([seconds for seconds in firsts if seconds is not None]),
        in_all=_durations([answer.total_s for answer in answers]),
    )


def _durations(seconds: Sequence[float]) -> Durations | None:
    if not seconds:
        return None
    ranked = sorted(seconds)
    return Durations(len(ranked), sum(ranked) / len(ranked), ranked[-(-95 * len(ranked) // 100) - 1])
