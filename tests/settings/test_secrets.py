"""The key goes only where the person who gave it said, and is never shown."""

from __future__ import annotations

import traceback
from decimal import Decimal
from itertools import product
from operator import attrgetter
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from ragchat.errors import SettingsError
from ragchat.settings.describe import describe
from ragchat.settings.load import load_settings
from ragchat.settings.model import DECLARED
from ragchat.settings.providers import GROQ_BASE_URL, GroqSettings
from tests.settings.given import SOURCES, load, load_from

if TYPE_CHECKING:
    from pathlib import Path

    from ragchat.settings.load import Loaded

KEY = "gsk_0123456789abcdef"
ELSEWHERE = "https://elsewhere.example"


def _key(loaded: Loaded) -> str | None:
    key = loaded.settings.groq.api_key
    return key.get_secret_value() if key else None


@pytest.mark.parametrize(("key_from", "url_from"), [*product(SOURCES, SOURCES)])
def test_a_key_goes_elsewhere_only_when_its_own_source_says_so(
    tmp_path: Path, key_from: str, url_from: str
) -> None:
    given_values = {
        name: value
        for name, value, kind in [("groq.api_key", KEY, key_from), ("groq.base_url", ELSEWHERE, url_from)]
        if kind != "default"
    }
    loaded = load_from(tmp_path, given_values, {"groq.api_key": key_from, "groq.base_url": url_from})
    stays = "groq.api_key" in given_values and url_from not in ("default", key_from)
    expected = KEY if key_from != "default" and not stays else None
    assert _key(loaded) == expected
    assert (loaded.settings.groq.key_withheld is not None) == stays
    assert loaded.warnings == ((loaded.settings.groq.key_withheld,) if stays else ())


@given(
    keys=st.dictionaries(st.sampled_from(SOURCES[:-1]), st.just(KEY)),
    urls=st.dictionaries(st.sampled_from(SOURCES[:-1]), st.sampled_from([ELSEWHERE, GROQ_BASE_URL])),
)
def test_the_sources_that_win_decide_where_several_say_something(
    tmp_path_factory: pytest.TempPathFactory, keys: dict[str, str], urls: dict[str, str]
) -> None:
    def of(kind: str) -> dict[str, str]:
        key = {"groq.api_key": keys[kind] + kind.replace(" ", "")} if kind in keys else {}
        return key | ({"groq.base_url": urls[kind]} if kind in urls else {})

    loaded = load(
        tmp_path_factory.mktemp("cwd"),
        flags=of("flag"),
        environ=of("environment"),
        dotenv=of(".env"),
        config=of("config file"),
    )
    key_from = next((kind for kind in SOURCES if kind in keys), None)
    url_from = next((kind for kind in SOURCES if kind in urls), None)
    goes_home = url_from is None or urls[url_from] == GROQ_BASE_URL
    if key_from is None or not (goes_home or key_from == url_from):
        assert _key(loaded) is None
    else:
        assert _key(loaded) == KEY + key_from.replace(" ", "")


def test_a_withheld_key_is_explained(tmp_path: Path) -> None:
    loaded = load(tmp_path, environ={"groq.api_key": KEY}, dotenv={"groq.base_url": ELSEWHERE})
    assert loaded.warnings == (
        f"GROQ_API_KEY (from the environment) is not used, since GROQ_BASE_URL comes from {tmp_path}/.env;"
        " put both in the same place.",
    )
    row = {row.name: row for row in describe(loaded)}["groq.api_key"]
    assert (row.value, row.note) == (None, loaded.warnings[0])


@pytest.mark.parametrize("provider", ["groq", "openai", "anthropic"])
def test_the_key_of_every_provider_stays_at_home(tmp_path: Path, provider: str) -> None:
    names = (f"{provider}.api_key", f"{provider}.base_url")
    apart = load(tmp_path, environ={names[0]: KEY}, dotenv={names[1]: ELSEWHERE})
    assert getattr(apart.settings, provider).api_key is None
    assert {row.name: row for row in describe(apart)}[names[0]].note == apart.warnings[0]
    together = load(tmp_path, environ={names[0]: KEY, names[1]: ELSEWHERE})
    assert getattr(together.settings, provider).api_key.get_secret_value() == KEY
    assert together.warnings == ()


