"""Ports: the fixed set of `make up` (as written in firebase.json), or free ones."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from local.errors import StackError
from local.layout import FIREBASE_JSON, HOST

# firebase.json calls it firestore.websocketPort; the suite's own Firestore emulator alone uses it.
WEBSOCKET = "firestore-websocket"

# Below Linux's ephemeral range (32768 and up), so that no outgoing connection takes one of these
# between the moment it is found free and the moment an emulator binds it.
_FREE_RANGE = range(20_000, 30_000)


def default_ports(firebase_json: Path = FIREBASE_JSON) -> dict[str, int]:
    """Component name to port, as firebase.json has them."""
    emulators = json.loads(firebase_json.read_text())["emulators"]
    ports = {
        name: config["port"]
        for name, config in emulators.items()
        if isinstance(config, dict) and "port" in config
    }
    ports[WEBSOCKET] = emulators["firestore"]["websocketPort"]
    return ports


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT is free, one that is listened on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports(names: Iterable[str]) -> dict[str, int]:
    """A free port for each name. Random, so that two stacks that start at once do not meet."""
    chosen: dict[str, int] = {}
    candidates = iter(random.sample(_FREE_RANGE, len(_FREE_RANGE)))
    for name in names:
        chosen[name] = next(port for port in candidates if is_free(port))
    return chosen


def choose_ports(mode: str, overrides: Mapping[str, int]) -> dict[str, int]:
    """mode: "default" or "auto"; overrides: ports that someone asked for by name."""
    defaults = default_ports()
    unknown = sorted(set(overrides) - set(defaults))
    if unknown:
        raise StackError(f"no component {unknown[0]!r}; there are: {', '.join(sorted(defaults))}")
    ports = free_ports(defaults) if mode == "auto" else defaults
    return ports | dict(overrides)


def require_free(ports: Mapping[str, int]) -> None:
    """Raises StackError that names each taken port and the flags that get around it."""
    taken = [(name, port) for name, port in ports.items() if not is_free(port)]
    if not taken:
        return
    what = ", ".join(f"{port} ({name})" for name, port in taken)
    flags = " ".join(f"--port {name}={port + 10}" for name, port in taken)
    raise StackError(
        f"port {what} on {HOST} is taken: is another stack running?\n"
        f"Stop it, or choose other ports: python -m local up {flags}\n"
        f"or let free ones be found:      python -m local up --ports auto"
    )
