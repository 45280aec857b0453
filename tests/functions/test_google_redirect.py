"""Sign-in with Google by redirects, with Google's part on a socket."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient

from tests.fakes.google_oauth import CLIENT, REDIRECT_URL, FakeGoogle, google_server
from tests.support.accounts import new_address
from tests.support.factories import code, test_settings
from tests.support.firebase_client import new_email
from tests.support.wiring import app_for, rewired, services
from troupe.accounts.google import FIRST_USE_WITHIN, STATE_SECONDS
from troupe.adapters.firestore import Database, now
from troupe.app.domains import rate_limits
from troupe.rate_limits import Limiter

CALLBACK = "/api/auth/google/callback"
PAGE = "https://app.example.org"


@pytest.fixture
def google(db: Database) -> Iterator[FakeGoogle]:
    with google_server() as fake:
        configured = test_settings(
            GOOGLE_CLIENT_ID=CLIENT["client_id"],
            GOOGLE_CLIENT_SECRET=CLIENT["client_secret"],
            GOOGLE_REDIRECT_URL=REDIRECT_URL,
            GOOGLE_TOKEN_URL=fake.url,
            CORS_ORIGINS=PAGE,
        )
        with rewired(settings=configured):
            yield fake


@pytest.fixture
def browser(google: FakeGoogle) -> FlaskClient:
    return new_browser()


def new_browser() -> FlaskClient:
    return app_for("auth").test_client()


def get(browser: FlaskClient, path: str, **query: str) -> Any:
    return browser.get(f"{path}?{urlencode(query)}", base_url="https://app.example.com")


def start(browser: FlaskClient, **query: str) -> str:
    answer = get(browser, "/api/auth/google", **query)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def landed(answer: Any) -> tuple[str, dict[str, str]]:
    """The page where the browser ends up, and the parameters in its fragment."""
    assert answer.status_code == 302, answer.text
    page, _, fragment = answer.headers["Location"].partition("#")
    return page, {name: values[0] for name, values in parse_qs(fragment).items()}


def test_a_browser_comes_back_with_a_refresh_token_that_works_once(
    browser: FlaskClient, google: FakeGoogle
) -> None:
    email = new_email()
    first = get(browser, "/api/auth/google", returnPath="/welcome?from=google")
    cookie = first.headers["Set-Cookie"]
    for part in ("__session=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/api/auth/google"):
        assert part in cookie
    assert first.headers["Cache-Control"] == "no-store"
    back = google.consent(first.headers["Location"], email)
    answer = get(browser, CALLBACK, **back)
    page, outcome = landed(answer)
    assert page == "/welcome?from=google"
    assert list(outcome) == ["refreshToken"]
    assert "__session=;" in answer.headers["Set-Cookie"]
    body = {"refreshToken": outcome["refreshToken"]}
    user = browser.post("/api/auth/refresh", json=body).json["data"]["user"]
    assert (user["email"], user["isVerified"], user["isGuest"]) == (email, True, False)
    # What stays in the browser's history is of no use to another device.
    stranger = {"User-Agent": "another"}
    again = browser.post("/api/auth/refresh", json=body, headers=stranger)
    assert code(again) == (401, "refresh_token_reused")


def test_the_token_in_the_address_must_be_used_soon(
    browser: FlaskClient, google: FakeGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, outcome = landed(get(browser, CALLBACK, **google.consent(start(browser), new_email())))
    late = now() + FIRST_USE_WITHIN + timedelta(seconds=1)
    monkeypatch.setattr("troupe.accounts.sessions.now", lambda: late)
    assert code(browser.post("/api/auth/refresh", json=outcome)) == (401, "token_invalid")


@pytest.mark.parametrize(
    "place",
    [
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https://app.example.org@evil.example",
        "https://app.example.org.evil.example",
        "https://app.example.org\\@evil.example",
        "http://app.example.org",
        "javascript:alert(1)",
        "/a#refreshToken=x",
        "https://[",
        "evil",
    ],
)
def test_it_returns_to_our_own_pages_only(browser: FlaskClient, place: str) -> None:
    answer = get(browser, "/api/auth/google", returnPath=place)
    assert code(answer) == (422, "return_path_refused")
    assert "Location" not in answer.headers


def test_any_origin_for_cors_is_not_any_page_for_sessions(google: FakeGoogle) -> None:
    everybody = test_settings(
        GOOGLE_CLIENT_ID="x", GOOGLE_CLIENT_SECRET="x", GOOGLE_REDIRECT_URL=REDIRECT_URL
    )
    assert everybody.allowed_origins == ["*"]
    with rewired(settings=everybody):
        answer = get(new_browser(), "/api/auth/google", returnPath=PAGE)
    assert code(answer) == (422, "return_path_refused")


def test_pages_of_cors_origins_get_a_session(browser: FlaskClient, google: FakeGoogle) -> None:
    place = start(browser, returnPath=f"{PAGE}/in?a=1")
    page, outcome = landed(get(browser, CALLBACK, **google.consent(place, new_email())))
    assert page == f"{PAGE}/in?a=1"
    assert "refreshToken" in outcome


def test_other_pages_cannot_use_up_the_sign_ins_of_their_visitors(google: FakeGoogle) -> None:
    """They can load both URLs, as pictures, to which browsers add no cookie."""
    limits = rate_limits(test_settings(LOGIN_LIMIT="0, 1/86400"))
    limiter = Limiter(services().database, limits, secrets.token_hex())
    browser, pictures = new_browser(), new_browser()
    address = new_address()
    browser.environ_base["REMOTE_ADDR"] = pictures.environ_base["REMOTE_ADDR"] = address
    with rewired(limiter=limiter):
        for _ in range(2):
            assert code(get(pictures, CALLBACK, state="x")) == (422, "invalid_state")
        for _ in range(2):
            start(pictures)
        back = google.consent(start(browser), new_email())
        assert "refreshToken" in landed(get(browser, CALLBACK, **back))[1]
        back = google.consent(start(browser), new_email())
        assert code(get(browser, CALLBACK, **back)) == (429, "too_many_requests")


class TestState:
    def test_of_another_browser(self, browser: FlaskClient, google: FakeGoogle) -> None:
        """Otherwise an attacker could sign a victim in to the attacker's account."""
        back = google.consent(start(browser), new_email())
        victim = new_browser()
        assert code(get(victim, CALLBACK, **back)) == (422, "invalid_state")
        start(victim)
        assert code(get(victim, CALLBACK, **back)) == (422, "invalid_state")

    def test_a_code_of_another_sign_in(self, browser: FlaskClient, google: FakeGoogle) -> None:
        """PKCE: Google refuses it, although the state is this browser's."""
        stolen = google.consent(start(new_browser()), new_email())
        mine = google.consent(start(browser), new_email())
        _, outcome = landed(get(browser, CALLBACK, **{**mine, "code": stolen["code"]}))
        assert outcome == {"error": "google_token_invalid"}

    def test_a_callback_works_once(self, browser: FlaskClient, google: FakeGoogle) -> None:
        started = get(browser, "/api/auth/google")
        back = google.consent(started.headers["Location"], new_email())
        assert "refreshToken" in landed(get(browser, CALLBACK, **back))[1]
        assert code(get(browser, CALLBACK, **back)) == (422, "invalid_state")
        # Nor with the old cookie, because Google's code works once.
        value = started.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
        browser.set_cookie("__session", value, domain="app.example.com", path="/api/auth/google")
        assert landed(get(browser, CALLBACK, **back))[1] == {"error": "google_token_invalid"}

    def test_that_is_old_forged_or_of_another_purpose(
        self, browser: FlaskClient, google: FakeGoogle, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        back = google.consent(start(browser), new_email())
        _, outcome = landed(get(browser, CALLBACK, **back))
        forged = f"{back['state'][:-4]}AAAA"
        for state in ("", "x", forged, outcome["refreshToken"]):
            start(browser)
            answer = get(browser, CALLBACK, state=state, code="x")
            assert code(answer) == (422, "invalid_state")
        monkeypatch.setattr("troupe.accounts.google.STATE_SECONDS", -STATE_SECONDS)
        old = google.consent(start(browser), new_email())
        assert code(get(browser, CALLBACK, **old)) == (422, "invalid_state")


@pytest.mark.parametrize("claim", ["aud", "nonce"])
def test_an_id_token_for_another_client_or_sign_in_is_refused(
    browser: FlaskClient, google: FakeGoogle, claim: str
) -> None:
    google.claims = {claim: "another"}
    _, outcome = landed(get(browser, CALLBACK, **google.consent(start(browser), new_email())))
    assert outcome == {"error": "google_token_invalid"}


def test_the_page_learns_why_there_is_no_session(browser: FlaskClient, google: FakeGoogle) -> None:
    place = start(browser, returnPath="/in")
    state = google.consent(place, new_email())["state"]
    answer = get(browser, CALLBACK, state=state, error="access_denied")
    assert landed(answer) == ("/in", {"error": "access_denied"})
    back = google.consent(start(browser), new_email())
    wrong = test_settings(
        GOOGLE_CLIENT_ID=CLIENT["client_id"],
        GOOGLE_CLIENT_SECRET="wrong",
        GOOGLE_REDIRECT_URL=REDIRECT_URL,
        GOOGLE_TOKEN_URL="http://127.0.0.1:9",  # the discard port: nobody listens
    )
    with rewired(settings=wrong):
        assert landed(get(browser, CALLBACK, **back))[1] == {"error": "unavailable"}


def test_without_a_client_it_is_not_offered(db: Database) -> None:
    for path in ("/api/auth/google", CALLBACK):
        answer = get(new_browser(), path)
        assert code(answer) == (422, "google_not_configured")


def test_the_host_is_never_taken_from_the_request(browser: FlaskClient) -> None:
    answer = browser.get("/api/auth/google", headers={"X-Forwarded-Host": "evil.example"})
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["redirect_uri"] == [REDIRECT_URL]
