"""Where webhooks may lead: to public servers, and never into a network that this server can reach
and its users cannot."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Thread
from typing import Any

PORTS = (443, 8443)
MOST_URL = 1024
# One expression decides what the parts are, so no two parsers can disagree about the host.
_URL = re.compile(
    r"https://(?P<host>[A-Za-z0-9.-]{1,253})(?::(?P<port>\d{1,5}))?(?P<path>[/?][!$-\[\]-~]*)?"
)
_LOCAL_URL = re.compile(r"http://127\.0\.0\.1(?::(?P<port>\d{1,5}))?(?P<path>[/?][!$-\[\]-~]*)?")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
# The system takes names that end like this for addresses: 127.1, 0x7f000001, 017700000001.
_NUMERIC = re.compile(r"\d+|0[xX][0-9a-fA-F]*")
_PRIVATE_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa")
_PUBLIC_V6 = ip_network("2000::/3")
_TRANSLATED = [
    ip_network("2001::/23"),  # protocols, such as Teredo, that lead to an address of IPv4
    ip_network("2002::/16"),  # 6to4
    ip_network("192.88.99.0/24"),
    ip_network("3fff::/20"),  # documentation
]

# The addresses of a name.
Resolve = Callable[[str, int], list[str]]


class UrlRefused(ValueError):
    """The text is for the owner of the webhook."""


class AddressRefused(Exception):
    """The name leads to an address that is not public."""


@dataclass(frozen=True, slots=True)
class Target:
    """`path`: with the query. `local`: on this machine, without TLS."""

    host: str
    port: int
    path: str
    local: bool = False


def target_of(url: str, *, emulated: bool) -> Target:
    """The parts of a URL. Looks nothing up. Raises UrlRefused."""
    if emulated and (here := _LOCAL_URL.fullmatch(url)):
        return Target("127.0.0.1", _port(here["port"], 80), _path(here["path"]), local=True)
    if len(url) > MOST_URL:
        raise UrlRefused(f"must have at most {MOST_URL} characters")
    found = _URL.fullmatch(url)
    if found is None:
        raise UrlRefused(
            "must be a URL such as https://example.com/hook: with https, a name, no password and "
            "no fragment, in ASCII"
        )
    host = found["host"].lower()
    labels = host.split(".")
    if len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)) or _NUMERIC.fullmatch(labels[-1]):
        raise UrlRefused("must have the name of a public server, not an address")
    if labels[-1] in _PRIVATE_NAMES:
        raise UrlRefused("must have the name of a public server")
    port = _port(found["port"], PORTS[0])
    if port not in PORTS:
        raise UrlRefused("must use the port 443 or 8443")
    return Target(host, port, _path(found["path"]))


def _port(given: str | None, default: int) -> int:
    port = int(given) if given else default
    if not 0 < port < 65536:
        raise UrlRefused("must have a port below 65536")
    return port


def _path(given: str | None) -> str:
    path = given or "/"
    return path if path.startswith("/") else f"/{path}"


def is_public(text: str) -> bool:
    """Whether an address is one of the Internet's, that leads nowhere else."""
    try:
        address = ip_address(text)
    except ValueError:  # such as fe80::1%eth0
        return False
    if isinstance(address, IPv6Address) and address not in _PUBLIC_V6:
        return False  # loopback, link-local, unique local, mapped, NAT64
    if any(address in network for network in _TRANSLATED if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def public_addresses(target: Target, resolve: Resolve) -> list[str]:
    """All addresses of the target, those of IPv4 first. They are looked up once, and connected to
    as they are, so the name cannot lead elsewhere later. Raises OSError if it is not found, and
    AddressRefused if one of them is not public."""
    if target.local:
        return [target.host]
    found = list(dict.fromkeys(resolve(target.host, target.port)))
    if not found or not all(map(is_public, found)):
        raise AddressRefused
    return sorted(found, key=lambda text: not isinstance(ip_address(text), IPv4Address))


def resolver(seconds: float) -> Resolve:
    """Asks the system, for so long: it would wait for a minute, for a server of names that its
    owner keeps silent."""

    def resolve(host: str, port: int) -> list[str]:
        asked: Future[list[Any]] = Future()

        def ask() -> None:
            try:
                # With the final dot, no domain of this machine is searched.
                asked.set_result(socket.getaddrinfo(f"{host}.", port, type=socket.SOCK_STREAM))
            except Exception as error:
                asked.set_exception(error)

        Thread(target=ask, name="resolve", daemon=True).start()
        return [str(each[4][0]) for each in asked.result(seconds)]

    return resolve
