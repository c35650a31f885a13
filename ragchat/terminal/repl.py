"""The conversation: a prompt when a person is there, else a question a line."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition
from prompt_toolkit.styles import DynamicStyle, Style
from rich.text import Text

from ragchat.errors import Interrupted, RagchatError, UsageError
from ragchat.terminal.chat import Chat, Leave
from ragchat.terminal.commands.table import COMMANDS, parse
from ragchat.terminal.completion import CommandCompleter
from ragchat.terminal.editor import edited
from ragchat.terminal.history import OwnerOnlyHistory
from ragchat.terminal.keys import PromptKeys
from ragchat.terminal.loading import NeedsPerson
from ragchat.terminal.preferences import Preferences
from ragchat.terminal.sanitise import visible, visible_line
from ragchat.terminal.signals import ending_cleanly
from ragchat.terminal.toolbar import FEWEST_COLUMNS, FEWEST_ROWS, room_beside, toolbar
from ragchat.terminal.views.banner import greeting, ready
from ragchat.terminal.views.failure import failure
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from prompt_toolkit.application import Application
    from prompt_toolkit.buffer import Buffer

    from ragchat.terminal.chat import Opened
    from ragchat.terminal.console import Terminal

_PROMPT = "> "
_LEAVING = "Ctrl-C again or Ctrl-D leaves"
_MENU_LINES = min(8, len(COMMANDS) + 1)
_ESCAPE_S: Final = 0.05
"""Seconds after which Esc is a key of its own, and not the beginning of another key's bytes."""
_VI_ESCAPE_S: Final = 0.1
"""Seconds after which vi's Esc is not the beginning of Alt-Enter."""


class _BeginHere(Exception):
    """The prompt gives way to what needs a person."""

    def __init__(self, typed: str) -> None:
        self.typed = typed