@pytest.mark.parametrize("written", [GROQ_BASE_URL, "https://API.groq.com/openai/v1/"])
def test_a_base_url_that_is_groqs_own_may_come_from_anywhere(tmp_path: Path, written: str) -> None:
    loaded = load(tmp_path, environ={"groq.api_key": KEY}, dotenv={"groq.base_url": written})
    assert _key(loaded) == KEY


@pytest.mark.parametrize(
    ("config", "dotenv", "holds", "told"),
    [
        (None, "allow", "ask", True),
        (None, "ask", "ask", False),
        (None, "never", "never", False),
        ("allow", "allow", "allow", False),
        ("allow", "ask", "ask", False),
        ("ask", "allow", "ask", True),
        ("never", "allow", "never", True),
        ("never", " ask ", "never", True),
    ],
)
def test_a_dotenv_can_only_make_it_stricter_what_leaves_this_machine(
    tmp_path: Path, config: str | None, dotenv: str, holds: str, told: bool
) -> None:
    own = {"privacy.cloud": config} if config else {}
    loaded = load(tmp_path, config=own, dotenv={"privacy.cloud": dotenv})
    assert loaded.settings.privacy.cloud == holds
    assert [f"{tmp_path}/.env) is not used" in warning for warning in loaded.warnings] == [True] * told
    assert loaded.origins["privacy.cloud"].kind == (("config file" if config else "default") if told else ".env")
    for kind in ("environ", "flags"):
        typed = load(tmp_path, dotenv={"privacy.cloud": dotenv}, config=own, **{kind: {"privacy.cloud": "allow"}})
        assert (typed.settings.privacy.cloud, typed.warnings) == ("allow", ())


@pytest.mark.parametrize(
    ("name", "own", "foreign", "holds"),
    [
        ("conversation.encryption", "passphrase", "file", "passphrase"),
        ("conversation.encryption", "file", "off", "file"),
        ("conversation.encryption", "off", "file", "file"),
        ("conversation.storage", "off", "keep", "off"),
        ("conversation.storage", "keep", "off", "off"),
    ],
)
def test_a_dotenv_can_only_make_it_stricter_how_conversations_are_kept(
    tmp_path: Path, name: str, own: str, foreign: str, holds: str
) -> None:
    loaded = load(tmp_path, config={name: own}, dotenv={name: foreign})
    assert attrgetter(name)(loaded.settings) == holds
    assert len(loaded.warnings) == (holds == own)


@pytest.mark.parametrize(
    ("config", "dotenv", "holds"), [("1", "100000", "1"), ("1", "0.5", "0.5"), (None, "3", "3")]
)
def test_a_dotenv_can_only_make_a_budget_smaller(
    tmp_path: Path, config: str | None, dotenv: str, holds: str
) -> None:
    given = {"config": {"budget.daily_usd": config}} if config else {}
    loaded = load(tmp_path, dotenv={"budget.daily_usd": dotenv}, **given)
    assert loaded.settings.budget.daily_usd == Decimal(holds)
    assert bool(loaded.warnings) == (dotenv == "100000")


def test_a_dotenv_cannot_make_a_model_cheap(tmp_path: Path) -> None:
    cheap = {"budget.prices": "groq/openai/gpt-oss-20b=0/0"}
    loaded = load(tmp_path, environ={"budget.daily_usd": "1"}, dotenv=cheap)
    assert loaded.settings.budget.prices is None
    assert loaded.warnings
    assert load(tmp_path, dotenv=cheap).settings.budget.prices


@pytest.mark.parametrize(
    "leading",
    [
        {"chain.providers": "openai"},
        {"chain.rollout": "openai:100"},
        {"chain.experiment": "openai/dear,openai/dearer"},
        {"chain.models": "names.toml"},
        {"openai.model": "dear"},
    ],
)
def test_a_dotenv_cannot_spend_a_key_from_elsewhere(tmp_path: Path, leading: dict[str, str]) -> None:
    named = {"openai.model": "cheap"} if "openai.model" not in leading else {}
    loaded = load(tmp_path, environ={"openai.api_key": KEY, **named}, dotenv=leading)
    assert loaded.settings.openai.api_key is None
    assert "put both in the same place" in (loaded.settings.openai.key_withheld or "")
    together = load(tmp_path, dotenv={"openai.api_key": KEY, **named, **leading})
    assert together.settings.openai.key_withheld is None


