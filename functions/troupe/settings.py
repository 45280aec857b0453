"""Settings, read from the environment once per process; every one is listed in the README."""

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

    characters_per_token: int = 1000  # a token per started thousand characters of speech
    tokens_per_video: int = 1
    # The longest that text may plausibly last, for holds in voiceSeconds: what is held is never
    # less than what is settled, so a balance cannot be overdrawn.
    held_seconds_per_character: float = 0.5


class Rate(BaseModel):
    """At most so many in a window of so many seconds."""

    model_config = ConfigDict(frozen=True)

    most: int = Field(ge=1)
    seconds: int = Field(ge=1, le=86_400)


class RateLimit(BaseModel):
    """What one account may do, and what may come from one network address; None: no limit."""

    model_config = ConfigDict(frozen=True)

    account: Rate | None = None
    address: Rate | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """`10/900, 100/900`: ten in 900 s by an account, a hundred from an address; `0` is no
        limit. Raises ValueError."""
        parts = [part.strip() for part in text.split(",")]
        rates = []
        for part in parts * 2 if parts == ["0"] else parts:
            most, _, seconds = part.partition("/")
            rates.append(None if part == "0" else {"most": most, "seconds": seconds})
        if len(rates) != 2:
            raise ValueError("must be a limit for accounts and one for addresses, or 0")
        return cls.model_validate({"account": rates[0], "address": rates[1]})


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True)

    project_id: str = Field("demo-troupe", alias="GCLOUD_PROJECT")
    region: str = Field("us-central1", alias="TROUPE_REGION")
    emulated: bool = Field(False, alias="FUNCTIONS_EMULATOR")
    storage_bucket: str = Field("", alias="STORAGE_BUCKET")
    web_api_key: str = Field("", alias="WEB_API_KEY")
    cors_origins: str = Field("", alias="CORS_ORIGINS")

    jwt_secret: str = Field("", alias="JWT_SECRET", repr=False)
    jwt_previous_secret: str = Field("", alias="JWT_PREVIOUS_SECRET", repr=False)
    access_token_seconds: int = Field(3600, alias="ACCESS_TOKEN_SECONDS", ge=60)
    refresh_token_seconds: int = Field(30 * 86400, alias="REFRESH_TOKEN_SECONDS", ge=3600)

    # By the names that routes count against; the domains have the defaults.
    limits: dict[str, RateLimit] = Field(default_factory=dict)
    trusted_proxies: str = Field("google", alias="TRUSTED_PROXIES")

    tokens_to_give: int = Field(20, alias="TOKENS_TO_GIVE", ge=0)
    guest_tokens_to_give: int = Field(2, alias="GUEST_TOKENS_TO_GIVE", ge=0)
    prices: Prices = Prices()
    # off: plans and minutes are given at once; stripe: those with a price want a checkout first.
    payments: Literal["off", "stripe"] = Field("off", alias="PAYMENTS")

    speech_engine: str = Field("espeak", alias="SPEECH_ENGINE")
    openai_api_key: str = Field("", alias="OPENAI_API_KEY", repr=False)
    openai_base_url: str | None = Field(None, alias="OPENAI_BASE_URL")
    openai_speech_model: str = Field("gpt-4o-mini-tts", alias="OPENAI_SPEECH_MODEL")
    f5tts_url: str = Field("http://127.0.0.1:7860", alias="F5TTS_URL")
    elevenlabs_api_key: str = Field("", alias="ELEVENLABS_API_KEY", repr=False)
    elevenlabs_base_url: str | None = Field(None, alias="ELEVENLABS_BASE_URL")
    elevenlabs_model: str = Field("eleven_multilingual_v2", alias="ELEVENLABS_MODEL")
    elevenlabs_voices: str = Field("", alias="ELEVENLABS_VOICES")
    google_tts_endpoint: str | None = Field(None, alias="GOOGLE_TTS_ENDPOINT")
    openai_script_model: str = Field("gpt-5.4-mini", alias="OPENAI_SCRIPT_MODEL")

    max_text_characters: int = Field(200_000, alias="MAX_TEXT_CHARACTERS", ge=1, le=200_000)
    part_characters: int = Field(4_000, alias="PART_CHARACTERS", ge=100)
    max_attempts: int = Field(5, alias="MAX_ATTEMPTS", ge=1)
    lease_seconds: int = Field(30, alias="LEASE_SECONDS", ge=3)
    hold_hours: int = Field(24, alias="HOLD_HOURS", ge=1)
    retention_days: int = Field(30, alias="RETENTION_DAYS", ge=1)

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
        """LOGIN_LIMIT, say, becomes `limits["login"]`."""
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
        """Outside the emulator, a missing or short JWT_SECRET stops the function from starting."""
        if len(self.jwt_secret.encode()) < MIN_SECRET_BYTES:
            if not self.emulated:
                raise ValueError(
                    f"JWT_SECRET must be at least {MIN_SECRET_BYTES} bytes; make one with "
                    '`python -c "import secrets; print(secrets.token_urlsafe(48))"`'
                )
            if not self.jwt_secret:
                # The emulators run without secrets; a fixed one lets every function agree on it.
                object.__setattr__(self, "jwt_secret", "the-emulator-secret-is-no-secret-at-all")
        return self

    @property
    def bucket(self) -> str:
        return self.storage_bucket or f"{self.project_id}.firebasestorage.app"

    @property
    def allowed_origins(self) -> list[str]:
        """Origins that browsers may call from; everything on the emulator, else what is named."""
        named = [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]
        return named or (["*"] if self.emulated else [])


@cache
def settings() -> Settings:
    return Settings.from_env()
