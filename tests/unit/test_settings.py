"""Settings: what prevents a function from starting, and what the emulators allow."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from troupe.settings import Settings


@pytest.mark.parametrize("secret", [None, "", "short", "x" * 31])
def test_a_deployed_function_requires_a_long_secret(secret: str | None) -> None:
    env = {"GCLOUD_PROJECT": "real-project"} | ({} if secret is None else {"JWT_SECRET": secret})
    with pytest.raises(ValidationError) as failure:
        Settings.from_env(env)
    assert "at least 32 bytes" in str(failure.value)


def test_a_long_secret_is_accepted() -> None:
    settings = Settings.from_env(
        {"GCLOUD_PROJECT": "real", "JWT_SECRET": "x" * 32, "PAYMENTS": "off"}
    )
    assert not settings.emulated
    assert settings.allowed_origins == []
    assert "xxx" not in repr(settings)


@pytest.mark.parametrize("payments", [{}, {"PAYMENTS": ""}], ids=["missing", "empty"])
def test_a_deployed_function_requires_a_choice_about_payments(payments: dict[str, str]) -> None:
    env = {"GCLOUD_PROJECT": "real", "JWT_SECRET": "x" * 32} | payments
    with pytest.raises(ValidationError) as failure:
        Settings.from_env(env)
    assert "PAYMENTS is not set" in str(failure.value)
    assert "at no cost" in str(failure.value)


@pytest.mark.parametrize("choice", ["off", "stripe"])
def test_an_explicit_choice_about_payments_is_accepted(choice: str) -> None:
    env = {"GCLOUD_PROJECT": "real", "JWT_SECRET": "x" * 32, "PAYMENTS": choice}
    assert Settings.from_env(env).payments == choice
    with pytest.raises(ValidationError):
        Settings.from_env(env | {"PAYMENTS": "Off, thank you"})


def test_the_emulators_need_no_choice_about_payments() -> None:
    assert Settings.from_env({"FUNCTIONS_EMULATOR": "true"}).payments == "off"


def test_the_emulators_need_no_secret() -> None:
    settings = Settings.from_env({"FUNCTIONS_EMULATOR": "true"})
    assert len(settings.jwt_secret) >= 32
    assert settings.allowed_origins == ["*"]


def test_the_platforms_own_configuration_is_read() -> None:
    config = json.dumps({"projectId": "mine", "storageBucket": "mine.appspot.com"})
    settings = Settings.from_env(
        {"FIREBASE_CONFIG": config, "JWT_SECRET": "x" * 40, "PAYMENTS": "stripe"}
    )
    assert (settings.project_id, settings.bucket) == ("mine", "mine.appspot.com")


def test_origins_are_a_list() -> None:
    env = {"FUNCTIONS_EMULATOR": "true", "CORS_ORIGINS": "https://a.example, https://b.example"}
    assert Settings.from_env(env).allowed_origins == ["https://a.example", "https://b.example"]


@pytest.mark.parametrize("origins", ["*", "https://a.example:8443", "capacitor://localhost"])
def test_origins_that_browsers_send_are_accepted(origins: str) -> None:
    env = {"FUNCTIONS_EMULATOR": "true", "CORS_ORIGINS": origins}
    assert Settings.from_env(env).allowed_origins == [origins]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKENS_TO_GIVE", "-1"),
        ("MAX_TEXT_CHARACTERS", "200001"),
        ("LEASE_SECONDS", "0"),
        ("JOB_SHARES", "none=2x2/0"),
        ("CORS_ORIGINS", "https://a.example/"),  # browsers send no slash
        ("CORS_ORIGINS", "a.example"),
        ("CORS_ORIGINS", "https://*.example"),  # would be a regular expression
        ("JWT_PREVIOUS_SECRET", "x" * 31),
        ("TRUSTED_PROXIES", "google, 10.0.0.0/99"),
        ("SPEECH_ENGINES", "kokoro, kokro"),
        ("SPEECH_ENGINES", ","),
    ],
)
def test_invalid_values_are_rejected(name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        Settings.from_env({"FUNCTIONS_EMULATOR": "true", name: value})


def test_a_share_without_jobs_per_hour_keeps_the_default() -> None:
    env = {"FUNCTIONS_EMULATOR": "true", "JOB_SHARES": "guest=2x1, low=3x4, high=4x4/9"}
    shares = Settings.from_env(env).job_shares
    found = {name: (each.jobs, each.parts, each.per_hour) for name, each in shares.items()}
    assert found == {
        "guest": (2, 1, 60),
        "none": (2, 2, 240),
        "paid": (2, 4, 4000),
        "low": (3, 4, 4000),
        "high": (4, 4, 9),
    }


@pytest.mark.parametrize("wrong", [{"JWT_SECRET": "hunter2"}, {"TOKENS_TO_GIVE": "many"}])
def test_an_error_shows_no_secret(wrong: dict[str, str]) -> None:
    """It is logged when a function does not start."""
    env = {"JWT_SECRET": "hunter2" * 5, "OPENAI_API_KEY": "hunter2", "PAYMENTS": "off"} | wrong
    with pytest.raises(ValidationError) as failure:
        Settings.from_env(env)
    assert "hunter2" not in str(failure.value)


STRIPE = {
    "GCLOUD_PROJECT": "real",
    "JWT_SECRET": "x" * 32,
    "PAYMENTS": "stripe",
    "STRIPE_SECRET_KEY": "sk_live_abc",
    "STRIPE_WEBHOOK_SECRET": "whsec_new, whsec_old",
    "APP_URL": "https://app.example.com",
}


def test_the_secrets_of_stripe_are_read_and_not_shown() -> None:
    settings = Settings.from_env(STRIPE)
    settings.check_function("payments")
    assert settings.webhook_secrets == ["whsec_new", "whsec_old"]
    assert "abc" not in repr(settings)
    assert "whsec" not in repr(settings)


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "APP_URL"])
@pytest.mark.parametrize("value", ["", " "])
def test_payments_do_not_start_without_what_they_need(name: str, value: str) -> None:
    """An event could be forged with an empty secret. The other functions have none of these."""
    if name == "APP_URL" and value:
        return
    settings = Settings.from_env(STRIPE | {name: value})
    with pytest.raises(ValueError, match=r"STRIPE_SECRET_KEY|STRIPE_WEBHOOK_SECRET|APP_URL"):
        settings.check_function("payments")
    settings.check_function("plans")


@pytest.mark.parametrize(
    "wrong",
    [
        {"APP_URL": "https://app.example.com/"},
        {"APP_URL": "app.example.com"},
        {"STRIPE_API_BASE": "http://127.0.0.1:12111"},
        {"CURRENCY": "EURO"},
        {"STRIPE_TAX": "yes"},
        {"GRACE_DAYS": "-1"},
    ],
)
def test_wrong_settings_of_payments_are_rejected(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings.from_env(STRIPE | wrong)


def test_webhooks_need_a_master_where_secrets_are_shown() -> None:
    real = STRIPE | {"PAYMENTS": "off", "WEBHOOKS": "on"}
    with pytest.raises(ValueError, match="WEBHOOK_MASTER"):
        Settings.from_env(real).check_function("developers")
    Settings.from_env(real).check_function("plans")  # has no such secret
    with pytest.raises(ValidationError):
        Settings.from_env(real | {"WEBHOOK_MASTER": "short"})
    good = Settings.from_env(real | {"WEBHOOK_MASTER": "m" * 32})
    good.check_function("developers")
    assert "mmm" not in repr(good)
    off = Settings.from_env(real | {"WEBHOOKS": "off", "WEBHOOK_MASTER": "m" * 32})
    assert off.webhook_master == ""
    assert Settings.from_env({"FUNCTIONS_EMULATOR": "true"}).webhooks == "on"


def test_a_publishable_key_is_no_secret_key() -> None:
    settings = Settings.from_env(STRIPE | {"STRIPE_SECRET_KEY": "pk_live_abc"})
    with pytest.raises(ValueError, match="must be a secret key"):
        settings.check_function("payments")


@pytest.mark.parametrize("key", ["sk_live_abc", "rk_live_abc"])
def test_the_emulators_take_no_live_key(key: str) -> None:
    env = {"FUNCTIONS_EMULATOR": "true", "PAYMENTS": "stripe", "STRIPE_SECRET_KEY": key}
    with pytest.raises(ValidationError) as failure:
        Settings.from_env(env)
    assert "only test keys" in str(failure.value)
    assert "abc" not in str(failure.value)


def test_the_emulators_take_another_address_of_stripe() -> None:
    base = "http://127.0.0.1:12111"
    env = {"FUNCTIONS_EMULATOR": "true", "STRIPE_API_BASE": base, "STRIPE_SECRET_KEY": "sk_test_1"}
    assert Settings.from_env(env).stripe_api_base == base
