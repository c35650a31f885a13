"""How well an answer without a model answers, and how well it knows when it cannot.

    python benchmarks/extractive.py [FOLDER...]

Measures the sample data, and each folder, which holds `corpus.jsonl` and `queries.jsonl`, whose questions have
`answers`. Questions of the first half of a folder are for learning; those of the second half are asked here.
What the corpus cannot answer is asked too: questions of the other folders and of the sample data, questions whose
document, with all of its title, is left out of the corpus, and those of the sample that nothing answers. Writes
`results/extractive-<name of the folder>.json` and prints the same; shares come with Wilson's 95 % interval.
"""

from __future__ import annotations

import json
import math
import re
import statistics
import string
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ragchat.core.completion import NOT_FOUND, Delta, Notice, Prompt
from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.generation.extractive.generator import FAINT_LABEL, ExtractiveGenerator
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.retriever import Retriever

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RESULTS = Path(__file__).parent / "results"
SAMPLE = Path(__file__).parent.parent / "data" / "food"
TOP_K = 6
_MOST_ANSWERABLE = 800
_MOST_UNANSWERABLE = 300
_FOLDS = 4

_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation + "‘’´`“”–—")

Result: TypeAlias = "dict[str, object]"
Corpus: TypeAlias = "dict[str, str]"
"""The lines of a `corpus.jsonl` by the id of their document."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its accepted answers; `relevant` are the ids of the documents that hold one."""

    text: str
    answers: tuple[str, ...]
    relevant: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The sentences that were quoted, whether under the faint label, and how long choosing took."""

    case: Case
    quoted: tuple[str, ...]
    faint: bool
    seconds: float

    @property
    def answered(self) -> bool:
        """Does an accepted answer stand in what was quoted?"""
        return holds(" ".join(self.quoted), self.case.answers)


def main(folders: list[Path]) -> int:
    """Measure the sample data and each folder."""
    cases = {folder.name: judged(read_cases(folder / "queries.jsonl")) for folder in folders}
    sample = read_cases(SAMPLE / "questions.jsonl")
    cases["sample"] = [case for case in sample if case.answers]
    with indexed(SAMPLE) as retriever:
        result = _measured(retriever, "sample", cases)
        result["unanswerable"] = _shown(ask(retriever, [case for case in sample if not case.answers]))
    _publish("sample", result)
    for folder in folders:
        corpus = read_corpus(folder / "corpus.jsonl")
        with indexed(corpus) as retriever:
            result = _measured(retriever, folder.name, cases)
        result["left out"] = _shown(_left_out(corpus, cases[folder.name]))
        _publish(folder.name, result)
    return 0


def read_cases(path: Path) -> list[Case]:
    """The questions of `path`, `{text, answers, relevant}` a line."""
    rows = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    return [Case(row["text"], tuple(row["answers"]), tuple(row["relevant"])) for row in rows]


def read_corpus(path: Path) -> Corpus:
    """The documents of `path`, `{id, title, text}` a line."""
    return {json.loads(line)["id"]: line for line in path.read_text("utf-8").splitlines()}


def judged(cases: Sequence[Case]) -> list[Case]:
    """The second half of `cases`; no document has questions in both."""
    middle = len(cases) // 2
    return list(cases[_border(cases, middle) :])


def learned_from(cases: Sequence[Case]) -> list[Case]:
    """The first half of `cases`."""
    middle = len(cases) // 2
    return list(cases[: _border(cases, middle)])


def spread(cases: Sequence[Case], most: int) -> list[Case]:
    """At the most so many of `cases`, evenly."""
    count = min(most, len(cases))
    return [cases[number * len(cases) // count] for number in range(count)]


def group(name: str) -> str:
    """What a document belongs to: `Article#3` to its article."""
    return name.rpartition("#")[0] or name


def holds(text: str, answers: Sequence[str]) -> bool:
    """Whether one of `answers` stands in `text`, both normalised as in SQuAD's evaluation."""
    return any(f" {_normalised(answer)} " in f" {_normalised(text)} " for answer in answers)


