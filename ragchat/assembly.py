"""The one place that knows every concrete class, and puts them together as the settings say."""

from __future__ import annotations

import codecs
from difflib import get_close_matches
from functools import cached_property, partial
from typing import TYPE_CHECKING

from ragchat.conversation.session import Session
from ragchat.embeddings.choose import choose_embedder, embedder_of
from ragchat.errors import EmbedderMismatch, NothingIndexed, SettingsError, UsageError
from ragchat.generation.extractive import ExtractiveGenerator
from ragchat.generation.groq import GroqGenerator
from ragchat.generation.ollama import OllamaGenerator
from ragchat.generation.router import Router
from ragchat.generation.unconfigured import Unconfigured
from ragchat.index.collection import DEFAULT, Collection, collection_names, folder_collection
from ragchat.index.ingest import ingest
from ragchat.index.retriever import Retriever
from ragchat.ollama.client import OllamaClient
from ragchat.pipeline.answering import Answering
from ragchat.privacy.consent import CREATE_CONSENTS, Consent
from ragchat.settings.load import load_settings
from ragchat.storage.database import open_database
from ragchat.upkeep import doctor
from ragchat.upkeep.checks.surroundings import wrong_settings
from ragchat.usage.ledger import CREATE_ATTEMPTS, Ledger
from ragchat.usage.report import usage_report

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ragchat.core.protocols import Embedder, Generator
    from ragchat.index.ingest import IngestReport, Progress
    from ragchat.privacy.consent import Decision, Question
    from ragchat.settings.load import Loaded
    from ragchat.upkeep.checks.surroundings import Screen
    from ragchat.upkeep.finding import Finding
    from ragchat.usage.report import Grouping, UsageReport

# Append only: a script's position is the version of the schema it leads to.
_STATE_SCHEMA = (CREATE_ATTEMPTS, CREATE_CONSENTS)
_STATE_FILE = "state.db"
# It loads no model, so the server need not be given the time for that.
_EXAMINING_TIMEOUT_S = 5.0

PROVIDERS = ("groq", "ollama", "extractive")
"""In the order they are tried."""

# What consent for a corpus to be measured is kept under: no collection can have this name.
_BENCH_CORPUS = "bench corpus"


def open_workspace(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    directory: Path,
    ask: Callable[[Question], Decision] | None = None,
) -> Workspace:
    """Read the settings that hold in `directory`; `ask` puts a question of consent to a person who is there.

    Raises `SettingsError`.
    """
    return Workspace(load_settings(flags=flags, environ=environ, cwd=directory), ask)


def examine(
    flags: Mapping[str, object], environ: Mapping[str, str], directory: Path, screen: Screen, name: str | None
) -> Iterator[Finding]:
    """Look at everything, and the collection `name`; a setting that is wrong is found, not raised."""
    yield from doctor.examine_surroundings(screen)
    try:
        loaded = load_settings(flags=flags, environ=environ, cwd=directory)
    except SettingsError as error:
        yield wrong_settings(error)
    else:
        yield from doctor.examine(
            loaded,
            name,
            ollama=OllamaClient(loaded.settings.ollama.host, _EXAMINING_TIMEOUT_S),
            ledger_file=loaded.settings.home / _STATE_FILE,
            open_ledger=partial(open_database, migrations=_STATE_SCHEMA),
        )


