"""The conversation: a prompt when a person is there, else a question a line."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.filters import Condition
from prompt_toolkit.styles import Style
from rich.text import Text

from ragchat.errors import Interrupted, RagchatError, UsageError
from ragchat.terminal.chat import Chat, Leave
from ragchat.terminal.commands.table import COMMANDS, parse
from ragchat.terminal.completion import CommandCompleter
from ragchat.terminal.history import OwnerOnlyHistory
from ragchat.terminal.keys import PromptKeys
from ragchat.terminal.sanitise import visible, visible_line
from ragchat.terminal.signals import ending_cleanly
from ragchat.terminal.theme import PROMPT
from ragchat.terminal.views.failure import failure
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ragchat.terminal.chat import Opened
    from ragchat.terminal.console import Terminal

_PROMPT = "> "
_LEAVING = "Ctrl-C again or Ctrl-D leaves"
_MENU_LINES = len(COMMANDS) + 1


class Repl:
    """Reads questions and commands until the person leaves, and then says what it all took.

    `open_session` runs in a background thread behind the prompt. `banner` is printed above the first prompt.
    """

    def __init__(
        self, terminal: Terminal, open_session: Callable[[], Opened], *, banner: str, history_file: Path
    ) -> None:
        self._terminal = terminal
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
        keys = PromptKeys()
        history = OwnerOnlyHistory(self._history_file)
        prompt = self._prompt(keys, history)
        self._chat.prepare(then=prompt.app.invalidate)
        offered = ""
        with contextlib.suppress(EOFError, Leave):
            while True:
                keys.stay()
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

    def _prompt(self, keys: PromptKeys, history: OwnerOnlyHistory) -> PromptSession[str]:
        prompt: PromptSession[str] = PromptSession(
            [("class:prompt", _PROMPT)],
            multiline=True,
            prompt_continuation=" " * len(_PROMPT),
            key_bindings=keys.bindings,
            history=history,
            completer=CommandCompleter(COMMANDS),
            complete_while_typing=Condition(lambda: prompt.default_buffer.text.startswith("/")),
            reserve_space_for_menu=_MENU_LINES,
            bottom_toolbar=lambda: _LEAVING if keys.leaving else visible_line(self._chat.state()),
            style=Style.from_dict(PROMPT),
        )
        prompt.default_buffer.on_text_changed += keys.stay
        return prompt

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
