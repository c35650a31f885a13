"""The values of the program as JSON shapes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ragchat.core.place import relative_source

if TYPE_CHECKING:
    from ragchat.core.answer import Answer, Citation
    from ragchat.core.document import Chunk
    from ragchat.core.passage import Dropped, Passage, Scores, Search
    from ragchat.core.usage import Usage
    from ragchat.index.ingest import IngestReport, Plan
    from ragchat.index.manifest import DocumentRecord

Shape: TypeAlias = dict[str, object]


def relative(source: str) -> str:
    """`source` relative to the working directory where it lies below it."""
    return relative_source(source, Path.cwd())


def answer_shape(question: str, answer: Answer) -> Shape:
    """An answer with everything that was said about it."""
    return {
        "question": question,
        "answer": answer.text,
        "provider": answer.completion.provider,
        "model": answer.completion.model,
        "finish": answer.completion.finish,
        "grounded": answer.grounded,
        "unsupported": list(answer.unsupported),
        "citations": [_citation(citation) for citation in answer.citations],
        "passages": [passage_shape(passage) for passage in answer.passages],
        "read": answer.read,
        "search": None if answer.search is None else search_shape(answer.search),
        "usage": _usage(answer.completion.usage, answer.retrieval_s),
        "notices": list(answer.notices),
    }


def passage_shape(passage: Passage) -> Shape:
    """A passage with how it was found."""
    return {
        "rank": passage.rank,
        "score": round(passage.score, 6),
        "source": relative(passage.chunk.source),
        "place": passage.place.as_json(),
        "heading": passage.chunk.heading,
        "text": passage.text.strip(),
        "found_by": list(passage.found_by),
        "scores": None if passage.scores is None else _scores(passage.scores),
    }


def search_shape(search: Search) -> Shape:
    """What was searched for, and what was found and is no passage."""
    return {
        "question": search.question,
        "found": search.found,
        "looked": search.looked,
        "dropped": [_dropped(one) for one in search.dropped],
    }


def document_shape(record: DocumentRecord) -> Shape:
    """A document as `docs list` tells of it."""
    return {
        "source": relative(record.source),
        "title": record.title,
        "chunks": record.chunks,
        "bytes": record.bytes,
        "ingested_at": record.ingested_at,
    }


def chunk_shape(chunk: Chunk) -> Shape:
    """One chunk of a document."""
    return {"place": chunk.place.as_json(), "heading": chunk.heading, "text": chunk.text.strip()}


def report_shape(report: IngestReport, embedder_reason: str) -> Shape:
    """What an ingest did, file by file."""
    return {
        "added": [relative(source) for source in report.added],
        "changed": [relative(source) for source in report.changed],
        "unchanged": [relative(source) for source in report.unchanged],
        "removed": [relative(source) for source in report.removed],
        "failed": reasons_shape(report.failed),
        "skipped": reasons_shape(report.skipped),
        "warnings": reasons_shape(report.warnings),
        "duplicates": [_pair(*pair) for pair in report.duplicates],
        "similar": [{**_pair(one, other), "share": round(share, 3)} for one, other, share in report.similar],
        "notices": list(report.notices),
        "chunks": report.chunks,
        "embedded": report.embedded,
        "reused": report.reused,
        "seconds": round(report.seconds, 3),
        "embedder_reason": embedder_reason,
    }


def plan_shape(plan: Plan) -> Shape:
    """What an ingest would do, file by file; `indexed` are the skipped files that would leave the index."""
    return {
        "dry_run": True,
        "rebuild": plan.rebuilds,
        "added": [relative(str(file.path)) for file in plan.to_add],
        "changed": [relative(str(file.path)) for file in plan.to_update],
        "unchanged": [relative(source) for source in plan.unchanged],
        "removed": [relative(source) for source in plan.to_remove],
        "skipped": [
            {"source": relative(source), "reason": reason, "indexed": source in plan.known}
            for source, reason in plan.skipped
        ],
    }


def reasons_shape(files: tuple[tuple[str, str], ...]) -> list[Shape]:
    """Files, each with a reason."""
    return [{"source": relative(source), "reason": reason} for source, reason in files]


def _pair(source: str, other: str) -> Shape:
    return {"source": relative(source), "other": relative(other)}


def _citation(citation: Citation) -> Shape:
    return {
        "marker": citation.marker,
        "source": relative(citation.passage.chunk.source),
        "place": citation.place.as_json(),
        "quote": citation.quote,
    }


def _scores(scores: Scores) -> Shape:
    return {
        "dense": None if scores.dense is None else round(scores.dense, 6),
        "dense_rank": scores.dense_rank,
        "lexical": round(scores.lexical, 6),
        "lexical_rank": scores.lexical_rank,
        "fused": round(scores.fused, 6),
    }


def _dropped(dropped: Dropped) -> Shape:
    return {
        "why": dropped.why,
        "into": dropped.into,
        "score": round(dropped.score, 6),
        "source": relative(dropped.source),
        "place": dropped.place.as_json(),
        "scores": _scores(dropped.scores),
    }


def _usage(usage: Usage, retrieval_s: float) -> Shape:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "token_source": usage.source,
        "retrieval_s": round(retrieval_s, 6),
        "first_token_s": usage.first_token_s,
        "total_s": usage.total_s,
        "cost_usd": None if usage.cost is None else float(usage.cost),
    }
