"""Answers that are shown again: real files, real processes, and a small generator behind."""

from __future__ import annotations

import multiprocessing
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ragchat.core.completion import NOT_FOUND, Completion, Delta, Notice, Shortened
from ragchat.core.usage import Usage
from ragchat.errors import GenerationError, StorageError
from ragchat.generation.extractive.generator import ExtractiveGenerator
from ragchat.generation.memory.answers import CREATE_ANSWERS, AnswerCache
from ragchat.generation.memory.remembered import Remembering
from ragchat.storage.database import open_database
from ragchat.usage.ledger import CREATE_ATTEMPTS, NOTE_TRUNCATION, WIDEN_ATTEMPTS, Ledger
from tests.generation.prompts import PROMPT, read

if TYPE_CHECKING:
    import sqlite3
    from collections import abc
    from collections.abc import Iterator
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

    from ragchat.core.completion import Finish, Piece, Prompt

TEXT = "Bread should cool for an hour, so that its crumb sets and it does not tear when cut [1]."
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MIGRATIONS = (CREATE_ATTEMPTS, WIDEN_ATTEMPTS, CREATE_ANSWERS, NOTE_TRUNCATION)

# Nothing of the parent's open connections may reach a child: SQLite does not survive a fork.
_processes = multiprocessing.get_context("spawn")


def completed(text: str = TEXT, finish: Finish = "stop", cost: str | None = "0.00042") -> Completion:
    usage = Usage(300, 40, total_s=1.5, cost=None if cost is None else Decimal(cost), source="server")
    return Completion(text, "groq", "openai/gpt-oss-20b", usage, finish)


@dataclass
class Model:
    """Streams `script` to everyone who asks; an exception in it is raised."""

    script: tuple[Piece | BaseException, ...] = (Delta(TEXT), completed())
    asked: list[Prompt] = field(default_factory=list)
    closed: bool = False
    provider: str = "groq"
    model: str = "openai/gpt-oss-20b"
    destination: str | None = "api.groq.com"
    max_tokens: int = 1024
    context: int | None = 131_072

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        self.asked.append(prompt)
        try:
            for step in self.script:
                if isinstance(step, BaseException):
                    raise step
                yield step
        finally:
            self.closed = True


def writing(text: str) -> Model:
    return Model((Delta(text), completed(text)))


