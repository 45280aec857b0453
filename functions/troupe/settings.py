"""Settings, read from the environment once per process. `python -m troupe settings` writes their
table in the README."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from ipaddress import ip_network
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

MIN_SECRET_BYTES = 32  # RFC 7518 section 3.2: an HS256 key is at least as long as its hash


class Prices(BaseModel):
    """The price table. Meters are integers: tokens, and seconds of voice."""

    model_config = ConfigDict(frozen=True)

    characters_per_token: int = 1000  # one token per started 1000 characters of speech
    tokens_per_video: int = 1


class Rate(BaseModel):
    """At most `most` requests per window of `seconds`."""

    model_config = ConfigDict(frozen=True)

    most: int = Field(ge=1)
    seconds: int = Field(ge=1, le=86_400)


class RateLimit(BaseModel):
    """The limits per account and per network address; None: no limit."""

    model_config = ConfigDict(frozen=True)

    account: Rate | None = None
    address: Rate | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parses `10/900, 100/900`: 10 in 900 s per account, 100 per address; `0` is no limit.
        Raises ValueError."""
        parts = [part.strip() for part in text.split(",")]
        rates = []
        for part in parts * 2 if parts == ["0"] else parts:
            most, _, seconds = part.partition("/")
            rates.append(None if part == "0" else {"most": most, "seconds": seconds})
        if len(rates) != 2:
            raise ValueError("must be a limit for accounts and one for addresses, or 0")
        return cls.model_validate({"account": rates[0], "address": rates[1]})


