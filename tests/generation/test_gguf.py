"""Answers from a model in a file, asked in a process of its own.

The real llama-cpp-python takes ten minutes to compile and answers in `make test-real`. A module with its name and
its documented interface stands in for it here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ragchat.core.protocols import Roomy
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.gguf import GGUFGenerator
from tests.generation.prompts import PROMPT
from tests.programs import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

STANDIN = Path(__file__).with_name("standin")

ASKS = """
import json, signal, sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from ragchat.errors import GenerationError
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.gguf import GGUFGenerator
from tests.generation.prompts import PROMPT

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell started behind it
file, leave, times = sys.argv[1], sys.argv[2] == "leave", int(sys.argv[3])
prompt = replace(PROMPT, first_s=float(sys.argv[4]))

def clock():
    library = sys.modules.get("llama_cpp")
    return library.now if library else 0.0

def say(**what):
    print(json.dumps(what), flush=True)

generator = GGUFGenerator(
    Path(file), gpu_layers=7, n_ctx=640, temperature=0.3, max_tokens=500,
    deadlines=Deadlines(20.0, 10.0), clock=clock,
)
assert "llama_cpp" not in sys.modules
with closing(generator):
    for _ in range(times):
        try:
            with closing(generator.stream(prompt)) as pieces:
                for piece in pieces:
                    if hasattr(piece, "finish"):
                        usage = piece.usage
                        say(text=piece.text, finish=piece.finish, failure=piece.failure, model=piece.model,
                            provider=piece.provider,
                            usage=[usage.prompt_tokens, usage.completion_tokens, usage.source])
                    else:
                        say(piece=piece.text)
                        if leave:
                            break
        except GenerationError as error:
            say(failure=error.failure, code=error.label, message=error.message, hint=error.hint)
say(destination=generator.destination, most=generator.max_tokens, context=generator.context)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tiny.gguf"


