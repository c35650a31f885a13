"""`ragchat embedder`: what can turn text into vectors, and how it comes to this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ragchat.cli.options import HomeOption, JsonOption
from ragchat.cli.output import print_result
from ragchat.cli.quiet import QUIET

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragchat.embeddings.choose import Standing
    from ragchat.terminal.progress import StepProgress

app = typer.Typer(help="List what turns text into vectors, and install MiniLM.")

_MB = 1_000_000


@app.command("list")
def list_embedders(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the embedders: which are at hand, and which one a new collection would get."""
    from ragchat.cli.desk import open_desk  # noqa: PLC0415
    from ragchat.terminal.views.embedders import embedders  # noqa: PLC0415

    desk = open_desk({"home": home}, as_json=as_json)
    standings, chosen, reason = desk.workspace.embedders.standings()
    if as_json:
        rows = [_shape(standing) for standing in standings]
        print_result({"embedders": rows, "new_collection": chosen, "embedder_reason": reason})
    else:
        desk.terminal.out.print(embedders(standings, chosen, desk.terminal.line_width))


@app.command("install")
def install_embedder(
    name: Annotated[Literal["minilm"], typer.Argument(metavar="NAME", help="minilm, the only one to install.")],
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="SOURCE", help="Its archive, a folder of its files, or a mirror's URL."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch the files of all-MiniLM-L6-v2 (79 MB), as ChromaDB publishes them, and check them.

    Nothing is fetched when they are here and sound, those of ChromaDB's own loader included. Behind a mirror's
    URL, #sha256=HEX says that it leads to another archive.
    """
    from ragchat.embeddings import minilm_files, minilm_install  # noqa: PLC0415
    from ragchat.terminal.console import terminal_here  # noqa: PLC0415
    from ragchat.terminal.progress import StepProgress  # noqa: PLC0415
    from ragchat.terminal.signals import ending_cleanly  # noqa: PLC0415
    from ragchat.terminal.views.embedders import installed  # noqa: PLC0415

    terminal = terminal_here(quiet=QUIET.get())
    folder = minilm_files.installed()
    fresh = source is not None or folder is None or not minilm_install.works(folder)
    if folder is None or fresh:
        folder = minilm_files.own_folder()
        place, sha256 = _place(source or minilm_install.URL, minilm_install.SHA256)
        # Without it a SIGTERM would leave what has come so far behind.
        with ending_cleanly(), StepProgress(terminal) as bar:
            minilm_install.install(place, folder, sha256=sha256, progress=_megabytes(bar))
    fingerprint = minilm_files.fingerprint(folder)
    if as_json:
        print_result({"installed": name, "already": not fresh, "fingerprint": fingerprint, "folder": str(folder)})
    else:
        terminal.out.print(installed(fingerprint, folder, already=not fresh, width=terminal.line_width))


def _place(source: str, published: str) -> tuple[str | Path, str]:
    """What `--from` names, and the SHA-256 that an archive there must have."""
    if not source.startswith(("http://", "https://")):
        return Path(source), published
    url, _, sha256 = source.partition("#sha256=")  # as pip writes it
    return url, sha256.lower() or published


def _megabytes(bar: StepProgress) -> Callable[[int, int], None]:
    return lambda done, total: bar.update(done // _MB, total // _MB, "MB of all-MiniLM-L6-v2")


def _shape(standing: Standing) -> dict[str, object]:
    return {
        "name": standing.kind,
        "at_hand": not standing.why_not,
        "fingerprint": standing.fingerprint or None,
        "why_not": standing.why_not,
    }
