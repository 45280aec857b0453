"""What an instance does beside its requests: one thread, which looks once a second.

No request waits for it. On Cloud Run an instance has a processor only while it has a request, and
for ten seconds after SIGTERM: in between, the thread stands still with all others, and goes on with
the next request or at the end (decision 054). It is no daemon: the interpreter waits for it, and it
waits for the main thread, which ends when gunicorn has been told to stop.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from troupe.logs import log

_EVERY = 1.0  # seconds

# Takes whether the process is about to end.
UpkeepChore = Callable[[bool], None]


class Upkeep:
    def __init__(self, *chores: UpkeepChore, begins: Callable[[], None]) -> None:
        """`begins` is called before the thread is started."""
        self._chores = chores
        self._begins = begins
        self._started = threading.Lock()

    def start(self) -> None:
        """Starts the thread, once, if this process is an instance: Cloud Run and the emulator name
        it. Tests and commands that load a function write nothing."""
        if "K_SERVICE" in os.environ and self._started.acquire(blocking=False):
            self._begins()
            threading.Thread(target=self._run, name="upkeep", daemon=False).start()

    def _run(self) -> None:
        main = threading.main_thread()
        while main.is_alive():
            main.join(_EVERY)
            for chore in self._chores:
                try:
                    chore(not main.is_alive())
                except Exception as error:  # one must not end the others
                    log.error("upkeep_failed", error)
