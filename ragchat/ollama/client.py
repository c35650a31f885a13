"""The client of Ollama's native API.

The native API, because the OpenAI-compatible one cannot set the context size; `requests`, because it has
timeouts and splits lines of bytes, where a U+0085 inside an answer ends no line.
"""

from __future__ import annotations

import json
import socket
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Self, TypeAlias
from urllib.parse import urlsplit

import requests

from ragchat.core.destination import destination
from ragchat.errors import OllamaError
from ragchat.ollama import failures
from ragchat.ollama.calls import Call, CallAdapter
from ragchat.ollama.replies import chat_line_of, is_cloud_name, items, mapping, model_of, strings

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ragchat.core.message import Message
    from ragchat.ollama.replies import ChatLine, Json, OllamaModel


CLOUD = "ollama.com"

Watch: TypeAlias = "Callable[[Callable[[], None]], AbstractContextManager[None]]"
"""Makes the context a request is made and its reply read in, given what hangs up, from any thread."""


def _unwatched(_hang_up: Callable[[], None]) -> AbstractContextManager[None]:
    return nullcontext()


class OllamaClient:
    """Talks to the server at `url`, which has no slash at its end; every method raises `OllamaError`.

    `timeout_s` bounds each silence of the server, not the whole reply: a model may have to load first.
    """

    def __init__(self, url: str, timeout_s: float, connect_timeout_s: float = 2.0) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._timeouts = (connect_timeout_s, timeout_s)
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, CallAdapter())
        # A proxy from the environment would be asked for 127.0.0.1 too.
        self._session.trust_env = self.destination is not None

    @property
    def destination(self) -> str | None:
        """The server's host; None when it is this machine. Where its models run is `destination_of`."""
        return destination(self._url)

    def destination_of(self, model: str) -> str | None:
        """As `whereabouts`, and None as well when the server does not answer: nothing can be sent either."""
        try:
            return self.whereabouts(model)
        except OllamaError:
            return None

    def whereabouts(self, model: str, *, watch: Watch = _unwatched) -> str | None:
        """Where text for `model` goes: the server's host, `ollama.com` if it runs there, None if it stays here.

        Asks a server on this machine what the model is: only it knows whether it passes text on.
        """
        if is_cloud_name(model):
            return CLOUD
        if self.destination is not None:
            return self.destination
        models = self.models(watch=watch)
        return CLOUD if any(entry.is_cloud and entry.is_called(model) for entry in models) else None

    def listens(self, timeout_s: float = 0.2) -> bool:
        """Whether something listens at the address, when that is on this machine; elsewhere it is not tried."""
        if self.destination is not None:
            return True
        address = urlsplit(self._url)
        try:
            socket.create_connection((address.hostname, address.port or 80), timeout_s).close()
        except OSError:
            return False
        return True

    def version(self) -> str:
        """The server's version."""
        return str(self._get("/api/version").get("version") or "")

    def models(self, *, watch: Watch = _unwatched) -> tuple[OllamaModel, ...]:
        """The pulled models, the newest first."""
        return tuple(model_of(mapping(entry)) for entry in items(self._get("/api/tags", watch).get("models")))

    def capabilities(self, model: str, *, watch: Watch = _unwatched) -> tuple[str, ...]:
        """What `model` can do: `completion`, `embedding`, `thinking` and others."""
        return strings(self._post("/api/show", model, {}, watch).get("capabilities"))

    def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        """A vector for each of `texts`, none of which may be empty: the server would leave it out.

        One text longer than the model's context fails them all, with the failure `too_large`.
        """
        reply = self._post("/api/embed", model, {"input": list(texts), "truncate": False})
        rows = items(reply.get("embeddings"))
        if len(rows) != len(texts):
            raise failures.not_ollama(self._url)
        return [self._floats(row) for row in rows]

    def chat(
        self,
        model: str,
        messages: Sequence[Message],
        *,
        options: Mapping[str, object],
        think: bool | str | None = None,
        watch: Watch = _unwatched,
    ) -> abc.Generator[ChatLine, None, None]:
        """The lines of a reply, the last of which is done.

        A prompt longer than the context is refused (`too_large`) by servers that know `truncate` and
        `shift`, and cut silently by older ones. `think` None leaves thinking to the server.
        What `watch` hangs up fails as a lost connection.
        """
        body: dict[str, object] = {
            "messages": [message.as_json for message in messages],
            "stream": True,
            "truncate": False,
            "shift": False,
            "options": dict(options),
        }
        if think is not None:
            body["think"] = think
        with self._send("POST", "/api/chat", {"model": model, **body}, watch, stream=True) as response:
            for line in response.iter_lines():
                if not line:
                    continue
                entry = self._object(line, model)
                yield chat_line_of(entry)
                if entry.get("done") is True:
                    return
        raise failures.cut_short(self._url)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _get(self, path: str, watch: Watch = _unwatched) -> Json:
        with self._send("GET", path, None, watch) as response:
            return self._object(response.content, "")

    def _post(self, path: str, model: str, body: Mapping[str, object], watch: Watch = _unwatched) -> Json:
        with self._send("POST", path, {"model": model, **body}, watch) as response:
            return self._object(response.content, model)

    @contextmanager
    def _send(
        self, method: str, path: str, body: Json | None, watch: Watch, *, stream: bool = False
    ) -> Iterator[requests.Response]:
        """An accepted reply, closed on every path; what goes wrong while it is read is mapped as well."""
        call = Call()
        request = partial(
            self._session.request,
            method,
            f"{self._url}{path}",
            json=body,
            timeout=self._timeouts,
            stream=stream,
            allow_redirects=False,  # it could lead off this machine
        )
        try:
            with watch(call.hang_up), call.place(request) as response:
                if response.status_code != requests.codes.ok:
                    raise self._refusal(response, str((body or {}).get("model") or ""))
                yield response
        except (requests.RequestException, OSError) as error:
            raise failures.of_exception(error, url=self._url, timeout_s=self._timeout_s) from error

    def _refusal(self, response: requests.Response, model: str) -> OllamaError:
        try:
            said = str(mapping(json.loads(response.content)).get("error") or "")
        except ValueError:
            said = ""
        return failures.of_answer(response.status_code, said, url=self._url, model=model)

    def _object(self, raw: bytes, model: str) -> Json:
        """A JSON object; an `error` in it is raised, whatever the status was."""
        try:
            entry = json.loads(raw)
        except ValueError as error:
            raise failures.not_ollama(self._url) from error
        if not isinstance(entry, dict):
            raise failures.not_ollama(self._url)
        if entry.get("error"):
            raise failures.of_answer(None, str(entry["error"]), url=self._url, model=model)
        return entry

    def _floats(self, row: object) -> list[float]:
        if not isinstance(row, list) or not row:
            raise failures.not_ollama(self._url)
        return row
