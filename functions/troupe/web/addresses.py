"""Where a request comes from, as far as the platform vouches for it (decision 014)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any
from zlib import crc32

from flask import request

from troupe.caller import Device, Source
from troupe.web.provided import services

if TYPE_CHECKING:
    from troupe.settings import Settings

Address = IPv4Address | IPv6Address

# Google's own front ends, including Firebase Hosting's: https://www.gstatic.com/ipranges/goog.json
# without cloud.json, whose addresses customers can rent.
_GOOGLE = (
    "35.191.0.0/16",
    "64.233.160.0/19",
    "66.102.0.0/20",
    "66.249.64.0/19",
    "72.14.192.0/18",
    "74.125.0.0/16",
    "108.177.0.0/17",
    "130.211.0.0/22",
    "142.250.0.0/15",
    "172.217.0.0/16",
    "172.253.0.0/16",
    "173.194.0.0/16",
    "209.85.128.0/17",
    "216.58.192.0/19",
    "216.239.32.0/19",
    "2001:4860::/32",
    "2404:6800::/32",
    "2607:f8b0::/32",
    "2800:3f0::/32",
    "2a00:1450::/32",
    "2c0f:fb50::/32",
)
# A subscriber has at least a /64 and often a /56, and a rented server can have a /48. The larger
# networks get this many times the limit of one address.
_IPV6_TIERS = ((64, 1), (56, 4), (48, 16))
# A proxy's limit, times that of one address. Its counter is divided, because the requests of many
# clients would contend for one document.
_PROXY_FACTOR = 128
_PROXY_SHARDS = 16


def sources() -> list[Source]:
    """The networks whose requests are counted, the client's address first. Empty for a loopback
    address, as with the emulators.

    Google's front end appends its peer's address to X-Forwarded-For; anything before that can be
    forged by the client. Behind Firebase Hosting the peer is Hosting, which appended its client's
    address in the same way. So the header is read from the end, skipping trusted proxies. Some
    services of Google send requests for anybody, with any header, so the proxies count too.
    """
    client, proxy = _hops()
    if client is None or client.is_loopback:
        return []
    found = list(_tiers(client))
    if proxy is not None:
        shard = crc32(str(client).encode()) % _PROXY_SHARDS
        found.append(Source(f"{proxy}/{shard}", _PROXY_FACTOR // _PROXY_SHARDS))
    return found


def client_address() -> str | None:
    """The client's address, or its /64 for IPv6; None if it is not known."""
    found = sources()
    return found[0].subject if found else None


def current_device() -> Device:
    """The device that sent the current request, by its headers."""
    return Device(request.headers.get("User-Agent", ""), tuple(sources()))


def _hops() -> tuple[Address | None, Address | None]:
    """The client, and the proxy that named it, if there was one."""
    settings: Settings = services().settings
    if settings.emulated:
        return _parsed(request.remote_addr or ""), None
    forwarded = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
    client = proxy = None
    for entry in reversed(forwarded):
        address = _parsed(entry.strip())
        if address is None:
            break
        proxy, client = client, address
        if not _is_proxy(address, settings.trusted_proxies):
            break
    return client, proxy


def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _tiers(address: Address) -> Iterator[Source]:
    if isinstance(address, IPv4Address):
        yield Source(str(address))
        return
    for bits, factor in _IPV6_TIERS:
        yield Source(str(ip_network((address, bits), strict=False)), factor)


def _is_proxy(address: Address, trusted: str) -> bool:
    return any(address in network for network in _networks(trusted))


@cache
def _networks(trusted: str) -> list[Any]:
    words = [word.strip() for word in trusted.split(",") if word.strip()]
    named = [network for word in words for network in (_GOOGLE if word == "google" else (word,))]
    return [ip_network(network) for network in named]
