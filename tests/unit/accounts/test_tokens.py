"""Our own tokens, and forged or misused ones."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from tests.unit.accounts.conftest import SECRET
from troupe import tokens
from troupe.errors import Unauthorized
from troupe.settings import Settings, settings
from troupe.tokens import TokenExpired, TokenInvalid


def valid_claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": "troupe",
        "aud": "demo-troupe",
        "sub": "ada",
        "typ": "access",
        "iat": now,
        "exp": now + 60,
        "jti": "1",
        "sid": "s1",
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def key_id() -> str:
    header = jwt.get_unverified_header(tokens.encode(purpose="x", subject="y", ttl=60))
    return str(header["kid"])


def signed(
    secret: str = SECRET, algorithm: str = "HS256", kid: str | None = None, **changes: Any
) -> str:
    header = {"kid": kid if kid is not None else key_id()}
    return jwt.encode(valid_claims(**changes), secret, algorithm=algorithm, headers=header)


def unsigned(header: dict[str, Any], signature: str = "") -> str:
    parts = (json.dumps(part).encode() for part in (header, valid_claims()))
    body = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    return f"{body.decode()}.{signature}"


def tampered() -> str:
    head, _, signature = signed().split(".")
    claims = base64.urlsafe_b64encode(json.dumps(valid_claims(sub="admin")).encode()).rstrip(b"=")
    return f"{head}.{claims.decode()}.{signature}"


ATTACKS: dict[str, Callable[[], str]] = {
    "empty": lambda: "",
    "not a token": lambda: "abc",
    "two parts": lambda: "a.b",
    "not base64": lambda: "%.%.%",
    "header is a list": lambda: base64.urlsafe_b64encode(b"[]").decode() + ".e30.x",
    "other secret": lambda: signed(secret="x" * 40),
    "alg none": lambda: unsigned({"alg": "none", "typ": "JWT", "kid": key_id()}),
    "alg None": lambda: unsigned({"alg": "None", "kid": key_id()}),
    "alg missing": lambda: unsigned({"typ": "JWT", "kid": key_id()}),
    "signature cut off": lambda: signed().rsplit(".", 1)[0] + ".",
    "claims changed": tampered,
    "stronger algorithm of the same secret": lambda: signed(algorithm="HS512", secret=SECRET * 2),
    "unknown key": lambda: signed(kid="000000000000"),
    "no key": lambda: jwt.encode(valid_claims(), SECRET, algorithm="HS256"),
    "key is a number": lambda: unsigned({"alg": "HS256", "kid": 1}, "AAAA"),
    "wrong issuer": lambda: signed(iss="somebody"),
    "wrong audience": lambda: signed(aud="another-project"),
    "no audience": lambda: signed(aud=None),
    "no expiry": lambda: signed(exp=None),
    "no subject": lambda: signed(sub=None),
    "no id": lambda: signed(jti=None),
    "no time": lambda: signed(iat=None),
    "no purpose": lambda: signed(typ=None),
    "from the future": lambda: signed(iat=int(time.time()) + 600),
    "time is a word": lambda: signed(iat="now"),
    "refresh as access": lambda: signed(typ="refresh"),
    "task as access": lambda: signed(typ="task"),
    "purpose is a list": lambda: signed(typ=["access"]),
    "session is a list": lambda: signed(sid=["s1"]),
    "expiry is a word": lambda: signed(exp="never"),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_every_attack_is_rejected(attack: Callable[[], str]) -> None:
    with pytest.raises(TokenInvalid):
        tokens.decode(attack(), purpose="access")


def test_the_token_that_the_attacks_modify_is_valid() -> None:
    claims = tokens.decode(signed(), purpose="access")
    assert (claims.subject, claims.session_id) == ("ada", "s1")


def test_a_token_may_come_from_a_clock_that_is_five_minutes_ahead() -> None:
    assert tokens.decode(signed(iat=int(time.time()) + 300), purpose="access").subject == "ada"


def test_an_expired_token_has_its_own_error() -> None:
    with pytest.raises(TokenExpired):
        tokens.decode(signed(exp=int(time.time()) - 60), purpose="access")


def test_encoded_claims_are_decoded() -> None:
    token = tokens.encode(purpose="task", subject="job-1", ttl=60)
    claims = tokens.decode(token, purpose="task")
    assert (claims.subject, claims.purpose, claims.session_id) == ("job-1", "task", None)
    assert claims.expires_at - claims.issued_at == 60


def test_tokens_are_unique() -> None:
    assert len({tokens.encode(purpose="a", subject="b", ttl=60) for _ in range(10)}) == 10


def test_the_previous_secret_is_accepted_until_it_is_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = tokens.encode(purpose="access", subject="ada", ttl=60)
    monkeypatch.setenv("JWT_SECRET", "n" * 40)
    settings.cache_clear()
    with pytest.raises(TokenInvalid):
        tokens.decode(old, purpose="access")
    monkeypatch.setenv("JWT_PREVIOUS_SECRET", SECRET)
    settings.cache_clear()
    assert tokens.decode(old, purpose="access").subject == "ada"
    new = tokens.encode(purpose="access", subject="ada", ttl=60)
    jwt.decode(new, "n" * 40, algorithms=["HS256"], audience="demo-troupe")


@pytest.mark.parametrize("secret", ["", "short"])
def test_outside_the_emulators_a_weak_secret_prevents_the_start(secret: str) -> None:
    with pytest.raises(ValueError, match="JWT_SECRET"):
        Settings.from_env({"GCLOUD_PROJECT": "p", "JWT_SECRET": secret})


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "abc"])
def test_a_missing_bearer_token_is_unauthorized(header: str | None) -> None:
    with pytest.raises(Unauthorized) as refused:
        tokens.bearer(header)
    assert refused.value.code == "unauthorized"


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "BEARER  abc "])
def test_the_scheme_is_case_insensitive(header: str) -> None:
    assert tokens.bearer(header) == "abc"


def test_a_link_is_a_token_like_any_other_and_the_same_each_time() -> None:
    at = int(time.time())
    links = {
        tokens.encode_link(
            subject="ada", path="/api/å", issued_at=at, expires_at=at + 60, session_id="s1"
        )
        for _ in range(2)
    }
    (link,) = links
    claims = tokens.decode(link, purpose="media")
    assert (claims.subject, claims.path, claims.session_id) == ("ada", "/api/å", "s1")
    assert (claims.issued_at, claims.expires_at) == (at, at + 60)
    assert jwt.get_unverified_header(link)["typ"] == "JWT"
    with pytest.raises(TokenInvalid):
        tokens.decode(link, purpose="access")


def test_a_token_without_a_path_is_no_link() -> None:
    with pytest.raises(TokenInvalid):
        tokens.decode(tokens.encode(purpose="media", subject="ada", ttl=60), purpose="media")
