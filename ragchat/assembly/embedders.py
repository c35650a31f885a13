"""Which embedder reads a collection, and whether it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.embeddings.cached import with_cache
from ragchat.embeddings.choose import choose_embedder, choose_kind, embedder_of, kind_of, standings
from ragchat.embeddings.ollama import OllamaEmbedder
from ragchat.errors import EmbedderMismatch, SettingsError
from ragchat.index.collection import Collection

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragchat.core.protocols import Embedder
    from ragchat.embeddings.cache import VectorCache
    from ragchat.embeddings.choose import EmbedderKind, Standing
    from ragchat.ollama.client import OllamaClient
    from ragchat.privacy.consent import Consent
    from ragchat.settings.model import Settings

# What consent for a corpus to be measured is kept under: no collection can have this name.
_BENCH_CORPUS = "bench corpus"


class Embedders:
    """The embedders that `settings` lead to.

    One on another machine is handed out only where `consent`, of a collection's name, lets it read documents; each
    method raises `SettingsError` otherwise, and `EmbedderError` for one that cannot be had.
    """

    def __init__(
        self, settings: Settings, ollama: OllamaClient, cache: VectorCache, consent: Callable[[str], Consent]
    ) -> None:
        self._home = settings.home
        self._wish = settings.retrieval.embedder
        self._model = settings.ollama.embed_model
        self._ollama = ollama
        self._cache = cache
        self._consent = consent

    def standings(self) -> tuple[tuple[Standing, ...], EmbedderKind, str]:
        """Each embedder as it stands on this machine, which one a new collection would get, and why."""
        kind, reason = choose_kind(self._wish, self._ollama, self._model)
        return standings(self._ollama, self._model), kind, reason

    def for_bench(self) -> Embedder:
        """The embedder to measure: for `auto` the bundled one, so that figures do not hang on a running server."""
        chosen = "bundled" if self._wish == "auto" else self._wish
        return self._permitted(_BENCH_CORPUS, choose_embedder(chosen, self._ollama, self._model).embedder)

    def for_ingest(self, name: str) -> tuple[Embedder, str]:
        """The embedder of the collection `name`, which need not be there, and why a new one gets it."""
        there = Collection(self._home, name) if Collection.exists(self._home, name) else None
        own = there.embedder if there else None
        # An empty collection may still change to the embedder that is wished for.
        if there and own and (self._wish in ("auto", kind_of(own)) or not there.manifest.is_empty):
            embedder, reason = self._own(there), ""
        else:
            choice = choose_embedder(self._wish, self._ollama, self._model)
            embedder, reason = choice.embedder, choice.reason
        return self._reached(name, embedder), reason

    def for_search(self, collection: Collection) -> Embedder:
        """The embedder that made a collection's vectors; raises `EmbedderMismatch` when another is wished for."""
        embedder = self._permitted(collection.name, self._own(collection))
        if isinstance(embedder, BundledEmbedder):
            embedder.warm_up()
        return embedder

    def for_rebuild(self, collection: Collection) -> Embedder:
        """The embedder that is wished for, else the collection's own."""
        if self._wish == "auto" and collection.embedder:
            return self._reached(collection.name, self._own(collection))
        return self._reached(collection.name, choose_embedder(self._wish, self._ollama, self._model).embedder)

    def _own(self, collection: Collection) -> Embedder:
        fingerprint = collection.embedder or ""
        if self._wish not in ("auto", kind_of(fingerprint)):
            told = f"The collection `{collection.name}` was embedded by {fingerprint}"
            raise EmbedderMismatch(
                f"{told}, and {self._wish} is asked for.",
                "Leave RAGCHAT_EMBEDDER and --embedder out to use the collection's own.",
            )
        return embedder_of(fingerprint, self._ollama)

    def _reached(self, name: str, embedder: Embedder) -> Embedder:
        """The same with the cache, and certain to be there: before anything is made for it."""
        return with_cache(self._permitted(name, embedder), self._cache)

    def _permitted(self, name: str, embedder: Embedder) -> Embedder:
        """An embedder on another machine reads every document: raise `SettingsError` when it may not."""
        if isinstance(embedder, OllamaEmbedder) and (destination := embedder.destination) is not None:
            permission = self._consent(name).permits("ollama", destination, "documents")
            if not permission.allowed:
                raise SettingsError(permission.reason, "Use the bundled embedder, or an Ollama on this machine.")
        return embedder
