"""Two thousand questions, eight at a time, while three of ten requests fail: is one lost, hung or unaccounted for?

    python -m benchmarks.soak

The chain is Groq, Ollama, the passages themselves; the servers are fake ones in processes of their own. Each of
the eight has generators and a connection of its own to one database, as eight processes have. Prints its figures,
writes `results/soak.json`, and ends with 1 when one of them is not as it must be.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from benchmarks.faulty import FAULTS, faulty
from ragchat.assembly.state import open_state
from ragchat.core.completion import Completion, Delta
from ragchat.generation.chain.router import Router
from ragchat.generation.extractive.generator import ExtractiveGenerator
from ragchat.generation.memory.answers import AnswerCache
from ragchat.generation.memory.remembered import Remembering
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.groq import GroqGenerator
from ragchat.generation.providers.ollama import OllamaGenerator
from ragchat.ollama.client import OllamaClient
from ragchat.pipeline.prompting import make_prompt
from ragchat.resilience.faults import UNSENT
from ragchat.usage.budgets import Budget
from ragchat.usage.ledger import Ledger
from tests.generation.chains import records_of
from tests.pipeline.passages import passage
from tests.servers.groq import KEY
from tests.servers.ollama import CHAT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from benchmarks.faulty import Request
    from ragchat.core.completion import Prompt
    from ragchat.core.protocols import Generator
    from ragchat.generation.chain.records import Records

RESULT = Path(__file__).parent / "results" / "soak.json"
QUESTIONS, ASKERS, FAULTY_SHARE, SEED = 2_000, 8, 0.3, 5

HUNG_AFTER_S = 60.0
"""Three tries of three seconds and eight of waiting, for each of two providers, come to 34."""
MOST_GROWTH_MB = 4.0

_DEADLINES = Deadlines(first_s=0.3, between_s=0.3, whole_s=3.0)
_FASTER = 1_000
_PLENTY = Budget(daily_requests=1_000_000)  # never reached: what counts is that each request is weighed


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question; `problem` is why it counts as lost."""

    number: int
    provider: str
    finish: str
    seconds: float
    problem: str | None


@dataclass(frozen=True, slots=True)
class Figures:
    """`unaccounted` are requests without their row and rows without their request, `still_running` rows without
    an end, `memory_mb` those of the askers' process after a third and at the end.
    """

    questions: int
    seconds: float
    lost: int
    hung: int
    unaccounted: int
    still_running: int
    memory_mb: tuple[float, float]
    rows: int
    answered_by: dict[str, int]
    finished: dict[str, int]
    requests: dict[str, int]
    failed_on_purpose: float
    kinds_of_fault: dict[str, str]
    median_s: float
    longest_s: float
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Nothing was lost, hung or unaccounted for; memory is judged apart, as a short run has no end to it."""
        return not (self.lost or self.hung or self.unaccounted or self.still_running)

    @property
    def flat(self) -> bool:
        """Whether memory stayed what it was."""
        early, late = self.memory_mb
        return late - early <= MOST_GROWTH_MB


class _FastTime:
    """The clock of breakers and cool-downs: half a minute's rest is over in 30 ms, and Groq is asked again."""

    def __init__(self) -> None:
        self._began = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self._began + _FASTER * (datetime.now(UTC) - self._began)


def main() -> int:
    """Print the figures; 1 when one of them is not as it must be."""
    with tempfile.TemporaryDirectory() as folder:
        figures = soak(QUESTIONS, Path(folder))
    text = json.dumps(asdict(figures), indent=2)
    RESULT.write_text(text + "\n", "utf-8")
    print(text)
    return int(not (figures.sound and figures.flat))


def soak(questions: int, folder: Path) -> Figures:
    """Ask so many questions, with the database in `folder`."""
    with (
        faulty("groq", share=FAULTY_SHARE, seed=SEED) as groq,
        faulty("ollama", share=FAULTY_SHARE, seed=SEED) as ollama,
    ):
        began = time.monotonic()
        answers, memory_mb = _answers(questions, folder, groq.url, ollama.url)
        seconds = time.monotonic() - began
        journals = {"groq": groq.requests(), "ollama": ollama.requests()}
    with closing(open_state(folder / "state.db")) as state:
        rows = state.execute("SELECT * FROM attempts ORDER BY id").fetchall()
    requests = [request for journal in journals.values() for request in journal]
    times = [answer.seconds for answer in answers]
    return Figures(
        questions=questions,
        seconds=round(seconds, 1),
        lost=sum(answer.problem is not None for answer in answers),
        hung=questions - len(answers) + sum(answer.seconds > HUNG_AFTER_S for answer in answers),
        unaccounted=_unaccounted(rows, journals),
        still_running=sum(row["outcome"] == "running" for row in rows),
        rows=len(rows),
        memory_mb=memory_mb,
        answered_by=_counted(answer.provider for answer in answers),
        finished=_counted(answer.finish for answer in answers),
        requests={provider: len(journal) for provider, journal in journals.items()},
        failed_on_purpose=round(sum(request.fault is not None for request in requests) / len(requests), 3),
        kinds_of_fault={
            provider: f"{len({request.fault for request in journal} - {None})} of {len(FAULTS[provider])}"
            for provider, journal in journals.items()
        },
        median_s=round(statistics.median(times), 3),
        longest_s=round(max(times), 1),
        problems=tuple({answer.problem for answer in answers if answer.problem})[:10],
    )


