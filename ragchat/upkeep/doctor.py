"""The examination: everything that ragchat needs is looked at, from the ground up.

Nothing is mended, and nothing is sent but the question to Ollama which version and models it has, and, where
that is asked for, to the providers with a key which models they have.
"""

from __future__ import annotations

import sqlite3
import sys
from functools import partial
from typing import TYPE_CHECKING

from ragchat.embeddings.choose import choose_embedder, embedder_of
from ragchat.embeddings.ollama import OllamaEmbedder
from ragchat.errors import RagchatError, SettingsError
from ragchat.index.catalogue import collection_folder
from ragchat.index.collection import DEFAULT, Collection
from ragchat.upkeep.checks import home, providers, stores, surroundings
from ragchat.upkeep.checks.online import check_online, doors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ragchat.core.protocols import Embedder
    from ragchat.ollama.client import OllamaClient
    from ragchat.settings.load import Loaded
    from ragchat.settings.model import Settings
    from ragchat.upkeep.checks.surroundings import Screen
    from ragchat.upkeep.finding import Finding


def examine_surroundings(screen: Screen) -> Iterator[Finding]:
    """What can be said without the settings."""
    yield surroundings.check_python(sys.version_info[:3])
    yield surroundings.check_terminal(screen)
    yield surroundings.check_bytecode()
    yield surroundings.check_office()


def examine(
    loaded: Loaded,
    collection: str | None,
    *,
    ollama: OllamaClient,
    ledger_file: Path,
    open_ledger: Callable[[Path], sqlite3.Connection],
    preferred: str | None = None,
    ask: bool = False,
) -> Iterator[Finding]:
    """What the settings lead to, and one collection: the default one when `collection` is None.

    What lies in a home that cannot be used is not looked at. `preferred` is Ollama's model where none is set. With
    `ask`, each provider with a key is asked whether it takes it, unless nothing may leave this machine.
    """
    settings = loaded.settings
    local_only = settings.privacy.cloud == "never"
    yield surroundings.check_settings(loaded.warnings)
    usable = home.check_home(settings.home)
    yield usable
    bound = None
    if usable.state != "problem":
        if settings.home.exists():
            yield home.check_permissions(settings.home)
            yield home.check_files(settings.home)
        yield home.check_disk(settings.home)
        yield stores.check_ledger(ledger_file, open_ledger)
        yield stores.check_conversations(settings.home)
        index, bound = _index(settings, collection)
        yield index
    chosen = partial(_embedder, settings, ollama, bound)
    yield providers.check_embedder(chosen, bound, collection or DEFAULT)
    yield providers.check_ollama(ollama, settings.ollama, preferred, local_only=local_only)
    reachable = doors(settings) if ask and not local_only else {}
    models = {"groq": settings.groq.model, "openai": settings.openai.model, "anthropic": settings.anthropic.model}
    if "groq" not in reachable:
        yield providers.check_groq(settings.groq, local_only=local_only)
    for name, door in reachable.items():
        yield check_online(door, models[name])


def _index(settings: Settings, name: str | None) -> tuple[Finding, str | None]:
    """What was found, and the fingerprint of the embedder that the collection is bound to."""
    wanted = name or DEFAULT
    try:
        if not Collection.exists(settings.home, wanted):
            return stores.missing_index(name), None
        collection = Collection(settings.home, wanted)
        bound = collection.embedder
    except (RagchatError, sqlite3.Error, OSError) as error:
        return stores.unusable_index(collection_folder(settings.home, wanted), error), None
    return stores.check_index(collection, settings.retrieval.embedder), bound


def _embedder(settings: Settings, ollama: OllamaClient, bound: str | None) -> Embedder:
    """The embedder that a search would use, or the first ingest; refused as they would be."""
    if bound:
        embedder = embedder_of(bound, ollama)
    else:
        embedder = choose_embedder(settings.retrieval.embedder, ollama, settings.ollama.embed_model).embedder
    away = embedder.destination if isinstance(embedder, OllamaEmbedder) else None
    if away and settings.privacy.cloud == "never":
        raise SettingsError(
            f"The embedder is on another machine, {away}: {providers.NEVER}.",
            "Use the bundled embedder, or an Ollama on this machine.",
        )
    return embedder
