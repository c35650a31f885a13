"""What makes vectors and answers: the embedder, Ollama and Groq."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.errors import GenerationError, OllamaError, RagchatError
from ragchat.generation.providers.groq import check_key
from ragchat.generation.providers.ollama import chat_model
from ragchat.settings.providers import GROQ_BASE_URL
from ragchat.upkeep.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragchat.core.protocols import Embedder
    from ragchat.ollama.client import OllamaClient
    from ragchat.settings.providers import GroqSettings, OllamaSettings

NEVER = "nothing may leave this machine (RAGCHAT_CLOUD=never)"


def check_embedder(chosen: Callable[[], Embedder], bound: str | None, collection: str) -> Finding:
    """`embedder`: whether the `chosen` one is there, and still the one that `collection` is `bound` to."""
    try:
        fingerprint = chosen().fingerprint
    except RagchatError as error:
        return Finding("embedder", "problem", error.message, error.hint)
    if bound not in (None, fingerprint):
        return Finding(
            "embedder",
            "problem",
            f"The collection {collection} was embedded by {bound}, and this model is now {fingerprint}.",
            f"Run `ragchat index rebuild --embed-only --collection {collection}`.",
        )
    whose = "The collection's embedder" if bound else "The embedder for a new collection"
    return Finding("embedder", "ok", f"{whose} is there: {fingerprint}")


def check_ollama(
    client: OllamaClient, wanted: OllamaSettings, preferred: str | None = None, *, local_only: bool
) -> Finding:
    """`ollama`: whether the server answers and has a model for answers and one for vectors.

    Where no model is set, the `preferred` one answers if it is there.
    A server on another machine is asked for its version and models, and not even that when `local_only`.
    """
    elsewhere = client.destination
    if elsewhere and local_only:
        message = f"Ollama is on another machine, {elsewhere}, and not asked: {NEVER}."
        return Finding("ollama", "warning", message, "Set OLLAMA_HOST to an Ollama on this machine.")
    try:
        version, models = client.version(), client.models()
    except OllamaError as error:
        where = f" It is set to another machine, {elsewhere}." if elsewhere else ""
        return Finding("ollama", "warning", error.message + where, error.hint)
    server = f"Ollama {version} on {f'another machine, {elsewhere}' if elsewhere else 'this machine'}"
    lacks: list[tuple[str, str]] = []
    answers = ""
    try:
        chat = chat_model(models, wanted.model, preferred)
        answers = f"answers by {chat.name}" + (", which runs at ollama.com" if chat.is_cloud else "")
    except GenerationError as error:
        lacks.append((error.message, error.hint))
    if not any(model.is_called(wanted.embed_model) for model in models):
        model = wanted.embed_model
        lacks.append((f"Ollama has no model {model} for vectors.", f"Pull it with `ollama pull {model}`."))
    if lacks:
        messages, cures = zip(*lacks, strict=True)
        return Finding("ollama", "warning", " ".join((f"{server}.", *messages)), " ".join(cures))
    return Finding("ollama", "ok", f"{server}: {answers}, vectors by {wanted.embed_model}.")


def check_groq(groq: GroqSettings, *, local_only: bool) -> Finding:
    """`groq`: whether there is a key that can be sent; nothing is sent."""
    if groq.key_withheld:
        return Finding(
            "groq", "warning", "There is a key, and it is withheld.", "Set it and GROQ_BASE_URL in the same place."
        )
    if groq.api_key is None:
        return Finding(
            "groq",
            "warning",
            "There is no Groq key; Ollama answers, or the sentences of your documents do.",
            "Get one at https://console.groq.com/keys and set GROQ_API_KEY, or put it in .env.",
        )
    try:
        check_key(groq.api_key.get_secret_value())
    except GenerationError as error:
        return Finding("groq", "problem", error.message, error.hint)
    where = "" if groq.base_url == GROQ_BASE_URL else f" It goes to {groq.base_url}."
    if local_only:
        return Finding("groq", "ok", f"There is a key, and it stays unused: {NEVER}.{where}")
    return Finding("groq", "ok", f"There is a key for {groq.model}; whether it is valid was not asked.{where}")
