"""What every messenger does: it sends a message once, or says why not."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.fakes.messengers import (
    ACCOUNT,
    SENDER,
    TOKEN,
    FakeMessenger,
    http_service,
    new_certificate,
    smtp_service,
)
from tests.support.factories import test_settings
from troupe.messengers.engines import gateway, http, mail_messenger, smtp, text_messenger, twilio
from troupe.messengers.engines.smtp import SmtpMessenger
from troupe.messengers.keywords import wish_of
from troupe.messengers.messenger import (
    BadSignature,
    Message,
    MessageError,
    Messenger,
    Received,
    TextMessenger,
)
from troupe.messengers.numbers import is_reachable

TEXTS = ("http", "twilio")
ALL = (*TEXTS, "smtp")
APP = {"APP_URL": "https://app.example.com"}
HOOK = "https://app.example.com/api/calls/sms"
TO = {"http": "+4790000001", "twilio": "+4790000001", "smtp": "kari@example.com"}
TEXT = "Ærlig talt: 50 % & <b> = 😀👩‍👩‍👧\n.\nHTTPS://a.b/?c=d#E+f\n"


def settings_of(name: str, url: str) -> Any:
    given = {
        "http": {"SMS": "http", "SMS_URL": url, "SMS_TOKEN": TOKEN},
        "twilio": {
            "SMS": "twilio",
            "TWILIO_BASE_URL": url,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "SMS_SENDER": SENDER,
            "SMS_WEBHOOK_URL": HOOK,
        },
        "smtp": {"MAIL": "smtp", "SMTP_URL": url, "MAIL_SENDER": "calls@example.com"},
    }
    return test_settings(**given[name], **APP)


def made_of(name: str, url: str) -> Messenger:
    config = settings_of(name, url)
    made = mail_messenger(config) if name == "smtp" else text_messenger(config)
    assert made is not None and made.name == name
    return made


def text_messenger_of(name: str) -> TextMessenger:
    made = text_messenger(settings_of(name, "http://127.0.0.1:9"))
    assert made is not None
    return made


@contextmanager
def service(name: str, certificate: Path) -> Iterator[FakeMessenger]:
    with smtp_service(certificate) if name == "smtp" else http_service(name) as fake:
        yield fake


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=ALL)
def both(
    request: pytest.FixtureRequest, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Messenger, FakeMessenger]]:
    for module in (http, smtp):
        monkeypatch.setattr(module, "_WAITS", (0.02, 0.04))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with service(request.param, certificate) as fake:
        made = made_of(request.param, fake.url)
        yield made, fake
        made.close()


def send(made: Messenger, *, text: str = TEXT, seconds: float = 20.0, to: str = "") -> str:
    message = Message(
        id="0123abcd",
        to=to or TO[made.name],
        text=text,
        subject="Fjord Telecom lädt Sie ein",
        deadline=time.monotonic() + seconds,
    )
    return made.send(message)


def failure(made: Messenger, **given: Any) -> tuple[str, bool, bool]:
    with pytest.raises(MessageError) as caught:
        send(made, **given)
    assert "talt" not in str(caught.value) and TO[made.name] not in str(caught.value)
    return caught.value.code, caught.value.retryable, caught.value.uncertain


def test_a_message_arrives_as_it_was_written(both: tuple[Messenger, FakeMessenger]) -> None:
    made, fake = both
    assert send(made)
    (taken,) = fake.taken
    assert (taken.to, taken.text.rstrip("\n")) == (TO[made.name], TEXT.rstrip("\n"))
    if made.name != "twilio":
        assert taken.id == "0123abcd"
    if made.name == "smtp":
        assert taken.subject == "Fjord Telecom lädt Sie ein"
    assert fake.attempts == 1


def test_a_service_that_is_busy_is_asked_again(both: tuple[Messenger, FakeMessenger]) -> None:
    made, fake = both
    fake.script("busy", "busy", "ok")
    assert send(made)
    assert (len(fake.taken), fake.attempts) == (1, 3)
    fake.script(*["busy"] * 9)
    code, retryable, uncertain = failure(made)
    assert (retryable, uncertain) == (True, False), code
    assert (len(fake.taken), fake.attempts) == (1, 6)


@pytest.mark.parametrize("step", ["cut", "hang"])
def test_what_may_have_been_sent_is_not_sent_again(
    both: tuple[Messenger, FakeMessenger], step: str
) -> None:
    made, fake = both
    fake.script(step)
    assert failure(made, seconds=0.5 if step == "hang" else 20.0) == (
        "delivery_unknown",
        False,
        True,
    )
    assert (len(fake.taken), fake.attempts) == (1, 1)


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("no-access", "messenger_auth_failed"),
        ("nobody", "invalid_recipient"),
        ("refuse", "message_refused"),
    ],
)
def test_a_refusal_is_final(both: tuple[Messenger, FakeMessenger], step: str, code: str) -> None:
    made, fake = both
    fake.script(step)
    assert failure(made) == (code, False, False)
    assert (fake.taken, fake.attempts) == ([], 1)


@pytest.mark.parametrize("name", ALL)
def test_a_service_that_is_not_there_has_taken_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (http, smtp):
        monkeypatch.setattr(module, "_WAITS", (0.02, 0.04))
    url = "smtps://a:b@127.0.0.1:9" if name == "smtp" else "http://127.0.0.1:9"
    assert failure(made_of(name, url)) == ("messenger_unavailable", True, False)


def test_a_deadline_that_has_passed_sends_nothing(
    both: tuple[Messenger, FakeMessenger],
) -> None:
    made, fake = both
    assert failure(made, seconds=-1.0) == ("messenger_unavailable", True, False)
    assert fake.attempts == 0


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("broken", ("delivery_unknown", False, True)),
        ("opted-out", ("recipient_opted_out", False, False)),
        ("moved", ("message_refused", False, False)),
    ],
)
def test_answers_that_only_rest_services_give(
    name: str, step: str, expected: tuple[str, bool, bool]
) -> None:
    with http_service(name) as fake:
        made = made_of(name, fake.url)
        fake.script(step)
        assert failure(made) == expected
        assert fake.attempts == 1  # a redirect is not followed: our key stays here


def test_a_server_that_is_not_trusted_gets_nothing(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "_WAITS", ())
    with smtp_service(certificate) as fake:
        assert failure(SmtpMessenger(fake.url, "calls@example.com"))[1:] == (True, False)
        assert fake.taken == []


def test_a_password_is_sent_only_encrypted() -> None:
    with smtp_service(None) as fake:
        made = SmtpMessenger(fake.url, "calls@example.com")
        assert failure(made) == ("messenger_auth_failed", False, False)
        assert fake.taken == []
        made = SmtpMessenger(fake.url.replace(f"troupe:{TOKEN}@", ""), "calls@example.com")
        assert send(made) and len(fake.taken) == 1  # a relay that wants none


@pytest.mark.parametrize("to", ["a@b\r\nBcc: c@d.no", "a", "a@b@c, d@e", '"a@b.no'])
def test_an_address_that_is_none_adds_no_recipients(certificate: Path, to: str) -> None:
    with smtp_service(certificate) as fake:
        made = SmtpMessenger(fake.url, "calls@example.com")
        assert failure(made, to=to) == ("invalid_recipient", False, False)
        assert fake.attempts == 0


# Replies


def reply(
    name: str, text: str, *, token: str = TOKEN, **changes: Any
) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of a reply as the service signs it. `changes`: `at`, `url`."""
    if name == "twilio":
        pairs = [("Body", text), ("From", TO[name]), ("To", SENDER), *changes.get("more", [])]
        signature = twilio.signed(token, changes.get("url", HOOK), pairs)
        return urlencode(pairs).encode(), {"x-twilio-signature": signature}
    body = json.dumps({"from": TO[name], "text": text}).encode()
    at = changes.get("at", int(time.time()))
    return body, {"x-troupe-signature": f"t={at},v1={gateway.signed(token, at, body)}"}


