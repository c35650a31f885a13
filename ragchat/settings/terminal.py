"""The settings of the terminal, in the same form."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from ragchat.core.choices import ThemeChoice
from ragchat.settings.declaration import Allowed, Env
from ragchat.settings.section import SettingsSection

Editing = Literal["emacs", "vi"]

_NAMED_LINKS = ("auto", "off", "file", "vscode", "cursor", "idea", "zed")


class TerminalSettings(SettingsSection):
    """What a person sees and types."""

    links: Annotated[
        str,
        Env("RAGCHAT_LINKS"),
        Allowed("auto, off, file, vscode, cursor, idea, zed, or an address with {path} in it"),
        Field(
            description="What a source is a link to: auto is its file where the terminal can follow links, off is"
            " nothing, vscode, cursor, idea and zed open it at its line, as does an address such as"
            " vscode://file{path}:{line}."
        ),
    ] = "auto"

    editing: Annotated[
        Editing,
        Env("RAGCHAT_EDITING"),
        Field(description="Whose keys the prompt of `ragchat chat` takes."),
    ] = "emacs"

    theme: Annotated[
        ThemeChoice,
        Env("RAGCHAT_THEME"),
        Field(
            description="The ground that the colours are for; auto is light or dark where the terminal tells, else"
            " what both can show, and mono has no colours."
        ),
    ] = "auto"

    @field_validator("links")
    @classmethod
    def _name_or_address(cls, links: str) -> str:
        address = "://" in links and "{path}" in links and links.isascii() and links.isprintable()
        if links not in _NAMED_LINKS and not (address and " " not in links):
            raise ValueError("this is neither a name nor an address with {path} in it")
        return links
