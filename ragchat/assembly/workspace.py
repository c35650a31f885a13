"""What the settings lead to: documents, answers and what they took."""

from __future__ import annotations

from contextlib import ExitStack, closing
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING

from ragchat.assembly.generators import chain, groq_generator, ollama_generator, unasked
from ragchat.assembly.state import STATE_FILE, open_state
from ragchat.conversation.session import Session
from ragchat.documents.walk import walk
from ragchat.embeddings.choose import choose_embedder, choose_kind, embedder_of, kind_of, standings
from ragchat.embeddings.ollama import OllamaEmbedder
from ragchat.errors import EmbedderMismatch, NothingIndexed, SettingsError, UsageError
from ragchat.generation.extractive import ExtractiveGenerator
from ragchat.generation.groq import GroqGenerator
from ragchat.generation.router import Router
from ragchat.index.collection import DEFAULT, Collection, collection_names, folder_collection
from ragchat.index.ingest import ingest
from ragchat.index.retriever import Retriever, Weights
from ragchat.ollama.client import OllamaClient
from ragchat.pipeline.answering import Answering
from ragchat.privacy.consent import Consent
from ragchat.settings.load import load_settings
from ragchat.usage.ledger import Ledger
from ragchat.usage.report import usage_report

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ragchat.core.protocols import Embedder, Generator
    from ragchat.embeddings.choose import EmbedderKind, Standing
    from ragchat.index.ingest import IngestReport
    from ragchat.index.progress import Progress
    from ragchat.privacy.consent import Decision, Question
    from ragchat.settings.load import Loaded
    from ragchat.usage.report import Grouping, UsageReport

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