@pytest.mark.parametrize("name", TEXTS)
def test_a_reply_says_who_wants_what(name: str) -> None:
    made = text_messenger_of(name)
    assert made.receive(*reply(name, "STOP")) == Received(TO[name], "stop")
    assert made.receive(*reply(name, " stopp! ")) == Received(TO[name], "stop")
    assert made.receive(*reply(name, "Start")) == Received(TO[name], "start")
    assert made.receive(*reply(name, "OK 👍")) == Received(TO[name], None)


def test_twilios_own_reading_of_a_reply_counts() -> None:
    made = text_messenger_of("twilio")
    body, headers = reply("twilio", "please no more", more=[("OptOutType", "STOP")])
    assert made.receive(body, headers).wish == "stop"


@pytest.mark.parametrize("name", TEXTS)
def test_only_the_service_can_reply(name: str) -> None:
    made = text_messenger_of(name)
    body, headers = reply(name, "STOP")
    (header,) = headers
    forged = [
        (body, {}),
        (body, {header: ""}),
        (body, {header: headers[header][:-1]}),
        (body, {header: "æ" * 28}),
        (body + b"&x=1", headers),
        (body.replace(b"STOP", b"START"), headers),
        (b"\xff\xfe", headers),
        (b"&" * 1000, headers),
        reply(name, "STOP", token="another-token-of-a-message-service"),
        reply(name, "STOP", token=""),
    ]
    if name == "http":
        forged += [reply(name, "STOP", at=int(time.time()) + by) for by in (-400, 400)]
    else:
        forged.append(reply(name, "STOP", url="https://evil.example.com/api/calls/sms"))
    for sent, given in forged:
        with pytest.raises(BadSignature):
            made.receive(sent, given)


