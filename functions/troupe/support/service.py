"""The files of the API's documentation, and example token usage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from pydantic_core import from_json

from troupe.settings import Settings
from troupe.support.errors import NoMedia
from troupe.wallet.service import Usage

_EXAMPLES: tuple[tuple[str, int | None], ...] = (
    ("A greeting of 280 characters", 280),
    ("A page of 2,400 characters", 2_400),
    ("A scene of 6,500 characters", 6_500),
    ("The video of the scene", None),
)
OPENAPI = Path(__file__).parents[2] / "openapi.json"


@dataclass(frozen=True, slots=True)
class DemoUse:
    """One use of tokens, and what is left after it. `characters`: length of the text; None for a
    video."""

    action: str
    characters: int | None
    tokens: int
    remaining_tokens: int


@dataclass(frozen=True, slots=True)
class Demo:
    """What a new account's tokens pay for at current prices."""

    total_tokens: int
    used_tokens: int
    remaining_tokens: int
    usage_percentage: float
    characters_per_token: int
    tokens_per_video: int
    usage: list[DemoUse]


@cache
def asset(name: str) -> Path:
    """A file of Swagger UI from its installed wheel, which is not imported."""
    spec = find_spec("flask_openapi_swagger")
    if spec is None or spec.origin is None:
        raise RuntimeError("flask-openapi-swagger is not installed")
    kind = {".css": "css", ".js": "js", ".svg": "images"}[Path(name).suffix]
    return Path(spec.origin).parent / "templates" / "swagger" / kind / name


@cache
def _media_paths() -> re.Pattern[str]:
    """The paths that media links open. Read from openapi.json, as other functions serve them."""
    paths = from_json(OPENAPI.read_bytes())["paths"]
    media = [
        re.sub(r"\\\{\w+\\\}", r"[^/]+", re.escape(path))
        for path, methods in paths.items()
        if {"mediaLink": []} in methods.get("get", {}).get("security", ())
    ]
    return re.compile("|".join(media))


def media_address(address: str) -> str:
    """The URL of a media file, without the token of an older link. Raises NoMedia for others."""
    path, _, query = address.partition("?")
    if not _media_paths().fullmatch(path):
        raise NoMedia
    kept = [(name, value) for name, value in parse_qsl(query) if name != "token"]
    return f"{path}?{urlencode(kept)}" if kept else path


def demo(settings: Settings) -> Demo:
    """Example uses in order, as far as the tokens of a new account go."""
    prices = settings.prices
    left = settings.tokens_to_give
    usage = []
    for action, characters in _EXAMPLES:
        tokens = (
            prices.tokens_per_video
            if characters is None
            else -(-characters // prices.characters_per_token)
        )
        if tokens > left:
            break
        left -= tokens
        usage.append(
            DemoUse(action=action, characters=characters, tokens=tokens, remaining_tokens=left)
        )
    used = settings.tokens_to_give - left
    return Demo(
        total_tokens=settings.tokens_to_give,
        used_tokens=used,
        remaining_tokens=left,
        usage_percentage=Usage(used, settings.tokens_to_give).percentage,
        characters_per_token=prices.characters_per_token,
        tokens_per_video=prices.tokens_per_video,
        usage=usage,
    )