def asking(
    file: Path, *, library: bool = True, leave: bool = False, times: int = 1, first_s: float = 99.0
) -> subprocess.Popen[str]:
    """A process that asks the model in `file`."""
    path = os.pathsep.join([str(ROOT), *([str(STANDIN)] if library else [])])
    return subprocess.Popen(
        [sys.executable, "-c", ASKS, str(file), "leave" if leave else "stay", str(times), str(first_s)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answers(file: Path, **options: Any) -> list[dict[str, Any]]:
    """What came of it, without the last line, which says what the generator is."""
    with asking(file, **options) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    *lines, last = (json.loads(line) for line in out.splitlines())
    assert last == {"destination": None, "most": 320, "context": 640}
    return lines


def script(file: Path, *words: object, **more: object) -> Path:
    file.write_text(json.dumps({"words": words, **more}))
    return file


def journal(file: Path) -> Iterator[dict[str, Any]]:
    """What the library was called with."""
    return map(json.loads, file.with_name("journal").read_text().splitlines())


def test_an_answer_streams_with_the_tokens_of_the_models_own_tokenizer(file: Path) -> None:
    *pieces, completion = answers(script(file, "An ", "hour ", "[1]."))
    assert [piece["piece"] for piece in pieces] == ["An ", "hour ", "[1]."]
    read = sum(len(message.text.split()) for message in PROMPT.messages)
    assert completion == {
        "text": "An hour [1].",
        "finish": "stop",
        "failure": None,
        "model": "tiny.gguf",
        "provider": "gguf",
        "usage": [read, 3, "server"],
    }


def test_the_model_is_opened_once_as_the_settings_say_and_freed_at_the_end(file: Path) -> None:
    answers(script(file, "Yes."), times=2)
    opened, asked, left, *again, closed = journal(file)
    assert opened == {"opened": [7, 640, False]}
    messages = [{"role": message.role, "content": message.text} for message in PROMPT.messages]
    assert asked == {"messages": messages, "temperature": 0.3, "max_tokens": 320}
    assert left == {"left": True}
    assert again == [asked, left]
    assert closed == {"closed": True}


def test_an_answer_as_long_as_allowed_says_so(file: Path) -> None:
    assert answers(script(file, "An hour", finish="length"))[-1]["finish"] == "length"


def test_room_is_doubled_up_to_half_of_the_context(file: Path) -> None:
    generator = GGUFGenerator(
        file, gpu_layers=0, n_ctx=640, temperature=0.3, max_tokens=200, deadlines=Deadlines(20.0, 10.0)
    )
    assert isinstance(generator, Roomy)
    assert [(generator.roomier(), generator.max_tokens) for _ in range(2)] == [(True, 320), (False, 320)]


def test_without_the_library_the_extra_is_named(file: Path) -> None:
    (told,) = answers(script(file, "Yes."), library=False)
    assert (told["failure"], told["code"]) == ("config", "not_installed")
    assert "pip install 'ragchat[gguf]'" in told["hint"]


def test_without_the_file_its_setting_is_named(file: Path) -> None:
    (told,) = answers(file)
    assert (told["failure"], told["code"]) == ("config", "no_file")
    assert told["message"] == f"{file} is no file."
    assert "RAGCHAT_GGUF_MODEL" in told["hint"]


def test_a_file_that_is_no_model_is_told(file: Path) -> None:
    file.write_text("GGUF, cut short")
    (told,) = answers(file)
    assert (told["failure"], told["message"]) == ("config", "tiny.gguf cannot be opened.")


def test_a_prompt_longer_than_the_context_names_both_sizes(file: Path) -> None:
    (told,) = answers(script(file, too_long=True))
    assert told["failure"] == "too_large"
    assert told["message"].endswith("tokens, 640 allowed).")


def test_a_model_that_fails_before_a_word_is_no_answer(file: Path) -> None:
    (told,) = answers(script(file, {"raise": "llama_decode returned -1"}))
    assert (told["failure"], told["message"]) == ("server", "The model failed (RuntimeError).")


def test_a_model_that_fails_after_a_word_keeps_it(file: Path) -> None:
    *_, notice, completion = answers(script(file, "An hour", {"raise": "llama_decode returned -1"}))
    assert notice["piece"].endswith("; the answer is incomplete.")
    assert (completion["text"], completion["finish"], completion["failure"]) == ("An hour", "cut", "server")


def test_a_first_word_that_comes_too_late_is_no_answer(file: Path) -> None:
    (told,) = answers(script(file, 21, "An hour"))
    assert (told["failure"], told["code"]) == ("timeout", "deadline_first")


def test_a_prompt_in_a_hurry_is_not_kept_waiting(file: Path) -> None:
    (told,) = answers(script(file, 6, "An hour"), first_s=5.0)
    assert (told["code"], told["message"]) == ("deadline_first", "No text came within 5 s.")


def test_a_model_that_grows_too_slow_keeps_its_words(file: Path) -> None:
    completion = answers(script(file, 19, "An ", 9, "hour ", 11, "[1]."))[-1]
    assert (completion["text"], completion["finish"], completion["failure"]) == ("An hour ", "cut", "timeout")


def test_an_abandoned_answer_stops_the_model(file: Path) -> None:
    assert answers(script(file, "An ", "hour"), leave=True) == [{"piece": "An "}]
    assert list(journal(file))[-2:] == [{"left": True}, {"closed": True}]


def test_ctrl_c_keeps_the_words_and_stops_the_model(file: Path) -> None:
    with asking(script(file, "An hour", "wait")) as process:
        assert process.stdout
        assert json.loads(process.stdout.readline()) == {"piece": "An hour"}
        assert json.loads(process.stdout.readline()) == {"waits": True}
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    completion = json.loads(out.splitlines()[0])
    assert (completion["text"], completion["finish"], completion["failure"]) == ("An hour", "cut", None)
    assert list(journal(file))[-2:] == [{"left": True}, {"closed": True}]
