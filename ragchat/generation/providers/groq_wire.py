"""The events of Groq's wire: those of OpenAI's, with a field of its own. Shapes: recordings of 2026."""

from __future__ import annotations

from ragchat.generation.providers import openai_wire
from ragchat.generation.providers.chunk import Chunk, fields, frame, string

_OWN = b'"x_groq"'


def decode(name: bytes, data: bytes) -> Chunk:
    """The chunk in an event; raises `ValueError` for one that is no JSON object.

    `x_groq` stands in the first and the last: the name of the request, the counts, or why it was stopped early.
    """
    chunk = openai_wire.decode(name, data)
    if _OWN not in data or chunk.error is not None:
        return chunk
    own = fields(frame(data).get("x_groq"))
    if own.get("error"):
        chunk = chunk._replace(error={"code": "x_groq", "message": own["error"]})
    usage = openai_wire.usage(fields(own.get("usage")))
    return chunk._replace(usage=usage or chunk.usage, request_id=string(own.get("id")))
