"""The floors of the house hold, and every rule of style that a machine can check."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.programs import ROOT


def test_rooms_import_downwards_only() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout


def test_no_module_grows_past_three_hundred_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "ragchat").rglob("*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > 300
    }
    assert long == {}


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for folder in ("ragchat", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if (text := path.read_text("utf-8")) and not text.startswith('"""')
    ]
    assert silent == []


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Python before 3.11.5 matches `(?:…)*+` wrongly; an atomic group around the repetition says the same."""
    repeated = re.compile(r"\)\s*(?:[*+?]|\{[\d,]+\})\+")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in (ROOT / "ragchat").rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if repeated.search(line)
    ]
    assert found == []