def test_a_dotenv_with_a_wrong_word_for_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="RAGCHAT_CLOUD"):
        load(tmp_path, dotenv={"privacy.cloud": "always"})


def test_nobody_can_set_that_a_key_was_withheld() -> None:
    with pytest.raises(ValidationError):
        GroqSettings.model_validate({"key_withheld": "by me"})
    with pytest.raises(ValidationError):
        GroqSettings.model_validate({"_key_withheld": "by me"})


@pytest.mark.parametrize("written", [f" {KEY}\n", f'"{KEY}"', f"'{KEY}'", f' "{KEY} " ', f"{KEY}\r\n"])
def test_a_key_loses_white_space_and_one_pair_of_quotes(tmp_path: Path, written: str) -> None:
    assert _key(load(tmp_path, environ={"groq.api_key": written})) == KEY


@pytest.mark.parametrize(("written", "meant"), [('""', None), ('"', '"'), ("\"x'", "\"x'"), ("''x''", "'x'")])
def test_only_a_matching_pair_is_taken_off(tmp_path: Path, written: str, meant: str | None) -> None:
    assert _key(load(tmp_path, environ={"groq.api_key": written})) == meant


@pytest.mark.parametrize(
    ("key", "shown"),
    [(KEY, "••••ef"), ("123456789012", "••••12"), ("12345678901", "••••"), ("x", "••••")],
)
def test_a_key_is_shown_by_its_end_when_it_is_long_enough(tmp_path: Path, key: str, shown: str) -> None:
    rows = describe(load(tmp_path, environ={"groq.api_key": key}))
    assert {row.name: row.value for row in rows}["groq.api_key"] == shown


_KEYS = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=12, max_size=40).map(lambda text: f"gsk_{text}")


@given(key=_KEYS, kind=st.sampled_from(SOURCES[:-1]), url_kind=st.sampled_from(SOURCES))
def test_no_form_of_the_settings_shows_the_key(
    tmp_path_factory: pytest.TempPathFactory, key: str, kind: str, url_kind: str
) -> None:
    values = {"groq.api_key": key} | ({"groq.base_url": ELSEWHERE} if url_kind != "default" else {})
    kinds = {"groq.api_key": kind, "groq.base_url": url_kind}
    loaded = load_from(tmp_path_factory.mktemp("cwd"), values, kinds)
    settings = loaded.settings
    forms = (
        *(repr(loaded), str(loaded), repr(settings), str(settings), repr(settings.groq), str(settings.groq)),
        *(str(settings.model_dump()), settings.model_dump_json(), str(describe(loaded)), *loaded.warnings),
    )
    assert not any(key in form or key[4:] in form for form in forms)


@given(key=_KEYS, kind=st.sampled_from(SOURCES[:-1]), wrong=st.sampled_from(sorted(DECLARED)))
def test_no_error_shows_the_key(tmp_path_factory: pytest.TempPathFactory, key: str, kind: str, wrong: str) -> None:
    assume(not wrong.endswith((".api_key", ".model", ".embed_model")))
    values = {"groq.api_key": key, wrong: "~no such/ \\"}
    with pytest.raises(SettingsError) as refusal:
        load_from(tmp_path_factory.mktemp("cwd"), values, dict.fromkeys(values, kind))
    assert key not in "".join(traceback.format_exception(refusal.value, chain=True))
    assert refusal.value.__context__ is None


@pytest.mark.parametrize(
    "content",
    [
        f"[groq]\napi_key = '{KEY}\n",
        f"[groq]\napi_key = ['{KEY}']\n",
        f"[groq]\napi_key = {KEY}\n",
        f"groq = '{KEY}'\n",
        f"[groq]\napi_key = '{KEY}'\napi_key = '{KEY}'\n",
    ],
)
def test_a_broken_config_file_is_never_quoted(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.toml").write_text(content)
    with pytest.raises(SettingsError) as refusal:
        load_settings(environ={}, cwd=tmp_path, config_file=tmp_path / "config.toml")
    assert KEY not in "".join(traceback.format_exception(refusal.value))
