"""An answer without a model: the sentence that answers best, quoted, and a second one if that adds to it."""

from __future__ import annotations

import re
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

from ragchat.core.completion import NOT_FOUND, Completion, Delta, Notice
from ragchat.core.usage import Usage
from ragchat.generation.extractive.confidence import log_odds
from ragchat.generation.extractive.evidence import Question
from ragchat.generation.extractive.quotable import LONGEST, sentences
from ragchat.language.questions import is_english
from ragchat.language.terms import terms

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Sequence

    from ragchat.core.completion import Piece, Prompt
    from ragchat.generation.extractive.quotable import Sentence

LABEL = "No language model answered: these are the best sentences of your documents."
FAINT_LABEL = "No language model answered, and nothing matches closely: these are the nearest sentences."
NO_SENTENCE = "No language model answered, and no sentence of your documents comes near."

Verdict: TypeAlias = Literal["plain", "faint", "none"]

# Below odds of one to thirty nothing is quoted. Of sixty sample questions with an answer, one is lost so.
_REFUSED = -3.4
# Below even odds, what is quoted may be beside the point, and that is said.
_FAINT = 0.0
# The odds are known for English only: elsewhere the share of the question's words that one passage holds decides.
_FOREIGN_REFUSED = 0.2
_FOREIGN_REFUSED_WHEN_DISTANT = 0.6
_FOREIGN_FAINT = 0.55

# A second sentence is worth more for what it adds of the question, and where the first cannot be read without it.
_ADDED = 1.0
_NEEDED = 0.75
_WORTH_READING = 3.0

_CLAUSE_END = re.compile(r"[.;:,!?)–—] ")


class ExtractiveGenerator:
    """`Generator` that always answers, at once and for nothing."""

    @property
    def provider(self) -> str:
        """Said wherever an answer's origin is shown."""
        return "extractive"

    @property
    def model(self) -> str:
        """There is none."""
        return "extractive"

    @property
    def destination(self) -> str | None:
        """Nothing leaves this machine."""
        return None

    @property
    def max_tokens(self) -> int:
        """It takes none."""
        return 0

    @property
    def context(self) -> None:
        """It reads whatever it is given."""

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        """The label, then one delta for each quoted sentence, or the one that says there is no answer."""
        started = time.monotonic()
        candidates = sentences(prompt.passages)
        question = Question(prompt.question, candidates)
        label, best = _answer(prompt, question, candidates)
        yield Notice(label)
        quoted = [f"“{_shortened(sentence.text, question)}” [{sentence.marker}]" for sentence in best]
        texts = [quoted[0], *(f" {text}" for text in quoted[1:])] if quoted else [NOT_FOUND]
        for text in texts:
            yield Delta(text, verbatim=True)
        usage = Usage(
            prompt_tokens=0,
            completion_tokens=0,
            total_s=time.monotonic() - started,
            cost=Decimal(0),
        )
        yield Completion("".join(texts), self.provider, self.model, usage, "degraded")


def _answer(prompt: Prompt, question: Question, candidates: Sequence[Sentence]) -> tuple[str, list[Sentence]]:
    """What to say of the sentences that answer, and they: one, two or none."""
    if not question.weights or not candidates:
        return NO_SENTENCE, []
    scores = {sentence: question.score(sentence) for sentence in candidates}
    best = max(candidates, key=scores.__getitem__)
    verdict = _verdict(prompt, question, best, candidates)
    if verdict == "none":
        return NO_SENTENCE, []
    return LABEL if verdict == "plain" else FAINT_LABEL, _with_second(best, scores, question)


def _verdict(prompt: Prompt, question: Question, best: Sentence, candidates: Sequence[Sentence]) -> Verdict:
    if is_english(prompt.question):
        value = log_odds(question, best, candidates, distant=prompt.distant)
        refused, faint = _REFUSED, _FAINT
    else:
        value = max(question.share(sentence.about) for sentence in candidates)
        refused, faint = _FOREIGN_REFUSED_WHEN_DISTANT if prompt.distant else _FOREIGN_REFUSED, _FOREIGN_FAINT
    if value < refused:
        return "none"
    return "faint" if value < faint else "plain"


def _with_second(best: Sentence, scores: dict[Sentence, float], question: Question) -> list[Sentence]:
    """`best` and the sentence that adds most to it, if one adds enough; what `best` needs comes first."""
    if best.columns in scores:
        return [best.columns, best]
    needed = best.antecedent
    if needed is None and question.misses_name(best):
        # A passage begins with the name of what it is about.
        needed = next(sentence for sentence in scores if sentence.marker == best.marker)

    def worth(sentence: Sentence) -> float:
        added = _ADDED * question.share(sentence.known - best.known)
        return scores[sentence] + added + (_NEEDED if sentence is needed else 0.0)

    second = max((sentence for sentence in scores if sentence is not best), key=worth, default=None)
    if second is None or worth(second) < scores[best] - _WORTH_READING:
        return [best]
    return [second, best] if second is needed else [best, second]


def _shortened(text: str, question: Question) -> str:
    """`text`, or those of its clauses that hold most of the question."""
    if len(text) <= LONGEST:
        return text
    starts = [0, *(match.end() for match in _CLAUSE_END.finditer(text))]
    start = max(starts, key=lambda at: question.share(set(terms(text[at : at + LONGEST]))))
    rest = text[start:]
    kept = rest if len(rest) <= LONGEST else f"{rest[:LONGEST].rsplit(' ', 1)[0]} …"
    return f"… {kept}" if start else kept
