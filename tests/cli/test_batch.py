"""`ragchat ask --questions`: order, failures, pace and Ctrl-C, measured by a server on real sockets."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.programs import RAGCHAT
from tests.servers import groq

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Program, Ran
    from tests.servers.groq import GroqServer
    from tests.servers.wire import Behaviour, Wire

QUESTIONS = [f"How long should a loaf cool, asks baker {number}?" for number in range(1, 9)]


class Counter:
    """Counts the requests that are being answered at the same time, and when each came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self.most = 0
        self.came: list[float] = []

    def around(self, behaviour: Behaviour) -> Behaviour:
        """`behaviour`, counted."""

        def behave(wire: Wire) -> None:
            with self._lock:
                self.came.append(time.monotonic())
                self._inside += 1
                self.most = max(self.most, self._inside)
            try:
                behaviour(wire)
            finally:
                with self._lock:
                    self._inside -= 1

        return behave


def _asked(wire: Wire) -> str:
    """The question of a request."""
    return str(wire.exchange.body["messages"][-1]["content"])


def _named(wire: Wire) -> None:
    """Answer with the number of the baker."""
    groq.answer(f"Baker {_asked(wire).rpartition('baker ')[2].rstrip('?')} waits an hour [1].")(wire)


@pytest.fixture
def served(ragchat: Program, groq_server: GroqServer) -> Program:
    ragchat.environment.update(GROQ_API_KEY=groq.KEY, GROQ_BASE_URL=groq_server.url)
    ragchat("ingest", ".", "--embedder", "bundled")
    return ragchat


@pytest.fixture
def file(folder: Path) -> Path:
    path = folder.parent / "questions.txt"
    path.write_text("\n".join(QUESTIONS))
    return path


def _lines(ran: Ran) -> list[Any]:
    return [json.loads(line) for line in ran.out.splitlines()]


def _answers(ran: Ran) -> list[str]:
    return [line["result"]["answer"] for line in _lines(ran)]


def test_answers_come_in_the_order_of_the_questions_though_the_first_takes_longest(
    served: Program, groq_server: GroqServer, file: Path
) -> None:
    others = threading.Semaphore(0)

    def last(wire: Wire) -> None:
        if _asked(wire).endswith("baker 1?"):
            assert all(others.acquire(timeout=20) for _ in QUESTIONS[1:]), "the others are answered meanwhile"
        _named(wire)
        others.release()

    groq_server.then(*[last] * len(QUESTIONS))
    ran = served("ask", "--questions", str(file), "--json")
    assert ran.status == 0
    assert _answers(ran) == [f"Baker {number} waits an hour [1]." for number in range(1, 9)]
    assert [line["id"] for line in _lines(ran)] == [str(number) for number in range(1, 9)]
    assert {(line["version"], line["ok"]) for line in _lines(ran)} == {(1, True)}
    assert ran.err.startswith("8 of 8 · $0.0")


def test_never_more_are_in_flight_than_asked_for_and_as_many_as_that(
    served: Program, groq_server: GroqServer, file: Path
) -> None:
    counter, three = Counter(), threading.Event()

    def wait_for_three(wire: Wire) -> None:
        if counter.most >= 3:
            three.set()
        assert three.wait(20), "three are asked at a time"
        _named(wire)

    groq_server.then(*[counter.around(wait_for_three)] * len(QUESTIONS))
    ran = served("ask", "--questions", str(file), "--at-once", "3", "--json")
    assert (ran.status, counter.most, len(counter.came)) == (0, 3, 8)


