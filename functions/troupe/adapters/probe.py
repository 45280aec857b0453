"""Health probes: whether a package or a server is there, without using it."""

from __future__ import annotations

import socket
from importlib.util import find_spec
from urllib.parse import urlsplit

_TIMEOUT = 4.0  # seconds


def find_package(name: str) -> None:
    """Raises ModuleNotFoundError if a package is not installed. Does not import it."""
    if find_spec(name) is None:
        raise ModuleNotFoundError(f"{name} is not installed")


def check_reachable(url: str) -> None:
    """Raises OSError, in bounded time, if no server listens at `url`, a URL or a host name."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    socket.create_connection((parts.hostname or "", port), timeout=_TIMEOUT).close()
