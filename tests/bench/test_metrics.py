"""The figures of a ranking, against trec_eval itself."""

from __future__ import annotations

import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from ragchat.bench.metrics import figures

_IDS = [f"d{number}" for number in range(30)]
_THEIR_NAMES = {
    "recall_1": "recall@1",
    "recall_3": "recall@3",
    "recall_5": "recall@5",
    "recall_10": "recall@10",
    "success_1": "hit@1",
    "success_5": "hit@5",
    "ndcg_cut_10": "ndcg@10",
}
_MEASURES = {"recall.1,3,5,10", "success.1,5", "ndcg_cut.10"}


def _theirs(ranking: list[str], relevant: frozenset[str]) -> dict[str, float]:
    judged = {"q": dict.fromkeys(relevant, 1)}
    # Whole numbers: trec_eval keeps scores in single precision, and breaks ties by name.
    scores = {name: float(len(ranking) - place) for place, name in enumerate(ranking)}
    found = pytrec_eval.RelevanceEvaluator(judged, _MEASURES).evaluate({"q": scores})["q"]
    # trec_eval has no depth for the reciprocal rank: it is given what the depth leaves.
    top = {name: scores[name] for name in ranking[:10]}
    first = pytrec_eval.RelevanceEvaluator(judged, {"recip_rank"}).evaluate({"q": top})["q"]
    return {ours: found[name] for name, ours in _THEIR_NAMES.items()} | {"mrr@10": first["recip_rank"]}


@given(
    st.permutations(_IDS),
    st.integers(1, len(_IDS)),
    st.frozensets(st.sampled_from([*_IDS, "never found"]), min_size=1),
)
def test_every_figure_agrees_with_trec_eval(order: list[str], found: int, relevant: frozenset[str]) -> None:
    ranking = order[:found]
    assert figures(ranking, relevant) == pytest.approx(_theirs(ranking, relevant), rel=0, abs=1e-9)


def test_what_stands_below_the_tenth_place_counts_nowhere() -> None:
    assert set(figures(_IDS, frozenset({"d10"})).values()) == {0.0}


def test_a_search_that_found_nothing_gets_zeros() -> None:
    assert set(figures([], frozenset({"d1"})).values()) == {0.0}
