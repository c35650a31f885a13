"""A specimen of every view that tells of questions and answers, drawn on a terminal of any width."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import TYPE_CHECKING

from ragchat.bench.cases import Case
from ragchat.bench.metrics import figures
from ragchat.bench.retrieval import Outcome, RetrievalReport
from ragchat.conversation.batch import Outcome as Told
from ragchat.conversation.entry import Entry
from ragchat.conversation.payload import partial_turn
from ragchat.conversation.questions import AskedQuestion
from ragchat.conversation.summary import Durations, Summary
from ragchat.core.answer import Turn
from ragchat.core.completion import NOT_FOUND
from ragchat.core.passage import Dropped, Scores, Search
from ragchat.core.place import Place
from ragchat.core.usage import NOTHING_SENT, Usage
from ragchat.errors import GenerationError, NoHits
from ragchat.generation.chain.links import Link
from ragchat.privacy.consent import Question
from ragchat.terminal.batch import Tally, TallyLine, tell
from ragchat.terminal.commands.table import COMMANDS
from ragchat.terminal.consent import ask_consent
from ragchat.terminal.markdown.writing import MarkdownWriting
from ragchat.terminal.toolbar import toolbar
from ragchat.terminal.verbatim import VerbatimWriting
from ragchat.terminal.views import bench, sessions, usage
from ragchat.terminal.views.answer import status
from ragchat.terminal.views.chain import chain
from ragchat.terminal.views.commands import command_list
from ragchat.terminal.views.failure import failure
from ragchat.terminal.views.sources import cited, found
from ragchat.terminal.views.summary import farewell
from ragchat.terminal.views.why import why
from ragchat.usage.report import UsageReport, UsageRow
from tests.programs import ROOT
from tests.terminal.scripted import answer, passage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.text import Text

    from ragchat.core.answer import Answer
    from ragchat.core.passage import Passage
    from ragchat.privacy.consent import Purpose
    from ragchat.terminal.console import Terminal
    from ragchat.terminal.step import Writing

_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_FOOD = ROOT / "data/food"
_ANSWER = """\
A cut loaf keeps best **in paper, then in a cotton bag**, away from the stove [1]. In the fridge it goes stale
*sooner*, for starch sets again in the cold [2]. What is left after ~~a week~~ three days belongs into the freezer.

## How to go about it

1. Cool it on a rack for at least an hour; a cut crust lets steam out, and the crumb turns to gum while warm [1]
2. Wrap it:
   - in paper
   - then in cloth, `linen` is best, see [the guide](guides/bread.md)
3. 漢字 and 👩‍🍳 are as wide as they are

> Rye keeps for a week, wheat for three days, and a baguette for as long as it takes to carry it home. [2]

| flour | keeps | why |
|-------|------:|-----|
| wheat | 3 days | it dries out from the cut, and sooner the more of the crumb is in the air |
| rye | 7 days | its pentosans hold water [2] |

```python
def fresh(days: int, *, rye: bool = False) -> bool:
    \"\"\"Whether it is worth eating.\"\"\"
    return days <= (7 if rye else 3)  # and toast is always an answer, whatever the calendar says about the loaf
```

---

