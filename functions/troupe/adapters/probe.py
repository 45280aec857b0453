"""Whether what is needed is there, without loading or using it."""

from __future__ import annotations

import socket
from importlib.util import find_spec
from urllib.parse import urlsplit

_TIMEOUT = 4.0  # seconds


def find_package(name: str) -> None:
    """Raises ModuleNotFoundError when a package is not installed; it is not imported."""
    if find_spec(name) is None:
        raise ModuleNotFoundError(f"{name} is not installed")


def check_reachable(url: str) -> None:
    """Raises OSError when nobody listens at the address of a URL, or at a host by its name alone,
    in bounded time."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    socket.create_connection((parts.hostname or "", port), timeout=_TIMEOUT).close()
