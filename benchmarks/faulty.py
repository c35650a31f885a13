"""Fake Groq and Ollama servers that fail as often as they are told, each in a process of its own."""

from __future__ import annotations

import random
import re
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from threading import Lock
from typing import TYPE_CHECKING, Final

from tests.generation.faults import CELLS
from tests.servers import groq, ollama
from tests.servers.groq import GroqServer
from tests.servers.ollama import OllamaServer
from tests.servers.wire import fail, hang_up, html, never

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from multiprocessing.connection import Connection

    from tests.servers.wire import Behaviour, Exchange, FakeServer, Wire

CHATS = frozenset({"/openai/v1/chat/completions", "/api/chat"})

FAULTS: Final[Mapping[str, Mapping[str, Behaviour]]] = {
    "groq": CELLS,
    "ollama": {
        "400 context": ollama.refuse(400, "the input length exceeds the context length"),
        "404": ollama.refuse(404, "model 'llama3.2:3b' not found"),
        "500": ollama.refuse(500, "model runner has unexpectedly stopped"),
        "503": ollama.refuse(503, "server busy, please try again. maximum pending requests exceeded"),
        "502 html": fail(502),
        "200 html": html,
        "hung up": hang_up,
        "silent": never,
        "no word": ollama.answer(" "),
        **{
            f"after {words} words: {name}": ollama.broken(how, after=words)
            for words in (0, 2)
            for name, how in {
                "error line": ollama.error_line("an error was encountered while running the model"),
                "malformed": lambda wire: wire.piece(b'{"model": \n'),
                "hung up": hang_up,
                "silent": never,
                "ends": groq.end,
            }.items()
        },
    },
}

_QUESTION = re.compile(r"question number (\d+)")


@dataclass(frozen=True, slots=True)
class Request:
    """About question `number`; `fault` is what was done to it, `status` None when no reply began."""

    number: int
    status: int | None
    fault: str | None


class Server:
    """One that runs elsewhere: its `url`, and its journal so far."""

    def __init__(self, url: str, pipe: Connection) -> None:
        self.url = url
        self._pipe = pipe

    def requests(self) -> list[Request]:
        """Every chat request, in the order of their arrival."""
        self._pipe.send("requests")
        found: list[Request] = self._pipe.recv()
        return found


@contextmanager
def faulty(provider: str, *, share: float, seed: int) -> Iterator[Server]:
    """The server of `provider`, where `share` of the requests fail: the same ones whenever `seed` is the same."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, provider, share, seed), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Server(ours.recv(), ours)
    finally:
        ours.close()
        process.join(timeout=10)


def _serve(pipe: Connection, provider: str, share: float, seed: int) -> None:
    dice = _Dice(FAULTS[provider], share, f"{seed}/{provider}")
    servers: dict[str, Callable[[_Dice], FakeServer]] = {"groq": _FaultyGroq, "ollama": _FaultyOllama}
    with servers[provider](dice) as server, suppress(EOFError, KeyboardInterrupt):
        pipe.send(server.url)
        while pipe.recv():
            pipe.send(dice.requests())


class _Dice:
    """Draws for each request of each question anew: which fail does not depend on whose turn it is."""

    def __init__(self, faults: Mapping[str, Behaviour], share: float, seed: str) -> None:
        self._faults = faults
        self._share = share
        self._seed = seed
        self._lock = Lock()
        self._asked: Counter[int] = Counter()
        self._seen: list[tuple[int, Exchange, str | None]] = []

    def reply(self, wire: Wire, otherwise: Behaviour) -> None:
        """Do to a chat request what is drawn for it; everything else is answered as ever."""
        if wire.path not in CHATS:
            otherwise(wire)
            return
        found = _QUESTION.search(wire.exchange.body["messages"][-1]["content"])
        assert found is not None
        with self._lock:
            fault = self._draw(int(found[1]))
            self._seen.append((int(found[1]), wire.exchange, fault))
        (self._faults[fault] if fault else otherwise)(wire)

    def requests(self) -> list[Request]:
        with self._lock:
            return [Request(number, exchange.status, fault) for number, exchange, fault in self._seen]

    def _draw(self, number: int) -> str | None:
        self._asked[number] += 1
        drawn = random.Random(f"{self._seed}/{number}/{self._asked[number]}")
        return drawn.choice(list(self._faults)) if drawn.random() < self._share else None


class _FaultyGroq(GroqServer):
    def __init__(self, dice: _Dice) -> None:
        super().__init__()
        self._dice = dice

    def reply(self, wire: Wire) -> None:
        self._dice.reply(wire, super().reply)


class _FaultyOllama(OllamaServer):
    def __init__(self, dice: _Dice) -> None:
        super().__init__()
        self._dice = dice

    def reply(self, wire: Wire) -> None:
        self._dice.reply(wire, super().reply)
