"""What is built can be installed anew, alone, and answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING
from zipfile import ZipFile

from tests.programs import ROOT, SAMPLE

if TYPE_CHECKING:
    from pathlib import Path


def _run(*command: str | Path, cwd: Path, home: Path) -> str:
    kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    environment = {"PATH": os.defpath, "HOME": str(home), "LANG": "C.UTF-8", "OLLAMA_HOST": "127.0.0.1:9", **kept}
    ran = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_wheel_starts_and_answers_in_a_fresh_environment(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".git", ".venv", "chroma_db", ".*_cache"))
    _run(
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--outdir",
        tmp_path / "dist",
        source,
        cwd=tmp_path,
        home=tmp_path,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert "ragchat/settings/models.toml" in ZipFile(wheel).namelist()
    environment = tmp_path / "fresh"
    _run(sys.executable, "-m", "venv", environment, cwd=tmp_path, home=tmp_path)
    pip = (environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    _run(*pip, "--upgrade", "pip", cwd=tmp_path, home=tmp_path)
    _run(*pip, wheel, cwd=tmp_path, home=tmp_path)
    ragchat = environment / "bin" / "ragchat"
    assert _run(ragchat, "--version", cwd=tmp_path, home=tmp_path).startswith("ragchat ")
    answer = _run(ragchat, "ask", "What is tahdig?", "--docs", SAMPLE, cwd=tmp_path, home=tmp_path)
    assert "[1]" in answer
    assert "dishes.jsonl:" in answer
