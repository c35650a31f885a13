"""What the settings lead to: a library, answers and what they took."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from functools import cached_property
from typing import TYPE_CHECKING

from ragchat.assembly.answerers import Answerers
from ragchat.assembly.embedders import Embedders
from ragchat.assembly.library import Library
from ragchat.assembly.state import STATE_FILE, open_state
from ragchat.conversation.session import Session
from ragchat.conversation.store import nobody_asked, open_conversations
from ragchat.documents.split import TARGET_TOKENS
from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.embeddings.cache import CACHE_FILE, VectorCache
from ragchat.errors import StorageError
from ragchat.generation.memory.remembered import Remembering
from ragchat.index.retriever import Retriever, Weights
from ragchat.ollama.client import OllamaClient
from ragchat.pipeline.answering import Answering
from ragchat.pipeline.attaching import Attaching, attach
from ragchat.pipeline.rewriting import Rewriter
from ragchat.privacy.consent import Consent
from ragchat.settings.describe import describe
from ragchat.settings.load import load_settings
from ragchat.settings.sources import PASSPHRASE_VARIABLE
from ragchat.usage.ledger import Ledger
from ragchat.usage.report import usage_report

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ragchat.conversation.store import Conversations
    from ragchat.core.protocols import Generator
    from ragchat.generation.chain.links import Link
    from ragchat.index.collection import Collection
    from ragchat.pipeline.attaching import Attachment, PassageSearch
    from ragchat.privacy.consent import Decision, Question
    from ragchat.resilience.pacing import Paces
    from ragchat.settings.describe import Row
    from ragchat.settings.load import Loaded
    from ragchat.usage.budgets import Remaining
    from ragchat.usage.report import Grouping, UsageReport


def open_workspace(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    directory: Path,
    ask: Callable[[Question], Decision] | None = None,
    ask_passphrase: Callable[[bool], str] = nobody_asked,
) -> Workspace:
    """Read the settings that hold in `directory`; `ask` puts a question of consent to a person who is there.

    So does `ask_passphrase`, which is told whether it is a new one; RAGCHAT_PASSPHRASE in `environ` answers it.
    Raises `SettingsError`.
    """

    def load(changes: Mapping[str, object]) -> Loaded:
        return load_settings(flags={**flags, **changes}, environ=environ, cwd=directory)

    known = environ.get(PASSPHRASE_VARIABLE)
    return Workspace(load({}), ask, (lambda _new: known) if known else ask_passphrase, load=load)


class Workspace:
    """Each part is made when it is first needed; what was opened is closed with `close`.

    `load` reads the settings again, some of them changed.
    """

    def __init__(
        self,
        loaded: Loaded,
        ask: Callable[[Question], Decision] | None,
        ask_passphrase: Callable[[bool], str] = nobody_asked,
        paces: Paces | None = None,
        load: Callable[[Mapping[str, object]], Loaded] | None = None,
    ) -> None:
        self.settings = loaded.settings
        self.warnings = loaded.warnings
        self._loaded = loaded
        self._ask = ask
        self._ask_passphrase = ask_passphrase
        self._paces = paces
        self._load = load
        self._changes: dict[str, object] = {}
        self._consents: dict[str, Consent] = {}
        self._opened = ExitStack()

    def close(self) -> None:
        """Close the connections and the database."""
        self._opened.close()

    def change(self, changes: Mapping[str, object]) -> None:
        """Let settings, by their dotted names, be others from the next question on; None takes a change back.

        Only those of `settings.changing` have an effect. A session has to be handed over. Raises `SettingsError`,
        and then everything stays as it was.
        """
        assert self._load is not None
        merged = {**self._changes, **changes}
        # A change that is taken back lets what the command line said hold again.
        changes = {name: value for name, value in merged.items() if value is not None}
        loaded = self._load(changes)
        if loaded.settings.privacy != self.settings.privacy:
            self._consents.clear()
        self._changes, self._loaded, self.settings = changes, loaded, loaded.settings
        self.__dict__.pop("_answerers", None)

    def described(self) -> tuple[Row, ...]:
        """Every setting with its value and where it came from."""
        return describe(self._loaded)

    @cached_property
    def library(self) -> Library:
        """The collections."""
        return Library(self.settings, self.embedders, self._forget)

    @cached_property
    def embedders(self) -> Embedders:
        """What turns text into vectors."""
        return Embedders(self.settings, self._ollama, self._vector_cache, self._consent)

    # Answers

    def retriever(self, collection: Collection, only: str | None = None) -> Retriever:
        """Search over `collection`, or its documents that match the glob `only`, by its own embedder.

        Raises `EmbedderMismatch` when another is wished for. May ask for consent.
        """
        embedder = self.embedders.for_search(collection)
        return Retriever(collection, embedder, Weights.of(collection.embedder or ""), only=only)

    def session(
        self,
        collection: Collection,
        provider: str | None = None,
        only: str | None = None,
        conversations: Conversations | None = None,
        attachment: Attachment | None = None,
    ) -> Session:
        """A conversation about `collection`, and `attachment`, answered by `provider` alone when one is named.

        It is kept in `conversations` where they are given; where those are encrypted, no answer is remembered.
        As `retriever`.
        """
        search: PassageSearch = self.retriever(collection, only)
        if attachment:
            search = Attaching(search, attachment)
        return self._session(search, collection.name, provider, conversations)

    def attachment(self, text: str, question: str) -> Attachment:
        """As much of `text` as half a prompt takes; the bundled vectors tell what is near, so it goes nowhere."""
        most = max(1, self.settings.answer.context_tokens // (2 * TARGET_TOKENS))
        return attach(text, question, most, BundledEmbedder)

    def sessions(
        self, collection: Collection, provider: str | None, only: str | None, paces: Paces
    ) -> Callable[[], AbstractContextManager[Callable[[], Session]]]:
        """Opens, for each thread, what begins sessions like `session`, whose requests `paces` hold back.

        They search one after the other, and answer beside each other. Whoever must be asked for consent is asked
        here and now, and stays unasked in a session: there, what was not allowed is refused. Raises as `session`.
        """
        retriever = self.retriever(collection, only)
        if self._ask:
            self._answerers.settle_consent(collection.name, provider)

        ask = self._consent(collection.name).decided if self._ask else None

        @contextmanager
        def opened() -> Iterator[Callable[[], Session]]:
            with closing(Workspace(self._loaded, ask, paces=paces)) as own:
                draw = own._answerers.drawing(collection.name, provider)
                yield lambda: Session(own._answering(retriever, draw()))

        return opened

    @cached_property
    def conversations(self) -> Conversations:
        """The stored sessions, also where no more are kept; may ask for a passphrase.

        Raises `StorageError`, and `UsageError` for a wrong passphrase.
        """
        kind = self._loaded.origins["conversation.encryption"].kind
        conversations = open_conversations(
            self.settings.home,
            self.settings.conversation.encryption,
            self._ask_passphrase,
            self._forget_answers,
            # Nobody said so, or somebody else's file: what was encrypted stays it.
            loosen=kind not in ("default", ".env"),
        )
        return self._opened.enter_context(closing(conversations))

    def chain(self, provider: str | None = None) -> tuple[Link, ...]:
        """The providers in their order, as they stand now."""
        return self._answerers.chain(provider)

    def models(self, provider: str | None = None) -> tuple[str, ...]:
        """What whoever answers could be asked for, as far as that is known on this machine."""
        return self._answerers.known_models(provider)

    def budgets_left(self) -> tuple[Remaining, ...]:
        """What remains of each budget that is set; raises `StorageError`."""
        return self._answerers.budgets_left()

    def usage(self, by: Grouping) -> UsageReport:
        """What all attempts took; raises `StorageError`."""
        return usage_report(self._state, by)

    def hand_over(self, session: Session, provider: str | None = None) -> None:
        """Let `session` go on with the settings as they are now, answered by `provider` alone if one is named."""
        session.hand_over(*self._handed(session.search, session.collection, provider, session.is_encrypted))

    def _session(
        self,
        search: PassageSearch,
        collection: str,
        provider: str | None,
        conversations: Conversations | None = None,
    ) -> Session:
        encrypted = conversations is not None and conversations.encrypted
        answering, afresh = self._handed(search, collection, provider, encrypted)
        return Session(answering, conversations, collection, afresh)

    def _handed(
        self, search: PassageSearch, collection: str, provider: str | None, encrypted: bool
    ) -> tuple[Answering, Callable[[], AbstractContextManager[None]]]:
        """Who answers, and what it is done in to be done afresh."""
        models = self._answerers.models(collection, provider)
        generator = self._answerers.session(collection, provider, remembers=not encrypted)
        answering = self._answering(search, generator, Rewriter(models) if models else None)
        return answering, generator.afresh if isinstance(generator, Remembering) else nullcontext

    def _answering(
        self, search: PassageSearch, generator: Generator, rewriter: Rewriter | None = None
    ) -> Answering:
        return Answering(
            search,
            generator,
            top_k=self.settings.retrieval.top_k,
            context_tokens=self.settings.answer.context_tokens,
            rewriter=rewriter,
        )

    @cached_property
    def _answerers(self) -> Answerers:
        return Answerers(self._loaded, self._state, self._ollama, self._consent, self._opened, self._paces)

    # What leaves this machine, and what is kept

    def _forget(self, collection: str) -> None:
        """Forget what was consented to for a collection, and answered from it."""
        self._consent(collection).forget()
        self._forget_answers(collection)

    def _forget_answers(self, collection: str) -> None:
        self._answerers.forget(collection)

    def _consent(self, collection: str) -> Consent:
        """One for each collection: what is allowed this time holds as long as the workspace."""
        if collection not in self._consents:
            policy = self.settings.privacy.cloud
            self._consents[collection] = Consent(self._state, policy, collection, self._ask)
        return self._consents[collection]

    @cached_property
    def _state(self) -> sqlite3.Connection:
        state = self._opened.enter_context(closing(open_state(self.settings.home / STATE_FILE)))
        with suppress(StorageError):  # whoever writes next will say so
            Ledger(state, "").settle_interrupted()
        return state

    @cached_property
    def _vector_cache(self) -> VectorCache:
        return self._opened.enter_context(closing(VectorCache(self.settings.home / CACHE_FILE)))

    @cached_property
    def _ollama(self) -> OllamaClient:
        ollama = self.settings.ollama
        return self._opened.enter_context(OllamaClient(ollama.host, ollama.timeout_s))