def test_without_its_own_address_twilios_replies_are_refused() -> None:
    config = settings_of("twilio", "http://127.0.0.1:9").model_copy(update={"sms_webhook_url": ""})
    made = text_messenger(config)
    assert made is not None
    with pytest.raises(BadSignature):
        made.receive(*reply("twilio", "STOP", url=""))


def test_words_within_a_sentence_are_no_wish() -> None:
    assert [wish_of(text) for text in ("Don't stop calling me", "stop it", "", "yes!")] == [
        *(None, None, None),
        "start",
    ]


# Settings and numbers


def test_both_are_off_by_default() -> None:
    assert text_messenger(test_settings()) is None and mail_messenger(test_settings()) is None


@pytest.mark.parametrize(
    "given",
    [
        {"SMS": "http", "SMS_URL": "http://example.com", "SMS_TOKEN": TOKEN},
        {"SMS": "http", "SMS_URL": "https://example.com", "SMS_TOKEN": "short"},
        {"SMS": "twilio", "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN},
        {
            "SMS": "twilio",
            "TWILIO_ACCOUNT_SID": "AC1",
            "TWILIO_AUTH_TOKEN": TOKEN,
            "SMS_SENDER": "1",
        },
        {"MAIL": "smtp", "SMTP_URL": "https://example.com", "MAIL_SENDER": "a@example.com"},
        {"MAIL": "smtp", "SMTP_URL": "smtps://example.com"},
    ],
)
def test_a_missing_or_unsafe_setting_is_named(given: dict[str, str]) -> None:
    config = test_settings(**given, **APP)
    with pytest.raises(ValueError, match=r"SMS|TWILIO|SMTP|MAIL") as caught:
        mail_messenger(config) if "MAIL" in given else text_messenger(config)
    assert TOKEN not in str(caught.value)


def test_messages_need_a_site_to_lead_to() -> None:
    with pytest.raises(ValueError, match="APP_URL"):
        test_settings(SMS="http", SMS_URL="https://example.com", SMS_TOKEN=TOKEN)


@pytest.mark.parametrize("number", ["+4790000001", "+12125550123", "+447911123456", "+46701234567"])
def test_mobile_numbers_are_reachable(number: str) -> None:
    assert is_reachable(number)


@pytest.mark.parametrize(
    "number",
    ["+19005550123", "+12129765555", "+449012345678", "+4782012345", "+97912345678", "+4712345"],
)
def test_dear_and_short_numbers_are_not(number: str) -> None:
    assert not is_reachable(number)
