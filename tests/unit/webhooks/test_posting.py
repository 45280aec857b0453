"""Requests to receivers that are slow, hostile or broken, over real sockets and TLS."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.messengers import new_certificate
from tests.fakes.webhook_receiver import LARGE, Receiver, webhook_receiver
from tests.support.machine import slack
from troupe.webhooks.addresses import Target
from troupe.webhooks.posting import Answer, Poster

PUBLIC = "93.184.216.34"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as fake:
        yield fake


def post(receiver: Receiver, poster: Poster | None = None) -> Answer:
    target = Target("127.0.0.1", receiver.port, "/hook?a=b", local=True)
    return (poster or Poster()).post(target, b'{"a":1}', {"X-Test": "yes"})


def test_what_is_sent(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # resolves names by itself
    answer = post(receiver)
    assert (answer.status, answer.error, answer.ok) == (200, None, True)
    (got,) = receiver.got
    assert (got.path, got.body) == ("/hook?a=b", '{"a":1}')
    assert got.headers["x-test"] == "yes"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    receiver.answers.append(f"{status}:{receiver.url}/inside")
    answer = post(receiver)
    assert (answer.status, answer.ok, len(receiver.got)) == (status, False, 1)


@pytest.mark.parametrize("step", ["hang", "drip"])
def test_a_slow_receiver_is_left(receiver: Receiver, step: str) -> None:
    receiver.answers.append(step)
    begun = time.monotonic()
    answer = post(receiver, Poster(seconds=0.4))
    assert (answer.status, answer.error) == (None, "timeout")
    assert time.monotonic() - begun < 2 * slack()


def test_a_large_answer_is_not_read(receiver: Receiver) -> None:
    receiver.answers.append("large")
    assert post(receiver).status == 200
    assert receiver.sent < LARGE / 10


@pytest.mark.parametrize("step", ["nonsense", "cut"])
def test_no_answer_is_a_failure(receiver: Receiver, step: str) -> None:
    receiver.answers.append(step)
    answer = post(receiver)
    assert (answer.status, answer.ok) == (None, False)
    assert answer.error in ("invalid_answer", "connection_failed")


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        answer = Poster().post(Target("127.0.0.1", port, "/", local=True), b"", {})
    assert answer.error == "connection_failed"


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("999999", 86_400), ("-1", 0), ("soon", 0), ("9" * 400, 0)]
)
def test_retry_after(receiver: Receiver, header: str, seconds: int) -> None:
    receiver.answers.append(f"429:{header}")
    assert post(receiver).retry_after == seconds


class Internet:
    """Leads every address to one receiver, and knows which were connected to."""

    def __init__(self, port: int, *found: list[str]) -> None:
        self.port, self.found = port, list(found)
        self.connected: list[str] = []

    def resolve(self, host: str, port: int) -> list[str]:
        return self.found.pop(0)

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        self.connected.append(address)
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def poster(self, trust: Any) -> Poster:
        return Poster(resolve=self.resolve, connect=self.connect, trust=trust)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_certificate(tmp_path_factory.mktemp("tls"), "hooks.example.com")


def test_a_name_that_changes_its_address(certificate: Path) -> None:
    """The address that was checked is the one that is connected to, and the certificate is that of
    the name."""
    with webhook_receiver(certificate) as receiver:
        internet = Internet(receiver.port, [PUBLIC], ["127.0.0.1"], [PUBLIC])
        poster = internet.poster(lambda: ssl.create_default_context(cafile=str(certificate)))
        target = Target("hooks.example.com", 443, "/")
        assert poster.post(target, b"{}", {}).status == 200
        assert poster.post(target, b"{}", {}).error == "address_not_public"
        another = Target("other.example.com", 443, "/")
        assert poster.post(another, b"{}", {}).error == "tls_failed"
        assert internet.connected == [PUBLIC, PUBLIC]
        assert [each.headers["host"] for each in receiver.got] == ["hooks.example.com"]


def test_a_certificate_that_nobody_signed(certificate: Path) -> None:
    with webhook_receiver(certificate) as receiver:
        internet = Internet(receiver.port, [PUBLIC])
        poster = internet.poster(ssl.create_default_context)
        answer = poster.post(Target("hooks.example.com", 443, "/"), b"{}", {})
    assert (answer.error, receiver.got) == ("tls_failed", [])
