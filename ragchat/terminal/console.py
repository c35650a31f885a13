"""The world outside as one value, which tests replace."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO, cast

from rich.console import Console as RichConsole

from ragchat.terminal.keyboard import Keyboard
from ragchat.terminal.links import FILE_LINKS, Links
from ragchat.terminal.theme import theme_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragchat.terminal.theme import Theme

_NARROWEST = 20


class Console(RichConsole):
    """A rich console that leaves a broken pipe to whoever started the program."""

    def on_broken_pipe(self) -> None:
        """Raise what rich would turn into an exit with status 1."""
        raise BrokenPipeError


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where text comes from and goes to.

    `interactive`: a person reads and types here (stdin and stdout are terminals). `screen`: stdout is a
    terminal whose cursor can be moved. `out` and `err` print visible text as it is: no markup, no wrapping.
    `links` says what a source is a link to.
    `quiet`: the person wants results and errors alone.
    """

    stdin: TextIO
    out: Console
    err: Console
    interactive: bool
    screen: bool
    keyboard: Keyboard
    directory: Path
    links: Links = FILE_LINKS
    quiet: bool = False

    @property
    def attended(self) -> bool:
        """A person can be asked on stderr, wherever stdout goes: stdin and stderr are terminals."""
        return _is_terminal(self.stdin) and _is_terminal(self.err.file)

    @property
    def width(self) -> int:
        """The cells of a line, asked anew each time: windows are resized."""
        return max(_NARROWEST, self.out.width)

    @property
    def line_width(self) -> int | None:
        """The width a line must be fitted to; None where nobody looks and lines may be long."""
        return self.width if self.screen else None

    @property
    def aside(self) -> Console:
        """Where words about an answer go: beside it on a screen, else as remarks and not into the pipe."""
        return self.out if self.screen and not self.quiet else self.remarks

    @property
    def remarks(self) -> Console:
        """Where remarks beside a result go: to stderr, or nowhere when it shall be quiet."""
        return _console(_Nowhere(), {}) if self.quiet else self.err

    def wear(self, theme: Theme) -> None:
        """Show what comes from now on in `theme`."""
        for console in (self.out, self.err):
            console.push_theme(theme.rich)


def terminal_here(*, quiet: bool = False) -> Terminal:
    """The terminal of this process. Bytes that are not UTF-8 are replaced, closed streams are empty."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.closed and stream.errors != "replace":
            stream.reconfigure(errors="replace")
    return terminal_of(
        sys.stdin or io.StringIO(),
        sys.stdout or _Nowhere(),
        sys.stderr or _Nowhere(),
        environment=os.environ,
        quiet=quiet,
    )


def terminal_of(
    stdin: TextIO,
    stdout: TextIO,
    stderr: TextIO,
    *,
    environment: Mapping[str, str],
    directory: Path | None = None,
    quiet: bool = False,
) -> Terminal:
    """The terminal made of three streams; heeds COLUMNS, NO_COLOR, CLICOLOR_FORCE and TERM=dumb."""
    on_terminal = _is_terminal(stdout)
    interactive = on_terminal and _is_terminal(stdin)
    return Terminal(
        stdin=stdin,
        out=_console(stdout, environment),
        err=_console(cast("TextIO", _Aside(stderr)), environment),
        interactive=interactive,
        screen=on_terminal and environment.get("TERM", "").lower() not in {"dumb", "unknown"},
        keyboard=Keyboard(stdin.fileno() if interactive else None),
        directory=directory or Path.cwd(),
        quiet=quiet,
    )


def _console(stream: TextIO, environment: Mapping[str, str]) -> Console:
    forced = environment.get("CLICOLOR_FORCE", "0") not in {"", "0"} and not environment.get("NO_COLOR")
    return Console(
        file=stream,
        force_terminal=_is_terminal(stream) or forced,
        theme=theme_of("auto", environment).rich,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        _environ=environment,
    )


def _is_terminal(stream: IO[str]) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # it is closed
        return False


class _Aside(io.TextIOBase):
    """Stderr, for remarks: when it cannot be written, a full disk behind it say, the answer matters more."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # of what it stands for
        return self._stream.encoding

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def write(self, text: str, /) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


class _Nowhere(io.StringIO):
    """Takes the place of a stream that was closed before the program started."""

    def write(self, text: str, /) -> int:
        return len(text)
