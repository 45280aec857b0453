"""Where webhooks may lead."""

from __future__ import annotations

import socket
from threading import Event

import pytest

from troupe.webhooks.addresses import (
    AddressRefused,
    Target,
    UrlRefused,
    is_public,
    public_addresses,
    resolver,
    target_of,
)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", Target("example.com", 443, "/")),
        ("https://Hooks.Example.com:8443/a/b?c=d", Target("hooks.example.com", 8443, "/a/b?c=d")),
        ("https://example.com?x=1", Target("example.com", 443, "/?x=1")),
        (
            "https://xn--bcher-kva.example/ü".replace("ü", "%C3%BC"),
            Target("xn--bcher-kva.example", 443, "/%C3%BC"),
        ),
    ],
)
def test_a_url_has_parts(url: str, target: Target) -> None:
    assert target_of(url, emulated=False) == target


# Each leads, or may lead, into the server's own network, or is read differently by two parsers.
HOSTILE = [
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://017700000001/",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fd00:ec2::254]/",
    "https://localhost/",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://intranet/",
    "https://user:secret@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com:22/",
    "https://example.com:99999/",
    "https://example.com/#@127.0.0.1",
    "https://example.com\\@127.0.0.1/",
    "https://example.com/a b",
    "https://example.com/\r\nHost: internal",
    "https://example.com\t/",
    "https://exa mple.com/",
    "https://①②⑦.⓪.⓪.①/",
    "https://example。com/",
    "https://-example.com/",
    "https://example..com/",
    "https://example.com./",
    "https:///example.com/",
    "//example.com/",
    "https://" + "a" * 64 + ".com/",
    "https://example.com/" + "a" * 1024,
    "",
]


@pytest.mark.parametrize("url", HOSTILE)
@pytest.mark.parametrize("emulated", [False, True])
def test_a_url_that_is_not_public_is_refused(url: str, emulated: bool) -> None:
    with pytest.raises(UrlRefused, match=r"^must "):
        target_of(url, emulated=emulated)


def test_this_machine_is_reached_in_the_emulators_alone() -> None:
    url = "http://127.0.0.1:5000/hook"
    assert target_of(url, emulated=True) == Target("127.0.0.1", 5000, "/hook", local=True)
    with pytest.raises(UrlRefused):
        target_of(url, emulated=False)
    for other in ("http://127.0.0.2/", "http://localhost/", "http://127.0.0.1@example.com/"):
        with pytest.raises(UrlRefused):
            target_of(other, emulated=True)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:2800:220:1::1"])
def test_addresses_of_the_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",  # noqa: S104
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:93.184.216.34",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::7f00:1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "nonsense",
    ],
)
def test_addresses_of_other_networks(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "found",
    [[], ["10.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["93.184.216.34", "::1"]],
)
def test_every_address_of_a_name_must_be_public(found: list[str]) -> None:
    with pytest.raises(AddressRefused):
        public_addresses(Target("example.com", 443, "/"), lambda host, port: found)


def test_ipv4_is_tried_first() -> None:
    found = ["2606:2800:220:1::1", "93.184.216.34", "93.184.216.34"]
    target = Target("example.com", 443, "/")
    assert public_addresses(target, lambda host, port: found) == [found[1], found[0]]


def test_the_system_is_asked_for_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, over = [], Event()

    def system(host: str, *args: object, **more: object) -> object:
        asked.append(host)
        if host.startswith("gone"):
            raise socket.gaierror
        if host.startswith("silent"):
            over.wait(30)
        return [(2, 1, 6, "", ("93.184.216.34", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", system)
    assert resolver(5)("example.com", 443) == ["93.184.216.34"]
    assert asked == ["example.com."]
    with pytest.raises(socket.gaierror):
        resolver(5)("gone.example.com", 443)
    with pytest.raises(TimeoutError):
        resolver(0.01)("silent.example.com", 443)
    over.set()
