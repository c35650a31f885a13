"""Addresses of servers in every form people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.settings.addresses import anthropic_base_url, groq_base_url, ollama_url


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", "http://127.0.0.1:11434"),
        ("1.2.3.4", "http://1.2.3.4:11434"),
        (":1234", "http://127.0.0.1:1234"),
        ("1.2.3.4:1234", "http://1.2.3.4:1234"),
        ("example.com", "http://example.com:11434"),
        ("my_box.local:80", "http://my_box.local:80"),
        ("example.com:", "http://example.com:11434"),
        ("example.com:66000", "http://example.com:11434"),
        ("example.com:-1", "http://example.com:11434"),
        ("example.com:many", "http://example.com:11434"),
        ("[::1]", "http://[::1]:11434"),
        ("::1", "http://[::1]:11434"),
        ("[::1]:1337", "http://[::1]:1337"),
        ("http://[::1", "http://[::1]:80"),
        ("[0:0:0:0:0:0:0:1]", "http://[::1]:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("http://0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:11434"),
        ("[::]:8080", "http://[::1]:8080"),
        (" 1.2.3.4 ", "http://1.2.3.4:11434"),
        ('"1.2.3.4"', "http://1.2.3.4:11434"),
        (" ' 1.2.3.4 ' ", "http://1.2.3.4:11434"),
        ("http://1.2.3.4", "http://1.2.3.4:80"),
        ("http://1.2.3.4:4321", "http://1.2.3.4:4321"),
        ("https://1.2.3.4", "https://1.2.3.4:443"),
        ("https://1.2.3.4:bad", "https://1.2.3.4:443"),
        ("HTTPS://example.com", "https://example.com:443"),
        ("https://example.com/ollama", "https://example.com:443/ollama"),
        ("example.com/ollama/", "http://example.com:11434/ollama"),
        ("http://example.com/", "http://example.com:80"),
        ("ollama.com", "https://ollama.com:443"),
    ],
)
def test_ollama_host_means_what_it_means_to_ollama(written: str, meant: str) -> None:
    assert ollama_url(written) == meant
    assert ollama_url(meant) == meant


@pytest.mark.parametrize(
    "written",
    [
        "ftp://example.com",
        "user:password@example.com",
        "http://user:password@example.com",
        "two words",
        "example.com?query",
        "a,b",
    ],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        ollama_url(written)


@given(st.text(max_size=30))
def test_any_text_is_refused_or_becomes_an_address_that_stays_as_it_is(written: str) -> None:
    try:
        meant = ollama_url(written)
    except ValueError:
        return
    assert meant.startswith(("http://", "https://"))
    assert ollama_url(meant) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://api.groq.com", "https://api.groq.com"),
        ("https://api.groq.com/", "https://api.groq.com"),
        ("https://api.groq.com/openai/v1", "https://api.groq.com"),
        ("https://api.groq.com/openai/v1/", "https://api.groq.com"),
        (" HTTPS://API.Groq.com ", "https://api.groq.com"),
        ("http://127.0.0.1:8080/Proxy/openai/v1", "http://127.0.0.1:8080/Proxy"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_base_url_loses_what_the_client_adds_itself(written: str, meant: str) -> None:
    assert groq_base_url(written) == meant


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
def test_the_base_url_of_anthropic_loses_the_version(ending: str) -> None:
    assert anthropic_base_url(f"https://API.anthropic.com{ending}") == "https://api.anthropic.com"
    assert anthropic_base_url(f"http://127.0.0.1/proxy{ending}") == "http://127.0.0.1/proxy"


@pytest.mark.parametrize(
    "written",
    [
        "api.groq.com",
        "ftp://api.groq.com",
        "https://",
        "https:///openai/v1",
        "https://api.groq.com:port",
        "https://api.groq.com:0",
        "https://key@api.groq.com",
        "https://api.groq.com\\@example.com",
        "https://api.groq.com?to=example.com",
        "https://api.groq.com#here",
        "https://api.groq .com",
        "https://[api.groq.com",
    ],
)
def test_what_is_no_base_url_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        groq_base_url(written)
