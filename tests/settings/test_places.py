"""The home is found at a glance where the settings themselves would put it."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from typing import TYPE_CHECKING

import pytest

from ragchat.settings.load import load_settings
from ragchat.settings.places import home_at_a_glance
from tests.settings.given import write

if TYPE_CHECKING:
    from pathlib import Path

_GIVEN = ("", "sub/../store", "/srv/store")


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize(("flag", "variable", "dotenv", "config"), [*product(_GIVEN, repeat=4)])
def test_the_glance_finds_what_the_settings_say(
    tmp_path: Path, flag: str, variable: str, dotenv: str, config: str, *, marked: bool
) -> None:
    if marked:
        write(tmp_path / "chroma_db" / ".ragchat", "")
    write(tmp_path / ".env", f"RAGCHAT_HOME='{dotenv}'\n" if dotenv else "")
    file = write(tmp_path / "elsewhere" / "my.toml", f'home = "{config}"\n' if config else "")
    environ = {"RAGCHAT_HOME": variable, "RAGCHAT_CONFIG": str(file)}
    loaded = load_settings(flags={"home": flag or None}, environ=environ, cwd=tmp_path)
    assert home_at_a_glance(flag or None, environ, tmp_path) == loaded.settings.home


def test_a_source_that_cannot_be_read_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"RAGCHAT_HOME=\xff\xfe")
    file = write(tmp_path / "my.toml", "home = \n")
    environ = {"RAGCHAT_HOME": "~nobody-of-this-name/x", "RAGCHAT_CONFIG": str(file)}
    write(tmp_path / "chroma_db" / ".ragchat", "")
    assert home_at_a_glance("a\0b", environ, tmp_path) == tmp_path / "chroma_db"


def test_the_glance_loads_nothing_heavy() -> None:
    probe = "import sys, ragchat.settings.places; print('pydantic' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout == "False\n"