def test_a_wait_that_the_server_names_holds_all_questions_and_costs_none_its_answer(
    served: Program, groq_server: GroqServer, file: Path, tmp_path: Path
) -> None:
    counter, heard = Counter(), threading.Event()
    at: list[float] = []

    def refuse(wire: Wire) -> None:
        at.append(time.monotonic())
        groq.refuse(429, "rate_limit_exceeded", "Rate limit reached", {"retry-after": "2"})(wire)

    def second(wire: Wire) -> None:
        while not _cooling(tmp_path):
            assert not groq_server.stopping.wait(0.01)
        heard.set()
        _named(wire)

    groq_server.then(*map(counter.around, [refuse, second, *[_named] * 7]))
    ran = served("ask", "--questions", str(file), "--at-once", "2", "--json")
    assert ran.status == 0
    assert heard.is_set(), "the second was under way"
    assert "Ctrl-C" not in ran.out, "it would end them all"
    assert {line["result"]["provider"] for line in _lines(ran)} == {"groq"}
    assert len(counter.came) == 9
    assert sum(moment < at[0] + 2 for moment in counter.came) == 2


def _cooling(tmp_path: Path) -> bool:
    """Whether the program has heard of the limit."""
    with closing(sqlite3.connect(tmp_path / "home" / "state.db")) as state:
        return bool(state.execute("SELECT count(*) FROM cool_downs").fetchone()[0])


def test_the_requests_of_a_minute_are_a_setting(served: Program, groq_server: GroqServer, file: Path) -> None:
    counter = Counter()
    groq_server.then(*[counter.around(_named)] * len(QUESTIONS))
    ran = served("ask", "--questions", str(file), "--at-once", "1", "--json", RAGCHAT_REQUESTS_PER_MINUTE="240")
    assert ran.status == 0
    # Four a second; the first is under way for longer than the others.
    assert counter.came[7] - counter.came[1] > 6 * 0.25 - 0.2


def test_each_question_draws_its_arm_of_an_experiment(served: Program, groq_server: GroqServer) -> None:
    many = "".join(f"How long should a loaf cool, asks baker {number}?\n" for number in range(40))
    groq_server.then(*[_named] * 40)
    arms = {"RAGCHAT_EXPERIMENT": "groq/one, groq/other"}
    assert served("ask", "--questions", "-", "--at-once", "1", stdin=many, **arms).status == 0
    assert {exchange.body["model"] for exchange in groq_server.journal} == {"one", "other"}


def test_a_failed_question_stops_no_other_and_the_status_says_so(
    served: Program, groq_server: GroqServer, file: Path
) -> None:
    def refuse_the_third(wire: Wire) -> None:
        third = _asked(wire).endswith("baker 3?")
        (groq.refuse(400, "bad_request", "No") if third else _named)(wire)

    groq_server.then(*[refuse_the_third] * len(QUESTIONS))
    ran = served("ask", "--questions", str(file), "--provider", "groq", "--json")
    assert ran.status == 1
    providers = [line["result"]["provider"] for line in _lines(ran)]
    assert providers == ["groq", "groq", "extractive", *["groq"] * 5]
    assert ran.err.startswith("8 of 8 · 1 failed · ")


def test_a_question_without_an_answer_has_an_error_in_its_place(ragchat: Program, folder: Path) -> None:
    ragchat("ingest", ".")
    ran = ragchat("ask", "--questions", "-", "--source", "nothing*", "--json", stdin="Why?\nHow?\n")
    assert ran.status == 1
    lines = _lines(ran)
    assert [(line["id"], line["ok"], line["error"]["kind"]) for line in lines] == [
        ("1", False, "usage"),
        ("2", False, "usage"),
    ]
    assert ran.err == "2 of 2 · 2 failed · free\n"


