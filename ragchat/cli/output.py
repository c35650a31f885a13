"""Results and errors as programs read them: one JSON object in a versioned envelope."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ragchat.language.unseen import escaped

if TYPE_CHECKING:
    from ragchat.errors import RagchatError

ENVELOPE_VERSION = 1


def print_result(result: object, *, one_line: bool = False, name: str | None = None) -> None:
    """`{"version": 1, "ok": true, "result": …}` on stdout; in one line, with a `name`, where others follow."""
    _print({**_head(name), "ok": True, "result": result}, one_line=one_line)


def print_error(error: RagchatError, *, one_line: bool = False, name: str | None = None) -> None:
    """`{"version": 1, "ok": false, "error": {"kind", "message", "hint"}}` on stdout."""
    shape = {"kind": error.kind, "message": error.message, "hint": error.hint}
    _print({**_head(name), "ok": False, "error": shape}, one_line=one_line)


def _head(name: str | None) -> dict[str, object]:
    return {"version": ENVELOPE_VERSION} if name is None else {"version": ENVELOPE_VERSION, "id": name}


def _print(envelope: object, *, one_line: bool) -> None:
    text = json.dumps(envelope, ensure_ascii=False, indent=None if one_line else 2)
    print(escaped(text), flush=True)  # noqa: T201