def _answers(
    questions: int, folder: Path, groq_url: str, ollama_url: str
) -> tuple[list[Answer], tuple[float, float]]:
    """The answers, in the order of their ends, and this process's memory after a third of them and after all."""
    numbers: SimpleQueue[int] = SimpleQueue()
    answers: SimpleQueue[Answer] = SimpleQueue()
    for number in range(questions):
        numbers.put(number)
    now = _FastTime()
    askers = [
        Thread(target=_ask, args=(folder, groq_url, ollama_url, now, numbers, answers), daemon=True)
        for _ in range(ASKERS)
    ]
    for asker in askers:
        asker.start()
    ended: list[Answer] = []
    early_mb = _memory_mb()
    with suppress(Empty):
        while len(ended) < questions:
            ended.append(answers.get(timeout=HUNG_AFTER_S))
            if len(ended) == questions // 3:
                early_mb = _memory_mb()
    late_mb = _memory_mb()
    for asker in askers:
        asker.join(timeout=HUNG_AFTER_S if len(ended) == questions else 0)
    return ended, (early_mb, late_mb)


def _ask(
    folder: Path,
    groq_url: str,
    ollama_url: str,
    now: Callable[[], datetime],
    numbers: SimpleQueue[int],
    answers: SimpleQueue[Answer],
) -> None:
    """Ask what is left to ask, as a process of its own would."""
    with (
        closing(open_state(folder / "state.db")) as state,
        OllamaClient(ollama_url, timeout_s=_DEADLINES.silence_s) as client,
    ):
        # In KiB: SQLite keeps up to two megabytes of pages for each connection, which would pass for a leak.
        state.execute("PRAGMA cache_size = -100")
        records = records_of(state, budget=_PLENTY, now=now)
        groq = GroqGenerator(
            api_key=KEY,
            base_url=groq_url,
            model="openai/gpt-oss-20b",
            temperature=0.2,
            max_tokens=500,
            deadlines=_DEADLINES,
            heard=lambda model, headers: records.health.heard("groq", model, headers),
        )
        ollama = OllamaGenerator(
            client, CHAT.name, num_ctx=4096, temperature=0.2, max_tokens=500, deadlines=_DEADLINES
        )
        with closing(groq), suppress(Empty):
            while True:
                number = numbers.get_nowait()
                answers.put(_answer(number, state, records, (groq, ollama, ExtractiveGenerator())))


def _answer(number: int, state: sqlite3.Connection, records: Records, generators: Sequence[Generator]) -> Answer:
    """What the chain says; a session of its own, as a refused key switches Groq off for the session."""
    ledger = Ledger(state, _collection(number), records.budgets)
    router = Router(generators, replace(records, ledger=ledger))
    chain = Remembering(router, AnswerCache(state, "soak"), ledger, "soak", kept_of="groq")
    began = time.monotonic()
    text, end, problem = "", None, None
    try:
        for piece in chain.stream(_prompt(number)):
            if isinstance(piece, Delta):
                text += piece.text
            elif isinstance(piece, Completion):
                end = piece
    except Exception as error:
        problem = repr(error)
    if problem is None and (end is None or not text.strip() or text != end.text):
        problem = f"{text!r} is not the text of {end}"
    provider, finish = (end.provider, end.finish) if end else ("nobody", "none")
    return Answer(number, provider, finish, time.monotonic() - began, problem)


def _prompt(number: int) -> Prompt:
    passages = [
        passage("Bread should cool for an hour on a rack."),
        passage("A cake cools in its tin.", source="/docs/b.md"),
    ]
    return make_prompt(f"How long should bread cool, asks question number {number}?", passages, (), 3000)


def _unaccounted(rows: Iterable[sqlite3.Row], journals: Mapping[str, Iterable[Request]]) -> int:
    """The requests that have no row of their question, provider and status, and the rows that have no request."""
    written: defaultdict[tuple[str, str], list[int | None]] = defaultdict(list)
    for row in rows:
        if row["provider"] in journals and row["outcome"] != "skipped" and row["error_code"] not in UNSENT:
            written[row["collection"], row["provider"]].append(row["http_status"])
    arrived: defaultdict[tuple[str, str], list[int | None]] = defaultdict(list)
    for provider, journal in journals.items():
        for request in journal:
            arrived[_collection(request.number), provider].append(request.status)
    missing = object()
    return sum(
        missing in (row, request) or row not in (None, request)
        for key in written.keys() | arrived.keys()
        for row, request in zip_longest(written[key], arrived[key], fillvalue=missing)
    )


def _collection(number: int) -> str:
    """The name under which the attempts at one question stand in the ledger."""
    return f"question {number}"


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


if __name__ == "__main__":
    sys.exit(main())
