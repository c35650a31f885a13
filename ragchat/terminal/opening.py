"""A file opened where a passage begins: which program does it, and how it is told the line."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import signal
import subprocess
import sys
import termios
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Final

from ragchat.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import FrameType

_PLUS: Final = ("+{line}", "{path}")
_GOTO: Final = ("--goto", "{path}:{line}")
_COLON: Final = ("{path}:{line}",)
_LINE: Final = ("--line", "{line}", "{path}")
_ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("vi", "vim", "nvim", "view", "nano", "pico", "emacs", "emacsclient", "kak", "micro", "joe"), _PLUS
    ),
    **dict.fromkeys(("mg", "ne", "jed", "gvim", "gedit", "gnome-text-editor"), _PLUS),
    **dict.fromkeys(("code", "code-insiders", "codium", "cursor", "windsurf"), _GOTO),
    **dict.fromkeys(("subl", "zed", "zeditor", "hx", "helix"), _COLON),
    **dict.fromkeys(("idea", "pycharm", "webstorm", "goland", "clion", "rider", "kate", "mate"), _LINE),
}
# They have a window of their own, and the conversation goes on beside it.
_WINDOWED: Final = frozenset(
    ("code", "code-insiders", "codium", "cursor", "windsurf", "subl", "zed", "zeditor", "gvim", "gedit")
) | frozenset(("gnome-text-editor", "idea", "pycharm", "webstorm", "goland", "clion", "rider", "kate", "mate"))
_USUAL: Final = ("nano", "vim", "nvim", "vi", "micro", "emacs", "hx", "code")


@dataclass(frozen=True, slots=True)
class Opening:
    """The command that opens a file; `windowed`: in a window of its own, so that nobody waits for it."""

    command: tuple[str, ...]
    windowed: bool

    def run(self) -> None:
        """Open the file, and give the terminal away until a program that needs it ends.

        Raises `UsageError` when the program cannot be started, or says that it failed.
        """
        try:
            if self.windowed:
                quiet = subprocess.DEVNULL
                process = subprocess.Popen(
                    self.command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
                )
                # Somebody must take note of its end, or it stays in the table of processes.
                Thread(target=process.wait, daemon=True).start()
                return
            with _terminal_lent():
                status = subprocess.run(self.command, check=False).returncode
        except OSError as error:
            reason = error.strerror or "unknown error"
            raise UsageError(f"{self.command[0]} cannot be started: {reason}.", _CHOOSE) from error
        if status:
            raise UsageError(f"{self.command[0]} ended with status {status}.", _CHOOSE)


_CHOOSE = "Name another editor in VISUAL or EDITOR."


def in_editor(path: Path, line: int, environment: Mapping[str, str]) -> Opening:
    """`path`, which is absolute, at `line` in $VISUAL, else $EDITOR, else an editor that is here.

    An editor that is not known to take a line gets the file alone. Raises `UsageError` when there is none.
    """
    editor = _chosen(environment)
    name = editor[0].rpartition("/")[2]
    arguments = _ARGUMENTS.get(name, ("{path}",))
    filled = (part.replace("{line}", str(line)).replace("{path}", str(path)) for part in arguments)
    return Opening((*editor, *filled), name in _WINDOWED)


def in_viewer(path: Path, environment: Mapping[str, str]) -> Opening | None:
    """`path`, which is absolute, in the program that the desktop has for it; None where there is no desktop."""
    mac = sys.platform == "darwin"
    opener = shutil.which("open" if mac else "xdg-open", path=environment.get("PATH"))
    shown = mac or environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    return Opening((opener, str(path)), windowed=True) if opener and shown else None


def _chosen(environment: Mapping[str, str]) -> list[str]:
    for variable in ("VISUAL", "EDITOR"):
        value = environment.get(variable, "").strip()
        try:
            words = shlex.split(value)
        except ValueError as error:
            raise UsageError(f"{variable} cannot be read: {value}", "Close its quotation marks.") from error
        if words:
            return words
    found = next((name for name in _USUAL if shutil.which(name, path=environment.get("PATH"))), None)
    if found is None:
        raise UsageError("No editor was found.", "Name yours in VISUAL or EDITOR.")
    return [found]


@contextlib.contextmanager
def _terminal_lent() -> Iterator[None]:
    """Ctrl-C is the other program's, and what it left of the terminal's modes is put right."""

    def pass_over(_number: int, _frame: FrameType | None) -> None: ...

    # A function and not SIG_IGN, which the other program would inherit.
    before = signal.signal(signal.SIGINT, pass_over)
    modes = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
    try:
        yield
    finally:
        if modes is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, modes)
        signal.signal(signal.SIGINT, before)
