"""A process that is killed in mid-answer leaves its trace, which the next one reads."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

from tests.programs import RAGCHAT
from tests.servers import groq
from tests.servers.wire import never

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Program
    from tests.servers.groq import GroqServer

QUESTION = "How long should a loaf cool before slicing?"


def test_an_answer_whose_process_was_killed_is_interrupted_after_the_next_start(
    ragchat: Program, groq_server: GroqServer, tmp_path: Path
) -> None:
    ragchat("ingest", ".")
    groq_server.then(groq.broken(never))
    variables = ragchat.variables({"GROQ_API_KEY": groq.KEY, "GROQ_BASE_URL": groq_server.url})
    asking = subprocess.Popen(
        [str(RAGCHAT), "ask", QUESTION], cwd=ragchat.folder, env=variables, stdout=subprocess.PIPE
    )
    assert asking.stdout is not None
    assert asking.stdout.read(3) == b"The", "the answer has begun"
    asking.send_signal(signal.SIGKILL)
    asking.communicate(timeout=30)
    assert _outcomes(tmp_path) == ["running"]
    totals = ragchat("usage", "--json").result["totals"]
    assert (totals["requests"], totals["failed"]) == (1, 1)
    assert _outcomes(tmp_path) == ["interrupted"]


def _outcomes(tmp_path: Path) -> list[str]:
    with closing(sqlite3.connect(tmp_path / "home" / "state.db")) as state:
        return [row[0] for row in state.execute("SELECT outcome FROM attempts ORDER BY id")]
