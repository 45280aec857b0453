"""Settings, read from the environment once per process. `python -m troupe settings` writes their
table in the README."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from ipaddress import ip_network
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from troupe.ai_settings import AiSettings, setting
from troupe.allowances import (
    QUOTAS,
    SHARES,
    JobShare,
    Quota,
    RateLimit,
    parse_quotas,
    parse_rates,
    parse_shares,
)
from troupe.borders import PAUSES, Border, parse_pauses

MOST_CHARACTERS = 200_000  # of any text
# Without `*`: flask_cors would read it as a regular expression.
_ORIGIN = re.compile(r"[a-z][a-z0-9.-]*://[A-Za-z0-9.-]+(?::\d{1,5})?")
# RFC 7064 and RFC 7065.
_ICE_URL = re.compile(
    r"(stun|turn)s?:([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?(\?transport=(udp|tcp))?"
)
# Tokens and pictures of people go there, so without TLS only on this machine.
_LIVEKIT_URL = re.compile(
    r"((wss|https)://[A-Za-z0-9.-]+|(ws|http)://(127\.0\.0\.1|localhost))(:\d{1,5})?"
)
MIN_SECRET_BYTES = 32  # RFC 7518 section 3.2: an HS256 key is at least as long as its hash


class Prices(BaseModel):
    """The price table. Meters are integers: tokens, and seconds of voice."""

    model_config = ConfigDict(frozen=True)

    characters_per_token: int = 1000  # one token per started 1000 characters of speech
    tokens_per_video: int = 1
    transcribed_seconds_per_token: int = 60  # one token per started minute of speech that was heard
    recorded_seconds_per_token: int = 300  # one token per started 5 minutes of a call's recording
    # One token per so many started seconds of all participants of a call, by its provider; 0: free.
    call_seconds_per_token: dict[str, int] = {"mesh": 0, "livekit": 1800}


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


class Settings(AiSettings):
    jwt_secret: str = setting(
        "JWT_SECRET",
        "",
        "secret: signs Troupe's tokens; at least 32 bytes",
        shown="none; fixed on the emulators",
        repr=False,
    )
    jwt_previous_secret: str = setting(
        "JWT_PREVIOUS_SECRET", "", "still accepted while the secret is rotated", repr=False
    )
    api_keys: Literal["", "off", "on"] = setting(
        "API_KEYS",
        "",
        "`on` lets users create API keys; needs `API_KEY_PEPPER`",
        shown="`off`; `on` on the emulators",
    )
    api_key_pepper: str = setting(
        "API_KEY_PEPPER",
        "",
        "secret: keys the hashes of API keys, so changing it voids all of them; at least 32 bytes",
        shown="none; fixed on the emulators",
        repr=False,
    )
    webhooks: Literal["", "off", "on"] = setting(
        "WEBHOOKS",
        "",
        "`on` lets users create webhooks ([webhooks](docs/webhooks.md)); needs `WEBHOOK_MASTER`",
        shown="`off`; `on` on the emulators",
    )
    webhook_master: str = setting(
        "WEBHOOK_MASTER",
        "",
        "secret: what the signing secrets of webhooks are made from, so changing it changes all of "
        "them; at least 32 bytes",
        shown="none; fixed on the emulators",
        repr=False,
    )
    compatibility: Literal["", "off", "on"] = setting(
        "COMPATIBILITY",
        "",
        "`on` serves `/as/raket`, `/as/selftalk` and `/as/cloning`, for clients that were written "
        "for older documents ([bring your client](docs/bring-your-client.md))",
        shown="`off`; `on` on the emulators",
    )
    access_token_seconds: int = setting(
        "ACCESS_TOKEN_SECONDS", 3600, "lifetime of an access token", ge=60
    )
    refresh_token_seconds: int = setting(
        "REFRESH_TOKEN_SECONDS", 30 * 86400, "lifetime of an unused refresh token", ge=3600
    )
    media_link_seconds: int = setting(
        "MEDIA_LINK_SECONDS",
        3600,
        "maximum lifetime of a media link, which opens a file without a bearer token "
        "([decision 019](docs/decisions/019-what-clients-expect.md))",
        ge=60,
        le=86_400,
    )
    password_min_length: int = setting(
        "PASSWORD_MIN_LENGTH", 6, "the shortest new password", ge=6, le=64
    )
    common_passwords: Literal["refuse", "allow"] = setting(
        "COMMON_PASSWORDS",
        "refuse",
        "`refuse` or `allow`: new passwords that are among the 20,000 most common ones",
    )
    email_enumeration: Literal["visible", "hidden"] = setting(
        "EMAIL_ENUMERATION",
        "visible",
        "`visible`: registering an address that has an account answers 409; `hidden`: registering "
        "always answers 202 and mails a link, with which the owner of the address sets the "
        "password ([decision 028](docs/decisions/028-sign-in.md))",
    )
    web_api_key: str = setting(
        "WEB_API_KEY", "", "the Firebase project's web API key; required for password sign-in"
    )
    google_client_id: str = setting(
        "GOOGLE_CLIENT_ID",
        "",
        "the ID of the OAuth client for sign-in with Google by redirect "
        "([decision 043](docs/decisions/043-google-sign-in.md))",
    )
    google_client_secret: str = setting(
        "GOOGLE_CLIENT_SECRET", "", "secret: that of the client", repr=False
    )
    google_redirect_url: str = setting(
        "GOOGLE_REDIRECT_URL",
        "",
        "the redirect URI of that client: `https://YOUR-SITE/api/auth/google/callback`",
    )
    google_authorize_url: str = setting(
        "GOOGLE_AUTHORIZE_URL", "https://accounts.google.com/o/oauth2/v2/auth", None
    )
    google_token_url: str = setting("GOOGLE_TOKEN_URL", "https://oauth2.googleapis.com/token", None)
    cors_origins: str = setting(
        "CORS_ORIGINS",
        "",
        "origins that browsers may call from, separated by commas",
        shown="none; all on the emulators",
    )
    # Overrides by name; the defaults are in the domains.
    limits: dict[str, RateLimit] = Field(default_factory=dict)
    trusted_proxies: str = setting(
        "TRUSTED_PROXIES",
        "google",
        "networks trusted to report the client's address, separated by commas "
        "([decision 014](docs/decisions/014-rate-limits.md))",
    )
    app_check: Literal["off", "enforce"] = setting(
        "APP_CHECK",
        "off",
        "`enforce`: requests need a Firebase App Check token of one of the project's apps "
        "([decision 014](docs/decisions/014-rate-limits.md))",
    )

    push: Literal["off", "fcm"] = setting(
        "PUSH",
        "off",
        "`fcm`: notifications are also sent to registered devices, by Firebase Cloud Messaging",
    )
    sms: Literal["off", "http", "twilio"] = setting(
        "SMS",
        "off",
        "what sends text messages: nothing, a gateway of your own, or Twilio "
        "([invitations to calls](docs/call-invitations.md))",
    )
    sms_url: str = setting(
        "SMS_URL", "", "the gateway of `SMS=http`, which takes messages as JSON; https"
    )
    sms_token: str = setting(
        "SMS_TOKEN",
        "",
        "secret: the bearer token for that gateway, with which it signs replies of recipients; at "
        "least 32 bytes",
        repr=False,
    )
    sms_sender: str = setting(
        "SMS_SENDER",
        "",
        "for `SMS=twilio`: the number that messages come from, or a messaging service (`MG…`)",
    )
    twilio_account_sid: str = setting("TWILIO_ACCOUNT_SID", "", "for `SMS=twilio`: `AC…`")
    twilio_auth_token: str = setting(
        "TWILIO_AUTH_TOKEN", "", "secret: that of the account", repr=False
    )
    twilio_base_url: str = setting("TWILIO_BASE_URL", "https://api.twilio.com", None)
    sms_webhook_url: str = setting(
        "SMS_WEBHOOK_URL",
        "",
        "for `SMS=twilio`: the address that Twilio sends replies of recipients to, as it is "
        "entered there: `https://YOUR-SITE/api/calls/sms`; without it, replies are refused",
    )
    mail: Literal["off", "smtp"] = setting(
        "MAIL", "off", "what sends invitations to calls by email: nothing, or a mail server"
    )
    smtp_url: str = setting(
        "SMTP_URL",
        "",
        "secret: the mail server of `MAIL=smtp`: `smtps://USER:PASSWORD@HOST`, or `smtp://` with "
        "STARTTLS; special characters percent-encoded",
        repr=False,
    )
    mail_sender: str = setting(
        "MAIL_SENDER", "", "for `MAIL=smtp`: the address that emails come from"
    )

    tokens_to_give: int = setting("TOKENS_TO_GIVE", 20, "tokens granted on sign-up", ge=0)
    guest_tokens_to_give: int = setting(
        "GUEST_TOKENS_TO_GIVE", 2, "tokens granted to a guest", ge=0
    )
    prices: Prices = Prices()
    video_included_characters: int = setting(
        "VIDEO_INCLUDED_CHARACTERS",
        2_000,
        "the speech that the one token of a video pays for; what is longer is charged as speech "
        "([decision 025](docs/decisions/025-what-unfinished-work-costs.md))",
        ge=0,
    )
    payments: Literal["", "off", "stripe"] = setting(
        "PAYMENTS",
        "",
        "required. `off`: every account gets any plan and any minutes at no cost; `stripe`: what "
        "has a price is bought at Stripe's checkout ([payments](docs/payments.md))",
        shown="none; `off` on the emulators",
    )
    stripe_secret_key: str = setting(
        "STRIPE_SECRET_KEY",
        "",
        "secret: the API key, `sk_…` or a restricted `rk_…`; required with `PAYMENTS=stripe`",
        repr=False,
    )
    stripe_webhook_secret: str = setting(
        "STRIPE_WEBHOOK_SECRET",
        "",
        "secret: the webhook endpoint's signing secret; while it is rotated, both, "
        "separated by a comma; required with `PAYMENTS=stripe`",
        repr=False,
    )
    stripe_api_base: str = setting("STRIPE_API_BASE", "", None)  # for the emulators
    app_url: str = setting(
        "APP_URL",
        "",
        "the origin of the web app, to which Stripe's pages return and links in messages lead, "
        "such as `https://app.example.com`; required with `PAYMENTS=stripe`, `SMS` and `MAIL`",
    )
    currency: str = setting(
        "CURRENCY",
        "usd",
        "the currency of prices, unless a request names one",
        pattern="^[a-z]{3}$",
    )
    stripe_tax: Literal["off", "on"] = setting(
        "STRIPE_TAX",
        "off",
        "`on`: Stripe calculates taxes, and customers can enter their tax IDs at checkout",
    )
    grace_days: int = setting(
        "GRACE_DAYS",
        7,
        "how long an account keeps the features of its plan after a payment failed",
        ge=0,
        le=90,
    )

    turn_urls: str = setting(
        "TURN_URLS",
        "",
        "TURN servers for calls, separated by commas, such as "
        "`turn:turn.example.com:3478?transport=udp,turns:turn.example.com:5349` "
        "([deploying](docs/deploy.md#calls)); without one, people behind strict firewalls do not "
        "see each other",
    )
    turn_secret: str = setting(
        "TURN_SECRET",
        "",
        "secret: coturn's `static-auth-secret`; required with `TURN_URLS`",
        repr=False,
    )
    turn_seconds: int = setting(
        "TURN_SECONDS", 3600, "how long credentials for TURN are valid", ge=60, le=86_400
    )
    stun_urls: str = setting("STUN_URLS", "", "STUN servers, likewise; a TURN server is one, too")
    livekit_url: str = setting(
        "LIVEKIT_URL",
        "",
        "a LiveKit server for calls with more participants, such as "
        "`wss://livekit.example.com` ([deploying](docs/deploy.md#livekit)); without it, calls are "
        "between browsers only",
    )
    livekit_api_key: str = setting(
        "LIVEKIT_API_KEY", "", "the API key of that server; required with `LIVEKIT_URL`"
    )
    livekit_api_secret: str = setting(
        "LIVEKIT_API_SECRET",
        "",
        "secret: the key's secret, at least 32 bytes; required with `LIVEKIT_URL`",
        repr=False,
    )
    livekit_egress: bool = setting(
        "LIVEKIT_EGRESS",
        False,
        "whether LiveKit records the calls that it holds, instead of the host's browser "
        "([deploying](docs/deploy.md#recordings-by-livekit))",
    )
    livekit_egress_credentials: str = setting(
        "LIVEKIT_EGRESS_CREDENTIALS",
        "",
        "secret: the JSON key of a service account that may create files in the bucket, which "
        "LiveKit gets; required with `LIVEKIT_EGRESS`",
        repr=False,
    )

    max_text_characters: int = setting(
        "MAX_TEXT_CHARACTERS",
        MOST_CHARACTERS,
        "the longest text of a request",
        ge=1,
        le=MOST_CHARACTERS,
    )
    # 24 hours at 24 kHz are 4.1 GB of WAV, whose own limit is 4.3 GB.
    max_audio_seconds: int = setting(
        "MAX_AUDIO_SECONDS",
        86_400,
        "the longest speech of one audio file; estimated before, enforced while it is spoken",
        ge=1,
        le=86_400,
    )
    max_video_seconds: int = setting(
        "MAX_VIDEO_SECONDS", 7_200, "the same for a video", ge=1, le=14_400
    )
    part_characters: int = setting(
        "PART_CHARACTERS", 4_096, "longer texts are split into parts that run in parallel", ge=100
    )
    tasks_at_once: int | None = setting(
        "TASKS_AT_ONCE",
        None,
        "tasks that each of `generate`, `listen`, `dub` and `relay` runs at the same time; one "
        "user never gets more than half of them",
        shown="20; 2 on the emulators",
        ge=1,
    )
    job_shares: dict[str, JobShare] = setting(
        "JOB_SHARES",
        SHARES,
        "how many jobs of a user run at the same time, how many parts of each, and how many jobs "
        "may be started in an hour: for guests, users without a paid plan, and all others; an "
        "entry for a plan's id, such as `pro=4x4/20000`, overrides these "
        "([decision 026](docs/decisions/026-fair-queue.md))",
        validate_default=True,
    )
    pauses: dict[Border, int] = setting(
        "PAUSES",
        PAUSES,
        "the silence at each kind of border in a text, in milliseconds at normal speed; a request "
        "can set its own",
        validate_default=True,
    )
    waiting_jobs: int = setting(
        "WAITING_JOBS", 200, "how many more jobs of a user may wait for their turn", ge=0
    )
    quotas: dict[str, Quota] = setting(
        "QUOTAS",
        QUOTAS,
        "how many characters, scripts and uploaded files a user may keep, the megabytes of those "
        "files, and how many dictionaries: for guests, users without a paid plan, and all others; "
        "an entry for a plan's id, such as `pro=1000/9000/2000/50000/500`, overrides these",
        validate_default=True,
    )
    max_attempts: int = setting("MAX_ATTEMPTS", 5, "attempts before a job fails", ge=1)
    lease_seconds: int = setting(
        "LEASE_SECONDS", 30, "how long a worker keeps its job without a heartbeat", ge=3
    )
    hold_hours: int = setting(
        "HOLD_HOURS", 24, "when the sweep fails a job that has not finished", ge=1
    )
    retention_days: int = setting(
        "RETENTION_DAYS", 30, "how long generations and uploaded files are kept", ge=1
    )
    activity_days: int = setting(
        "ACTIVITY_DAYS", 180, "how long users' activities are kept; `0`: for ever", ge=0
    )
    guest_days: int = setting(
        "GUEST_DAYS",
        30,
        "guests who were not used for so long are deleted with all their data; `0`: never",
        ge=0,
    )
    export_days: int = setting(
        "EXPORT_DAYS", 7, "how long the archive of an export can be downloaded", ge=1
    )

    character_visibility: Literal["public", "unlisted", "private"] = setting(
        "CHARACTER_VISIBILITY",
        "public",
        "who sees a new character whose owner does not say: `public`, `unlisted` or `private`; "
        "guests' characters are always private",
    )
    character_allow_use: bool = setting(
        "CHARACTER_ALLOW_USE",
        True,
        "whether others may cast a new character whose owner does not say, if its consent allows "
        "them to",
        shown="true",
    )

    project_id: str = setting("GCLOUD_PROJECT", "demo-troupe", None)
    emulated: bool = setting("FUNCTIONS_EMULATOR", False, None)
    auth_emulator: str = setting("FIREBASE_AUTH_EMULATOR_HOST", "", None)
    firestore_emulator: str = setting("FIRESTORE_EMULATOR_HOST", "", None)
    script_writer: str = setting("SCRIPT_WRITER", "", None)
    storage_bucket: str = setting(
        "STORAGE_BUCKET", "", "where files are stored", shown="the project's default"
    )
    region: str = setting(
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
        return {"limits": parse_rates(values), **values}

    @field_validator("job_shares", mode="before")
    @classmethod
    def _shares(cls, value: Any) -> Any:
        return parse_shares(value) if isinstance(value, str) else value

    @field_validator("pauses", mode="before")
    @classmethod
    def _pauses(cls, value: Any) -> Any:
        return parse_pauses(value) if isinstance(value, str) else value

    @field_validator("quotas", mode="before")
    @classmethod
    def _quotas(cls, value: Any) -> Any:
        return parse_quotas(value) if isinstance(value, str) else value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for word in _words(value):
            if word != "google":
                ip_network(word)
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        """A path, or a slash at the end, would never match what browsers send."""
        for word in _words(value):
            if word != "*" and not _ORIGIN.fullmatch(word):
                raise ValueError(f"{word} is not an origin, such as https://app.example.com")
        return value

    @field_validator("jwt_previous_secret")
    @classmethod
    def _previous_secret_is_long_enough(cls, value: str) -> str:
        if 0 < len(value.encode()) < MIN_SECRET_BYTES:  # anybody could forge tokens with it
            raise ValueError(f"must be at least {MIN_SECRET_BYTES} bytes, as JWT_SECRET must")
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
    def _api_keys_are_hashed(self) -> Self:
        if self.emulated and not self.api_keys:
            object.__setattr__(self, "api_keys", "on")
        if self.api_keys != "on":
            object.__setattr__(self, "api_key_pepper", "")
        elif len(self.api_key_pepper.encode()) < MIN_SECRET_BYTES:
            if not self.emulated or self.api_key_pepper:
                raise ValueError(
                    f"API_KEYS=on needs API_KEY_PEPPER of at least {MIN_SECRET_BYTES} bytes; make "
                    'one with `python -c "import secrets; print(secrets.token_urlsafe(48))"`'
                )
            object.__setattr__(self, "api_key_pepper", "the-emulator-pepper-is-no-secret-at-all")
        return self

    @model_validator(mode="after")
    def _webhooks_are_signed(self) -> Self:
        """Only `developers` and `deliver` have the secret."""
        if self.emulated and not self.webhooks:
            object.__setattr__(self, "webhooks", "on")
        if self.webhooks != "on":
            object.__setattr__(self, "webhook_master", "")
        elif 0 < len(self.webhook_master.encode()) < MIN_SECRET_BYTES:
            raise ValueError(f"WEBHOOK_MASTER must be at least {MIN_SECRET_BYTES} bytes")
        elif self.emulated and not self.webhook_master:
            object.__setattr__(self, "webhook_master", "the-emulator-master-is-no-secret-at-all")
        return self

    @model_validator(mode="after")
    def _compatibility_is_chosen(self) -> Self:
        if not self.compatibility:
            object.__setattr__(self, "compatibility", "on" if self.emulated else "off")
        return self

    @model_validator(mode="after")
    def _google_is_complete(self) -> Self:
        """Only the function `auth` has the secret."""
        if self.google_client_id and not self.google_redirect_url:
            raise ValueError("GOOGLE_CLIENT_ID needs GOOGLE_REDIRECT_URL")
        return self

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

    @field_validator("app_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        if value and not _ORIGIN.fullmatch(value):
            raise ValueError(
                "APP_URL must be an origin without a path, such as https://app.example.com"
            )
        return value

    @model_validator(mode="after")
    def _messages_have_links(self) -> Self:
        if not self.app_url and (self.sms, self.mail) != ("off", "off"):
            raise ValueError("SMS and MAIL need APP_URL, where the links in messages lead")
        return self

    @model_validator(mode="after")
    def _emulators_take_no_money(self) -> Self:
        """And a deployment accepts no payments of a fake Stripe."""
        if self.emulated and "_live_" in self.stripe_secret_key:
            raise ValueError("STRIPE_SECRET_KEY is a live key: the emulators accept only test keys")
        if self.stripe_api_base and not self.emulated:
            raise ValueError("STRIPE_API_BASE is for the emulators only")
        return self

    @field_validator("turn_urls", "stun_urls")
    @classmethod
    def _ice_urls(cls, value: str) -> str:
        """Browsers refuse a whole configuration for one wrong URL."""
        for word in _words(value):
            if not _ICE_URL.fullmatch(word):
                raise ValueError(f"{word} is not a URL such as turn:turn.example.com:3478")
        return value

    @property
    def turn_servers(self) -> tuple[str, ...]:
        return tuple(_words(self.turn_urls))

    @property
    def stun_servers(self) -> tuple[str, ...]:
        return tuple(_words(self.stun_urls))

    @field_validator("livekit_url")
    @classmethod
    def _livekit_server(cls, value: str) -> str:
        if value and not _LIVEKIT_URL.fullmatch(value):
            raise ValueError("LIVEKIT_URL must be a URL such as wss://livekit.example.com")
        return value

    @model_validator(mode="after")
    def _livekit_is_complete(self) -> Self:
        """Only `calls` and the sweep have the secret."""
        if self.livekit_url and not self.livekit_api_key:
            raise ValueError("LIVEKIT_URL needs LIVEKIT_API_KEY (docs/deploy.md)")
        secret = self.livekit_api_secret.encode()
        if secret and len(secret) < MIN_SECRET_BYTES:  # anybody could forge tokens with it
            raise ValueError(f"LIVEKIT_API_SECRET must be at least {MIN_SECRET_BYTES} bytes")
        return self

    @model_validator(mode="after")
    def _egress_is_complete(self) -> Self:
        """LiveKit gets a key of ours with each recording. Only what tells it to record has that."""
        if not self.livekit_egress:
            return self
        if not self.livekit_url:
            raise ValueError("LIVEKIT_EGRESS needs LIVEKIT_URL (docs/deploy.md)")
        if self.livekit_url.startswith(("ws:", "http:")) and not self.emulated:
            raise ValueError("LIVEKIT_EGRESS needs a LIVEKIT_URL that begins with wss://")
        if self.livekit_egress_credentials and not _is_account_key(self.livekit_egress_credentials):
            raise ValueError(
                "LIVEKIT_EGRESS_CREDENTIALS must be the JSON key of a service account, with "
                "type, client_email and private_key"
            )
        return self

    def check_function(self, function: str) -> None:
        """Raises ValueError if this function lacks a setting. Only `payments` has the webhook
        secret: with an empty one, anybody could forge events. Only `calls` has those of TURN and
        LiveKit, and of the HTTP functions only `developers` that of webhooks."""
        if function == "calls" and self.turn_urls and not self.turn_secret:
            raise ValueError("TURN_URLS needs TURN_SECRET (docs/deploy.md)")
        if function == "calls" and self.livekit_url and not self.livekit_api_secret:
            raise ValueError("LIVEKIT_URL needs LIVEKIT_API_SECRET (docs/deploy.md)")
        if function == "calls" and self.livekit_egress and not self.livekit_egress_credentials:
            raise ValueError("LIVEKIT_EGRESS needs LIVEKIT_EGRESS_CREDENTIALS (docs/deploy.md)")
        if function == "developers" and self.webhooks == "on" and not self.webhook_master:
            raise ValueError("WEBHOOKS=on needs WEBHOOK_MASTER (docs/deploy.md)")
        if function != "payments" or self.payments != "stripe":
            return
        missing = [
            name
            for name, value in (
                ("STRIPE_SECRET_KEY", self.stripe_secret_key),
                ("STRIPE_WEBHOOK_SECRET", "".join(self.webhook_secrets)),
                ("APP_URL", self.app_url),
            )
            if not value
        ]
        if missing:
            raise ValueError(f"PAYMENTS=stripe needs {', '.join(missing)} (docs/payments.md)")
        if not re.match(r"(sk|rk)_", self.stripe_secret_key):
            raise ValueError("STRIPE_SECRET_KEY must be a secret key, sk_… or rk_…")

    @property
    def writes_scripts(self) -> bool:
        """Whether a language model writes scripts. Of the functions, only `scripts` has the key."""
        return self.script_writer == "openai" or bool(self.openai_api_key or self.openai_base_url)

    @property
    def webhook_secrets(self) -> list[str]:
        return _words(self.stripe_webhook_secret)

    @model_validator(mode="after")
    def _transcriber_is_chosen(self) -> Self:
        """The emulators have the package of `whisper`, which a deployment need not have."""
        if not self.transcriber:
            object.__setattr__(self, "transcriber", "whisper" if self.emulated else "off")
        return self

    def quota(self, *names: str) -> Quota:
        """The first entry of QUOTAS with one of these names; the last must be there."""
        return self.quotas[next(each for each in names if each in self.quotas)]

    def share(self, *names: str) -> JobShare:
        """The first entry of JOB_SHARES with one of these names (the last must be there), within
        half of the tasks that run at once, so that no user fills the queue."""
        tasks = self.tasks_at_once or (2 if self.emulated else 20)
        name = next(each for each in names if each in self.job_shares)
        return self.job_shares[name].within(max(1, tasks // 2))

    @property
    def bucket(self) -> str:
        return self.storage_bucket or f"{self.project_id}.firebasestorage.app"

    @property
    def allowed_origins(self) -> list[str]:
        """Allowed CORS origins: CORS_ORIGINS, or all on the emulators if it is empty."""
        return _words(self.cors_origins) or (["*"] if self.emulated else [])


@cache
def settings() -> Settings:
    return Settings.from_env()


def _is_account_key(text: str) -> bool:
    try:
        key = json.loads(text)
    except (ValueError, RecursionError):
        return False
    wanted = ("client_email", "private_key")
    named = isinstance(key, dict) and key.get("type") == "service_account"
    return named and all(isinstance(key.get(each), str) and key[each] for each in wanted)
