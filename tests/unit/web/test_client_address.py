"""The client's address: as the platform reports it, never as the client claims."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from tests.support.factories import test_settings
from troupe.web.provided import provide
from troupe.web.rate_limit import client_address

CLIENT, GOOGLE, FORGED = "203.0.113.7", "35.191.4.2", "192.0.2.66"


def address_of(
    forwarded: str | None,
    *,
    remote: str = "169.254.1.1",
    **env: Any,
) -> str | None:
    env = {"FUNCTIONS_EMULATOR": "false", "JWT_SECRET": "x" * 40, **env}
    deployed = test_settings(**env)
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    app = Flask("test")
    provide(app, SimpleNamespace(settings=deployed))
    with app.test_request_context(headers=headers, environ_base={"REMOTE_ADDR": remote}):
        return client_address()


@pytest.mark.parametrize(
    ("forwarded", "found"),
    [
        (CLIENT, CLIENT),  # the function's own address
        (f"{CLIENT}, {GOOGLE}", CLIENT),  # through Hosting
        (f"{FORGED}, {CLIENT}", CLIENT),  # a client that sends the header
        (f"{FORGED},{CLIENT},{GOOGLE}", CLIENT),
        (f"{FORGED}, {GOOGLE}, {CLIENT}", CLIENT),  # a client that imitates Hosting
        (f"unknown, {CLIENT}, {GOOGLE}", CLIENT),
        (f"rubbish, {GOOGLE}", GOOGLE),
        (f"{FORGED}, rubbish", None),  # the platform never sends rubbish: trust nothing
        (GOOGLE, GOOGLE),
        ("", None),
        (None, None),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1, 2a00:1450::7", "2001:db8:1:2::/64"),
        (f"::ffff:{CLIENT}", CLIENT),
    ],
)
def test_the_client_is_the_peer_of_the_last_trusted_proxy(
    forwarded: str | None, found: str | None
) -> None:
    assert address_of(forwarded) == found


def test_other_proxies_can_be_trusted() -> None:
    forwarded = f"{FORGED}, {CLIENT}, 198.51.100.9, {GOOGLE}"
    trusted = "google, 198.51.100.0/24"
    assert address_of(forwarded, TRUSTED_PROXIES=trusted) == CLIENT
    assert address_of(forwarded) == "198.51.100.9"


def test_the_emulators_ignore_the_header() -> None:
    local = {"FUNCTIONS_EMULATOR": "true"}
    assert address_of(FORGED, remote="127.0.0.1", **local) is None
    assert address_of(FORGED, remote=CLIENT, **local) == CLIENT


def test_an_invalid_network_prevents_startup() -> None:
    with pytest.raises(ValueError, match="TRUSTED_PROXIES"):
        test_settings(TRUSTED_PROXIES="google, everybody")
