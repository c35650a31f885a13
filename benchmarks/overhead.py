"""What the chain adds to Groq's own client: time to the first token, and tokens a second after it.

    python -m benchmarks.overhead

Both ask the same server, which is fake and a process of its own, in turns and over one connection each; the chain
is what a chat has, its database included, and finds no answer kept. The time to the first token is that of short
answers: while the server writes a long one it keeps a core busy, which a server elsewhere does not. Long answers
come as fast as the server can write, some ten times faster than from any real one. Writes `results/overhead.json`,
prints the same, and ends with 1 when a budget is exceeded.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import groq

from ragchat.assembly.state import open_state
from ragchat.core.completion import Delta
from ragchat.generation.chain.router import Router
from ragchat.generation.extractive.generator import ExtractiveGenerator
from ragchat.generation.memory.answers import AnswerCache
from ragchat.generation.memory.remembered import Remembering
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.groq import GroqGenerator
from ragchat.generation.providers.groq_models import reasoning
from ragchat.pipeline.prompting import make_prompt
from ragchat.privacy.consent import Consent
from tests.generation.chains import records_of
from tests.pipeline.passages import passage
from tests.servers.groq import KEY, GroqServer, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from groq.types.chat import ChatCompletionMessageParam

    from ragchat.core.completion import Prompt
    from tests.servers.wire import Wire

RESULT = Path(__file__).parent / "results" / "overhead.json"
PAIRS, WARM_UP = 200, 20
MOST_MS, LEAST_SHARE = 3.0, 0.95

MODEL, MAX_TOKENS, TEMPERATURE = "openai/gpt-oss-20b", 1024, 0.2
_SHORT, _LONG = 5, 1_000


@dataclass(frozen=True, slots=True)
class Run:
    """Milliseconds to the first visible text, and texts a second from there to the last."""

    first_ms: float
    per_second: float


class WordyServer(GroqServer):
    """Writes as many words as it is asked for; a word is a chunk, as a token is."""

    def reply(self, wire: Wire) -> None:
        """Answer one request."""
        asked = re.search(r"in (\d+) words", wire.exchange.body["messages"][-1]["content"])
        assert asked is not None
        answer(" ".join(["bread"] * int(asked[1])))(wire)


def main() -> int:
    """Print the figures; 1 when a budget is exceeded."""
    with tempfile.TemporaryDirectory() as folder, _server() as url, ExitStack() as opened:
        ask_bare = _bare(url, opened)
        ask_chain = _chain(url, Path(folder), opened)
        short = _pairs(ask_bare, ask_chain, _SHORT)
        long = _pairs(ask_bare, ask_chain, _LONG)
    added_ms = statistics.median(chained.first_ms - bare.first_ms for bare, chained in short)
    share = statistics.median(chained.per_second / bare.per_second for bare, chained in long)
    result = {
        "pairs": PAIRS,
        "first_token_ms": _medians((bare.first_ms, chained.first_ms) for bare, chained in short),
        "first_token_of_a_long_answer_ms": _medians((bare.first_ms, chained.first_ms) for bare, chained in long),
        "tokens_per_second": _medians((bare.per_second, chained.per_second) for bare, chained in long),
        "added_ms": round(added_ms, 2),
        "share_of_tokens_per_second": round(share, 3),
        "budget": {"added_ms": MOST_MS, "share_of_tokens_per_second": LEAST_SHARE},
    }
    text = json.dumps(result, indent=2)
    RESULT.write_text(text + "\n", "utf-8")
    print(text)
    return int(added_ms > MOST_MS or share < LEAST_SHARE)


def _pairs(
    bare: Callable[[Prompt], Iterable[str]], chain: Callable[[Prompt], Iterable[str]], words: int
) -> list[tuple[Run, Run]]:
    """Both asked the same questions, for an answer of so many words; who is first changes each time."""
    pairs = []
    for number in range(WARM_UP + PAIRS):
        prompt = _prompt(number, words)
        if number % 2:
            chained = _run(chain(prompt), words)
            pairs.append((_run(bare(prompt), words), chained))
        else:
            pairs.append((_run(bare(prompt), words), _run(chain(prompt), words)))
    return pairs[WARM_UP:]


def _run(texts: Iterable[str], words: int) -> Run:
    began = time.perf_counter()
    times = [time.perf_counter() for _ in texts]
    if len(times) != words:
        raise RuntimeError(f"{len(times)} words came, not {words}")
    return Run(1000 * (times[0] - began), (words - 1) / (times[-1] - times[0]))


def _bare(url: str, opened: ExitStack) -> Callable[[Prompt], Iterator[str]]:
    """The client alone, asked for the same thing."""
    client = groq.Groq(api_key=KEY, base_url=url, max_retries=0)
    opened.callback(client.close)

    def ask(prompt: Prompt) -> Iterator[str]:
        messages = [{"role": message.role, "content": message.text} for message in prompt.messages]
        stream = client.chat.completions.create(
            model=MODEL,
            messages=cast("list[ChatCompletionMessageParam]", messages),
            temperature=TEMPERATURE,
            max_completion_tokens=MAX_TOKENS,
            stream=True,
            extra_body=reasoning(MODEL),
        )
        for chunk in stream:
            if chunk.choices and (text := chunk.choices[0].delta.content):
                yield text

    return ask


def _chain(url: str, folder: Path, opened: ExitStack) -> Callable[[Prompt], Iterator[str]]:
    """The chain as a chat has it, with nothing left out."""
    state = opened.enter_context(closing(open_state(folder / "state.db")))
    records = replace(records_of(state), gate=Consent(state, "ask", "notes", None))
    generator = opened.enter_context(
        closing(
            GroqGenerator(
                api_key=KEY,
                base_url=url,
                model=MODEL,
                temperature=TEMPERATURE,
                max_tokens=MAX_TOKENS,
                deadlines=Deadlines(30.0, 30.0, 600.0),
                heard=partial(records.health.heard, "groq"),
            )
        )
    )
    router = Router((generator, ExtractiveGenerator()), records)
    chain = Remembering(router, AnswerCache(state, "notes"), records.ledger, MODEL, kept_of="groq")
    return lambda prompt: (piece.text for piece in chain.stream(prompt) if isinstance(piece, Delta))


@contextmanager
def _server() -> Iterator[str]:
    program = (
        "from tests.servers.wire import serve; from benchmarks.overhead import WordyServer; serve(WordyServer)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _prompt(number: int, words: int) -> Prompt:
    """Six passages of a thousand characters, and a question nobody asked before."""
    text = "Bread should cool for an hour on a rack before it is sliced. " * 16
    passages = [passage(f"{text}{place}", source=f"/docs/{place}.md") for place in range(6)]
    question = f"How long should bread number {number} cool, in {words} words?"
    return make_prompt(question, passages, (), 6000)


def _medians(pairs: Iterable[tuple[float, float]]) -> dict[str, float]:
    bare, chained = (statistics.median(side) for side in zip(*pairs, strict=True))
    return {"bare": float(f"{bare:.3g}"), "chain": float(f"{chained:.3g}")}


if __name__ == "__main__":
    sys.exit(main())