class Workspace:
    """What the settings lead to, made when it is first needed."""

    def __init__(self, loaded: Loaded, ask: Callable[[Question], Decision] | None) -> None:
        self.settings = loaded.settings
        self.warnings = loaded.warnings
        self._origins = loaded.origins
        self._ask = ask

    # Documents

    def has_documents(self, collection: str = DEFAULT) -> bool:
        """Whether there is anything to ask; looking makes nothing."""
        home = self.settings.home
        return Collection.exists(home, collection) and any(Collection(home, collection).manifest.counts())

    def collection(self, name: str = DEFAULT) -> Collection:
        """A collection that holds documents; raises `NothingIndexed`, and `UsageError` for an unknown name."""
        if name == DEFAULT and not Collection.exists(self.settings.home):
            raise NothingIndexed("Nothing is indexed yet.", "Ingest some documents first: ragchat ingest PATH")
        collection = self._named(name)
        collection.require_documents()
        return collection

    def ingest(
        self, paths: Sequence[Path], progress: Progress, collection: str = DEFAULT, encoding: str | None = None
    ) -> tuple[IngestReport, str]:
        """Bring a collection up to date with `paths`; the report, and why a new one got its embedder.

        Raises `UsageError` for an unknown `encoding`.
        """
        _require_encoding(encoding)
        target = Collection(self.settings.home, collection)
        embedder, reason = self._ingesting_embedder(target)
        limit = int(self.settings.ingest.max_file_mb * 1_000_000)
        never = self.settings.home.resolve()
        report = ingest(
            target, embedder, paths, max_bytes=limit, never=never, encoding=encoding, progress=progress
        )
        return report, reason

    def collections(self) -> list[Collection]:
        """All collections, by name."""
        home = self.settings.home
        return [Collection(home, name) for name in collection_names(home)]

    def create_collection(self, name: str) -> str:
        """Make an empty collection with its embedder; why it is that one. Raises `UsageError` if it is there."""
        if Collection.exists(self.settings.home, name):
            raise UsageError(f"There is a collection called {name} already.", "Choose another name.")
        collection = Collection(self.settings.home, name)
        embedder, reason = self._ingesting_embedder(collection)
        with collection.writing():
            collection.adopt(embedder.fingerprint)
        return reason

    def remove_collection(self, name: str) -> None:
        """Remove a collection with everything in it; raises `UsageError` for an unknown name, `IndexBusy`."""
        self._named(name).erase()

    def _named(self, name: str) -> Collection:
        if Collection.exists(self.settings.home, name):
            return Collection(self.settings.home, name)
        near = get_close_matches(name, collection_names(self.settings.home), n=1)
        hint = f"Did you mean {near[0]}?" if near else "See them all: ragchat collection list"
        raise UsageError(f"There is no collection called {name}.", hint)

    def folder(self, path: Path, progress: Progress) -> tuple[str, IngestReport]:
        """Bring the collection that is kept for `path` up to date; its name and the report."""
        name = folder_collection(path)
        report, _ = self.ingest([path], progress, name)
        Collection(self.settings.home, name).manifest.keep_folder(str(path.resolve()))
        return name, report

    # Answers

    def retriever(self, collection: Collection, only: str | None = None) -> Retriever:
        """Search over `collection`, or its documents that match the glob `only`, by its own embedder.

        Raises `EmbedderMismatch` when another is wished for.
        """
        fingerprint = collection.embedder or ""
        wish = self.settings.retrieval.embedder
        kind = fingerprint.partition("/")[0]
        if wish not in ("auto", kind):
            raise EmbedderMismatch(
                f"The collection `{collection.name}` was embedded by {fingerprint}, and {wish} is asked for.",
                "Leave RAGCHAT_EMBEDDER and --embedder out to use the collection's own.",
            )
        if kind == "ollama":
            self._require_consent(collection.name)
        return Retriever(collection, embedder_of(fingerprint, self._ollama), only=only)

    def session(self, collection: Collection, provider: str | None = None, only: str | None = None) -> Session:
        """A conversation about `collection`, answered by `provider` alone when one is named."""
        answer = self.settings.answer
        answering = Answering(
            self.retriever(collection, only),
            self._router(collection.name, provider),
            top_k=self.settings.retrieval.top_k,
            context_tokens=answer.context_tokens,
        )
        return Session(answering)

    def chain(self, provider: str | None = None) -> str:
        """The providers that can be tried, in their order, as a person reads it."""
        able = [one for one in self._generators(provider) if not isinstance(one, Unconfigured)]
        # Each once: the extractive one is its own model.
        return " → ".join(" ".join(dict.fromkeys((one.provider, one.model))).strip() for one in able)

    def usage(self, by: Grouping) -> UsageReport:
        """What all attempts took; raises `StorageError`."""
        return usage_report(self._state, by)

    def _router(self, collection: str, provider: str | None) -> Router:
        return Router(
            self._generators(provider),
            Consent(self._state, self.settings.privacy.cloud, collection, self._ask),
            Ledger(self._state, collection),
            unasked=self._unasked(provider),
        )

    def _generators(self, provider: str | None) -> list[Generator]:
        made: dict[str, Callable[[], Generator]] = {"groq": self._groq, "ollama": self._local}
        wanted = [name for name in PROVIDERS if name in made and provider in (None, name)]
        # The last can always answer; so a question never ends without one.
        return [*(made[name]() for name in wanted), ExtractiveGenerator()]

    def _groq(self) -> Generator:
        groq = self.settings.groq
        if groq.api_key is None:
            message = groq.key_withheld or "There is no Groq key."
            return Unconfigured("groq", groq.model, message, "Set GROQ_API_KEY, or put it in .env.")
        return GroqGenerator(
            api_key=groq.api_key.get_secret_value(),
            base_url=groq.base_url,
            model=groq.model,
            temperature=groq.temperature,
            max_tokens=groq.max_tokens,
            timeout_s=groq.timeout_s,
        )

    def _local(self) -> Generator:
        return OllamaGenerator(
            self._ollama,
            self.settings.ollama.model,
            num_ctx=self.settings.ollama.context_tokens,
            temperature=self.settings.groq.temperature,
            max_tokens=self.settings.groq.max_tokens,
        )

    def _unasked(self, provider: str | None) -> frozenset[str]:
        """The providers nobody set up and nobody named: that they are missing is no news."""
        silent = {"ollama"} if self._by_default("ollama.host", "ollama.model") else set()
        if self.settings.groq.key_withheld is None and self._by_default("groq.api_key"):
            silent.add("groq")
        return frozenset(silent - {provider})

    def _by_default(self, *names: str) -> bool:
        return all(self._origins[name].kind == "default" for name in names)

    def bench_embedder(self) -> Embedder:
        """The embedder to measure: for `auto` the bundled one, so that figures do not hang on a running server.

        Raises `SettingsError` when the corpus may not be sent where it is.
        """
        wish = self.settings.retrieval.embedder
        if wish == "ollama":
            self._require_consent(_BENCH_CORPUS)
        chosen = "bundled" if wish == "auto" else wish
        return choose_embedder(chosen, self._ollama, self.settings.ollama.embed_model).embedder

    def _ingesting_embedder(self, collection: Collection) -> tuple[Embedder, str]:
        own = collection.embedder
        wish = self.settings.retrieval.embedder
        if own and wish in ("auto", own.partition("/")[0]):
            embedder, reason = embedder_of(own, self._ollama), ""
        else:
            choice = choose_embedder(wish, self._ollama, self.settings.ollama.embed_model)
            embedder, reason = choice.embedder, choice.reason
        if "ollama" in (wish, (own or "").partition("/")[0]):
            self._require_consent(collection.name)
        return embedder, reason

    def _require_consent(self, collection: str) -> None:
        """An embedder on another machine reads every document: the same question as for an answer."""
        consent = Consent(self._state, self.settings.privacy.cloud, collection, self._ask)
        permission = consent.permits("ollama", self._ollama.destination)
        if not permission.allowed:
            raise SettingsError(permission.reason, "Use the bundled embedder, or an Ollama on this machine.")

    @cached_property
    def _state(self) -> sqlite3.Connection:
        return open_database(self.settings.home / _STATE_FILE, _STATE_SCHEMA)

    @cached_property
    def _ollama(self) -> OllamaClient:
        return OllamaClient(self.settings.ollama.host, self.settings.ollama.timeout_s)


def _require_encoding(name: str | None) -> None:
    try:
        known = name is None or codecs.lookup(name)._is_text_encoding
    except LookupError:
        known = False
    if not known:
        raise UsageError(f"There is no encoding called {name}.", "Name one such as utf-8, cp1252 or shift_jis.")