Toast the rest.
"""


def markdown(terminal: Terminal) -> None:
    """An answer in Markdown: paragraphs, lists, a quotation, a table and code, each wrapped in its own margin."""
    _write(terminal, MarkdownWriting(lambda _: None, terminal.out), _ANSWER)


def quotations(terminal: Terminal) -> None:
    """An answer that is quoted: each sentence as it stands, nothing taken for Markdown, marks in their style."""
    quoted = (
        "“Let it cool on a rack for at least an hour: the crumb is still setting as it cools, and *steam* is what"
        " sets it.” [1]\n\n“- 2 tsp salt\n- 500 g flour” [2]\n"
    )
    _write(terminal, VerbatimWriting(lambda _: None), quoted)


def answer_status(terminal: Terminal) -> None:
    """A line below each answer that breaks between facts only: measured, estimated and cut, quoted, not found."""
    partial = Usage(900, 20, total_s=61.0, source="estimate")
    quoted = answer("Wrap it [1].", usage=NOTHING_SENT, finish="degraded")
    quoted = replace(quoted, completion=replace(quoted.completion, provider="extractive", model="extractive"))
    lines(
        terminal,
        status(answer("Wrap it [1]."), terminal.line_width),
        status(answer("Wrap it", usage=partial, finish="cut", cited=False), terminal.line_width),
        status(quoted, terminal.line_width),
        status(answer(NOT_FOUND, cited=False), terminal.line_width),
    )


def sources(terminal: Terminal) -> None:
    """A line for each source: the place whole, then score, heading and first words as far as there is room."""
    first = answer("x [1]").citations[0]
    second = replace(
        first, marker=12, passage=_passages()[1], quote="Rye keeps for a week.", place=Place.lines(7, 7)
    )
    book = passage(3, "Steam sets the crumb.", "an extraordinarily long name of a book about bread.pdf")
    paged = replace(first, marker=3, passage=book, place=Place("page", 112, 113), quote="Steam sets the crumb.")
    lines(terminal, cited((first, second, paged), ROOT, terminal.line_width))


def passages(terminal: Terminal) -> None:
    """Passages in full below their place, score and who found them, the cited one marked."""
    shown = _passages()
    lines(terminal, found(shown, ROOT, terminal.line_width, used={shown[0].chunk.id}))


def why_these(terminal: Terminal) -> None:
    """Two tables under their heads, numbers right-aligned; where they do not fit, a few lines for each passage."""
    lines(terminal, why(_explained(), ROOT, terminal.line_width))


def failures(terminal: Terminal) -> None:
    """Errors of two lines, wrapped at words; one without a hint."""
    refused = GenerationError(
        "groq refused the key: Invalid API Key (request req_01kfake).",
        "Check GROQ_API_KEY in your .env file, or in the environment, which wins over it; keys are made by groq.",
        failure="key",
    )
    lines(
        terminal, failure(refused, terminal.line_width), failure(NoHits("Nothing was found."), terminal.line_width)
    )


def consent(terminal: Terminal) -> None:
    """The question before anything leaves, and its choices, wrapped at words."""
    purposes: tuple[Purpose, ...] = ("answer", "documents")
    for purpose in purposes:
        person = replace(terminal, stdin=StringIO("y\n"), interactive=True)
        ask_consent(person, Question("groq", "api.groq.com", "default", purpose))
        terminal.out.print()


def batch(terminal: Terminal) -> None:
    """A question with its answer, one with its failure, and how far a batch is."""
    told = Told(AskedQuestion("1", "How long does a loaf of bread keep?"), answer=answer("Wrap it in paper [1]."))
    failed = Told(
        AskedQuestion("2", "And rye?"),
        error=GenerationError("groq is not there.", "Try again.", failure="network"),
    )
    tell(told, terminal)
    tell(failed, terminal)
    TallyLine(terminal).show(Tally(200, 12, 1, Decimal("0.0012"), 2))


def session_list(terminal: Terminal) -> None:
    """Number, id and name of each session on a line, and the facts indented below."""
    entries = (
        _ENTRY,
        replace(_ENTRY, id="cdfgh", name="漢字: " + "bread and " * 20, questions=1, collection="food"),
    )
    lines(terminal, sessions.sessions(entries, terminal.line_width))


def session_shown(terminal: Terminal) -> None:
    """A whole session: each question, the answer indented, sources, notices and status; one that was cut."""
    whole = replace(
        answer("Wrap it in *paper* [1]."), notices=("1 of 2 passages was dropped: there was no room.",)
    )
    turns = (
        Turn("How long does a loaf of bread keep?", whole, _AT),
        partial_turn(
            "And rye, which somebody told me keeps for a fortnight in a good bag?", _AT, "A we", "It was cut."
        ),
    )
    lines(terminal, sessions.session(_ENTRY, turns, ROOT, terminal.line_width))


def farewells(terminal: Terminal) -> None:
    """What a conversation took, breaking between facts only; one whose cost is not known."""
    summary = Summary(
        written=4,
        quoted=1,
        cut=1,
        failed=1,
        cached=1,
        providers=(("groq", 5), ("extractive", 1)),
        prompt_tokens=6120,
        completion_tokens=431,
        cost=Decimal("0.0012"),
        saved_cost=Decimal("0.0003"),
        retrieval=Durations(6, 0.01, 0.02),
        first_token=Durations(4, 0.31, 0.52),
        in_all=Durations(6, 1.3, 2.4),
    )
    unpriced = replace(summary, unknown_costs=2)
    lines(terminal, farewell(summary, terminal.line_width), farewell(unpriced, terminal.line_width))


def usage_table(terminal: Terminal) -> None:
    """A row for each provider and a total that adds up, in columns; notes beside them, or below."""
    rows = (
        UsageRow(
            (("provider", "groq"), ("model", "openai/gpt-oss-20b")),
            1204,
            3,
            12,
            912_345,
            81_200,
            Decimal("0.31"),
            2,
        ),
        UsageRow((("provider", "extractive"),), 17, cost=Decimal(0), cached=4),
    )
    total = UsageRow((), 1221, 3, 12, 912_345, 81_200, Decimal("0.31"), 2, 4)
    lines(terminal, usage.usage(UsageReport(rows, total), terminal.line_width))


def commands(terminal: Terminal) -> None:
    """The commands in one column, their help wrapped in another."""
    lines(terminal, command_list(COMMANDS, terminal.width))


def chains(terminal: Terminal) -> None:
    """Who answers, one behind the other."""
    links = (
        Link("groq", "openai/gpt-oss-20b"),
        Link("ollama", "", "not running"),
        Link("extractive", "extractive"),
    )
    terminal.out.print(chain(links))


def toolbars(terminal: Terminal) -> None:
    """The state on the left, which gives way, and the mode on the right edge."""
    state = "default · 4 documents · groq · openai/gpt-oss-20b → ollama (not running) → extractive"
    terminal.out.print(toolbar(state, "vi: insert", terminal.width))


def bench_table(terminal: Terminal) -> None:
    """The figures under their depths, right-aligned, then the questions that were missed."""
    asked = [
        (
            "How long does a loaf of bread keep in a cotton bag, and how long in the fridge of a bakery?",
            {"bread"},
            ["tea"],
        ),
        ("What is noon chai?", {"tea", "chai"}, ["chai", "bread"]),
    ]
    outcomes = [
        Outcome(Case(str(at), text, frozenset(right)), tuple(ranking), figures(ranking, frozenset(right)), 0.0042)
        for at, (text, right, ranking) in enumerate(asked)
    ]
    report = RetrievalReport("bundled/wordllama-l2-supercat-256", 500, 1234, 2.5, 12, tuple(outcomes))
    lines(terminal, bench.retrieval(report, terminal.line_width))


ASKED = (
    markdown,
    quotations,
    answer_status,
    sources,
    passages,
    why_these,
    failures,
    consent,
    batch,
    session_list,
    session_shown,
    farewells,
    usage_table,
    commands,
    chains,
    toolbars,
    bench_table,
)

_ENTRY = Entry("bcdfg", "How long does a loaf of bread keep?", "default", 2, _AT, _AT)


def lines(terminal: Terminal, *shown: Text) -> None:
    """Print them, one below the other."""
    for one in shown:
        terminal.out.print(one)


def _write(terminal: Terminal, writing: Writing, text: str) -> None:
    writing.feed(text)
    lines(terminal, *_settled(writing, terminal.width))


def _settled(writing: Writing, width: int) -> Iterable[Text]:
    return writing.step(width, ended=True).settled


def _passages() -> tuple[Passage, ...]:
    return (
        replace(passage(1), scores=Scores(0.634, 1, 8.24, 3, 0.91)),
        replace(passage(2, "Rye keeps for a week.", "guides/rye.md", 7), scores=Scores(0.41, 12, 0.0, None, 0.33)),
    )


def _explained() -> Answer:
    """One of two passages was read; a neighbour, a copy and one below were dropped; a sentence is invented."""
    bread = str(_FOOD / "guides/bread.md")
    dropped = (
        Dropped(bread, Place.lines(43, 44), 0.7, Scores(0.5, 4, 2.0, 7, 0.6), "joined", 1),
        Dropped(str(_FOOD / "copy.md"), Place.lines(1, 2), 0.69, Scores(0.6, 2, 8.1, 4, 0.9), "copy", 1),
        Dropped(str(_FOOD / "tea.txt"), Place.lines(1, 2), 0.3, Scores(0.2, None, 1.0, 9, 0.2), "below"),
    )
    return replace(
        answer("Wrap it [1].", passages=_passages()),
        read=1,
        unsupported=("Bread keeps for ninety days in the fridge of anybody who has read the guide to the end.",),
        search=Search("How long does a loaf of bread keep?", 143, 60, dropped),
    )
