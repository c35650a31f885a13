"""A specimen of every view that tells of documents, indexes and this installation."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ragchat.documents.walk import Found
from ragchat.embeddings.choose import Standing
from ragchat.index.collection import Collection
from ragchat.index.ingest import IngestReport, Plan
from ragchat.index.manifest import DocumentRecord
from ragchat.index.rebuild import RebuildReport
from ragchat.index.status import Sizes, Status
from ragchat.index.vacuum import VacuumReport
from ragchat.index.verify import Verification
from ragchat.index.watch import Round
from ragchat.settings.describe import Row
from ragchat.settings.origin import Origin
from ragchat.terminal.views import doctor, embedders, index, settings
from ragchat.terminal.views.collections import collections
from ragchat.terminal.views.documents import document, documents
from ragchat.terminal.views.ingest import ingested
from ragchat.terminal.views.plan import planned, round_done
from ragchat.upkeep.finding import Finding
from tests.programs import ROOT
from tests.terminal.scripted import passage
from tests.terminal.specimens import lines

if TYPE_CHECKING:
    from ragchat.terminal.console import Terminal

_SIZES = Sizes(texts=311_296, segments=473_308, chromadb=735_396)
_EMBEDDER = "bundled/wordllama-l2-supercat-256"
_REPORT = IngestReport(
    added=("a.md", "b.md"),
    changed=("c.md",),
    unchanged=("d.md",),
    removed=(),
    failed=(
        (str(ROOT / "papers/a scanned book.pdf"), "It holds no text: its pages are pictures, which are not read."),
        (str(ROOT / "data.json"), "It is not JSON (line 3, column 9)."),
    ),
    skipped=tuple((f"/big/{number}.bin", "It is binary.") for number in range(12)),
    warnings=(
        (str(ROOT / "old.txt"), "It is not UTF-8; read as cp1252, which may be wrong. --encoding tells it."),
    ),
    duplicates=((str(ROOT / "a.md"), str(ROOT / "copies/of/the/same/file/a.md")),),
    similar=tuple((f"/notes/{number}.md", "/notes/old.md", 0.95) for number in range(4)),
    notices=(
        "The cache of vectors is damaged, and was put aside; documents are embedded anew, which takes longer.",
    ),
    chunks=1234,
    embedded=4,
    reused=1230,
    seconds=75.0,
)


def document_list(terminal: Terminal) -> None:
    """A table in columns where it fits, else two lines for each document; a path is never cropped."""
    rows = (
        _row("data/bread.md", "Baking bread at home, and keeping it for as long as it can be kept", 12, 3400),
        _row("data/漢字.md", "漢字", 1, 812),
        _row("papers/hydration/2026.pdf", "Hydration", 1234, 12_345_678),
    )
    lines(terminal, documents(rows, ROOT, terminal.line_width))


def document_shown(terminal: Terminal) -> None:
    """A document, and each chunk below its place and heading."""
    chunks = [passage(1).chunk, passage(2, "Rye keeps for a week.", line=44).chunk]
    row = _row("data/food/guides/bread.md", "Baking bread at home", 2, 3400)
    lines(terminal, document(row, chunks, ROOT, terminal.line_width))


def ingest_report(terminal: Terminal) -> None:
    """A line that adds up, then the files with a reason, at most ten of a kind, wrapped at words."""
    lines(terminal, ingested(_REPORT, ROOT, terminal.line_width))


def ingest_plan(terminal: Terminal) -> None:
    """The counts, and each file that would be read, leave, or be passed over, with its reason."""
    plan = Plan(
        to_read=(Found(ROOT / "new 1.md", 1_234, 0), Found(ROOT / "data/bread.md", 3_400, 0)),
        unchanged=("a", "b"),
        skipped=(
            ("/b.log", "It is ignored by .gitignore"),
            (str(ROOT / ("measurements/" * 5) / "big.csv"), "It is larger than 50 MB"),
        ),
        to_remove=(str(ROOT / "gone.md"),),
        known={str(ROOT / "data/bread.md"): _row("data/bread.md", "Bread", 12, 3_400)},
    )
    lines(terminal, planned(plan, ROOT, terminal.line_width))


def watch_round(terminal: Terminal) -> None:
    """A line for a round of a watch, and what failed in it."""
    at = datetime(2026, 11, 20, 14, 5, 12)
    lines(terminal, round_done(Round(_REPORT, left=("x",)), at, ROOT, terminal.line_width))


def doctor_findings(terminal: Terminal) -> None:
    """Mark and state in one column, the sentence in another, the cure below it."""
    findings = (
        Finding("python", "ok", "3.11.2."),
        Finding(
            "ollama",
            "warning",
            "Nothing answers at 127.0.0.1:11434.",
            "Start it with `ollama serve`, or go without.",
        ),
        Finding(
            "index",
            "problem",
            "The collection default was made by nomic-embed-text, which is not at hand: nothing can be asked.",
            "Run `ragchat index rebuild`, which embeds every document anew.",
        ),
    )
    lines(terminal, *(doctor.finding_lines(finding, terminal.line_width) for finding in findings))


def collection_list(terminal: Terminal) -> None:
    """A line for each collection, the damaged one with its cure."""
    with TemporaryDirectory() as home:
        shown = [Collection(Path(home), name) for name in ("food", "notes")]
        (shown[1].folder / "index.db").write_bytes(b"no database" * 100)
        lines(terminal, collections(shown, ROOT, terminal.line_width))


def embedder_list(terminal: Terminal) -> None:
    """A line for each embedder, dim where it is not at hand, and which a new collection gets."""
    standings = (
        Standing("bundled", _EMBEDDER),
        Standing("minilm", "", "It is not installed; `ragchat embedder install minilm` fetches it (90 MB)."),
        Standing("ollama", "", "Ollama is not running at http://127.0.0.1:11434."),
    )
    lines(
        terminal,
        embedders.embedders(standings, "bundled", terminal.line_width),
        embedders.installed(
            "minilm/all-MiniLM-L6-v2@0123456789ab",
            Path("/home/baker/.local/share/ragchat/models/minilm"),
            already=False,
            width=terminal.line_width,
        ),
    )


def index_status(terminal: Terminal) -> None:
    """What an index holds and takes, and a sentence for what is not as it should be."""
    found = Status("default", _EMBEDDER, 4, 274, 3, 1, 300, 26, False, True, False, "ragchat, process 7", _SIZES)
    lines(terminal, index.status(found, terminal.line_width))


def index_upkeep(terminal: Terminal) -> None:
    """Verify, whole and broken; repair, rebuild and vacuum."""
    broken = Verification(
        2, 3, frozenset("a"), frozenset("ab"), frozenset("z"), ("x.safetensors is not as it was.",)
    )
    whole = Verification(2, 3, frozenset(), frozenset(), frozenset())
    rebuild = RebuildReport(
        2, 3, (("/a/folder/that/was/moved/b.md", "It is gone, and stays as it was read."),), 0.5
    )
    width = terminal.line_width
    lines(
        terminal,
        index.verified(whole, "notes", width),
        index.verified(broken, "notes", width),
        index.repaired(broken, width),
        index.rebuilt(rebuild, _EMBEDDER, ROOT, width),
        index.vacuumed(VacuumReport(Sizes(900_000, 0, 100_000), _SIZES, 120, 0.01), width),
    )


def config_show(terminal: Terminal) -> None:
    """The sections of a config file, each value with where it is from; dim where nobody set it; one in full."""
    file = Origin("config file", "/home/baker/.config/ragchat/config.toml")
    rows = (
        _setting("retrieval.top_k", "RAGCHAT_TOP_K", "9", Origin("environment", "RAGCHAT_TOP_K"), (file,)),
        _setting("retrieval.embedder", "RAGCHAT_EMBEDDER", '"auto"', Origin("default")),
        _setting("privacy.cloud", "RAGCHAT_CLOUD", '"never"', file),
        _setting("groq.key", "GROQ_API_KEY", None, Origin("default")),
    )
    width = terminal.line_width
    lines(terminal, settings.settings(rows, width), settings.setting(rows[:1], width))


KEPT = (
    document_list,
    document_shown,
    ingest_report,
    ingest_plan,
    watch_round,
    doctor_findings,
    collection_list,
    embedder_list,
    index_status,
    index_upkeep,
    config_show,
)


def _row(source: str, title: str, chunks: int, size: int) -> DocumentRecord:
    return DocumentRecord(
        0, str(ROOT / source), "", title, chunks, size, 0, "", "2026-11-20T12:30:00+00:00", "", None
    )


def _setting(
    name: str, variable: str, value: str | None, origin: Origin, overridden: tuple[Origin, ...] = ()
) -> Row:
    about = "How many passages an answer is made from, at most; more of them cost more, and drown what matters."
    return Row(name, variable, value, origin, overridden, about, "6", "")
