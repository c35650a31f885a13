"""The embedders, a line each, and what an installation put where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.line import facts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ragchat.embeddings.choose import EmbedderKind, Standing


def embedders(standings: Iterable[Standing], chosen: EmbedderKind, width: int | None) -> Text:
    """Name, fingerprint or why it is not at hand, and which one a new collection gets."""
    return Text("\n").join(_line(standing, chosen, width) for standing in standings)


def installed(fingerprint: str, folder: Path, *, already: bool, width: int | None) -> Text:
    """`installed · minilm/all-MiniLM-L6-v2@0123456789ab · /home/…`."""
    said = "installed already" if already else "installed"
    return facts((said, fingerprint, visible_line(str(folder))), "", width)


def _line(standing: Standing, chosen: EmbedderKind, width: int | None) -> Text:
    told = visible_line(standing.fingerprint or f"not at hand: {standing.why_not}")
    use = "for new collections" if standing.kind == chosen else ""
    return facts((standing.kind, told, use), "" if standing.fingerprint else "state", width)
