"""`ragchat chat`, and plain `ragchat`: a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat import __version__
from ragchat.cli.options import (
    CollectionOption,
    DocsOption,
    HomeOption,
    LocalOnlyOption,
    ProviderOption,
    SourceOption,
    TopKOption,
)
from ragchat.errors import NothingIndexed
from ragchat.terminal.views.chain import chain
from ragchat.terminal.views.quantities import counted

if TYPE_CHECKING:
    from ragchat.cli.desk import Desk


def chat(
    docs: DocsOption = None,
    collection: CollectionOption = None,
    source: SourceOption = None,
    provider: ProviderOption = None,
    local_only: LocalOnlyOption = False,
    top_k: TopKOption = None,
    home: HomeOption = None,
) -> None:
    """Ask one question after the other. Without a terminal, a question is read from each line of stdin."""
    from ragchat.cli.desk import open_desk  # noqa: PLC0415
    from ragchat.terminal.chat import Opened  # noqa: PLC0415
    from ragchat.terminal.repl import Repl  # noqa: PLC0415

    flags = {"home": home, "retrieval.top_k": top_k, "privacy.cloud": "never" if local_only else None}
    desk = open_desk(flags)
    workspace = desk.workspace
    if docs is None and collection is None and not workspace.library.has_documents():
        _offer_this_folder(desk)
    target = desk.collection(collection, docs)

    # Here and not in the background: it may ask for consent, and the prompt reads the keyboard then.
    session = workspace.session(target, provider, source)

    def open_session() -> Opened:
        documents, _ = target.manifest.counts()
        # The first search loads what is heavy; better now than behind the first question.
        target.warm_up()
        return Opened(session, f"{counted(documents, 'document')} · {chain(workspace.chain(provider))}")

    banner = f"ragchat {__version__} · ask your documents · /help lists the commands, Ctrl-D leaves"
    history = workspace.settings.home / "history"
    Repl(desk.terminal, open_session, banner=banner, history_file=history).run()


def _offer_this_folder(desk: Desk) -> None:
    """Ask whether the working directory should be ingested; raises `NothingIndexed` when it is not."""
    from rich.text import Text  # noqa: PLC0415

    from ragchat.terminal.views.ingest import ingested  # noqa: PLC0415

    terminal = desk.terminal
    if not terminal.interactive:
        raise NothingIndexed
    asked = f"Nothing is indexed yet. Ingest this folder, {terminal.directory}? [y/N]"
    terminal.out.print(Text(asked, style="prompt"), end=" ")
    if terminal.stdin.readline().strip().lower() not in ("y", "yes"):
        raise NothingIndexed
    report, reason = desk.ingest([terminal.directory])
    terminal.out.print(ingested(report, terminal.directory, terminal.line_width))
    desk.note(reason)
    if not desk.workspace.library.has_documents():
        raise NothingIndexed("Nothing in this folder can be read.", "Ingest another: ragchat ingest PATH")
