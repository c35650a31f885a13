"""An answer without a model: the sentences of the passages that say most about the question, quoted."""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from ragchat.core.completion import NOT_FOUND, Completion, Delta, Notice
from ragchat.core.usage import Usage
from ragchat.language.sentences import sentence_spans
from ragchat.language.terms import query_terms, terms

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Iterator, Sequence

    from ragchat.core.completion import Piece, Prompt
    from ragchat.core.passage import Passage

LABEL = "No language model answered: these are the best sentences of your documents."
FAINT_LABEL = "No language model answered, and nothing matches closely: these are the nearest sentences."
NO_SENTENCE = "No language model answered, and no sentence of your documents comes near."

_MOST_SENTENCES = 3
_LONGEST = 320
_FEWEST_TERMS = 2
# Below this share of the question's words no passage is about it; chosen on the sample questions.
_CONFIDENT = 0.2
# The same where nothing is near in meaning: then the words have to be nearly all there.
_CONFIDENT_WHEN_DISTANT = 0.6
# Below this one, what it says may be beside the point, and that is said.
_CLOSE = 0.55
# Another sentence is worth reading when it says nearly as much as the first.
_NEARLY = 0.75
# What a question asks for, and what a sentence that answers it must hold.
_EXPECTATIONS = tuple(
    (re.compile(rf"\b(?:{asked})\b", re.IGNORECASE), re.compile(answered, re.IGNORECASE))
    for asked, answered in (
        (
            "how (?:long|soon|often)|when|what (?:time|year|date)",
            r"\d{4}|\b(?:second|minute|hour|day|week|month|year|night|overnight|morning|evening)s?\b",
        ),
        (
            "how (?:many|much|hot|cold|old|far|big|tall|high|heavy|thick)|temperature|ratio|percentage",
            r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozen|half|hundred|thousand)\b",
        ),
    )
)
_RULE = re.compile(r"[|\s:=+-]*")
_LINE_SIGN = re.compile(r"\A(?:#{1,6}|>|[-*+•]|\d{1,3}[.)])[ \t]+")
# A closing sign of the document's own would end the quotation, in which nothing is read as a mark.
_INNER_QUOTES = str.maketrans(dict.fromkeys("“”„", '"'))


@dataclass(frozen=True, slots=True)
class _Sentence:
    """`about` are the terms of its whole passage, which say what the sentence is about."""

    marker: int
    text: str
    terms: frozenset[str]
    about: frozenset[str]
    passage_score: float


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

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        """The label, then one delta for each quoted sentence, or the one that says there is no answer."""
        started = time.monotonic()
        least = _CONFIDENT_WHEN_DISTANT if prompt.distant else _CONFIDENT
        label, best = _best(prompt.question, _candidates(prompt.passages), least)
        yield Notice(label)
        quoted = [f"“{_shortened(sentence.text)}” [{sentence.marker}]" for sentence in best] or [NOT_FOUND]
        texts = [quoted[0], *(f" {text}" for text in quoted[1:])]
        for text in texts:
            yield Delta(text)
        usage = Usage(
            prompt_tokens=0,
            completion_tokens=0,
            total_s=time.monotonic() - started,
            cost=Decimal(0),
        )
        yield Completion("".join(texts), self.provider, self.model, usage, "degraded")


def _candidates(passages: Sequence[Passage]) -> Iterator[_Sentence]:
    for marker, passage in enumerate(passages, start=1):
        about = frozenset(terms(f"{passage.chunk.heading}\n{passage.text}"))
        for text in _quotable(passage.text):
            known = frozenset(terms(text))
            if len(known) >= _FEWEST_TERMS:
                yield _Sentence(marker, text, known, about, passage.score)


def _quotable(text: str) -> Iterator[str]:
    """The sentences of `text`, rows of tables among them, but no headings and no questions."""
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        # A log or a poem has lines, and no sentences; so has a table.
        lines = sentence.split("\n") if len(sentence) > _LONGEST or sentence.startswith("|") else [sentence]
        for line in map(str.strip, lines):
            bare = line.strip("| ") if line.startswith("|") else _LINE_SIGN.sub("", line)
            if not line.startswith(("#", "```")) and not line.endswith("?") and not _RULE.fullmatch(line):
                yield " ".join(bare.translate(_INNER_QUOTES).split())


def _best(question: str, candidates: Iterator[_Sentence], least: float) -> tuple[str, list[_Sentence]]:
    """What to say of the sentences that answer `question`, and they, best first.

    None when no passage holds at `least` this share of the question's words.
    """
    wanted = query_terms(question)
    unique: dict[str, _Sentence] = {}
    for candidate in candidates:
        unique.setdefault(candidate.text, candidate)
    sentences = list(unique.values())
    if not wanted or not sentences:
        return NO_SENTENCE, []
    occurrences = Counter(term for sentence in sentences for term in sentence.terms)
    rarity = {term: math.log(1 + len(sentences) / max(1, occurrences[term])) for term in wanted}
    expected = [answered for asked, answered in _EXPECTATIONS if asked.search(question)]

    def share(known: frozenset[str]) -> float:
        return sum(rarity[term] for term in wanted if term in known) / sum(rarity.values())

    def own(sentence: _Sentence) -> float:
        return share(sentence.terms) + 0.6 * sum(1 for pattern in expected if pattern.search(sentence.text))

    def score(sentence: _Sentence) -> float:
        return own(sentence) + 0.5 * share(sentence.about) + 1.2 * sentence.passage_score

    ranked = sorted(sentences, key=score, reverse=True)
    near = max(share(sentence.about) for sentence in sentences)
    if near < least:
        return NO_SENTENCE, []
    good = [sentence for sentence in ranked if score(sentence) >= _NEARLY * score(ranked[0])]
    return LABEL if near >= _CLOSE else FAINT_LABEL, good[:_MOST_SENTENCES]


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST].rsplit(' ', 1)[0]} …"