class Workspace:
    """Each part is made when it is first needed; what was opened is closed with `close`."""

    def __init__(self, loaded: Loaded, ask: Callable[[Question], Decision] | None) -> None:
        self.settings = loaded.settings
        self.warnings = loaded.warnings
        self._loaded = loaded
        self._ask = ask
        self._consents: dict[str, Consent] = {}
        self._opened = ExitStack()

    def close(self) -> None:
        """Close the connections and the database."""
        self._opened.close()

    # Documents

    def has_documents(self, collection: str = DEFAULT) -> bool:
        """Whether there is anything to ask; looking makes nothing."""
        home = self.settings.home
        return Collection.exists(home, collection) and any(Collection(home, collection).manifest.counts())

    def collection(self, name: str = DEFAULT) -> Collection:
        """A collection that holds documents; raises `NothingIndexed`, and `UsageError` for an unknown name."""
        if name == DEFAULT and not Collection.exists(self.settings.home):
            raise NothingIndexed
        collection = self._named(name)
        collection.require_documents()
        return collection

    def ingest(
        self, paths: Sequence[Path], progress: Progress, collection: str = DEFAULT, encoding: str | None = None
    ) -> tuple[IngestReport, str]:
        """Bring a collection up to date with `paths`; the report, and why a new one got its embedder.

        Raises `UsageError` for an unknown `encoding` or a path that is not there; then no collection is made.
        """
        _require_encoding(encoding)
        limit = int(self.settings.ingest.max_file_mb * 1_000_000)
        never = self.settings.home.resolve()
        next(walk(paths, max_bytes=limit, never=never), None)  # all paths are checked before the first entry
        embedder, reason = self._ingesting_embedder(collection)
        target = Collection(self.settings.home, collection)
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
        embedder, reason = self._ingesting_embedder(name)
        collection = Collection(self.settings.home, name)
        with collection.writing():
            collection.adopt(embedder.fingerprint)
        return reason

    def remove_collection(self, name: str) -> None:
        """Remove a collection with everything in it; raises `UsageError` for an unknown name, `IndexBusy`."""
        collection = self._named(name)
        # First: a new collection of this name must not find them, whatever happens meanwhile.
        self._consent(name).forget()
        collection.erase()

    def folder(self, path: Path, progress: Progress) -> tuple[str, IngestReport, str]:
        """Bring the collection that is kept for `path` up to date; its name, and as `ingest`."""
        name = folder_collection(path)
        report, reason = self.ingest([path], progress, name)
        manifest = Collection(self.settings.home, name).manifest
        if manifest.folder is None:
            manifest.keep_folder(str(path.resolve()))
        return name, report, reason

    def _named(self, name: str) -> Collection:
        if Collection.exists(self.settings.home, name):
            return Collection(self.settings.home, name)
        near = get_close_matches(name, collection_names(self.settings.home), n=1)
        hint = f"Did you mean {near[0]}?" if near else "See them all: ragchat collection list"
        raise UsageError(f"There is no collection called {name}.", hint)

    # Embedders

    def embedders(self) -> tuple[tuple[Standing, ...], EmbedderKind, str]:
        """Each embedder as it stands on this machine, which one a new collection would get, and why."""
        model = self.settings.ollama.embed_model
        kind, reason = choose_kind(self.settings.retrieval.embedder, self._ollama, model)
        return standings(self._ollama, model), kind, reason

    def bench_embedder(self) -> Embedder:
        """The embedder to measure: for `auto` the bundled one, so that figures do not hang on a running server.

        Raises `SettingsError` when the corpus may not be sent where it is.
        """
        wish = self.settings.retrieval.embedder
        chosen = "bundled" if wish == "auto" else wish
        embedder = choose_embedder(chosen, self._ollama, self.settings.ollama.embed_model).embedder
        self._require_consent(_BENCH_CORPUS, embedder)
        return embedder

    def _ingesting_embedder(self, name: str) -> tuple[Embedder, str]:
        """The embedder of the collection `name`, which need not be there, and why a new one gets it.

        For a new one it is certain that it can be reached. Raises `EmbedderError` too.
        """
        home, wish = self.settings.home, self.settings.retrieval.embedder
        there = Collection(home, name) if Collection.exists(home, name) else None
        own = there.embedder if there else None
        # An empty collection may still change to the embedder that is wished for.
        if there and own and (wish in ("auto", kind_of(own)) or any(there.manifest.counts())):
            embedder, reason = self._own_embedder(there), ""
        else:
            choice = choose_embedder(wish, self._ollama, self.settings.ollama.embed_model)
            embedder, reason = choice.embedder, choice.reason
        self._require_consent(name, embedder)
        _ = embedder.fingerprint
        return embedder, reason

    def _own_embedder(self, collection: Collection) -> Embedder:
        """The embedder that made a collection's vectors; raises `EmbedderMismatch` when another is wished for."""
        fingerprint = collection.embedder or ""
        wish = self.settings.retrieval.embedder
        if wish not in ("auto", kind_of(fingerprint)):
            raise EmbedderMismatch(
                f"The collection `{collection.name}` was embedded by {fingerprint}, and {wish} is asked for.",
                "Leave RAGCHAT_EMBEDDER and --embedder out to use the collection's own.",
            )
        return embedder_of(fingerprint, self._ollama)

    # Answers

    def retriever(self, collection: Collection, only: str | None = None) -> Retriever:
        """Search over `collection`, or its documents that match the glob `only`, by its own embedder.

        Raises `EmbedderMismatch` when another is wished for. May ask for consent.
        """
        embedder = self._own_embedder(collection)
        self._require_consent(collection.name, embedder)
        # How near is near is known of the bundled vectors only.
        weights = Weights() if kind_of(collection.embedder or "") == "bundled" else Weights(noise=0.0)
        return Retriever(collection, embedder, weights, only=only)

    def session(self, collection: Collection, provider: str | None = None, only: str | None = None) -> Session:
        """A conversation about `collection`, answered by `provider` alone when one is named. As `retriever`."""
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
        return chain(self._tried(provider))

    def usage(self, by: Grouping) -> UsageReport:
        """What all attempts took; raises `StorageError`."""
        return usage_report(self._state, by)

    def _router(self, collection: str, provider: str | None) -> Router:
        return Router(
            self._tried(provider),
            self._consent(collection),
            Ledger(self._state, collection),
            unasked=unasked(self._loaded, provider),
        )

    def _tried(self, provider: str | None) -> list[Generator]:
        # The last can always answer; so a question never ends without one.
        *named, last = self._generators
        return [*(one for one in named if provider in (None, one.provider)), last]

    @cached_property
    def _generators(self) -> list[Generator]:
        groq = groq_generator(self.settings.groq)
        if isinstance(groq, GroqGenerator):
            self._opened.callback(groq.close)
        return [groq, ollama_generator(self._ollama, self.settings), ExtractiveGenerator()]

    # What leaves this machine, and what is kept

    def _require_consent(self, collection: str, embedder: Embedder) -> None:
        """An embedder on another machine reads every document: raise `SettingsError` when it may not."""
        if not isinstance(embedder, OllamaEmbedder) or (destination := embedder.destination) is None:
            return
        permission = self._consent(collection).permits("ollama", destination, "documents")
        if not permission.allowed:
            raise SettingsError(permission.reason, "Use the bundled embedder, or an Ollama on this machine.")

    def _consent(self, collection: str) -> Consent:
        """One for each collection: what is allowed this time holds as long as the workspace."""
        if collection not in self._consents:
            policy = self.settings.privacy.cloud
            self._consents[collection] = Consent(self._state, policy, collection, self._ask)
        return self._consents[collection]

    @cached_property
    def _state(self) -> sqlite3.Connection:
        return self._opened.enter_context(closing(open_state(self.settings.home / STATE_FILE)))

    @cached_property
    def _ollama(self) -> OllamaClient:
        ollama = self.settings.ollama
        return self._opened.enter_context(OllamaClient(ollama.host, ollama.timeout_s))


def _require_encoding(name: str | None) -> None:
    try:
        b"a".decode(name or "utf-8", "replace")
    except (LookupError, ValueError) as error:  # some know no replacement: idna, undefined
        raise UsageError(
            f"Text cannot be read as {name}.", "Name an encoding such as utf-8, cp1252 or shift_jis."
        ) from error