@contextmanager
def indexed(documents: Path | Corpus) -> Iterator[Retriever]:
    """A retriever over an index of a folder or a corpus; the index is removed again."""
    with tempfile.TemporaryDirectory() as folder, closing(Collection(Path(folder) / "home")) as collection:
        if not isinstance(documents, Path):
            lines, documents = documents.values(), Path(folder) / "corpus.jsonl"
            documents.write_text("\n".join(lines), "utf-8")
        embedder = BundledEmbedder()
        ingest(collection, embedder, [documents], max_bytes=100_000_000, never=Path(folder) / "home")
        yield Retriever(collection, embedder)


def ask(retriever: Retriever, cases: Sequence[Case]) -> list[Outcome]:
    """What the sentences quoted for each case are."""
    return [_asked(retriever, case) for case in cases]


def without(corpus: Corpus, cases: Sequence[Case]) -> Iterator[tuple[Corpus, list[Case]]]:
    """`corpus` without a part of its groups, and the cases that only that part answers, part by part."""
    groups = sorted({group(name) for case in cases for name in case.relevant})
    for fold in range(_FOLDS):
        gone = set(groups[fold::_FOLDS])
        kept = {name: document for name, document in corpus.items() if group(name) not in gone}
        yield kept, [case for case in cases if gone.issuperset(map(group, case.relevant))]


def _measured(retriever: Retriever, name: str, cases: dict[str, list[Case]]) -> Result:
    outcomes = ask(retriever, spread(cases[name], _MOST_ANSWERABLE))
    quoting = [outcome for outcome in outcomes if outcome.quoted]
    result = _shown(outcomes)
    result["answered"] = _share([outcome.answered for outcome in outcomes])
    result["sentences when not refused"] = round(statistics.fmean(len(outcome.quoted) for outcome in quoting), 2)
    result["median ms to choose"] = round(statistics.median(outcome.seconds for outcome in outcomes) * 1000, 2)
    for other in sorted(cases.keys() - {name}):
        result[f"questions of {other}"] = _shown(ask(retriever, spread(cases[other], _MOST_UNANSWERABLE)))
    return result


def _left_out(corpus: Corpus, cases: Sequence[Case]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for kept, unanswerable in without(corpus, spread(cases, 2 * _MOST_UNANSWERABLE)):
        with indexed(kept) as retriever:
            outcomes += ask(retriever, unanswerable)
    return outcomes


def _asked(retriever: Retriever, case: Case) -> Outcome:
    found = retriever.search(case.text, TOP_K)
    started = time.perf_counter()
    pieces = list(ExtractiveGenerator().stream(Prompt(case.text, found.passages, distant=found.distant)))
    seconds = time.perf_counter() - started
    texts = tuple(piece.text for piece in pieces if isinstance(piece, Delta))
    faint = any(piece.text == FAINT_LABEL for piece in pieces if isinstance(piece, Notice))
    return Outcome(case, () if texts == (NOT_FOUND,) else texts, faint, seconds)


def _shown(outcomes: Sequence[Outcome]) -> Result:
    return {
        "questions": len(outcomes),
        "refused": _share([not outcome.quoted for outcome in outcomes]),
        "faint": _share([outcome.faint for outcome in outcomes]),
        "plain": _share([bool(outcome.quoted) and not outcome.faint for outcome in outcomes]),
    }


def _share(happened: Sequence[bool]) -> list[float]:
    """The share, and Wilson's interval around it at 95 %."""
    count, share, z = len(happened), statistics.fmean(happened), 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return [round(value, 3) for value in (share, max(0.0, middle - half), min(1.0, middle + half))]


def _border(cases: Sequence[Case], middle: int) -> int:
    last = {group(name) for name in cases[middle - 1].relevant}
    while middle < len(cases) and last.intersection(map(group, cases[middle].relevant)):
        middle += 1
    return middle


def _normalised(text: str) -> str:
    return " ".join(_ARTICLE.sub(" ", text.casefold().translate(_PUNCTUATION)).split())


def _publish(name: str, result: Result) -> None:
    text = re.sub(
        r"\[\s+([^\]]+?)\s+\]", lambda match: f"[{' '.join(match[1].split())}]", json.dumps(result, indent=2)
    )
    (RESULTS / f"extractive-{name}.json").write_text(f"{text}\n", "utf-8")
    print(f"{name}: {text}")


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
