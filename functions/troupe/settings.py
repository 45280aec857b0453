"""Settings, read from the environment once per process. `python -m troupe settings` writes their
table in the README."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

FUNCTIONS = Path(__file__).parents[1]  # what is deployed
MOST_CHARACTERS = 200_000  # of any text
QUOTAS = "guest=3/20/5/50, none=50/500/100/1000, paid=500/5000/1000/20000"
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
    """The limits per account, per network address, and for failures only per account from
    everywhere; None: no limit."""

    model_config = ConfigDict(frozen=True)

    account: Rate | None = None
    address: Rate | None = None
    everywhere: Rate | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parses `10/900, 100/900`: 10 in 900 s per account, 100 per address; a third one counts an
        account's failures from everywhere; `0` is no limit. Raises ValueError."""
        parts = [part.strip() for part in text.split(",")]
        rates = []
        for part in parts * 2 if parts == ["0"] else parts:
            most, _, seconds = part.partition("/")
            rates.append(None if part == "0" else {"most": most, "seconds": seconds})
        if len(rates) not in (2, 3):
            raise ValueError("must be a limit for accounts and one for addresses, or 0")
        return cls.model_validate(
            dict(zip(("account", "address", "everywhere"), rates, strict=False))
        )


class Quota(BaseModel):
    """How many characters, scripts and uploaded files a user may keep, and how large the files may
    be in total."""

    model_config = ConfigDict(frozen=True)

    characters: int = Field(ge=0)
    scripts: int = Field(ge=0)
    files: int = Field(ge=0)
    megabytes: int = Field(ge=0)

    @property
    def bytes(self) -> int:
        return self.megabytes * 1024 * 1024


