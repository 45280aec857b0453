"""All translators, each with the server that it needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.fakes import openai_server
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.translators import KEY, SERVERS, FakeTranslator
from tests.support.factories import test_settings
from troupe.translation.engines import translator_named
from troupe.translation.texts import Translations, translate
from troupe.translation.translator import Translator

Server = FakeTranslator | FakeOpenAI | None
_SETTINGS: dict[str, Callable[[str], dict[str, str]]] = {
    "deepl": lambda url: {"DEEPL_BASE_URL": url, "DEEPL_API_KEY": KEY},
    "google": lambda url: {"GOOGLE_TRANSLATE_ENDPOINT": url},
    "libretranslate": lambda url: {"LIBRETRANSLATE_URL": url, "LIBRETRANSLATE_API_KEY": KEY},
    "openai": lambda url: {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": openai_server.KEY},
}
REMOTE = (*SERVERS, "openai")
ALL = ("firefox", *REMOTE)
FOR_MANY = 60.0  # seconds; more than any call takes on a slow machine


@contextmanager
def _server(name: str) -> Iterator[tuple[Any, str]]:
    if name == "openai":
        with openai_server.openai_server() as fake:
            yield fake, fake.base_url
    else:
        with SERVERS[name]() as fake:
            yield fake, fake.url


@contextmanager
def translator(name: str, **settings: str) -> Iterator[tuple[Translator, Any]]:
    """The translator with this name, and its server; None for the embedded one."""
    if name == "firefox":
        made = translator_named(test_settings(TRANSLATOR=name, **settings))
        assert made is not None
        yield made, None
        made.close()
        return
    with _server(name) as (fake, url):
        config = test_settings(TRANSLATOR=name, **(_SETTINGS[name](url) | settings))
        made = translator_named(config)
        assert made is not None
        yield made, fake
        made.close()


def into_portuguese(
    made: Translator, *texts: str, seconds: float = FOR_MANY, **options: Any
) -> Translations:
    """English texts in Portuguese."""
    target = next(code for code in made.languages(_soon()).targets if code.startswith("pt"))
    source = next(code for code in made.languages(_soon()).sources if code.startswith("en"))
    deadline = time.monotonic() + seconds
    return translate(made, texts, source, target, deadline=deadline, **options)


def _soon() -> float:
    return time.monotonic() + FOR_MANY
