"""What every translator does, embedded or a service."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.auth.exceptions import DefaultCredentialsError

from tests.fakes.translators import SERVERS
from tests.support.factories import test_settings
from tests.support.machine import slack
from tests.unit.translation.translators import ALL, FOR_MANY, REMOTE, into_portuguese, translator
from troupe import deadlines
from troupe.adapters import openai_calls
from troupe.translation.engines import http, translator_named
from troupe.translation.engines.deepl import DeepLTranslator
from troupe.translation.languages import offered_code
from troupe.translation.translator import TranslationError, TranslationRequest, Translator

MUST_SURVIVE = (
    "https://example.com/a?b=c&d=e#f",
    "anna@example.com",
    "@bob_1",
    "#news",
    "😀👩‍👩‍👧🇧🇷",
    "`x = <1>`",
    "5,50 €",
    "{{count}}",
    "<b>",
    "</b>",
    "12:30",
    "⟦7⟧",
    "&amp;",
)
TEXT = "Dear {}, please look at {} before {}."


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_WAITS", (0.02, 0.04))
    monkeypatch.setattr(openai_calls, "_WAITS", (0.02, 0.04))


@pytest.fixture(scope="module", params=ALL)
def both(request: pytest.FixtureRequest) -> Iterator[tuple[Translator, Any]]:
    with translator(request.param) as made:
        yield made


@pytest.fixture
def any_translator(both: tuple[Translator, Any]) -> Translator:
    return both[0]


@pytest.fixture(params=REMOTE)
def remote(request: pytest.FixtureRequest) -> Iterator[tuple[Translator, Any]]:
    with translator(request.param) as made:
        yield made


def ask(made: Translator, *texts: str, seconds: float = FOR_MANY, style: str = "") -> list[str]:
    deadline = time.monotonic() + seconds
    offered = made.languages(deadline)
    source, target = offered_code("en", offered.sources), offered_code("pt", offered.targets)
    assert source and target
    return made.translate(TranslationRequest(texts, source, target, deadline, style))


def failure(made: Translator, *texts: str, seconds: float = FOR_MANY) -> tuple[str, bool]:
    with pytest.raises(TranslationError) as caught:
        ask(made, *texts, seconds=seconds)
    assert not any(text in str(caught.value) for text in texts)
    return caught.value.code, caught.value.retryable


def test_it_translates_each_text_on_its_own(any_translator: Translator) -> None:
    one, two = ask(any_translator, "Good morning.", "The house is close to the sea.")
    assert one and two and one != two
    assert (one, two) != ("Good morning.", "The house is close to the sea.")
    assert ask(any_translator, "Good morning.") == [one]


def test_it_names_itself_and_its_languages(any_translator: Translator) -> None:
    assert any_translator.name in ALL
    assert any_translator.version
    offered = any_translator.languages(time.monotonic() + FOR_MANY)
    assert offered_code("pt", offered.targets) and offered_code("en", offered.sources)
    assert len(set(offered.targets)) == len(offered.targets)


def test_placeholders_come_back_where_they_belong(any_translator: Translator) -> None:
    (said,) = ask(any_translator, "Write to ⟦1⟧ before Thursday, or call ⟦2⟧ instead.")
    assert said.count("⟦1⟧") == said.count("⟦2⟧") == 1
    assert said.index("⟦1⟧") < said.index("⟦2⟧")
    assert not said.startswith("⟦")


@pytest.mark.parametrize("kept", MUST_SURVIVE)
def test_what_must_survive_does(any_translator: Translator, kept: str) -> None:
    made = into_portuguese(any_translator, TEXT.replace("{}", kept), f"Hello{kept}!", kept)
    first, second, third = made.texts
    assert first.count(kept) == 3
    assert "please" not in first
    assert second.count(kept) == 1
    assert third == kept
    assert made.kept == 0


def test_terms_of_the_glossary_are_translated_as_it_says(any_translator: Translator) -> None:
    glossary = {"rocket board": "Prancha Foguete", "Acme": "Acme"}
    text = "Our Rocket Board comes from Acme. See https://acme.com/rocket."
    (said,) = into_portuguese(any_translator, text, glossary=glossary).texts
    assert "Prancha Foguete" in said and "Acme" in said and "https://acme.com/rocket" in said
    assert "Board" not in said


def test_lines_bullets_and_empty_lines_stay(any_translator: Translator) -> None:
    text = "Dear Anna,\n\n- the first point\n2. the second point\n\n> a quotation\n"
    (said,) = into_portuguese(any_translator, text).texts
    starts = [line[:2] for line in said.split("\n")]
    assert starts[1:] == ["", "- ", "2.", "", "> ", ""]
    assert "point" not in said


def test_markup_of_a_service_in_a_text_is_text(any_translator: Translator) -> None:
    text = 'He wrote <x>1</x> and <span translate="no">2</span> &lt; 3 & 4.'
    (said,) = into_portuguese(any_translator, text).texts
    for kept in ("<x>", "</x>", '<span translate="no">', "</span>", "&lt;", "&"):
        assert kept in said


def test_threads_may_share_it(any_translator: Translator) -> None:
    texts = [f"The house number {n} is close to the sea." for n in range(12)]
    alone = [ask(any_translator, text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda text: ask(any_translator, text), texts)) == alone


@pytest.mark.parametrize("step", ["lose", "double", "repeat", "empty"])
def test_an_answer_that_cannot_be_right_is_not_taken(
    remote: tuple[Translator, Any], step: str
) -> None:
    made, server = remote
    made.languages(time.monotonic() + FOR_MANY)
    server.script(step)
    result = into_portuguese(made, "Write to anna@example.com. Then come home.")
    assert result.texts == ["WRITE TO anna@example.com. THEN COME HOME."]
    assert result.kept == 0
    server.script(*[step] * 9)
    result = into_portuguese(made, "Write to anna@example.com soon.")
    assert "anna@example.com" in result.texts[0]
    assert result.texts[0].casefold() == "write to anna@example.com soon."
    assert bool(result.kept) == (step in ("repeat", "empty"))


@pytest.mark.parametrize(
    ("steps", "code", "retryable"),
    [
        (["403"], "translator_auth_failed", False),
        (["400"], "translator_refused", False),
        (["one-too-few"], "translator_bad_answer", False),
        (["numbers"], "translator_bad_answer", False),
        (["other"], "translator_bad_answer", False),
        (["html"], "translator_bad_answer", False),
        (["large"], "translator_bad_answer", False),
        (["503"] * 3, "translator_unavailable", True),
        (["cut"] * 3, "translator_unavailable", True),
        (["429"] * 3, "translator_rate_limited", True),
    ],
)
def test_failures_of_a_service(
    remote: tuple[Translator, Any], steps: list[str], code: str, retryable: bool
) -> None:
    made, server = remote
    made.languages(time.monotonic() + FOR_MANY)
    server.script(*steps)
    if made.name == "openai" and steps == ["400"]:
        server.formats = ()  # it is asked again without the schema
        code = "translator_bad_answer"
    assert failure(made, "A secret text.") == (code, retryable)


def test_a_service_that_fails_once_is_asked_again(remote: tuple[Translator, Any]) -> None:
    made, server = remote
    server.script("503", "429")
    assert ask(made, "Good morning.") == ["GOOD MORNING."]


def test_a_service_that_hangs_does_not_hold_us(remote: tuple[Translator, Any]) -> None:
    made, server = remote
    made.languages(time.monotonic() + FOR_MANY)
    server.script(*["hang"] * 3)
    started = time.monotonic()
    code, retryable = failure(made, "A secret text.", seconds=1.0)
    assert code in ("translator_timeout", "translator_unavailable") and retryable
    assert time.monotonic() - started < 5 * slack()


@pytest.mark.parametrize("name", SERVERS)
def test_a_request_waits_no_longer_for_it_than_for_others(name: str) -> None:
    with translator(name) as (made, server):
        made.languages(time.monotonic() + FOR_MANY)
        server.script(*["hang"] * 3)
        deadlines.begin(1.0)
        started = time.monotonic()
        assert failure(made, "A secret text.") == ("translator_timeout", True)
        assert time.monotonic() - started < 10 * slack()


def test_a_service_that_is_gone(remote: tuple[Translator, Any]) -> None:
    made, _ = remote
    port = "http://127.0.0.1:9"
    settings = {
        "deepl": {"DEEPL_BASE_URL": port},
        "google": {"GOOGLE_TRANSLATE_ENDPOINT": port},
        "libretranslate": {"LIBRETRANSLATE_URL": port},
        "openai": {"OPENAI_BASE_URL": port},
    }[made.name]
    with translator(made.name, **settings) as (broken, _):
        with pytest.raises(TranslationError) as caught:
            broken.languages(time.monotonic() + 3)
            broken.translate(TranslationRequest(["Hello"], "en", "pt", time.monotonic() + 3))
        assert caught.value.code == "translator_unavailable"


def test_the_style_is_asked_for() -> None:
    with translator("openai") as (made, server):
        assert made.capabilities.styles
        ask(made, "Good morning.", style="like a pirate")
        (content,) = [m["content"] for m in server.requests[-1]["messages"] if m["role"] == "user"]
        assert "like a pirate" in content and "Portuguese" in content


def test_deepl_gets_codes_and_tags_as_it_wants_them() -> None:
    with translator("deepl") as (made, server):
        into_portuguese(made, "Write to anna@example.com & <wait>.")
        sent = server.requests[-1]
        assert (sent["source_lang"], sent["target_lang"]) == ("EN", "PT-BR")
        assert sent["text"] == ["Write to <x>1</x> &amp; <x>2</x>."]


def test_keys_of_the_free_plan_belong_to_another_server_of_deepl() -> None:
    paid, free = DeepLTranslator("key", None), DeepLTranslator("key:fx", None)
    assert (paid._url, free._url) == ("https://api.deepl.com", "https://api-free.deepl.com")


@pytest.mark.parametrize(
    ("name", "settings", "missing"),
    [
        ("deepl", {}, "DEEPL_API_KEY"),
        ("openai", {}, "OPENAI_API_KEY"),
        ("libretranslate", {"LIBRETRANSLATE_URL": "localhost"}, "LIBRETRANSLATE_URL"),
        ("google", {}, "default credentials"),
    ],
)
def test_a_missing_setting_is_named(
    name: str, settings: dict[str, str], missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_credentials(scopes: list[str]) -> None:
        raise DefaultCredentialsError("no credentials")

    monkeypatch.setattr("google.auth.default", no_credentials)
    with pytest.raises(ValueError, match=missing):
        translator_named(test_settings(TRANSLATOR=name, **settings))


def test_languages_are_asked_once() -> None:
    with translator("libretranslate") as (made, server):
        threads = [threading.Thread(target=ask, args=(made, "Hello there.")) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.paths.count("/languages") == 1


def test_many_texts_are_sent_in_few_requests() -> None:
    with translator("deepl") as (made, server):
        texts = [f"Sentence number {n}." for n in range(120)] + ["Twice.", "Twice."]
        said = into_portuguese(made, *texts).texts
        assert said == [text.upper() for text in texts]
        sent = [len(request["text"]) for request in server.requests if "text" in request]
        assert sent == [50, 50, 21]
