"""Commands that change who answers, and how."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from ragchat.core.choices import PROVIDERS, ThemeChoice
from ragchat.errors import UsageError
from ragchat.settings.changing import changeable, setting_called
from ragchat.terminal.views.chain import chain
from ragchat.terminal.views.settings import setting as one
from ragchat.terminal.views.settings import settings as several

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ragchat.terminal.chat import Chat

_ALL = "auto"
_GIVEN = re.compile(r"([^\s=]*)(?:\s*[=\s]\s*(.*))?", re.DOTALL)
_BACK = "default"
_CLOUD = "privacy.cloud"


def provider(chat: Chat, name: str) -> None:
    """Let one provider alone answer, or with `auto` the whole chain again; say who answers when none is named."""
    if name and name not in (*PROVIDERS, _ALL):
        raise UsageError(f"There is no provider called {name}.", f"Name one of {', '.join(PROVIDERS)}, or {_ALL}.")
    if name:
        chat.choose(None if name == _ALL else name)
    _say_chain(chat)


def model(chat: Chat, name: str) -> None:
    """Let another model of the provider that answers write; say who answers when none is named."""
    if name:
        chat.change({chat.model_setting(): None if name == _BACK else name})
    _say_chain(chat)


def local_only(chat: Chat, word: str) -> None:
    """Send nothing to another machine from now on; with `off`, what the settings allow."""
    if word not in ("", "on", "off"):
        raise UsageError(f"/local-only is on or off, not {word}.", "Type /local-only, or /local-only off.")
    chat.change({_CLOUD: None if word == "off" else "never"})
    _say_chain(chat)


def change(chat: Chat, arguments: str) -> None:
    """Show what can be changed, or one setting of it, or give it a value; `default` takes a change back."""
    name, value = _GIVEN.fullmatch(arguments.strip()).groups(default="")  # type: ignore[union-attr] # all match
    wanted = {setting.name for setting in changeable()} if not name else {setting_called(name).name}
    if value := value.strip():
        chat.change(dict.fromkeys(wanted, None if value == _BACK else value))
    rows = [row for row in chat.open().desk.workspace.described() if row.name in wanted]
    chat.terminal.out.print((one if name else several)(rows, chat.terminal.line_width))


def theme(chat: Chat, name: str) -> None:
    """Show answers in other colours, or say in which."""
    change(chat, f"terminal.theme {name}".strip())
    if name:
        chat.wear(chat.open().desk.workspace.settings.terminal.theme)


def providers(_chat: Chat, _typed: str) -> Iterable[str]:
    """What `/provider` takes, for completion."""
    return (*PROVIDERS, _ALL)


def themes(_chat: Chat, _typed: str) -> Iterable[str]:
    """What `/theme` takes, for completion."""
    return get_args(ThemeChoice)


def models(chat: Chat, _typed: str) -> Iterable[str]:
    """The models of whoever answers, for completion; waits for an Ollama on this machine."""
    if chat.ready is None:
        return ()
    return (*chat.ready.desk.workspace.models(chat.ready.provider), _BACK)


def writers(chat: Chat, typed: str) -> Iterable[str]:
    """What `/retry` takes, for completion."""
    return (*PROVIDERS, *models(chat, typed))


def settings(_chat: Chat, _typed: str) -> Iterable[str]:
    """What `/set` takes, for completion."""
    return [setting.name for setting in changeable()]


def _say_chain(chat: Chat) -> None:
    opened = chat.open()
    chat.say(chain(opened.desk.workspace.chain(opened.provider)))
