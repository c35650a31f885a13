"""How much each feature of the second look counts, and what it brings.

    python -m benchmarks.ranking FOLDER... [--minilm]

Each folder holds `corpus.jsonl` and `queries.jsonl` as `ragchat bench retrieval` takes them. For each set the
weights are learned on the other sets alone and judged on it; then features are added step by step, with the paired
bootstrap interval of what each step brings. Writes `results/ranking-<embedder>.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ragchat.bench.cases import read_cases, read_corpus
from ragchat.bench.metrics import figures
from ragchat.bench.retrieval import index, temporary_collection
from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.index.rerank import FEATURES, features
from ragchat.index.retriever import Retriever

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ragchat.bench.cases import Case
    from ragchat.core.protocols import Embedder
    from ragchat.index.collection import Collection
    from ragchat.index.examination import Examination

RESULTS = Path(__file__).parent / "results"
STEPS = (
    ("dense", "lexical"),
    ("soft_own", "soft_window"),
    ("soft_span",),
    ("written_window",),
    ("pairs_own", "pairs_window"),
    ("number", "date"),
)
JUDGED = ("mrr@10", "recall@5", "ndcg@10")
COUNT = 20
# Keeps features that say the same from taking turns; .01 to .2 give the same figures.
_RIDGE = 0.05
_ROUNDS = 600
_RESAMPLES = 2_000


@dataclass(frozen=True)
class Examples:
    """The candidates of one set's questions, question after question.

    `features` (n, len(FEATURES)), `documents` (n,) numbers, `right` (n,): of a relevant document and, where the
    answer's place is known, holding most of it. `counts` (questions,) candidates each, `relevant` documents each.
    """

    features: NDArray[np.float64]
    documents: NDArray[np.int64]
    right: NDArray[np.bool_]
    counts: NDArray[np.int64]
    relevant: tuple[frozenset[int], ...]

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """`(questions,)`: where the candidates of each begin."""
        return np.cumsum(self.counts) - self.counts

    def judged(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """`(questions, len(JUDGED))` figures of the ranking by `weights`."""
        scores = self.features @ weights
        found = []
        for start, count, relevant in zip(self.starts, self.counts, self.relevant, strict=True):
            order = start + np.argsort(-scores[start : start + count], kind="stable")
            ranking = [str(name) for name in dict.fromkeys(self.documents[order].tolist())]
            judged = figures(ranking[:10], frozenset(map(str, relevant)))
            found.append([judged[name] for name in JUDGED])
        return np.array(found)


def collect(folder: Path, embedder: Embedder) -> Examples:
    """Index the corpus of `folder` and look at the candidates of each question."""
    corpus = read_corpus(folder / "corpus.jsonl")
    cases = [case for case in read_cases(folder / "queries.jsonl", corpus) if case.relevant]
    with temporary_collection() as collection:
        index(corpus, collection, embedder)
        retriever = Retriever(collection, embedder)
        numbers = {record.source: record.row for record in collection.manifest.documents()}
        view = collection.view()
        looks = [(case, retriever.examine(view, case.text, COUNT)) for case in cases]
        seen = [(case, look) for case, look in looks if look]
        return Examples(
            np.concatenate([features(look.question, look.candidates) for _, look in seen]).astype(np.float64),
            np.concatenate([view.documents[look.slots] for _, look in seen]),
            np.concatenate([_right(collection, case, look, numbers) for case, look in seen]),
            np.array([len(look.slots) for _, look in seen]),
            tuple(frozenset(numbers[name] for name in case.relevant) for case, _ in seen),
        )


def _right(collection: Collection, case: Case, look: Examination, numbers: dict[str, int]) -> NDArray[np.bool_]:
    relevant = np.isin(look.view.documents[look.slots], [numbers[name] for name in case.relevant])
    if not case.spans:
        return relevant
    chunks = collection.manifest.chunks(look.view.rows[look.slots].tolist())
    for number, row in enumerate(look.view.rows[look.slots].tolist()):
        chunk = chunks[row].chunk
        relevant[number] &= any(
            min(end, chunk.end) - max(start, chunk.start) > (end - start) / 2 for start, end in case.spans
        )
    return relevant


def learn(sets: Sequence[Examples], used: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The weights, none negative and zero but for the features `used`, under which right candidates are likeliest.

    ListNet's top one (Cao et al. 2007) summed over the right ones; each set counts the same, however many
    questions it has. By projected gradient steps with momentum (Nesterov 1983).
    """
    centred = [_centred(one) for one in sets]
    scale = np.sqrt(np.mean([(rows**2).mean(axis=0) for rows, _, _ in centred], axis=0)) + 1e-9
    scaled = [(rows / scale, right, counts) for rows, right, counts in centred]
    weights = np.where(used, 0.05, 0.0)
    ahead = weights
    for step in range(_ROUNDS):
        slope = sum(_slope(ahead, *one) for one in scaled) + 2.0 * _RIDGE * ahead
        following = np.where(used, np.maximum(ahead - 0.5 * slope / len(sets), 0.0), 0.0)
        ahead = following + step / (step + 3.0) * (following - weights)
        weights = following
    return np.asarray(weights / scale)


