"""Text, names and views to attack a terminal with."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from ragchat.bench.cases import Case
from ragchat.bench.metrics import figures
from ragchat.bench.retrieval import Outcome, RetrievalReport
from ragchat.conversation.entry import Entry
from ragchat.core.answer import Turn
from ragchat.core.passage import Dropped, Scores, Search
from ragchat.core.place import Place
from ragchat.documents.walk import Found
from ragchat.embeddings.choose import Standing
from ragchat.errors import GenerationError
from ragchat.generation.chain.links import Link
from ragchat.index.ingest import IngestReport, Plan
from ragchat.index.manifest import DocumentRecord
from ragchat.index.rebuild import RebuildReport
from ragchat.index.status import Sizes, Status
from ragchat.index.verify import Verification
from ragchat.settings.describe import Row
from ragchat.settings.origin import Origin
from ragchat.terminal.toolbar import toolbar
from ragchat.terminal.views import bench, doctor, embedders, index, sessions, settings, usage
from ragchat.terminal.views.answer import status
from ragchat.terminal.views.chain import chain
from ragchat.terminal.views.documents import document, documents
from ragchat.terminal.views.failure import failure
from ragchat.terminal.views.ingest import ingested
from ragchat.terminal.views.plan import planned
from ragchat.terminal.views.sources import cited, found
from ragchat.terminal.views.why import why
from ragchat.upkeep.finding import Finding
from ragchat.usage.report import UsageReport, UsageRow
from tests.terminal.scripted import answer, passage

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.text import Text

    from ragchat.core.answer import Answer
    from ragchat.core.passage import Passage

SEQUENCES: Final = (
    "\x1b]52;c;ZXZpbA==\x07",  # the clipboard
    "\x1b]52;c;ZXZpbA==\x1b\\",
    "\x9d52;c;ZXZpbA==\x9c",
    "\x1b]0;evil\x07",  # the title
    "\x1b]2;evil\x1b\\",
    "\x1b]8;;http://evil\x1b\\here\x1b]8;;\x1b\\",  # a link
    "\x1b[2J\x1b[H",  # the screen
    "\x1b[1A\x1b[2K",  # the line above
    "\x1b[5;7;8m",
    "\x9b5m",
    "\x1b[?1049h",
    "\x1b[6n",  # an answer that would be typed
    "\x1bP$q\x1b\\",
    "\x90q\x9c",
    "\x1bc",
    "\x1b(0",
    "\x07",
    "\x08\x08\x08",
    "\r",
    "\x7f",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u2028",
)
_MARKUP = (
    "[red]",
    "[/]",
    "[/red]",
    "[link=http://evil]",
    ":smile:",
    "[1]",
    "`",
    "```\n",
    "**",
    "> ",
    "- ",
    "|",
    "\n",
)
_PIECE = st.one_of(
    st.sampled_from(SEQUENCES + _MARKUP),
    st.sampled_from(("\x1b", "\x1b[", "\x1b]", "\x9b", "\x9d", "\x9c", ";", "m", "&#27;[2J", "&#x9b;2J", "</>")),
    st.characters(categories=None),
    st.binary(max_size=6).map(os.fsdecode),
)
TEXT: Final = st.lists(_PIECE, max_size=30).map("".join)
"""Any unicode and any bytes, sown with sequences and markup."""

_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_HERE = Path("/docs")
_SCORES = Scores(0.5, 1, 2.0, 3, 0.6)


def hostile_passage(text: str) -> Passage:
    """A passage of which everything a document can say is `text`."""
    plain = passage(1)
    place = Place("path", text, text)
    chunk = replace(plain.chunk, text=text, source=f"/docs/{text}", heading=text, place=place)
    return replace(plain, chunk=chunk, scores=_SCORES)


def hostile_answer(text: str) -> Answer:
    """An answer of which everything a model, a provider and a document can say is `text`."""
    shown = hostile_passage(text)
    base = answer(text, passages=[shown])
    (citation,) = base.citations
    return replace(
        base,
        completion=replace(base.completion, provider=text, model=text),
        citations=(replace(citation, passage=shown, quote=text, place=shown.place),),
        notices=(text,),
        unsupported=(text,),
        search=Search(text, 2, 2, (Dropped(f"/docs/{text}", shown.place, 0.5, _SCORES, "below"),)),
    )


def _document(text: str) -> DocumentRecord:
    return DocumentRecord(0, f"/docs/{text}", "", text, 1, 1, 0, "", "2026-11-20T12:30:00+00:00", "", text)


def _entry(text: str) -> Entry:
    return Entry("bcdfg", text, text, 1, _AT, _AT)


def _ingest(text: str, width: int | None) -> Text:
    told = ((f"/docs/{text}", text),)
    twice = ((f"/docs/{text}", text),)
    similar = ((text, text, 0.9),)
    report = IngestReport((), (), (), (), told, told, told, twice, similar, (text,), 0, 0, 0, 0.0)
    return ingested(report, _HERE, width)


def _plan(text: str, width: int | None) -> Text:
    # A path that was found holds no NUL.
    files = (Found(Path("/docs") / text.replace("\0", ""), 1, 0),)
    return planned(Plan(files, (), ((text, text),), (text,), {}), _HERE, width)


def _status(text: str, width: int | None) -> Text:
    sizes = Sizes(1, 1, 1)
    return index.status(Status("default", text, 1, 1, 1, 1, 1, 0, True, True, False, text, sizes), width)


def _bench(text: str, width: int | None) -> Text:
    outcome = Outcome(
        Case(text, text, frozenset([text])), ("x", text + "x"), figures(["x"], frozenset([text])), 0.0
    )
    return bench.retrieval(RetrievalReport(text, 1, 1, 1.0, 0, (outcome,)), width)


def _settings(text: str, width: int | None) -> Text:
    origin = Origin("config file", text)
    row = Row("retrieval.top_k", "RAGCHAT_TOP_K", text, origin, (origin,), "", text, text)
    return settings.settings([row], width) + "\n" + settings.setting([row], width)


def _usage(text: str, width: int | None) -> Text:
    rows = (UsageRow((("provider", text), ("model", text)), 1),)
    return usage.usage(UsageReport(rows, UsageRow((), 1)), width)


VIEWS: Final[dict[str, Callable[[str, int | None], Text | str]]] = {
    "cited": lambda text, width: cited(hostile_answer(text).citations, _HERE, width),
    "found": lambda text, width: found([hostile_passage(text)], _HERE, width),
    "why": lambda text, width: why(hostile_answer(text), _HERE, width),
    "answer status": lambda text, width: status(hostile_answer(text), width),
    "failure": lambda text, width: failure(GenerationError(text, text, failure="server"), width),
    "sessions": lambda text, width: sessions.sessions([_entry(text)], width),
    "session": lambda text, width: sessions.session(
        _entry(text), [Turn(text, hostile_answer(text), _AT)], _HERE, width
    ),
    "documents": lambda text, width: documents([_document(text)], _HERE, width),
    "document": lambda text, width: document(_document(text), [hostile_passage(text).chunk], _HERE, width),
    "ingest": _ingest,
    "plan": _plan,
    "index status": _status,
    "verify": lambda text, width: index.verified(
        Verification(1, 1, frozenset(), frozenset(), frozenset(), (text,)), "default", width
    ),
    "rebuild": lambda text, width: index.rebuilt(RebuildReport(1, 1, ((text, text),), 0.1), text, _HERE, width),
    "embedders": lambda text, width: embedders.embedders([Standing("ollama", "", text)], "bundled", width),
    "embedder": lambda text, width: embedders.embedders([Standing("ollama", text)], "bundled", width),
    "installed": lambda text, width: embedders.installed("minilm", Path("/x") / text, already=True, width=width),
    "doctor": lambda text, width: doctor.finding_lines(Finding("groq", "problem", text, text), width),
    "settings": _settings,
    "usage": _usage,
    "bench": _bench,
    "chain": lambda text, _: chain([Link("openai", text), Link(text, "")]),
    "toolbar": lambda text, width: toolbar(text, "vi: insert", width or 80),
}
"""Every view that tells what somebody else wrote, with it in every place where it can stand."""
