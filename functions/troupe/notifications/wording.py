"""The sentences of notifications, in the reader's language: rendered when they are shown, so that a
user who changes the language reads old ones in the new one.

`sentences/{language}.json` has a title and a body by type, or by `type.kind` where they depend on
the kind of work. They may name parameters of the notification: `{plan}`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from troupe.notifications.records import Notification

FALLBACK = "en"
_FOLDER = Path(__file__).parent / "sentences"
LANGUAGES = frozenset(file.stem for file in _FOLDER.glob("*.json"))
# Norwegian is stored as nb or no; who writes nynorsk reads bokmål too.
_SAME = {"no": "nb", "nn": "nb"}


class Sentences(NamedTuple):
    title: str
    body: str


class _Params(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


@cache
def sentences(language: str) -> Mapping[str, Sentences]:
    """The sentences in one of LANGUAGES."""
    found = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return {key: Sentences(*both) for key, both in found.items()}


def base_language(language: str | None, known: Collection[str]) -> str:
    """The one of the `known` languages for a reader of `language` (a BCP 47 tag, or None)."""
    base = (language or FALLBACK).partition("-")[0].lower()
    base = _SAME.get(base, base)
    return base if base in known else FALLBACK


def rendered(notification: Notification, language: str | None) -> Sentences:
    """The title and body for a reader of `language` (a BCP 47 tag, or None), in English if there
    are no sentences in it."""
    words = sentences(base_language(language, LANGUAGES))
    params = _Params(notification.params)
    key = str(notification.type)
    found = words.get(key) or words[f"{key}.{params['kind']}"]
    return Sentences(found.title.format_map(params), found.body.format_map(params))
