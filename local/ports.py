"""Ports: the fixed ones of `make up`, from firebase.json, or free ones."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from local.errors import StackError
from local.layout import FIREBASE_JSON, HOST

# firestore.websocketPort in firebase.json; only the suite's own Firestore emulator uses it.
WEBSOCKET = "firestore-websocket"
# Not an emulator of Firebase, so firebase.json has no place for it.
STRIPE, STRIPE_PORT = "stripe", 12111

# Below Linux's ephemeral range (32768 and up), so that no outgoing connection takes a port between
# the check and the moment an emulator binds it.
_FREE_RANGE = range(20_000, 30_000)


def default_ports(firebase_json: Path = FIREBASE_JSON) -> dict[str, int]:
    """Component name -> port: those of firebase.json, and the fake Stripe's."""
    emulators = json.loads(firebase_json.read_text())["emulators"]
    ports = {
        name: config["port"]
        for name, config in emulators.items()
        if isinstance(config, dict) and "port" in config
    }
    ports[WEBSOCKET] = emulators["firestore"]["websocketPort"]
    ports[STRIPE] = STRIPE_PORT
    return ports


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT counts as free, a listening one does not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports(names: Iterable[str]) -> dict[str, int]:
    """A free port for each name; random, so that two stacks starting together do not collide.
    Tests seed the global generator, each process of them with the same number."""
    chosen: dict[str, int] = {}
    candidates = iter(random.SystemRandom().sample(_FREE_RANGE, len(_FREE_RANGE)))
    for name in names:
        chosen[name] = next(port for port in candidates if is_free(port))
    return chosen


def choose_ports(mode: str, overrides: Mapping[str, int]) -> dict[str, int]:
    """mode: "default" or "auto"; overrides: ports by component name. Raises StackError for an
    unknown name."""
    defaults = default_ports()
    unknown = sorted(set(overrides) - set(defaults))
    if unknown:
        known = ", ".join(sorted(defaults))
        raise StackError(f"unknown component {unknown[0]!r}; choose from: {known}")
    ports = free_ports(defaults) if mode == "auto" else defaults
    return ports | dict(overrides)


def require_free(ports: Mapping[str, int]) -> None:
    """Raises StackError with every taken port, and the flags that avoid it."""
    taken = [(name, port) for name, port in ports.items() if not is_free(port)]
    if not taken:
        return
    what = ", ".join(f"{port} ({name})" for name, port in taken)
    flags = " ".join(f"--port {name}={port + 10}" for name, port in taken)
    raise StackError(
        f"port {what} on {HOST} is in use: is another stack running?\n"
        f"Stop it, or choose other ports: python -m local up {flags}\n"
        f"or use free ones:               python -m local up --ports auto"
    )