def _centred(examples: Examples) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Features less their means over each question's candidates, of the questions that have a right one."""
    means = np.add.reduceat(examples.features, examples.starts) / examples.counts[:, None]
    rows = examples.features - np.repeat(means, examples.counts, axis=0)
    answered = np.add.reduceat(examples.right.astype(np.int64), examples.starts) > 0
    kept = np.repeat(answered, examples.counts)
    return rows[kept], examples.right[kept].astype(np.float64), examples.counts[answered]


def _slope(
    weights: NDArray[np.float64], rows: NDArray[np.float64], right: NDArray[np.float64], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The gradient of the mean negative log likelihood of the right candidates."""
    starts = np.cumsum(counts) - counts
    scores = rows @ weights
    likelihood = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), counts))
    likely = likelihood * right
    whole, among = np.add.reduceat(likelihood, starts), np.maximum(np.add.reduceat(likely, starts), 1e-300)
    pull = likelihood / np.repeat(whole, counts) - likely / np.repeat(among, counts)
    return np.asarray(rows.T @ pull / len(counts))


def bootstrap(differences: NDArray[np.float64]) -> list[float]:
    """The mean of paired differences and its 95 % interval, by drawing questions with replacement."""
    random = np.random.default_rng(0)
    means = [differences[random.integers(0, len(differences), len(differences))].mean() for _ in range(_RESAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return [round(float(value), 4) for value in (differences.mean(), low, high)]


def main(folders: Sequence[Path], make: Callable[[], Embedder]) -> int:
    """Learn, judge and print."""
    embedder = make()
    sets = {folder.name: collect(folder, embedder) for folder in folders}
    all_used = np.ones(len(FEATURES), bool)
    result = {
        "embedder": embedder.fingerprint,
        "weights": {"all": _named(learn(list(sets.values()), all_used))}
        | {f"without {name}": _named(learn(_others(sets, name), all_used)) for name in sets},
        "steps": {name: _steps(sets, name) for name in sets},
    }
    text = json.dumps(result, indent=2)
    (RESULTS / f"ranking-{embedder.fingerprint.partition('/')[0]}.json").write_text(f"{text}\n", "utf-8")
    print(text)
    return 0


def _steps(sets: dict[str, Examples], name: str) -> list[dict[str, object]]:
    """Features added step by step: figures on the set `name` with weights from the others, and what it brought."""
    used = np.zeros(len(FEATURES), bool)
    before: NDArray[np.float64] | None = None
    found: list[dict[str, object]] = []
    for step in STEPS:
        used = used | np.isin(FEATURES, step)
        judged = sets[name].judged(learn(_others(sets, name), used))
        entry: dict[str, object] = {"added": step}
        for at, figure in enumerate(JUDGED):
            entry[figure] = round(float(judged[:, at].mean()), 4)
            if before is not None:
                entry[f"{figure} gained"] = bootstrap(judged[:, at] - before[:, at])
        found.append(entry)
        before = judged
    return found


def _others(sets: dict[str, Examples], name: str) -> list[Examples]:
    return [one for other, one in sets.items() if other != name]


def _named(weights: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(weight), 3) for name, weight in zip(FEATURES, weights, strict=True)}


def _minilm() -> Embedder:
    from ragchat.embeddings import minilm, minilm_files  # noqa: PLC0415 - they load what most runs do not need

    return minilm.MinilmEmbedder(minilm_files.require())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--minilm", action="store_true", help="embed by MiniLM, which must be installed")
    given = parser.parse_args()
    sys.exit(main(given.folders, _minilm if given.minilm else BundledEmbedder))
