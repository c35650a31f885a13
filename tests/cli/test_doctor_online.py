"""The doctor asks providers about their keys only when told to, and never shows one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.servers import groq
from tests.servers.wire import FakeServer, Wire, fail, hang_up, html

if TYPE_CHECKING:
    from tests.programs import Program
    from tests.servers.groq import GroqServer
    from tests.servers.wire import Behaviour

KEY = "sk-aKeyOfTheRightShape0123456789"


class ModelServer(FakeServer):
    """Tells its one model to who has the key, whichever header it comes in."""

    def reply(self, wire: Wire) -> None:
        """Answer one request."""
        sent = wire.exchange.headers
        if self.script:
            self.script.popleft()(wire)
        elif KEY not in (sent.get("x-api-key"), sent.get("authorization", "").removeprefix("Bearer ")):
            wire.send(401, {"error": {"code": "invalid_api_key", "message": f"Incorrect API key: {KEY[:9]}"}})
        else:
            wire.send(200, {"data": [{"id": "good-model"}]})


def _found(ragchat: Program, *arguments: str, **variables: str) -> dict[str, Any]:
    ran = ragchat("doctor", "--json", *arguments, **variables)
    assert not any(value in ran.out + ran.err for name, value in variables.items() if name.endswith("_KEY"))
    assert ran.status == (0 if ran.result["ok"] else 1)
    return {finding["name"]: finding for finding in ran.result["findings"]}


def _groq(server: GroqServer, key: str = groq.KEY) -> dict[str, str]:
    return {"GROQ_API_KEY": key, "GROQ_BASE_URL": server.url}


def test_a_valid_key_of_groq_is_told_and_asked_for_once(ragchat: Program, groq_server: GroqServer) -> None:
    found = _found(ragchat, "--online", **_groq(groq_server))["groq"]
    assert (found["state"], found["message"]) == ("ok", "The key is valid, and openai/gpt-oss-20b is there.")
    assert [(sent.method, sent.path) for sent in groq_server.journal] == [("GET", "/openai/v1/models")]


def test_without_online_nobody_is_asked(ragchat: Program, groq_server: GroqServer) -> None:
    assert "whether it is valid was not asked" in _found(ragchat, **_groq(groq_server))["groq"]["message"]
    assert groq_server.journal == []


def test_nobody_is_asked_when_nothing_may_leave(ragchat: Program, groq_server: GroqServer) -> None:
    found = _found(ragchat, "--online", RAGCHAT_CLOUD="never", **_groq(groq_server))["groq"]
    assert "stays unused" in found["message"]
    assert groq_server.journal == []


def test_a_key_that_groq_refuses_is_a_problem_with_its_cure(ragchat: Program, groq_server: GroqServer) -> None:
    found = _found(ragchat, "--online", **_groq(groq_server, "gsk_another0123456789"))["groq"]
    assert found["state"] == "problem"
    assert "console.groq.com/keys" in found["cure"]


def test_a_malformed_key_is_a_problem_and_not_sent(ragchat: Program, groq_server: GroqServer) -> None:
    assert _found(ragchat, "--online", **_groq(groq_server, "gsk_two words"))["groq"]["state"] == "problem"
    assert groq_server.journal == []


@pytest.mark.parametrize(("name", "path"), [("openai", "/v1/models"), ("anthropic", "/v1/models")])
def test_the_other_providers_are_asked_where_their_key_is_set(ragchat: Program, name: str, path: str) -> None:
    upper = name.upper()
    with ModelServer() as server:
        url = f"{server.url}/v1" if name == "openai" else server.url
        given = {f"{upper}_API_KEY": KEY, f"{upper}_BASE_URL": url, f"{upper}_MODEL": "good-model"}
        assert _found(ragchat, **given).get(name) is None
        good = _found(ragchat, "--online", **given)[name]
        assert (good["state"], good["message"]) == ("ok", "The key is valid, and good-model is there.")
        other = _found(ragchat, "--online", **{**given, f"{upper}_MODEL": "bad-model"})[name]
        assert (other["state"], f"{upper}_MODEL" in other["cure"]) == ("warning", True)
        bad = _found(ragchat, "--online", **{**given, f"{upper}_API_KEY": "sk-wrong0123456789"})[name]
        assert (bad["state"], bool(bad["cure"])) == ("problem", True)
        assert {(sent.method, sent.path) for sent in server.journal} == {("GET", path)}


@pytest.mark.parametrize(
    "behaviour", [html, hang_up, fail(500), fail(302, b"", {"Location": "http://elsewhere.invalid/"})]
)
def test_what_is_no_list_of_models_is_a_problem_with_a_cure(ragchat: Program, behaviour: Behaviour) -> None:
    with ModelServer().then(behaviour) as server:
        given = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_MODEL": "good-model"}
        found = _found(ragchat, "--online", **given)["openai"]
    assert (found["state"], bool(found["cure"])) == ("problem", True)
