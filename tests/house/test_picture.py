"""The picture in the README is one of the program."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from docs.screenshot import PICTURE, QUESTION
from tests.programs import ROOT, skip_without

if TYPE_CHECKING:
    from pathlib import Path


def _said(picture: Path) -> str:
    svg = picture.read_text("utf-8")
    texts = re.findall(r"<text[^>]*>(.*?)</text>", svg)
    return "".join(map(html.unescape, texts)).replace("\N{NO-BREAK SPACE}", " ")


def test_the_readme_shows_a_question_its_marks_and_their_sources() -> None:
    assert f"({PICTURE.relative_to(ROOT)})" in (ROOT / "README.md").read_text("utf-8")
    for part in (QUESTION, "[1]", "[2]", "guides/bread.md:", "tokens"):
        assert part in _said(PICTURE)
    assert "url(http" not in PICTURE.read_text("utf-8"), "it shows the same without a network"


def test_the_picture_can_be_taken_anew(tmp_path: Path) -> None:
    skip_without(shutil.which("tmux"), "tmux")
    taken = tmp_path / "taken.svg"
    subprocess.run([sys.executable, "-m", "docs.screenshot", str(taken)], cwd=ROOT, check=True, timeout=120)
    for part in (QUESTION, "[1]", "guides/bread.md:"):
        assert part in _said(taken)