class Repl:
    """Reads questions and commands until the person leaves, and then says what it all took.

    A banner with the `version` is printed above the first prompt. Behind the prompt, in a background thread, runs
    `begin`, unless the `history_file` is known without it, and then `open_session`. Where `begin` fails there it
    is called once more before the eyes of the person: it may ask and tell then, and what it raises ends the
    conversation. `keys.multiline` can be changed at any time.
    """

    def __init__(
        self,
        terminal: Terminal,
        open_session: Callable[[], Opened],
        *,
        version: str,
        history_file: Path | None = None,
        begin: Callable[[], Preferences] | None = None,
    ) -> None:
        self.keys = PromptKeys(self._edited)
        self._terminal = terminal
        self._version = version
        self._begin = begin
        self._open_session = open_session
        self._begun = Preferences(history_file) if history_file else None
        self._begin_here = False
        self._history: OwnerOnlyHistory | None = None
        self._adopted = False
        self._chat = Chat(terminal, self._open, commands=COMMANDS, keys=self.keys)

    def run(self) -> None:
        """Converse until the end of input, `/quit`, Ctrl-D or a signal.

        Raises `SystemExit` at SIGTERM and SIGHUP, and whatever is no `RagchatError`. Lines of a file also end with
        the `RagchatError` that keeps the session from opening, and with `Interrupted` at Ctrl-C.
        """
        read = self._read_prompt if self._terminal.interactive else self._read_lines
        with ending_cleanly():
            try:
                read()
            except BaseException as error:
                with contextlib.suppress(OSError):  # the terminal may be gone
                    self._chat.say_farewell()
                if isinstance(error, OSError) and error.errno == errno.EIO and self._terminal.interactive:
                    raise SystemExit(128 + signal.SIGHUP) from error  # it is, and its signal is on the way
                raise
            self._chat.say_farewell()

    def _open(self) -> Opened:
        """Begin, unless that has been done, and open the session; in the background."""
        if self._begun is None:
            try:
                self._begun = self._called()
            except BaseException:
                self._begin_here = True
                raise
        return self._open_session()

    def _begin_again(self, then: Callable[[], object] = lambda: None) -> None:
        """Before the eyes of the person."""
        self._begun, self._begin_here = self._called(), False
        self._chat.prepare(then)

    def _called(self) -> Preferences:
        assert self._begin is not None
        return self._begin()

    def _read_prompt(self) -> None:
        # What is typed while no prompt reads it would be echoed, and Ctrl-R obeyed, by the kernel.
        with self._terminal.keyboard.silent(), contextlib.suppress(EOFError, Leave):
            self._terminal.out.print(greeting(self._version, self._terminal.width))
            prompt, offered = self._prompt(), ""
            while True:
                offered = self._offered_next(prompt, offered)

    def _offered_next(self, prompt: PromptSession[str], offered: str) -> str:
        """What the next prompt begins with, after one that begins with `offered` was answered."""
        keyboard = self._terminal.keyboard
        self.keys.stay()
        try:
            line = visible(prompt.prompt(default=offered)).strip()
        except _BeginHere as given_way:
            prompt.app.erase_when_done = False
            self._begin_again(then=partial(_redraw, prompt.app))
            return given_way.typed
        self._report()
        offered = "" if not line or self._taken(line) else line
        offered, self._chat.offered = offered or self._chat.offered, ""
        # What was typed meanwhile is a new question: the failed one waits in the history instead.
        return ("" if keyboard.waiting() else offered) + keyboard.put_aside()

    def _taken(self, line: str) -> bool:
        """False when the question failed and should be offered again."""
        try:
            self._take(line)
        except (KeyboardInterrupt, Interrupted):
            self._terminal.out.print(Text("stopped", style="notice"))
        except UsageError as error:
            self._fail(error)
        except (NeedsPerson, RagchatError) as error:
            if self._begin_here:
                self._begin_again()
                return self._taken(line)
            if isinstance(error, NeedsPerson):
                raise
            self._fail(error)
            return False
        finally:
            self._terminal.out.print()
        return True

    def _prompt(self) -> PromptSession[str]:
        keys = self.keys
        prompt: PromptSession[str] = PromptSession(
            [("class:prompt", _PROMPT)],
            multiline=True,
            prompt_continuation=" " * len(_PROMPT),
            key_bindings=keys.bindings,
            auto_suggest=AutoSuggestFromHistory(),
            enable_history_search=keys.by_prefix,
            enable_suspend=True,
            completer=CommandCompleter(COMMANDS, self._chat),
            complete_in_thread=True,
            complete_while_typing=Condition(lambda: prompt.default_buffer.text.startswith("/")),
            reserve_space_for_menu=_MENU_LINES,
            style=DynamicStyle(lambda: Style.from_dict(self._chat.theme.editor)),
        )
        prompt.app.ttimeoutlen = _ESCAPE_S
        prompt.default_buffer.on_text_changed += keys.stay

        def prepare(app: Application[str]) -> None:
            if self._begin_here and not app.is_done:
                app.erase_when_done = True
                app.exit(exception=_BeginHere(prompt.default_buffer.text))
                return
            if self._begun and not self._adopted:
                self._adopt(self._begun, prompt)
            size = app.output.get_size()
            prompt.reserve_space_for_menu = min(_MENU_LINES, size.rows // 2)
            roomy = size.rows >= FEWEST_ROWS and size.columns >= FEWEST_COLUMNS
            prompt.bottom_toolbar = self._toolbar(app, size.columns) if roomy else None

        def tell(app: Application[str]) -> None:
            if (opened := self._chat.ready) and not app.is_done:
                app.after_render -= tell
                self._tell_ready(opened, app)

        def load(app: Application[str]) -> None:
            app.after_render -= load
            self._chat.prepare(then=partial(_redraw, app))

        prompt.app.before_render += prepare
        prompt.app.after_render += tell
        prompt.app.after_render += load  # sooner, and the first prompt would have to share the processor
        return prompt

    def _tell_ready(self, opened: Opened, app: Application[str]) -> None:
        """Above the prompt, which stays open: `run_in_terminal` would let keys through to the kernel meanwhile."""
        name, width = opened.session.collection, self._terminal.width
        app.renderer.erase()
        self._terminal.out.print(ready(name, opened.documents, opened.chain, width))
        app.renderer.request_absolute_cursor_position()
        app.invalidate()

    def _adopt(self, preferences: Preferences, prompt: PromptSession[str]) -> None:
        """Let the prompt, at which somebody may be typing, have its history and its keys."""
        self._adopted = True
        self._chat.wear(preferences.theme)
        if preferences.history_file:
            self._remember_in(preferences.history_file, prompt.default_buffer)
        if preferences.editing == "vi":
            prompt.editing_mode = EditingMode.VI
            prompt.app.timeoutlen = _VI_ESCAPE_S

    def _remember_in(self, file: Path, buffer: Buffer) -> None:
        self._history = OwnerOnlyHistory(file)
        for line in buffer.history.get_strings():
            self._history.append_string(line)
        buffer.history = self._history
        buffer.reset(buffer.document)  # or it would not look into the history again

    def _toolbar(self, app: Application[str], columns: int) -> str:
        mode = self.keys.mode(app)
        state = _LEAVING if self.keys.leaving else self._chat.state(room_beside(mode, columns))
        return toolbar(state, mode, columns)

    def _edited(self, text: str) -> str:
        try:
            return edited(text, os.environ)
        except UsageError as error:
            self._fail(error)
            return text

    def _report(self) -> None:
        if self._begun and self._history and (failed := self._history.failure):
            self._history.failure = None
            notice = f"What you type is not kept: {self._begun.history_file} cannot be used ({failed})."
            self._terminal.aside.print(Text(wrapped(visible_line(notice), self._terminal.width), style="notice"))

    def _read_lines(self) -> None:
        self._begun = self._begun or self._called()
        self._chat.wear(self._begun.theme)
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


def _redraw(app: Application[str]) -> None:
    with contextlib.suppress(RuntimeError):  # the prompt may just have been left, and its loop be closed
        app.invalidate()
