"""What the program prints for programs acts on no terminal and says the same as the screen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragchat.cli.output import print_result
from ragchat.cli.shapes import relative
from ragchat.terminal.paths import shown_path
from ragchat.terminal.sanitise import visible


def test_json_spells_out_what_the_screen_leaves_out_and_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    # Low surrogates first: behind high ones they would be characters.
    everything = "".join(map(chr, (*range(0xD800), *range(0xDC00, 0x110000), *range(0xD800, 0xDC00))))
    print_result(everything)
    printed = capsys.readouterr().out
    assert json.loads(printed)["result"] == everything
    unseen = {character for character in printed if character != "\n" and visible(character) != character}
    assert not unseen
    assert "\u061c" not in printed
    assert "\\u061c" in printed
    assert "\\udb40\\udc01" in printed


@pytest.mark.parametrize("directory", ["/", "/tmp"])
def test_a_source_is_named_for_programs_as_it_is_on_the_screen(
    directory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(directory)
    for source in ("/tmp/x", "/other/x", "/tmpx/y"):
        assert relative(source) == shown_path(source, Path(directory))
