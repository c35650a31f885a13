"""Results and errors as programs read them: one JSON object in a versioned envelope."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragchat.errors import RagchatError

ENVELOPE_VERSION = 1

# JSON escapes C0 controls by itself; these would still act on a terminal that shows the output.
_ACTIVE = re.compile("[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def print_result(result: object) -> None:
    """`{"version": 1, "ok": true, "result": …}` on stdout."""
    _print({"version": ENVELOPE_VERSION, "ok": True, "result": result})


def print_error(error: RagchatError) -> None:
    """`{"version": 1, "ok": false, "error": {"kind", "message", "hint"}}` on stdout."""
    shape = {"kind": error.kind, "message": error.message, "hint": error.hint}
    _print({"version": ENVELOPE_VERSION, "ok": False, "error": shape})


def _print(envelope: object) -> None:
    text = json.dumps(envelope, ensure_ascii=False, indent=2)
    print(_ACTIVE.sub(lambda match: f"\\u{ord(match[0]):04x}", text), flush=True)  # noqa: T201