def test_a_person_sees_question_answer_sources_and_status(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ran = ragchat("ask", "--questions", "-", stdin="What is noon chai?\n\nHow long should a loaf cool?\n")
    assert ran.status == 0
    first, second = ran.out.split("> ")[1:]
    assert first.startswith("What is noon chai?\n“Noon chai is a pink tea")
    assert "[1] tea.txt:1" in first
    assert second.startswith("How long should a loaf cool?\n")
    assert "[1] bread.md:7" in second
    assert ran.err.count("extractive ·") == 2
    assert ran.err.endswith("2 of 2 · free\n")


def test_json_lines_are_asked_under_their_ids_and_other_keys_are_passed_over(
    ragchat: Program, folder: Path
) -> None:
    ragchat("ingest", ".")
    rows = [{"id": "tea", "text": "What is noon chai?", "relevant": ["x"]}, {"id": 7, "text": "Who bakes?"}]
    (folder.parent / "cases.jsonl").write_text("\n".join(map(json.dumps, rows)))
    lines = _lines(ragchat("ask", "--questions", "../cases.jsonl", "--json"))
    assert [(line["id"], line["result"]["question"]) for line in lines] == [
        ("tea", "What is noon chai?"),
        ("7", "Who bakes?"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "There is no question in stdin."),
        (b" \n\n", "There is no question in stdin."),
        (b"What is noon chai?\nWho\xff?\n", "Line 2 of stdin is not text in UTF-8."),
        (b'{"id": "a", "text": "Why?"}\nHow?\n', "Line 2 of stdin is not JSON in UTF-8."),
        (b'{"id": "a", "text": "Why?"}\n[1]\n', "Line 2 of stdin is not a JSON object."),
        (b'\xef\xbb\xbf{"id": "a"}\n', "Line 1 of stdin has no text under `text`."),
        (b'{"id": [], "text": "Why?"}', "Line 1 of stdin has an id that is neither a text nor a whole number."),
    ],
)
def test_a_broken_file_is_told_by_its_line_before_anything_is_asked(
    served: Program, groq_server: GroqServer, text: bytes, told: str
) -> None:
    ran = served("ask", "--questions", "-", stdin=text)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {told}\nhint: ")
    assert not groq_server.journal


def test_a_file_that_is_not_there_and_two_ways_of_asking_are_wrong_use(ragchat: Program) -> None:
    ragchat("ingest", ".")
    for arguments in (("--questions", "nowhere"), ("--questions", "."), ("Why?", "--questions", "-")):
        ran = ragchat("ask", *arguments)
        assert (ran.status, ran.out) == (2, ""), arguments
        assert ran.err.startswith("error: "), arguments


def test_ctrl_c_tells_what_is_done_and_how_many_were_not_asked(
    served: Program, groq_server: GroqServer, file: Path, tmp_path: Path
) -> None:
    both = threading.Barrier(3)

    def hang(wire: Wire) -> None:
        both.wait(20)
        wire.stall()

    groq_server.then(_named, _named, hang, hang)
    command = [str(RAGCHAT), "ask", "--questions", str(file), "--at-once", "2", "--json"]
    asking = subprocess.Popen(
        command,
        cwd=served.folder,
        env=served.variables(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    both.wait(20)
    asking.send_signal(signal.SIGINT)
    out, err = asking.communicate(timeout=20)
    assert asking.returncode == 130
    assert len(out.splitlines()) == 2
    assert err == "Interrupted: 2 left unfinished, 4 not asked.\n2 of 8 · <$0.0001\n"
    with closing(sqlite3.connect(tmp_path / "home" / "state.db")) as state:
        assert state.execute("SELECT count(*) FROM attempts").fetchone() == (4,)


def test_ctrl_c_wakes_who_waits_for_the_pace(served: Program, groq_server: GroqServer, file: Path) -> None:
    slow = {"RAGCHAT_REQUESTS_PER_MINUTE": "1"}
    command = [str(RAGCHAT), "ask", "--questions", str(file), "--at-once", "1", "--json"]
    with subprocess.Popen(
        command,
        cwd=served.folder,
        env=served.variables(slow),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as asking:
        assert asking.stdout is not None
        assert '"ok": true' in asking.stdout.readline()
        asking.send_signal(signal.SIGINT)
        _, err = asking.communicate(timeout=20)
    assert asking.returncode == 130
    assert "not asked." in err
    assert len(groq_server.journal) == 1


def test_a_reader_that_goes_away_ends_the_batch_without_a_word(ragchat: Program) -> None:
    ragchat("ingest", ".")
    many = "What is noon chai?\\n" * 300
    line = f"set -o pipefail; printf '{many}' | ragchat ask --questions - --json | head -n 1"
    ran = subprocess.run(
        ["bash", "-c", line],
        cwd=ragchat.folder,
        env=ragchat.variables(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (141, b"")
