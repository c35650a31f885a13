"""What a workspace sends, asks and leaves behind: real folders, and a server that passes text on."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from ragchat.assembly.workspace import open_workspace
from ragchat.core.completion import Notice
from ragchat.errors import EmbedderError, EmbedderMismatch, SettingsError, UsageError
from ragchat.pipeline.answering import collect
from ragchat.resilience.pacing import Paces
from ragchat.terminal.views.chain import chain as chain_line
from tests.conversation.turns import all_bytes
from tests.servers.ollama import CHAT, EMBEDDING, TEXT, Model, OllamaServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ragchat.assembly.workspace import Workspace
    from ragchat.privacy.consent import Decision, Question

PASSED_ON = Model("mxbai-embed-large:latest", ("embedding",), "bert", remote_host="https://ollama.com")
IN_THE_CLOUD = Model("embedding-model:cloud", ("embedding",), "bert")
NOWHERE = "http://127.0.0.1:9"
QUESTION = "How long should the loaf cool?"


@dataclass
class Person:
    """Gives the decisions in turn, and remembers what for."""

    decisions: list[Decision]
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, question: Question) -> Decision:
        self.asked.append((question.purpose, question.destination))
        return self.decisions.pop(0)


@pytest.fixture
def server() -> Iterator[OllamaServer]:
    with OllamaServer(models=(PASSED_ON, IN_THE_CLOUD, CHAT)) as server:
        yield server


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "bread.md").write_text("# Bread\n\nLet the loaf cool for an hour.\n")
    return folder


@contextmanager
def workspace(docs: Path, *decisions: Decision, **variables: str) -> Iterator[tuple[Workspace, Person]]:
    """A workspace with its home beside `docs`, and the person who is asked there."""
    person = Person(list(decisions))
    environ = {"RAGCHAT_HOME": str(docs.parent / "home"), "OLLAMA_HOST": NOWHERE, **variables}
    with closing(open_workspace({}, environ, docs, person)) as opened:
        yield opened, person


def told(_done: int, _total: int, _current: str) -> None:
    """No progress is shown."""


def embedded(server: OllamaServer) -> int:
    return sum(exchange.path == "/api/embed" for exchange in server.journal)


def chatted(server: OllamaServer) -> int:
    return sum(exchange.path == "/api/chat" for exchange in server.journal)


@pytest.mark.parametrize("model", [PASSED_ON, IN_THE_CLOUD])
def test_never_keeps_documents_from_a_model_that_a_local_server_passes_on(
    docs: Path, server: OllamaServer, model: Model
) -> None:
    variables = {"OLLAMA_HOST": server.url, "OLLAMA_EMBED_MODEL": model.name, "RAGCHAT_EMBEDDER": "ollama"}
    with workspace(docs, RAGCHAT_CLOUD="never", **variables) as (opened, _), pytest.raises(SettingsError):
        opened.library.ingest([docs], told)
    with workspace(docs, "yes", **variables) as (opened, person):
        opened.library.ingest([docs], told)
        assert person.asked == [("documents", "ollama.com")]
    sent = embedded(server)
    assert sent
    with workspace(docs, RAGCHAT_CLOUD="never", OLLAMA_HOST=server.url) as (opened, _):
        with pytest.raises(SettingsError):
            opened.library.ingest([docs], told)
        with pytest.raises(SettingsError):
            opened.retriever(opened.library.collection())
    assert embedded(server) == sent


def test_the_collections_own_model_decides_and_not_the_one_that_is_set(docs: Path, server: OllamaServer) -> None:
    server.models = (EMBEDDING, IN_THE_CLOUD)
    with workspace(docs, OLLAMA_HOST=server.url) as (opened, _):
        opened.library.ingest([docs], told)
    set_to = {"OLLAMA_EMBED_MODEL": IN_THE_CLOUD.name, "RAGCHAT_CLOUD": "never", "OLLAMA_HOST": server.url}
    with workspace(docs, **set_to) as (opened, _):
        assert opened.retriever(opened.library.collection()).search("loaf", 1).notices == ()


def test_this_time_lasts_as_long_as_the_workspace(docs: Path, server: OllamaServer) -> None:
    variables = {"OLLAMA_HOST": server.url, "RAGCHAT_EMBEDDER": "ollama"}
    with workspace(docs, "once", **variables) as (opened, person):
        opened.library.ingest([docs], told)
        opened.library.ingest([docs], told)
        opened.session(opened.library.collection())
        assert len(person.asked) == 1
    with workspace(docs, "no", **variables) as (opened, person), pytest.raises(SettingsError):
        opened.retriever(opened.library.collection())


def test_a_collection_takes_its_consents_with_it(docs: Path, server: OllamaServer) -> None:
    variables = {"OLLAMA_HOST": server.url, "RAGCHAT_EMBEDDER": "ollama"}
    with workspace(docs, "yes", **variables) as (opened, _):
        opened.library.ingest([docs], told, "diary")
    with workspace(docs, **variables) as (opened, _):
        opened.library.remove("diary")
    with workspace(docs, "no", **variables) as (opened, person):
        with pytest.raises(SettingsError):
            opened.library.create("diary")
        assert len(person.asked) == 1


def test_what_fails_leaves_no_collection_behind(docs: Path, server: OllamaServer) -> None:
    with workspace(docs) as (opened, _):
        with pytest.raises(UsageError):
            opened.library.ingest([docs, docs / "nope"], told)
        with pytest.raises(UsageError):
            opened.library.folder(docs / "nope", told)
        with pytest.raises(UsageError):
            opened.library.ingest([docs], told, encoding="nope")
        assert opened.library.collections() == []
    with workspace(docs, RAGCHAT_EMBEDDER="ollama") as (opened, _):
        for fail in (lambda: opened.library.create("x"), lambda: opened.library.ingest([docs], told, "x")):
            with pytest.raises(EmbedderError):
                fail()
        assert opened.library.collections() == []
    with workspace(docs, "no", RAGCHAT_EMBEDDER="ollama", OLLAMA_HOST=server.url) as (opened, _):
        with pytest.raises(SettingsError):
            opened.library.create("x")
        assert opened.library.collections() == []


def test_an_empty_collection_keeps_the_embedder_it_was_made_with_until_another_is_wished_for(
    docs: Path, ollama_server: OllamaServer
) -> None:
    with workspace(docs, OLLAMA_HOST=ollama_server.url, RAGCHAT_EMBEDDER="bundled") as (opened, _):
        opened.library.create("x")
        opened.library.create("y")
    with workspace(docs, OLLAMA_HOST=ollama_server.url) as (opened, _):
        assert opened.library.ingest([docs], told, "x")[1] == ""
        assert str(opened.library.collection("x").embedder).startswith("bundled/")
    with workspace(docs, OLLAMA_HOST=ollama_server.url, RAGCHAT_EMBEDDER="ollama") as (opened, _):
        opened.library.ingest([docs], told, "y")
        assert str(opened.library.collection("y").embedder).startswith("ollama/")
        with pytest.raises(EmbedderMismatch) as raised:
            opened.library.ingest([docs], told, "x")
        assert "--embedder" in raised.value.hint


@pytest.mark.parametrize("name", ["undefined", "idna", "hex", "rot13", "no-such", "a\0b"])
def test_an_encoding_that_cannot_be_read_is_refused_in_one_sentence(docs: Path, name: str) -> None:
    with workspace(docs) as (opened, _), pytest.raises(UsageError) as raised:
        opened.library.ingest([docs], told, encoding=name)
    assert "cp1252" in raised.value.hint


def test_a_folder_tells_once_why_it_got_its_embedder(docs: Path) -> None:
    with workspace(docs) as (opened, _):
        name, _, reason = opened.library.folder(docs, told)
        assert "Ollama is not running" in reason
        generation = opened.library.collection(name).manifest.generation
        assert opened.library.folder(docs, told)[2] == ""
        assert opened.library.collection(name).manifest.folder == str(docs.resolve())
        assert opened.library.collection(name).manifest.generation == generation


def test_what_is_left_is_told_of_the_budgets_that_are_set(docs: Path) -> None:
    with workspace(docs, RAGCHAT_BUDGET_DAILY_USD="0.50") as (opened, _):
        assert [str(left) for left in opened.budgets_left()] == ["$0.50 of $0.50 left today"]
    with workspace(docs) as (opened, _):
        assert opened.budgets_left() == ()


def test_closed_it_can_be_opened_again(docs: Path) -> None:
    with workspace(docs) as (opened, _):
        opened.library.ingest([docs], told)
        opened.session(opened.library.collection())
    assert not (docs.parent / "home" / "state.db-wal").exists()


@pytest.fixture
def answered(docs: Path, server: OllamaServer) -> dict[str, str]:
    """Variables of a workspace in which the bundled embedder finds and Ollama answers; `docs` is ingested."""
    chain = {"RAGCHAT_PROVIDERS": "ollama", "OLLAMA_MODEL": CHAT.name}
    variables = {"OLLAMA_HOST": server.url, "RAGCHAT_EMBEDDER": "bundled", **chain}
    with workspace(docs, **variables) as (opened, _):
        opened.library.ingest([docs], told)
    return variables


def test_asking_again_passes_over_the_kept_answer(
    docs: Path, server: OllamaServer, answered: dict[str, str]
) -> None:
    with workspace(docs, **answered) as (opened, _):
        session = opened.session(opened.library.collection(), conversations=opened.conversations)
        list(session.ask(QUESTION))
        asked = chatted(server)
        remembered = list(opened.session(opened.library.collection()).ask(QUESTION))
        assert any("Answered before" in event.text for event in remembered if isinstance(event, Notice))
        assert chatted(server) == asked
        list(session.retry())
        assert chatted(server) > asked
        assert opened.conversations.load(session.id) == session.turns


def test_a_removed_session_takes_the_kept_answers_with_it(docs: Path, answered: dict[str, str]) -> None:
    home = docs.parent / "home"
    with workspace(docs, **answered) as (opened, _):
        session = opened.session(opened.library.collection(), conversations=opened.conversations)
        list(session.ask(QUESTION))
        assert TEXT.encode() in all_bytes(home)
        opened.conversations.remove(session.id)
        assert TEXT.encode() not in all_bytes(home)


def test_of_an_encrypted_session_no_answer_lies_readable_elsewhere(docs: Path, answered: dict[str, str]) -> None:
    home = docs.parent / "home"
    with workspace(docs, RAGCHAT_ENCRYPTION="file", **answered) as (opened, _):
        session = opened.session(opened.library.collection(), conversations=opened.conversations)
        list(session.ask(QUESTION))
        assert session.turns[0].answer.text == TEXT
        assert TEXT.encode() not in all_bytes(home)


def test_what_was_answered_before_encryption_is_forgotten_with_it(docs: Path, answered: dict[str, str]) -> None:
    home = docs.parent / "home"
    with workspace(docs, **answered) as (opened, _):
        list(opened.session(opened.library.collection(), conversations=opened.conversations).ask(QUESTION))
    assert TEXT.encode() in all_bytes(home)
    with workspace(docs, RAGCHAT_ENCRYPTION="file", **answered) as (opened, _):
        assert opened.conversations.notices == ("The conversations kept so far were encrypted.",)
    assert TEXT.encode() not in all_bytes(home)


@pytest.mark.parametrize(("decision", "answered_by"), [("once", "ollama"), ("later", "extractive")])
def test_many_sessions_ask_for_consent_once_and_before_the_first_of_them(
    docs: Path, server: OllamaServer, decision: Decision, answered_by: str
) -> None:
    server.models = (replace(CHAT, remote_host="https://ollama.com"),)
    variables = {"OLLAMA_HOST": server.url, "OLLAMA_MODEL": CHAT.name, "RAGCHAT_EMBEDDER": "bundled"}
    with workspace(docs, decision, **variables) as (opened, person):
        opened.library.ingest([docs], told)
        sessions = opened.sessions(opened.library.collection(), None, None, Paces(2))
        assert person.asked == [("answer", "ollama.com")]
        for _ in range(2):
            with sessions() as begin:
                answer = collect(begin().ask("How long should the loaf cool?"))
            assert answer.completion.provider == answered_by
        assert len(person.asked) == 1


def test_a_retired_name_is_replaced_in_the_chain(docs: Path) -> None:
    with workspace(docs, GROQ_API_KEY="gsk_x", GROQ_MODEL="llama-3.3-70b-versatile") as (opened, _):
        assert "groq · openai/gpt-oss-120b" in chain_line(opened.chain())


@pytest.mark.parametrize(
    ("variables", "chain"),
    [
        (
            {"RAGCHAT_PROVIDERS": "groq,openai", "OPENAI_BASE_URL": NOWHERE},
            "groq (no key) → openai · openai/gpt-oss-20b → extractive",
        ),
        ({"RAGCHAT_PROVIDERS": "groq,openai"}, "groq (no key) → openai (not set up) → extractive"),
        (
            {"RAGCHAT_PROVIDERS": "ollama,openai", "OPENAI_BASE_URL": NOWHERE},
            "ollama (not running) → openai (not set up) → extractive",
        ),
        (
            {"RAGCHAT_PROVIDERS": "openai", "OPENAI_BASE_URL": NOWHERE, "OPENAI_MODEL": "own"},
            "openai · own → extractive",
        ),
    ],
)
def test_a_server_in_line_without_a_model_gets_the_equivalent_of_the_first(
    docs: Path, variables: dict[str, str], chain: str
) -> None:
    with workspace(docs, **variables) as (opened, _):
        assert chain_line(opened.chain()) == chain


def test_a_conversation_goes_on_with_other_settings_and_remembers_what_was_said(
    docs: Path, server: OllamaServer, answered: dict[str, str]
) -> None:
    with workspace(docs, **answered) as (opened, _):
        session = opened.session(opened.library.collection(), conversations=opened.conversations)
        list(session.ask(QUESTION))
        opened.change({"groq.temperature": "1.5", "retrieval.top_k": "1", "answer.cache": "false"})
        opened.hand_over(session)
        answer = collect(session.ask("How long should the loaf cool on a rack then?"))
        assert len(answer.passages) == 1
        body = server.journal[-1].body
        assert body["options"]["temperature"] == 1.5
        assert [message["content"] for message in body["messages"]][1] == QUESTION
        opened.hand_over(session, "extractive")
        assert collect(session.ask(QUESTION)).completion.provider == "extractive"
        assert [turn.question for turn in opened.conversations.load(session.id)] == [
            turn.question for turn in session.turns
        ]


def test_a_setting_that_is_wrong_changes_nothing(docs: Path) -> None:
    with workspace(docs) as (opened, _):
        before = opened.settings
        with pytest.raises(SettingsError):
            opened.change({"groq.temperature": "hot"})
        assert opened.settings is before
        opened.change({"groq.temperature": "1.5"})
        opened.change({"groq.temperature": None})
        assert opened.settings == before


def test_where_nothing_may_leave_no_client_of_the_cloud_is_made(docs: Path) -> None:
    keys = {"GROQ_API_KEY": "gsk_x", "OPENAI_MODEL": "m", "OPENAI_API_KEY": "sk-x", "ANTHROPIC_MODEL": "m"}
    variables = {**keys, "ANTHROPIC_API_KEY": "sk-ant-x", "RAGCHAT_PROVIDERS": "groq,openai,anthropic"}
    with workspace(docs, RAGCHAT_CLOUD="never", RAGCHAT_EMBEDDER="bundled", **variables) as (opened, person):
        opened.library.ingest([docs], told)
        assert [link.trouble for link in opened.chain()] == ["elsewhere"] * 3 + [""]
        session = opened.session(opened.library.collection())
        first, second = (collect(session.ask("How long should the loaf cool?")) for _ in range(2))
        assert first.completion.provider == "extractive"
        assert sum("Nothing may leave" in notice or "nothing may leave" in notice for notice in first.notices) == 3
        assert not any("may leave" in notice for notice in second.notices)
        assert person.asked == []