def _setting(
    variable: str, default: Any, meaning: str | None, *, shown: str | None = None, **rules: Any
) -> Any:
    """A field set by an environment variable. `meaning` and `shown` (the default in words) are for
    the table in the README; a `meaning` of None: set by the platform, not listed."""
    extra: dict[str, Any] = {} if shown is None else {"shown": shown}
    return Field(default, alias=variable, description=meaning, json_schema_extra=extra, **rules)


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True)

    jwt_secret: str = _setting(
        "JWT_SECRET",
        "",
        "secret: signs Troupe's tokens; at least 32 bytes",
        shown="none; fixed on the emulators",
        repr=False,
    )
    jwt_previous_secret: str = _setting(
        "JWT_PREVIOUS_SECRET", "", "still accepted while the secret is rotated", repr=False
    )
    access_token_seconds: int = _setting(
        "ACCESS_TOKEN_SECONDS", 3600, "lifetime of an access token", ge=60
    )
    refresh_token_seconds: int = _setting(
        "REFRESH_TOKEN_SECONDS", 30 * 86400, "lifetime of an unused refresh token", ge=3600
    )
    media_link_seconds: int = _setting(
        "MEDIA_LINK_SECONDS",
        3600,
        "maximum lifetime of a media link, which opens a file without a bearer token "
        "([decision 019](docs/decisions/019-what-clients-expect.md))",
        ge=60,
        le=86_400,
    )
    web_api_key: str = _setting(
        "WEB_API_KEY", "", "the Firebase project's web API key; required for password sign-in"
    )
    cors_origins: str = _setting(
        "CORS_ORIGINS",
        "",
        "origins that browsers may call from, separated by commas",
        shown="none; all on the emulators",
    )
    # Overrides by name; the defaults are in the domains.
    limits: dict[str, RateLimit] = Field(default_factory=dict)
    trusted_proxies: str = _setting(
        "TRUSTED_PROXIES",
        "google",
        "networks trusted to report the client's address, separated by commas "
        "([decision 014](docs/decisions/014-rate-limits.md))",
    )
    app_check: Literal["off", "enforce"] = _setting(
        "APP_CHECK",
        "off",
        "`enforce`: requests need a Firebase App Check token of one of the project's apps "
        "([decision 014](docs/decisions/014-rate-limits.md))",
    )

    tokens_to_give: int = _setting("TOKENS_TO_GIVE", 20, "tokens granted on sign-up", ge=0)
    guest_tokens_to_give: int = _setting(
        "GUEST_TOKENS_TO_GIVE", 2, "tokens granted to a guest", ge=0
    )
    prices: Prices = Prices()
    payments: Literal["off", "stripe"] = _setting(
        "PAYMENTS",
        "off",
        "`off`: plans and minutes are granted at once; `stripe`: anything with a price answers 402",
    )

    speech_engine: str = _setting(
        "SPEECH_ENGINE",
        "espeak",
        "`espeak`, `openai`, `f5tts`, `elevenlabs` or `google`; the last two need their package "
        "from `functions/requirements-extras.txt`",
    )
    openai_api_key: str = _setting(
        "OPENAI_API_KEY", "", "secret: for `openai`, and for writing scripts", repr=False
    )
    openai_base_url: str | None = _setting(
        "OPENAI_BASE_URL", None, "any OpenAI-compatible server", shown="OpenAI's own"
    )
    openai_speech_model: str = _setting(
        "OPENAI_SPEECH_MODEL",
        "gpt-4o-mini-tts",
        "OpenAI will retire its own speech models on 6 January 2027; compatible "
        "servers use their own names",
    )
    openai_script_model: str = _setting(
        "OPENAI_SCRIPT_MODEL",
        "gpt-5.4-mini",
        "the language model that writes scripts; compatible servers use their own names",
    )
    f5tts_url: str = _setting(
        "F5TTS_URL",
        "http://127.0.0.1:7860",
        "the Gradio app of F5-TTS, for `f5tts`, which speaks only with cloned voices",
    )
    elevenlabs_api_key: str = _setting(
        "ELEVENLABS_API_KEY", "", "secret: for `elevenlabs`", repr=False
    )
    elevenlabs_base_url: str | None = _setting(
        "ELEVENLABS_BASE_URL", None, "another address of its API", shown="ElevenLabs' own"
    )
    elevenlabs_model: str = _setting(
        "ELEVENLABS_MODEL", "eleven_multilingual_v2", "the model of `elevenlabs`"
    )
    elevenlabs_voices: str = _setting(
        "ELEVENLABS_VOICES",
        "",
        "the voices used without a recording: `male=ID,female=ID,kids=ID`",
        shown="three stock voices",
    )
    google_tts_endpoint: str | None = _setting(
        "GOOGLE_TTS_ENDPOINT",
        None,
        "a regional endpoint of Cloud Text-to-Speech, for `google`",
        shown="the global one",
    )

    max_text_characters: int = _setting(
        "MAX_TEXT_CHARACTERS", 200_000, "the longest text of a request", ge=1, le=200_000
    )
    # 24 hours at 24 kHz are 4.1 GB of WAV, whose own limit is 4.3 GB.
    max_audio_seconds: int = _setting(
        "MAX_AUDIO_SECONDS",
        86_400,
        "the longest speech of one audio file; estimated before, enforced while it is spoken",
        ge=1,
        le=86_400,
    )
    max_video_seconds: int = _setting(
        "MAX_VIDEO_SECONDS", 7_200, "the same for a video", ge=1, le=14_400
    )
    part_characters: int = _setting(
        "PART_CHARACTERS", 4_000, "longer texts are split into parts that run in parallel", ge=100
    )
    max_attempts: int = _setting("MAX_ATTEMPTS", 5, "attempts before a job fails", ge=1)
    lease_seconds: int = _setting(
        "LEASE_SECONDS", 30, "how long a worker keeps its job without a heartbeat", ge=3
    )
    hold_hours: int = _setting(
        "HOLD_HOURS", 24, "when the sweep gives up on a job and releases its hold", ge=1
    )
    retention_days: int = _setting(
        "RETENTION_DAYS", 30, "how long generations and uploaded files are kept", ge=1
    )

    project_id: str = _setting("GCLOUD_PROJECT", "demo-troupe", None)
    emulated: bool = _setting("FUNCTIONS_EMULATOR", False, None)
    storage_bucket: str = _setting(
        "STORAGE_BUCKET", "", "where files are stored", shown="the project's default"
    )
    region: str = _setting(
        "TROUPE_REGION",
        "us-central1",
        "where the functions run; run `python -m troupe hosting` after changing it",
    )

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        values = {k: v for k, v in env.items() if v != ""}
        if "FIREBASE_CONFIG" in values:
            config = json.loads(values["FIREBASE_CONFIG"])
            values.setdefault("GCLOUD_PROJECT", config.get("projectId") or "demo-troupe")
            values.setdefault("STORAGE_BUCKET", config.get("storageBucket") or "")
        if "GOOGLE_CLOUD_PROJECT" in values:
            values.setdefault("GCLOUD_PROJECT", values["GOOGLE_CLOUD_PROJECT"])
        return cls.model_validate(values)

    @model_validator(mode="before")
    @classmethod
    def _rate_limits(cls, values: Any) -> Any:
        """Collects variables like LOGIN_LIMIT in `limits["login"]`."""
        named = {k: v for k, v in values.items() if k.endswith("_LIMIT") and isinstance(v, str)}
        limits: dict[str, RateLimit] = {}
        for variable, text in named.items():
            try:
                limits[variable.removesuffix("_LIMIT").lower()] = RateLimit.parse(text)
            except ValueError as error:
                raise ValueError(f"{variable}: {error}") from None
        return {"limits": limits, **values}

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for word in value.split(","):
            if word.strip() not in ("", "google"):
                ip_network(word.strip())
        return value

    @model_validator(mode="after")
    def _secret_is_long_enough(self) -> Self:
        """Outside the emulators, a missing or short JWT_SECRET keeps the function from starting."""
        if len(self.jwt_secret.encode()) < MIN_SECRET_BYTES:
            if not self.emulated:
                raise ValueError(
                    f"JWT_SECRET must be at least {MIN_SECRET_BYTES} bytes; make one with "
                    '`python -c "import secrets; print(secrets.token_urlsafe(48))"`'
                )
            if not self.jwt_secret:
                # The emulators run without secrets; a fixed one is the same in all functions.
                object.__setattr__(self, "jwt_secret", "the-emulator-secret-is-no-secret-at-all")
        return self

    @property
    def bucket(self) -> str:
        return self.storage_bucket or f"{self.project_id}.firebasestorage.app"

    @property
    def allowed_origins(self) -> list[str]:
        """Allowed CORS origins: CORS_ORIGINS, or all on the emulators if it is empty."""
        named = [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]
        return named or (["*"] if self.emulated else [])


@cache
def settings() -> Settings:
    return Settings.from_env()
