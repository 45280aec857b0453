"""A TURN server for tests: coturn, if it is installed."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from local.ports import is_free
from local.processes import Child

TURNSERVER = shutil.which("turnserver")
needs_turn = pytest.mark.skipif(
    TURNSERVER is None, reason="coturn is not installed: sudo apt-get install coturn"
)
_BINDING = bytes.fromhex("000100002112a442")  # a STUN request, to which each server answers


# Apart from those of stacks: the port is chosen long before the server starts.
_PORTS = range(18_000, 20_000)


def free_port() -> int:
    """That is free for UDP and TCP now, and from which no connection is opened by itself."""
    while True:
        port = random.SystemRandom().choice(_PORTS)
        if not is_free(port):
            continue
        with socket.socket(type=socket.SOCK_DGRAM) as udp, suppress(OSError):
            udp.bind(("127.0.0.1", port))
            return port


@contextmanager
def turn(folder: Path, secret: str, port: int) -> Iterator[str]:
    """Runs a server that relays on this machine alone, and yields its URL. It ends with the
    context, or with this process."""
    command = [
        *(str(TURNSERVER), "-n", "--no-cli", "--no-tls", "--no-dtls", "--log-file=stdout"),
        *("--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--allow-loopback-peers"),
        *(f"--listening-port={port}", "--realm=troupe.test", f"--pidfile={folder}/turn.pid"),
        *("--use-auth-secret", f"--static-auth-secret={secret}"),
    ]
    log = folder / "turn.log"
    child = Child.start("turn", command, log=log, cwd=folder, env=dict(os.environ))
    try:
        _wait(child, port)
        yield f"turn:127.0.0.1:{port}?transport=udp"
    finally:
        child.stop()


def _wait(child: Child, port: int) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.1)
        for _ in range(100):
            probe.sendto(_BINDING + secrets.token_bytes(12), ("127.0.0.1", port))
            try:
                probe.recv(1500)
                return
            except OSError:
                time.sleep(0.05)
    raise AssertionError(f"coturn did not start: {child.tail()}")
