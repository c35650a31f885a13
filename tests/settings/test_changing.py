"""Which setting a person means, and whether it can be changed while a conversation goes on."""

from __future__ import annotations

import pytest

from ragchat.errors import UsageError
from ragchat.settings.changing import changeable, setting_called


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("temperature", "groq.temperature"),
        ("top-k", "retrieval.top_k"),
        ("retrieval.top_k", "retrieval.top_k"),
        ("RAGCHAT_TOP_K", "retrieval.top_k"),
        ("OLLAMA_MODEL", "ollama.model"),
        (" Cloud ", "privacy.cloud"),
    ],
)
def test_a_setting_is_meant_by_its_name_its_variable_or_its_last_word(text: str, name: str) -> None:
    assert setting_called(text).name == name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("api_key", "history"),
        ("GROQ_API_KEY", "history"),
        ("home", "cannot be changed"),
        ("embedder", "cannot be changed"),
        ("GROQ_BASE_URL", "cannot be changed"),
        ("RAGCHAT_ENCRYPTION", "cannot be changed"),
        ("temprature", "no setting called temprature"),
    ],
)
def test_what_cannot_be_changed_is_refused_with_a_cure(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        setting_called(text)
    assert raised.value.hint


def test_everything_that_is_listed_can_be_named() -> None:
    for setting in changeable():
        assert setting_called(setting.name) == setting_called(setting.environment) == setting
        assert not setting.secret
