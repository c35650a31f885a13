"""Is an address this machine?"""

from __future__ import annotations

import pytest

from ragchat.core.destination import destination


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:11434", None),
        ("http://localhost", None),
        ("http://[::1]:80", None),
        ("http://[::ffff:127.0.0.1]", None),
        ("http://0.0.0.0:1", None),
        ("https://api.groq.com", "api.groq.com"),
        ("http://192.168.0.7:11434", "192.168.0.7"),
        ("http://127.0.0.1.evil.example", "127.0.0.1.evil.example"),
        ("http://localhost@evil.example", "evil.example"),
        ("http://evil.example\\@localhost", "evil.example"),
        ("http://dev.localhost", None),
        ("http://[::]:1", None),
    ],
)
def test_a_destination_is_named_unless_it_is_this_machine(url: str, host: str | None) -> None:
    assert destination(url) == host
