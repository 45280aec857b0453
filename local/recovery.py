"""Keeps a stack running: restarts programs that die.

The Emulator Suite holds accounts in memory, so they are copied while it runs and given to its
successor. Tasks that were in its queue are sent again by the sweep. Files are on disk. Firestore's
documents are lost with it, as when the stack stops.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import requests

from local.components import Program
from local.errors import StackError
from local.layout import PROJECT
from local.stack import Stack

_MOST_RESTARTS = 3
_WITHIN_SECONDS = 600.0
_COPY_SECONDS = 2.0
_POLL_SECONDS = 0.5
_OWNER = {"Authorization": "Bearer owner"}


class Recovery:
    def __init__(
        self, stack: Stack, *, seed: Callable[[], object], say: Callable[[str], None]
    ) -> None:
        """`seed` is called after Firestore restarts, without its documents."""
        self._stack = stack
        self._seed = seed
        self._say = say
        self._accounts: list[dict[str, Any]] = []
        self._copied = 0.0
        self._restarts: dict[str, list[float]] = defaultdict(list)

    def run(self) -> None:
        """Does not return. Raises StackError if a program cannot be restarted, or dies again and
        again."""
        while True:
            ended = self._stack.ended()
            for program, report in ended.items():
                self._restart(program, report)
            if not ended:
                self._copy_accounts()
            time.sleep(_POLL_SECONDS)

    def _restart(self, program: Program, report: str) -> None:
        now = time.monotonic()
        recent = [at for at in self._restarts[program.name] if now - at < _WITHIN_SECONDS]
        if len(recent) >= _MOST_RESTARTS:
            raise StackError(report)
        self._restarts[program.name] = [*recent, now]
        self._say(f"\n{report}\nRestarting {program.name}")
        self._stack.restart(program)
        serves = program.serves()
        if "auth" in serves:
            self._restore_accounts()
        if "firestore" in serves:
            self._say(f"Firestore's documents are gone; seeded {self._seed()}")
        self._say(f"{program.name} runs again")

    @property
    def _accounts_url(self) -> str:
        host = self._stack.host("auth")
        return f"http://{host}/identitytoolkit.googleapis.com/v1/projects/{PROJECT}/accounts"

    def _copy_accounts(self) -> None:
        if time.monotonic() - self._copied < _COPY_SECONDS:
            return
        self._copied = time.monotonic()
        try:
            found = requests.get(
                f"{self._accounts_url}:batchGet?maxResults=-1", headers=_OWNER, timeout=5
            )
            self._accounts = found.json().get("users", [])
        except (requests.RequestException, ValueError):
            return  # it is dying; the next round sees it

    def _restore_accounts(self) -> None:
        body: dict[str, Any] = {"users": self._accounts, "allowOverwrite": True}
        answer = requests.post(
            f"{self._accounts_url}:batchCreate", json=body, headers=_OWNER, timeout=30
        )
        answer.raise_for_status()
