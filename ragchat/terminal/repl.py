"""The conversation: a prompt when a person is there, else a question a line."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition
from prompt_toolkit.styles import Style
from rich.text import Text

from ragchat.errors import Interrupted, RagchatError, UsageError
from ragchat.terminal.chat import Chat, Leave
from ragchat.terminal.commands.table import COMMANDS, parse
from ragchat.terminal.completion import CommandCompleter
from ragchat.terminal.editor import edited
from ragchat.terminal.history import OwnerOnlyHistory
from ragchat.terminal.keys import PromptKeys
from ragchat.terminal.sanitise import visible, visible_line
from ragchat.terminal.signals import ending_cleanly
from ragchat.terminal.theme import PROMPT
from ragchat.terminal.toolbar import FEWEST_COLUMNS, FEWEST_ROWS, toolbar
from ragchat.terminal.views.failure import failure
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from prompt_toolkit.application import Application

    from ragchat.settings.terminal import Editing
    from ragchat.terminal.chat import Opened
    from ragchat.terminal.console import Terminal

_PROMPT = "> "
_LEAVING = "Ctrl-C again or Ctrl-D leaves"
_MENU_LINES = min(8, len(COMMANDS) + 1)
_ESCAPE_S: Final = 0.05
"""Seconds after which Esc is a key of its own, and not the beginning of another key's bytes."""
_VI_ESCAPE_S: Final = 0.1
"""Seconds after which vi's Esc is not the beginning of Alt-Enter."""


class Repl:
    """Reads questions and commands until the person leaves, and then says what it all took.

    `open_session` runs in a background thread behind the prompt. `banner` is printed above the first prompt.
    `keys.multiline` can be changed at any time.
    """

    def __init__(
        self,
        terminal: Terminal,
        open_session: Callable[[], Opened],
        *,
        banner: str,
        history_file: Path,
        editing: Editing = "emacs",
    ) -> None:
        self.keys = PromptKeys(self._edited)
        self._terminal = terminal
        self._editing = editing
        self._banner = banner
        self._history_file = history_file
        self._chat = Chat(terminal, open_session, commands=COMMANDS)

    def run(self) -> None:
        """Converse until the end of input, `/quit`, Ctrl-D or a signal.

        Raises `SystemExit` at SIGTERM and SIGHUP, and whatever is no `RagchatError`. Lines of a file also end with
        the `RagchatError` that keeps the session from opening, and with `Interrupted` at Ctrl-C.
        """
        read = self._read_prompt if self._terminal.interactive else self._read_lines
        with ending_cleanly():
            try:
                read()
            except BaseException:
                with contextlib.suppress(OSError):  # the terminal may be gone
                    self._chat.say_farewell()
                raise
            self._chat.say_farewell()

    def _read_prompt(self) -> None:
        self._terminal.out.print(Text(wrapped(self._banner, self._terminal.width), style="status"))
        history = OwnerOnlyHistory(self._history_file)
        prompt = self._prompt(history)
        self._chat.prepare(then=prompt.app.invalidate)
        offered = ""
        with contextlib.suppress(EOFError, Leave):
            while True:
                self.keys.stay()
                line = visible(prompt.prompt(default=offered)).strip()
                self._report(history)
                offered = "" if not line or self._taken(line) else line
                # What was typed meanwhile is a new question: the failed one waits in the history instead.
                if self._terminal.keyboard.waiting():
                    offered = ""
                offered += self._terminal.keyboard.put_aside()

    def _taken(self, line: str) -> bool:
        """False when the question failed and should be offered again."""
        try:
            self._take(line)
        except (KeyboardInterrupt, Interrupted):
            self._terminal.out.print(Text("stopped", style="notice"))
        except UsageError as error:
            self._fail(error)
        except RagchatError as error:
            self._fail(error)
            return False
        finally:
            self._terminal.out.print()
        return True

    def _prompt(self, history: OwnerOnlyHistory) -> PromptSession[str]:
        keys = self.keys
        prompt: PromptSession[str] = PromptSession(
            [("class:prompt", _PROMPT)],
            multiline=True,
            prompt_continuation=" " * len(_PROMPT),
            editing_mode=EditingMode(self._editing.upper()),
            key_bindings=keys.bindings,
            history=history,
            auto_suggest=AutoSuggestFromHistory(),
            enable_history_search=keys.by_prefix,
            enable_suspend=True,
            completer=CommandCompleter(COMMANDS),
            complete_while_typing=Condition(lambda: prompt.default_buffer.text.startswith("/")),
            reserve_space_for_menu=_MENU_LINES,
            style=Style.from_dict(PROMPT),
        )
        prompt.app.ttimeoutlen = _ESCAPE_S
        if self._editing == "vi":
            prompt.app.timeoutlen = _VI_ESCAPE_S
        prompt.default_buffer.on_text_changed += keys.stay

        def fit(app: Application[str]) -> None:
            size = app.output.get_size()
            prompt.reserve_space_for_menu = min(_MENU_LINES, size.rows // 2)
            roomy = size.rows >= FEWEST_ROWS and size.columns >= FEWEST_COLUMNS
            prompt.bottom_toolbar = self._toolbar(app, size.columns) if roomy else None

        prompt.app.before_render += fit
        return prompt

    def _toolbar(self, app: Application[str], columns: int) -> str:
        state = _LEAVING if self.keys.leaving else self._chat.state()
        return toolbar(state, self.keys.mode(app), columns)

    def _edited(self, text: str) -> str:
        try:
            return edited(text, os.environ)
        except UsageError as error:
            self._fail(error)
            return text

    def _report(self, history: OwnerOnlyHistory) -> None:
        if failed := history.failure:
            history.failure = None
            notice = f"What you type is not kept: {self._history_file} cannot be used ({failed})."
            self._terminal.aside.print(Text(wrapped(visible_line(notice), self._terminal.width), style="notice"))

    def _read_lines(self) -> None:
        with contextlib.suppress(Leave):
            for read in self._terminal.stdin:
                if line := visible(read).strip():
                    self._chat.open()
                    self._terminal.out.print(Text(_PROMPT + line, style="prompt"))
                    self._answer(line)
                    self._terminal.out.print()

    def _answer(self, line: str) -> None:
        try:
            interrupted = self._take(line)
        except Interrupted:
            raise
        except RagchatError as error:
            self._fail(error)
        else:
            if interrupted:  # whoever interrupts one of many questions means them all
                raise Interrupted("The questions were interrupted.")

    def _take(self, line: str) -> bool:
        """Obey a command or answer a question; True when the answer was interrupted."""
        if called := parse(line):
            command, arguments = called
            command.run(self._chat, arguments)
            return False
        return self._chat.ask(line)

    def _fail(self, error: RagchatError) -> None:
        self._terminal.err.print(failure(error, self._terminal.line_width))
