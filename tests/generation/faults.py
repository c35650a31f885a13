"""Every failure of a server in the cloud, at every moment of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers import groq as fake_groq
from tests.servers.wire import fail, hang_up, html, never

if TYPE_CHECKING:
    from tests.servers.wire import Behaviour

refuse = fake_groq.refuse
BEFORE_THE_STREAM: dict[str, Behaviour] = {
    "400 context": refuse(400, "context_length_exceeded", "Please reduce the length of the messages."),
    "400 decommissioned": refuse(400, "model_decommissioned", "The model has been decommissioned."),
    "400 other": refuse(400, "invalid", "no"),
    "401": refuse(401, "invalid_api_key", "Invalid API Key"),
    "403": refuse(403, "forbidden", "no"),
    "404 model": refuse(404, "model_not_found", "The model does not exist."),
    "413": refuse(413, "rate_limit_exceeded", "Request too large: Limit 8000, Requested 32979."),
    "422": refuse(422, "invalid", "no"),
    "429 short": refuse(429, "rate_limit_exceeded", "Slow down.", {"retry-after": "1"}),
    "429 long": refuse(429, "rate_limit_exceeded", "Tokens per day.", {"retry-after": "578"}),
    "429 silent": refuse(429, "rate_limit_exceeded", "Slow down."),
    "498": refuse(498, "capacity_exceeded", "no capacity"),
    "500": fail(500),
    "502": fail(502),
    "503": fail(503, headers={"retry-after": "1"}),
    "504": fail(504),
    "200 html": html,
    "200 json": fail(200, {"error": {"message": "no"}}),
    "hung up": hang_up,
    "silent": never,
}
HOW: dict[str, Behaviour] = {
    "ends": fake_groq.end,
    "malformed": fake_groq.malformed_chunk,
    "error event": fake_groq.error_event,
    "x_groq error": fake_groq.x_groq_error,
    "hung up": hang_up,
    "silent": never,
    "dripping": fake_groq.drip,
}
CELLS = {
    **{f"before the stream: {name}": behaviour for name, behaviour in BEFORE_THE_STREAM.items()},
    **{f"before the first token: {name}": fake_groq.broken(how, after=0) for name, how in HOW.items()},
    **{f"after the first token: {name}": fake_groq.broken(how, after=2) for name, how in HOW.items()},
}