class JobShare(BaseModel):
    """How much of a user's work may be in the task queue: at most `jobs` jobs, each with at most
    `parts` tasks."""

    model_config = ConfigDict(frozen=True)

    jobs: int = Field(ge=1)
    parts: int = Field(ge=1)

    def within(self, tasks: int) -> Self:
        """Reduced to at most `tasks` tasks (1 or more) in total."""
        parts = min(self.parts, tasks)
        return type(self)(jobs=min(self.jobs, tasks // parts), parts=parts)


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
    password_min_length: int = _setting(
        "PASSWORD_MIN_LENGTH", 6, "the shortest new password", ge=6, le=64
    )
    common_passwords: Literal["refuse", "allow"] = _setting(
        "COMMON_PASSWORDS",
        "refuse",
        "`refuse` or `allow`: new passwords that are among the 20,000 most common ones",
    )
    email_enumeration: Literal["visible", "hidden"] = _setting(
        "EMAIL_ENUMERATION",
        "visible",
        "`visible`: registering an address that has an account answers 409; `hidden`: registering "
        "always answers 202 and mails a link, with which the owner of the address sets the "
        "password ([decision 028](docs/decisions/028-sign-in.md))",
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
    video_included_characters: int = _setting(
        "VIDEO_INCLUDED_CHARACTERS",
        2_000,
        "the speech that the one token of a video pays for; what is longer is charged as speech "
        "([decision 025](docs/decisions/025-what-unfinished-work-costs.md))",
        ge=0,
    )
    payments: Literal["", "off", "stripe"] = _setting(
        "PAYMENTS",
        "",
        "required. `off`: every account gets any plan and any minutes at no cost; `stripe`: "
        "anything with a price answers 402",
        shown="none; `off` on the emulators",
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
    moderation: Literal["off", "blocklist", "openai"] = _setting(
        "MODERATION",
        "off",
        "what checks texts before they are spoken or stored: nothing, a list of words, or an "
        "OpenAI-compatible server ([decision 031](docs/decisions/031-moderation.md))",
    )
    moderation_blocklist: str = _setting(
        "MODERATION_BLOCKLIST",
        "",
        "for `blocklist`: words and phrases separated by commas, or a `.txt` file in `functions/` "
        "with one per line",
    )
    moderation_model: str = _setting(
        "MODERATION_MODEL", "omni-moderation-latest", "the model of `MODERATION=openai`"
    )
    moderation_base_url: str | None = _setting(
        "MODERATION_BASE_URL", None, "the server of `MODERATION=openai`", shown="`OPENAI_BASE_URL`"
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
        "MAX_TEXT_CHARACTERS",
        MOST_CHARACTERS,
        "the longest text of a request",
        ge=1,
        le=MOST_CHARACTERS,
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
    tasks_at_once: int | None = _setting(
        "TASKS_AT_ONCE",
        None,
        "tasks that `generate` runs at the same time; one user never gets more than half of them",
        shown="20; 2 on the emulators",
        ge=1,
    )
    job_shares: dict[str, JobShare] = _setting(
        "JOB_SHARES",
        "guest=1x1, none=2x2, paid=2x4",
        "how many jobs of a user run at the same time, and how many parts of each: for guests, "
        "users without a paid plan, and all others; an entry for a plan's id, such as `pro=4x4`, "
        "overrides these ([decision 026](docs/decisions/026-fair-queue.md))",
        validate_default=True,
    )
    waiting_jobs: int = _setting(
        "WAITING_JOBS", 200, "how many more jobs of a user may wait for their turn", ge=0
    )
    quotas: dict[str, Quota] = _setting(
        "QUOTAS",
        QUOTAS,
        "how many characters, scripts and uploaded files a user may keep, and the megabytes of "
        "those files: for guests, users without a paid plan, and all others; an entry for a plan's "
        "id, such as `pro=1000/9000/2000/50000`, overrides these",
        validate_default=True,
    )
    max_attempts: int = _setting("MAX_ATTEMPTS", 5, "attempts before a job fails", ge=1)
    lease_seconds: int = _setting(
        "LEASE_SECONDS", 30, "how long a worker keeps its job without a heartbeat", ge=3
    )
    hold_hours: int = _setting(
        "HOLD_HOURS", 24, "when the sweep fails a job that has not finished", ge=1
    )
    retention_days: int = _setting(
        "RETENTION_DAYS", 30, "how long generations and uploaded files are kept", ge=1
    )
    guest_days: int = _setting(
        "GUEST_DAYS",
        30,
        "guests who were not used for so long are deleted with all their data; `0`: never",
        ge=0,
    )
    export_days: int = _setting(
        "EXPORT_DAYS", 7, "how long the archive of an export can be downloaded", ge=1
    )

    character_visibility: Literal["public", "unlisted", "private"] = _setting(
        "CHARACTER_VISIBILITY",
        "public",
        "who sees a new character whose owner does not say: `public`, `unlisted` or `private`; "
        "guests' characters are always private",
    )
    character_allow_use: bool = _setting(
        "CHARACTER_ALLOW_USE",
        True,
        "whether others may cast a new character whose owner does not say, if its consent allows "
        "them to",
        shown="true",
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

    @field_validator("job_shares", mode="before")
    @classmethod
    def _shares(cls, value: Any) -> Any:
        """Parses `guest=1x1, none=2x2, paid=2x4`: 1 job with 1 part at once for guests, and so on.
        A missing entry of these three keeps its default."""
        if not isinstance(value, str):
            return value
        shares: dict[str, Any] = {}
        for entry in f"guest=1x1, none=2x2, paid=2x4, {value}".split(","):
            name, _, share = entry.strip().partition("=")
            jobs, _, parts = share.partition("x")
            if name or share:
                shares[name] = {"jobs": jobs, "parts": parts}
        return shares

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

    @model_validator(mode="after")
    def _blocklist_exists(self) -> Self:
        if self.moderation == "blocklist":
            if not self.moderation_blocklist:
                raise ValueError("MODERATION=blocklist needs MODERATION_BLOCKLIST")
            if self.moderation_blocklist.endswith(".txt"):
                file = FUNCTIONS / self.moderation_blocklist
                if not file.is_file():
                    raise ValueError(f"MODERATION_BLOCKLIST: there is no file {file}")
        return self

    @field_validator("quotas", mode="before")
    @classmethod
    def _quotas(cls, value: Any) -> Any:
        """Parses `guest=3/20/5/50`: 3 characters, 20 scripts and 5 files of 50 MB in all. A missing
        entry of the three default ones keeps its default."""
        if not isinstance(value, str):
            return value
        quotas: dict[str, Any] = {}
        for entry in f"{QUOTAS}, {value}".split(","):
            name, _, numbers = entry.strip().partition("=")
            if name or numbers:
                words = numbers.split("/")
                if len(words) != len(Quota.model_fields):
                    raise ValueError("must be like guest=3/20/5/50, separated by commas")
                quotas[name] = dict(zip(Quota.model_fields, words, strict=True))
        return quotas

    def quota(self, *names: str) -> Quota:
        """The first entry of QUOTAS with one of these names; the last must be there."""
        return self.quotas[next(each for each in names if each in self.quotas)]

    def share(self, *names: str) -> JobShare:
        """The first entry of JOB_SHARES with one of these names (the last must be there), within
        half of the tasks that run at once, so that no user fills the queue."""
        tasks = self.tasks_at_once or (2 if self.emulated else 20)
        name = next(each for each in names if each in self.job_shares)
        return self.job_shares[name].within(max(1, tasks // 2))

    @model_validator(mode="after")
    def _payments_are_chosen(self) -> Self:
        """Outside the emulators, a missing PAYMENTS keeps the function from starting: nobody gives
        every plan away by forgetting a setting."""
        if not self.payments:
            if not self.emulated:
                raise ValueError(
                    "PAYMENTS is not set. PAYMENTS=stripe asks for payment; PAYMENTS=off lets "
                    "everybody who has an account take any plan and any minutes at no cost "
                    "(docs/deploy.md)"
                )
            object.__setattr__(self, "payments", "off")
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
