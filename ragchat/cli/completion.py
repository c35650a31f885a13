"""`ragchat completion`, and what it completes: shells ask the program itself for each word.

A shell runs `_RAGCHAT_COMPLETE=complete_SHELL ragchat -- WORD…` with the words so far, the last one unfinished,
and reads a line for each that could stand there, with what it means behind a tab. Files are its own business:
where nothing comes, it completes those.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer
from typer._click.shell_completion import CompletionItem, ShellComplete, add_completion_class

from ragchat.cli.shapes import relative

VARIABLE = "_RAGCHAT_COMPLETE"

# COMP_WORDS are as typed, quotation marks included, and what is put in their place is read by the shell again.
_BASH = r"""_ragchat() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        [[ $line ]] && printf -v line %q "${line%%$'\t'*}" && COMPREPLY+=("$line")
    done < <(_RAGCHAT_COMPLETE=complete_bash ragchat -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _ragchat ragchat
"""

_ZSH = r"""#compdef ragchat
_ragchat() {
    local line
    local -a found
    for line in "${(@f)$(_RAGCHAT_COMPLETE=complete_zsh ragchat -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -n $line ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    if (( $#found )); then _describe ragchat found; else _files; fi
}
compdef _ragchat ragchat
"""

_FISH = r"""function __ragchat_complete
    set -l words (commandline -opc)
    set -l found (_RAGCHAT_COMPLETE=complete_fish ragchat -- $words[2..-1] "$(commandline -ct)" 2>/dev/null)
    if test -n "$found"
        printf '%s\n' $found
    else
        __fish_complete_path "$(commandline -ct)"
    end
end
complete --command ragchat --no-files --arguments '(__ragchat_complete)'
"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print the script that makes a shell complete commands, options and names at Tab."""
    sys.stdout.write(_SCRIPTS[shell])


def listen() -> None:
    """Make typer answer the shells that are asking, if one is."""
    if VARIABLE in os.environ:
        for shell in _SCRIPTS:
            add_completion_class(_Bash if shell == "bash" else _Shell, shell)


class _Shell(ShellComplete):
    """A shell that takes the quotation marks off its words itself."""

    source_template = ""

    def source_vars(self) -> dict[str, object]:
        return {}

    def get_completion_args(self) -> tuple[list[str], str]:
        *words, unfinished = map(self._read, sys.argv[2:] or [""])
        return words, unfinished

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.value}\t{' '.join((item.help or '').split())}"

    @staticmethod
    def _read(word: str) -> str:
        return word


class _Bash(_Shell):
    @staticmethod
    def _read(word: str) -> str:
        for closing in ("", '"', "'"):
            try:
                return "".join(shlex.split(word + closing))
            except ValueError:  # a mark that is still open
                continue
        return word


# What stands where a name is asked for


def collections(ctx: typer.Context) -> Iterator[str]:
    """The names of the collections."""
    from ragchat.index.catalogue import collection_names  # noqa: PLC0415

    yield from _shown(collection_names(_home(ctx)))


def documents(ctx: typer.Context) -> Iterator[str]:
    """The documents of the collection that is named before, as `docs list` names them."""
    from ragchat.index.catalogue import sources  # noqa: PLC0415

    yield from _shown(map(relative, sources(_home(ctx), ctx.params.get("collection") or "default")))


def sessions(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """The ids of the sessions, with their names; and names, where one is being typed."""
    from ragchat.conversation.catalogue import session_names  # noqa: PLC0415

    for id_, name in session_names(_home(ctx)):
        shown = name if name.isprintable() else ""
        yield id_, shown
        if incomplete and shown:
            yield shown, id_


def _home(ctx: typer.Context) -> Path:
    from ragchat.settings.places import home_at_a_glance  # noqa: PLC0415

    return home_at_a_glance(ctx.params.get("home"), os.environ, Path.cwd())


def _shown(names: Iterable[str]) -> Iterator[str]:
    """Those that a shell can be given: a line each, and nothing that acts on a terminal."""
    return (name for name in names if name.isprintable())