@dataclass
class Clock:
    """Stands still until it is set."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def database(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(path, MIGRATIONS)) as connection:
        yield connection


@pytest.fixture
def cache(database: sqlite3.Connection, clock: Clock) -> AnswerCache:
    return AnswerCache(database, "notes", clock)


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def remembering(model: Model, cache: AnswerCache, database: sqlite3.Connection) -> Remembering:
    return Remembering(model, cache, Ledger(database, "notes"), "groq 0.2")


def rows(database: sqlite3.Connection) -> list[dict[str, object]]:
    return [dict(row) for row in database.execute("SELECT * FROM attempts ORDER BY id")]


# Shown again


def test_what_was_answered_is_shown_again_and_nobody_is_asked(remembering: Remembering, model: Model) -> None:
    assert read(remembering.stream(PROMPT)) == (TEXT, [], completed())
    text, notices, completion = read(remembering.stream(PROMPT))
    assert (text, notices) == (TEXT, ["Answered before, just now; saved $0.0004."])
    assert (completion.provider, completion.model) == ("groq", "openai/gpt-oss-20b")
    assert (completion.finish, completion.usage.source) == ("stop", "none")
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (0, 0)
    assert completion.usage.cost == 0
    assert (completion.cached, completion.saved_cost) == (True, Decimal("0.00042"))
    assert len(model.asked) == 1


def test_it_comes_as_a_stream_of_a_few_words_each(remembering: Remembering) -> None:
    read(remembering.stream(PROMPT))
    notice, *deltas, _ = remembering.stream(PROMPT)
    assert isinstance(notice, Notice)
    assert [piece.text for piece in deltas if isinstance(piece, Delta)] == [
        "Bread should cool for an ",
        "hour, so that its crumb ",
        "sets and it does not ",
        "tear when cut [1].",
    ]


@pytest.mark.parametrize(
    ("age", "cost", "notice"),
    [
        (timedelta(seconds=59), "0.00042", "Answered before, just now; saved $0.0004."),
        (timedelta(seconds=200), "0.00002", "Answered before, 3 min ago; saved <$0.0001."),
        (timedelta(minutes=60), None, "Answered before, 1 h ago."),
        (timedelta(days=1), "0", "Answered before, 1 day ago."),
        (timedelta(days=29, hours=23), "1.5", "Answered before, 29 days ago; saved $1.5000."),
        (timedelta(hours=-2), None, "Answered before, just now."),
    ],
)
def test_the_notice_says_when_and_what_it_saved(
    remembering: Remembering, model: Model, clock: Clock, age: timedelta, cost: str | None, notice: str
) -> None:
    model.script = (Delta(TEXT), completed(cost=cost))
    read(remembering.stream(PROMPT))
    clock.now += age
    assert read(remembering.stream(PROMPT))[1] == [notice]


def test_each_has_its_row(remembering: Remembering, database: sqlite3.Connection) -> None:
    for _ in range(3):
        read(remembering.stream(PROMPT))
    first, second = rows(database)
    assert first["turn_id"] != second["turn_id"]
    assert (second["outcome"], second["provider"], second["model"]) == ("cached", "groq", "openai/gpt-oss-20b")
    assert (second["collection"], second["destination"]) == ("notes", None)
    assert (second["cost"], second["saved_cost"]) == ("0", "0.00042")
    assert (second["prompt_tokens"], second["completion_tokens"], second["token_source"]) == (0, 0, "none")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """One for all examples: to make a database takes longer than an answer."""
    with closing(open_database(tmp_path_factory.mktemp("home") / "state.db", MIGRATIONS)) as database:
        yield database


@settings(deadline=None)  # it waits for the disk
@example("Half a character: \ud83d.")
@example("パンは一時間冷ましてください。そうすると切ったときに崩れません。")
@given(st.text(st.characters(codec=None, exclude_categories=()), min_size=1))
def test_the_deltas_joined_are_the_text_whatever_it_is(shared: sqlite3.Connection, text: str) -> None:
    model, collection = writing(text), uuid4().hex
    remembering = Remembering(model, AnswerCache(shared, collection), Ledger(shared, collection), "")
    assert read(remembering.stream(PROMPT))[0] == text
    assert read(remembering.stream(PROMPT))[0] == text
    assert len(model.asked) == (1 if text.strip() else 2)


def test_an_answer_from_fewer_passages_is_shown_with_as_many(remembering: Remembering, model: Model) -> None:
    model.script = (Shortened(5), Shortened(3), Delta(TEXT), completed())
    assert list(remembering.stream(PROMPT)) == list(model.script)
    _, second, third, *_ = remembering.stream(PROMPT)
    assert second == Shortened(3)
    assert isinstance(third, Delta)


def test_afresh_it_is_written_anew_and_kept_instead(remembering: Remembering, model: Model) -> None:
    read(remembering.stream(PROMPT))
    model.script = writing("Two hours [1].").script
    with remembering.afresh():
        assert read(remembering.stream(PROMPT))[:2] == ("Two hours [1].", [])
    assert read(remembering.stream(PROMPT))[0] == "Two hours [1]."
    assert len(model.asked) == 2


# Not shown again


@pytest.mark.parametrize(
    "other",
    [
        replace(PROMPT, rendered=("[1] Let it cool for two hours.",)),
        replace(PROMPT, asked="How long must bread cool?"),
        replace(PROMPT, instructions="You are a baker."),
        replace(PROMPT, history=PROMPT.messages),
    ],
)
def test_another_prompt_is_another_answer(remembering: Remembering, model: Model, other: Prompt) -> None:
    read(remembering.stream(PROMPT))
    assert read(remembering.stream(other))[1] == []
    assert len(model.asked) == 2


def test_another_signature_or_collection_is_another_answer(
    remembering: Remembering, model: Model, cache: AnswerCache, database: sqlite3.Connection
) -> None:
    read(remembering.stream(PROMPT))
    ledger = Ledger(database, "notes")
    for other in (
        Remembering(model, cache, ledger, "groq 0.9"),
        Remembering(model, AnswerCache(database, "recipes"), ledger, "groq 0.2"),
    ):
        assert read(other.stream(PROMPT))[1] == []
    assert len(model.asked) == 3


@pytest.mark.parametrize(
    "completion",
    [
        completed(finish="length"),
        completed(finish="cut"),
        completed(finish="degraded"),
        replace(completed(), truncated=True),
        completed(" \n"),
        completed(NOT_FOUND),
        completed(f"{NOT_FOUND} Ask a baker."),
    ],
)
def test_what_is_no_whole_answer_is_not_kept(
    remembering: Remembering, model: Model, completion: Completion
) -> None:
    model.script = (Delta(completion.text), completion)
    for _ in range(2):
        assert read(remembering.stream(PROMPT)) == (completion.text, [], completion)
    assert len(model.asked) == 2


def test_sentences_quoted_without_a_model_are_not_kept(cache: AnswerCache, database: sqlite3.Connection) -> None:
    remembering = Remembering(ExtractiveGenerator(), cache, Ledger(database, "notes"), "")
    first, second = (read(remembering.stream(PROMPT)) for _ in range(2))
    assert first[:2] == second[:2]
    assert rows(database) == []


def test_an_answer_is_not_used_after_thirty_days(remembering: Remembering, model: Model, clock: Clock) -> None:
    read(remembering.stream(PROMPT))
    clock.now += timedelta(days=30, seconds=1)
    assert read(remembering.stream(PROMPT))[1] == []
    assert len(model.asked) == 2


def test_an_answer_of_thirty_days_ago_goes_when_another_is_kept(
    cache: AnswerCache, clock: Clock, database: sqlite3.Connection
) -> None:
    cache.keep(key(1), completed())
    clock.now += timedelta(days=30, seconds=1)
    cache.keep(key(2), completed())
    assert database.execute("SELECT key FROM answers").fetchone()["key"] == key(2)


def test_a_failure_is_raised_and_not_kept(remembering: Remembering, model: Model) -> None:
    model.script = (Notice("Loading."), GenerationError("Nobody answers.", failure="network"))
    pieces = remembering.stream(PROMPT)
    assert next(pieces) == Notice("Loading.")
    with pytest.raises(GenerationError, match="Nobody answers"):
        next(pieces)
    model.script = Model().script
    assert read(remembering.stream(PROMPT))[:2] == (TEXT, [])


# Passed through


def test_all_else_is_the_generators_own(remembering: Remembering, model: Model) -> None:
    assert (remembering.provider, remembering.model) == (model.provider, model.model)
    assert (remembering.destination, remembering.max_tokens, remembering.context) == (
        "api.groq.com",
        1024,
        131_072,
    )
    model.script = (Notice("Slow today."), Delta("An "), Notice("So slow."), Delta("hour."), completed("An hour."))
    assert list(remembering.stream(PROMPT)) == list(model.script)
    assert model.asked == [PROMPT]
    assert model.closed


class Interruptible(Model):
    """Ends with what was shown when Ctrl-C is thrown in."""

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        try:
            yield from super().stream(prompt)
        except KeyboardInterrupt:
            yield completed("Half", finish="cut")


def test_an_interruption_reaches_the_generator_and_what_it_cut_is_not_kept(
    cache: AnswerCache, database: sqlite3.Connection
) -> None:
    model = Interruptible((Delta("Half"), Delta(" an hour."), completed("Half an hour.")))
    remembering = Remembering(model, cache, Ledger(database, "notes"), "")
    pieces = remembering.stream(PROMPT)
    next(pieces)
    assert pieces.throw(KeyboardInterrupt()) == completed("Half", finish="cut")
    assert list(pieces) == []
    assert read(remembering.stream(PROMPT))[:2] == ("Half an hour.", [])


def test_an_interruption_that_the_generator_raises_is_raised(remembering: Remembering, model: Model) -> None:
    model.script = (Notice("Loading."), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        list(remembering.stream(PROMPT))
    assert model.closed


def test_an_abandoned_answer_is_closed_and_not_kept(remembering: Remembering, model: Model) -> None:
    with closing(remembering.stream(PROMPT)) as pieces:
        next(pieces)
    assert model.closed
    assert read(remembering.stream(PROMPT))[1] == []
    assert len(model.asked) == 2


def test_by_the_time_its_end_is_told_an_answer_is_kept_and_the_generator_closed(
    remembering: Remembering, model: Model
) -> None:
    with closing(remembering.stream(PROMPT)) as pieces:
        while not isinstance(next(pieces), Completion):
            pass
        assert model.closed
    assert read(remembering.stream(PROMPT))[1] != []
    assert len(model.asked) == 1


# Interrupted while it is shown again


def test_an_interruption_thrown_in_keeps_what_was_shown(
    remembering: Remembering, database: sqlite3.Connection
) -> None:
    read(remembering.stream(PROMPT))
    pieces = remembering.stream(PROMPT)
    assert isinstance(next(pieces), Notice)
    shown = next(pieces)
    assert isinstance(shown, Delta)
    completion = pieces.throw(KeyboardInterrupt())
    assert isinstance(completion, Completion)
    assert (completion.text, completion.finish, completion.usage.cost) == (shown.text, "cut", Decimal(0))
    assert list(pieces) == []
    assert [row["outcome"] for row in rows(database)] == ["cached"]


@pytest.mark.parametrize("read_before", [1, 6])
def test_an_interruption_before_the_first_word_or_after_the_end_is_raised(
    remembering: Remembering, read_before: int
) -> None:
    read(remembering.stream(PROMPT))
    pieces = remembering.stream(PROMPT)
    for _ in range(read_before):
        next(pieces)
    with pytest.raises(KeyboardInterrupt):
        pieces.throw(KeyboardInterrupt())


def test_an_abandoned_one_is_there_the_next_time(remembering: Remembering, model: Model) -> None:
    read(remembering.stream(PROMPT))
    with closing(remembering.stream(PROMPT)) as pieces:
        next(pieces)
    assert read(remembering.stream(PROMPT))[0] == TEXT
    assert len(model.asked) == 1


# Bounds


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


def known(cache: AnswerCache, *numbers: int) -> list[int]:
    return [number for number in numbers if cache.find(key(number)) is not None]


def test_those_not_used_for_longest_go_first(database: sqlite3.Connection, clock: Clock) -> None:
    cache = AnswerCache(database, "notes", clock, most_answers=3)
    for number in range(3):
        cache.keep(key(number), completed())
    assert cache.find(key(0)) is not None
    AnswerCache(database, "recipes", clock, most_answers=3).keep(key(3), completed())
    assert known(cache, 0, 1, 2) == [0, 2]
    cache.keep(key(2), completed("Again."))  # in its own place: nothing goes
    assert known(cache, 0, 1, 2) == [0, 2]


def test_their_text_is_bounded_too(database: sqlite3.Connection) -> None:
    cache = AnswerCache(database, "notes", most_bytes=100)
    for number in range(3):
        cache.keep(key(number), completed("é" * 20))
    assert known(cache, 0, 1, 2) == [1, 2]
    cache.keep(key(3), completed("é" * 51))
    assert known(cache, 1, 2, 3) == [1, 2]


def test_a_home_has_room_for_a_thousand(database: sqlite3.Connection, cache: AnswerCache) -> None:
    database.execute("PRAGMA synchronous = OFF")
    for number in range(1_005):
        cache.keep(key(number), completed())
    assert known(cache, 0, 4, 5, 1_004) == [5, 1_004]
    assert database.execute("SELECT count(*) FROM answers").fetchone()[0] == 1_000


def test_what_is_forgotten_leaves_no_byte(cache: AnswerCache, database: sqlite3.Connection, path: Path) -> None:
    recipes = AnswerCache(database, "recipes")
    cache.keep(key(1), completed("My secret sourdough."))
    recipes.keep(key(1), completed("Rice needs no salt."))
    cache.forget()
    assert cache.find(key(1)) is None
    assert recipes.find(key(1)) is not None
    left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"secret" not in left
    assert b"no salt" in left


def test_what_cannot_leave_the_log_is_an_error(
    cache: AnswerCache, database: sqlite3.Connection, path: Path
) -> None:
    cache.keep(key(1), completed())
    database.execute("PRAGMA busy_timeout = 0")
    with closing(open_database(path, MIGRATIONS)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM answers").fetchone()
        with pytest.raises(StorageError, match="being read"):
            cache.forget()
    assert cache.find(key(1)) is None


# Several processes


def keep_fifty(path: Path, barrier: Barrier, process: int) -> None:
    with closing(open_database(path, MIGRATIONS)) as connection:
        cache = AnswerCache(connection, "notes", most_answers=100)
        barrier.wait(60)
        for number in range(50):
            cache.keep(key(100 * process + number), completed())
            cache.find(key(number))


def test_processes_that_keep_at_once_keep_to_the_bounds(database: sqlite3.Connection, path: Path) -> None:
    barrier = _processes.Barrier(3)
    processes = [_processes.Process(target=keep_fifty, args=(path, barrier, number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    count, uses = database.execute("SELECT count(*), count(DISTINCT used) FROM answers").fetchone()
    assert (count, uses) == (100, 100)


def keep_one(path: Path) -> None:
    with closing(open_database(path, MIGRATIONS)) as connection:
        AnswerCache(connection, "notes").keep(key(1), completed())


def test_what_another_process_kept_is_found(cache: AnswerCache, path: Path) -> None:
    assert cache.find(key(1)) is None
    process = _processes.Process(target=keep_one, args=(path,))
    process.start()
    process.join()
    answer = cache.find(key(1))
    assert answer is not None
    assert answer.text == TEXT


# A cache that cannot be used


def test_a_cache_that_cannot_be_read_stops_no_answer_and_is_told_of_once(
    remembering: Remembering, model: Model, database: sqlite3.Connection
) -> None:
    database.execute("DROP TABLE answers")
    text, (notice,), _ = read(remembering.stream(PROMPT))
    assert text == TEXT
    assert notice.startswith("Answers are not kept this time. The kept answers cannot be used: no such table")
    assert "RAGCHAT_ANSWER_CACHE=false" in notice
    assert read(remembering.stream(PROMPT)) == (TEXT, [], completed())
    assert len(model.asked) == 2


def test_a_cache_that_cannot_be_written_stops_no_answer_and_is_told_of_once(
    remembering: Remembering, database: sqlite3.Connection
) -> None:
    database.execute("PRAGMA query_only = ON")
    *_, notice, completion = remembering.stream(PROMPT)
    assert isinstance(notice, Notice)
    assert "readonly" in notice.text
    assert completion == completed()
    assert read(remembering.stream(PROMPT))[1] == []


def test_an_interruption_at_that_notice_loses_nothing(
    remembering: Remembering, database: sqlite3.Connection
) -> None:
    database.execute("PRAGMA query_only = ON")
    pieces = remembering.stream(PROMPT)
    while not isinstance(next(pieces), Notice):
        pass
    assert pieces.throw(KeyboardInterrupt()) == completed()


@pytest.mark.parametrize("damage", ["text = x'ff'", "cost = 'much'", "at = 'noon'"])
def test_a_damaged_answer_is_not_shown(
    remembering: Remembering, model: Model, database: sqlite3.Connection, damage: str
) -> None:
    read(remembering.stream(PROMPT))
    database.execute(f"UPDATE answers SET {damage}")
    text, notices, _ = read(remembering.stream(PROMPT))
    assert (text, len(notices), len(model.asked)) == (TEXT, 1, 2)


def test_a_ledger_that_cannot_be_written_stops_no_answer(model: Model, cache: AnswerCache, tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "ledger.db", MIGRATIONS)) as other:
        other.execute("PRAGMA query_only = ON")
        remembering = Remembering(model, cache, Ledger(other, "notes"), "")
        read(remembering.stream(PROMPT))
        text, (trouble, told), _ = read(remembering.stream(PROMPT))
    assert text == TEXT
    assert trouble.startswith("The usage ledger cannot be written: ")
    assert told.startswith("Answered before")


def test_what_another_provider_wrote_in_its_place_is_not_kept(database: sqlite3.Connection) -> None:
    cache = AnswerCache(database, "notes")
    for kept_of, again in (("somebody else", 2), (None, 1)):
        model = Model()
        remembering = Remembering(model, cache, Ledger(database, "notes"), str(kept_of), kept_of=kept_of)
        for _ in range(2):
            read(remembering.stream(PROMPT))
        assert len(model.asked) == again


def test_what_one_model_wrote_is_not_shown_for_another_that_is_chosen_late(database: sqlite3.Connection) -> None:
    names = ["", "small", "large", "small"]
    model = Model()
    writer = iter(names)
    remembering = Remembering(
        model, AnswerCache(database, "notes"), Ledger(database, "notes"), "", writer=lambda: next(writer)
    )
    shown = [bool(read(remembering.stream(PROMPT))[1]) for _ in names]
    assert shown == [False, False, False, True]
    assert database.execute("SELECT count(*) FROM answers").fetchone()[0] == 2
