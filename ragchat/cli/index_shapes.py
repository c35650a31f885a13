"""What is found of an index, and done to it, as JSON shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.cli.shapes import reasons_shape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ragchat.cli.shapes import Shape
    from ragchat.index.rebuild import RebuildReport
    from ragchat.index.status import Sizes, Status
    from ragchat.index.vacuum import VacuumReport
    from ragchat.index.verify import Verification

_EXAMPLES = 20


def status_shape(status: Status) -> Shape:
    """A collection at a glance; sizes in bytes."""
    return {
        "collection": status.name,
        "embedder": status.embedder,
        "documents": status.documents,
        "chunks": status.chunks,
        "generation": status.generation,
        "current": status.is_current,
        "outdated": status.is_outdated,
        "settled": status.is_settled,
        "writer": status.writer,
        "segments": {"count": status.segments, "chunks": status.segment_chunks, "buried": status.buried},
        "bytes": _sizes(status.sizes),
    }


def verification_shape(found: Verification) -> Shape:
    """What is missing as counts, with at most twenty ids of each kind as examples."""
    return {
        "ok": found.ok,
        "documents": found.documents,
        "chunks": found.chunks,
        "missing_vectors": len(found.missing_vectors),
        "missing_words": len(found.missing_words),
        "orphans": len(found.orphans),
        "examples": {
            "missing_vectors": _examples(found.missing_vectors),
            "missing_words": _examples(found.missing_words),
            "orphans": _examples(found.orphans),
        },
        "damage": list(found.damage),
    }


def rebuild_shape(report: RebuildReport, embedder: str) -> Shape:
    """What was made anew, and which documents stay as they were."""
    return {
        "documents": report.documents,
        "chunks": report.chunks,
        "embedder": embedder,
        "kept": reasons_shape(report.kept),
        "seconds": round(report.seconds, 3),
    }


def vacuum_shape(report: VacuumReport) -> Shape:
    """What it took before and takes now, in bytes."""
    return {
        "before": _sizes(report.before),
        "after": _sizes(report.after),
        "dropped_terms": report.terms,
        "seconds": round(report.seconds, 3),
    }


def _sizes(sizes: Sizes) -> Shape:
    return {
        "texts": sizes.texts,
        "segments": sizes.segments,
        "chromadb": sizes.chromadb,
        "total": sizes.total,
    }


def _examples(ids: Iterable[str]) -> list[str]:
    return sorted(ids)[:_EXAMPLES]
