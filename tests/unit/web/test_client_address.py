"""The client's address: as the platform reports it, never as the client claims."""

from __future__ import annotations

from collections import Counter
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from tests.support.factories import test_settings
from troupe.caller import Source
from troupe.web.addresses import client_address, sources
from troupe.web.provided import provide

CLIENT, GOOGLE, FORGED = "203.0.113.7", "35.191.4.2", "192.0.2.66"


@cache
def app(**env: str) -> Flask:
    env = {"FUNCTIONS_EMULATOR": "false", "JWT_SECRET": "x" * 40, "PAYMENTS": "off", **env}
    made = Flask("test")
    provide(made, SimpleNamespace(settings=test_settings(**env)))
    return made


def sources_of(forwarded: str | None, *, remote: str = "169.254.1.1", **env: str) -> list[Source]:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    with app(**env).test_request_context(headers=headers, environ_base={"REMOTE_ADDR": remote}):
        found = sources()
        assert client_address() == (found[0].subject if found else None)
        return found


def address_of(forwarded: str | None, **given: Any) -> str | None:
    found = sources_of(forwarded, **given)
    return found[0].subject if found else None


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


def test_larger_ipv6_networks_count_too() -> None:
    found = sources_of("2001:db8:1:2345:6::7")
    assert found == [
        Source("2001:db8:1:2345::/64"),
        Source("2001:db8:1:2300::/56", 4),
        Source("2001:db8:1::/48", 16),
    ]


def test_a_direct_client_counts_alone() -> None:
    assert sources_of(CLIENT) == [Source(CLIENT)]


def test_the_proxy_counts_too_so_a_service_of_google_that_forges_clients_is_limited() -> None:
    """A program in Google's network sends any header; all its requests have one proxy."""
    shards: Counter[str] = Counter()
    for number in range(4096):
        forged = f"192.0.{number // 256}.{number % 256}"
        client, proxy = sources_of(f"{forged}, {GOOGLE}")
        assert (client, proxy.factor) == (Source(forged), 8)
        shards[proxy.subject] += 1
    assert len(shards) == 16
    assert all(name.startswith(f"{GOOGLE}/") for name in shards)
    assert max(shards.values()) < 2 * min(shards.values())
