"""A TCP forwarder in front of a real server, which a test shuts: the server is then down.

While it is shut, connections are closed as they come, and those that exist are cut. It can also
lose answers: the server has done what was asked, and the client does not learn of it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Valve:
    def __init__(self, port: int) -> None:
        """`port`: of the server on this machine."""
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._shut = False
        self._to_lose = 0
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def down_for(self, seconds: float) -> None:
        """Returns when the server is up again."""
        with self._lock:
            self._shut = True
            for pair in self._pairs:
                _close(*pair)
        time.sleep(seconds)
        with self._lock:
            self._shut = False

    def lose_answers(self, count: int) -> None:
        """Cuts the next connections as soon as the server answers, one for each answer."""
        with self._lock:
            self._to_lose += count

    def _loses(self) -> bool:
        with self._lock:
            lost = self._to_lose > 0
            self._to_lose -= lost
            return lost

    def close(self) -> None:
        self._listener.close()
        with self._lock:
            for pair in self._pairs:
                _close(*pair)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._shut:
                    _close(client)
                    continue
                pair = (client, socket.create_connection(self._target))
                self._pairs.add(pair)
            for source, sink in (pair, pair[::-1]):
                threading.Thread(target=self._pump, args=(pair, source, sink), daemon=True).start()

    def _pump(
        self, pair: tuple[socket.socket, socket.socket], source: socket.socket, sink: socket.socket
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if sink is pair[0] and self._loses():
                    break
                sink.sendall(data)
        with self._lock:
            self._pairs.discard(pair)
            _close(*pair)


def _close(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


@contextmanager
def valve(port: int) -> Iterator[Valve]:
    made = Valve(port)
    try:
        yield made
    finally:
        made.close()
