"""`ragchat ingest --watch` as a process: what it prints, whom it waits for, and how it ends."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.index.doubles import child, finished
from tests.programs import RAGCHAT
from tests.servers.ollama import OllamaServer, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.programs import Program


class Watching:
    """A process that watches; whatever is read of it is waited for."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def line(self) -> str:
        """The next line on stdout."""
        assert self.process.stdout
        return self.process.stdout.readline()

    def envelope(self) -> Any:
        """The same, which is JSON."""
        return json.loads(self.line())

    def remark(self) -> str:
        """The next line on stderr."""
        assert self.process.stderr
        return self.process.stderr.readline()

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[str, str]:
        """What else it says when it gets a signal; it must end well."""
        self.process.send_signal(number)
        rest = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return rest


@contextmanager
def watching(ragchat: Program, *arguments: str, **variables: str) -> Iterator[Watching]:
    process = subprocess.Popen(
        [str(RAGCHAT), "ingest", "--watch", "--embedder", "bundled", *arguments],
        cwd=ragchat.folder,
        env=ragchat.variables(variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Watching(process)
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_well_and_with_a_closing_line(ragchat: Program, number: signal.Signals) -> None:
    with watching(ragchat, ".") as watch:
        assert watch.line().startswith("2 added")
        assert watch.remark() == "Watching for changes; Ctrl-C ends it.\n"
        assert watch.end(number) == ("", "No longer watching.\n")


def test_a_round_is_a_line_with_its_time_and_what_failed_below_it(ragchat: Program, folder: Path) -> None:
    with watching(ragchat, ".") as watch:
        watch.line()
        (folder / "soup.md").write_text("Joumou is a soup.\n")
        assert re.fullmatch(r"\d\d:\d\d:\d\d · 1 added · [\d.]+ m?s\n", watch.line())
        (folder / "soup.md").unlink()
        (folder / "tea.txt").write_text("Green tea.\n")
        (folder / "broken.json").write_text("{")
        assert re.fullmatch(r"\d\d:\d\d:\d\d · 1 changed · 1 removed · 1 failed · [\d.]+ m?s\n", watch.line())
        assert watch.line().startswith("failed: broken.json: Line 1 is not JSON")
        watch.end()
    assert ragchat("search", "green", "--json", "--top-k", "1").result["passages"][0]["source"] == "tea.txt"


def test_as_json_each_round_is_an_envelope_in_a_line(ragchat: Program, folder: Path) -> None:
    with watching(ragchat, ".", "--json") as watch:
        assert watch.envelope()["result"]["added"] == ["bread.md", "tea.txt"]
        for number in range(3):
            (folder / "tea.txt").write_text(f"Green tea, cup {number}.\n")
            round_ = watch.envelope()
            assert (round_["version"], round_["ok"], round_["result"]["changed"]) == (1, True, ["tea.txt"])
        assert watch.end()[0] == ""


def test_a_burst_of_files_is_few_rounds_and_none_is_missed(ragchat: Program, folder: Path) -> None:
    with watching(ragchat, ".", "--json") as watch:
        watch.line()
        names = {f"note {number}.txt" for number in range(1_000)}
        for name in names:
            (folder / name).write_text(f"This is {name}.\n")
        rounds: list[list[str]] = []
        while sum(map(len, rounds)) < len(names):
            rounds.append(watch.envelope()["result"]["added"])
        assert {name for added in rounds for name in added} == names
        assert len(rounds) < 10
        watch.end()


def test_without_prune_what_is_gone_stays(ragchat: Program, folder: Path) -> None:
    with watching(ragchat, ".", "--json", "--no-prune") as watch:
        watch.line()
        (folder / "tea.txt").unlink()
        (folder / "soup.md").write_text("Joumou is a soup.\n")
        assert watch.envelope()["result"]["removed"] == []
        watch.end()
    assert "tea.txt" in ragchat("docs", "list").out


def test_another_writer_is_waited_for_and_between_rounds_nobody_waits(ragchat: Program, folder: Path) -> None:
    collection = folder.parent / "home" / "collections" / "default"
    with watching(ragchat, ".", "--json") as watch:
        watch.line()
        holder = child("hold", collection)
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        (folder / "tea.txt").write_text("Green tea.\n")
        finished(holder)
        assert watch.envelope()["result"]["changed"] == ["tea.txt"]
        assert ragchat("docs", "remove", "bread.md").status == 0
        # It is still on the disk: the next round brings it back.
        (folder / "soup.md").write_text("Joumou is a soup.\n")
        assert "soup.md" in watch.envelope()["result"]["added"]
        watch.end()


def test_an_embedder_that_fails_is_told_and_watching_goes_on(ragchat: Program, folder: Path) -> None:
    with OllamaServer() as server:
        variables = {"OLLAMA_HOST": server.url}
        with watching(ragchat, ".", "--json", "--embedder", "ollama", **variables) as watch:
            assert watch.envelope()["ok"] is True
            server.then(refuse(500, "out of memory"))
            (folder / "tea.txt").write_text("Green tea.\n")
            failed = watch.envelope()
            assert (failed["ok"], failed["error"]["kind"]) == (False, "embedder")
            (folder / "soup.md").write_text("Joumou is a soup.\n")
            result = watch.envelope()["result"]
            assert (result["added"], result["changed"]) == (["soup.md"], ["tea.txt"])
            watch.end()


def test_watching_and_a_dry_run_cannot_go_together(ragchat: Program) -> None:
    ran = ragchat("ingest", ".", "--watch", "--dry-run", "--json")
    assert (ran.status, ran.error["kind"]) == (2, "usage")


def test_a_path_that_is_not_there_is_an_error_at_the_start(ragchat: Program) -> None:
    ran = ragchat("ingest", "nowhere", "--watch", "--json")
    assert (ran.status, ran.error["kind"]) == (2, "usage")
