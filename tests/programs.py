"""The program as its user runs it: a process with an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "data" / "food"
RAGCHAT = Path(sys.executable).with_name("ragchat")


def skip_without(present: object, name: str) -> None:
    """Skip the test that needs a system program, unless every test must run."""
    if not present:
        assert not os.environ.get("RAGCHAT_TEST_ALL"), f"{name} is missing"
        pytest.skip(f"{name} is missing")


@dataclass(frozen=True)
class Ran:
    """What a process said, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def result(self) -> Any:
        """The result in the JSON envelope."""
        envelope = json.loads(self.out)
        assert envelope["version"] == 1
        assert envelope["ok"] is True, envelope
        return envelope["result"]

    @property
    def error(self) -> Any:
        """The error in the JSON envelope."""
        envelope = json.loads(self.out)
        assert envelope["version"] == 1
        assert envelope["ok"] is False, envelope
        return envelope["error"]


@dataclass(frozen=True)
class Program:
    """ragchat in `folder`, with its home beside it and nothing of this machine's environment."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, stdin: str | bytes = "", **variables: str) -> Ran:
        """Run `ragchat ARGUMENTS` to its end."""
        text = stdin.encode() if isinstance(stdin, str) else stdin
        ran = subprocess.run(
            [str(RAGCHAT), *arguments],
            cwd=self.folder,
            env=self.variables(variables),
            input=text,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())

    def variables(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of the process."""
        return {
            "PATH": f"{RAGCHAT.parent}{os.pathsep}{os.defpath}",
            "HOME": str(self.folder.parent / "user"),
            "RAGCHAT_HOME": str(self.folder.parent / "home"),
            # No Ollama that happens to run on this machine.
            "OLLAMA_HOST": "127.0.0.1:9",
            "LANG": "C.UTF-8",
            **self.environment,
            **(more or {}),
        }
