"""Keeps a stack running: restarts programs that die.

The Emulator Suite holds accounts in memory, so they are copied while it runs and given to its
successor. Tasks that were in its queue are sent again by the sweep. Files are on disk. Firestore's
documents are lost with it, as when the stack stops; then the accounts go too, and both are seeded
again.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import requests

from local.components import Program
from local.errors import StackError
from local.layout import PROJECT
from local.ports import STRIPE
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
            if ended := self._stack.ended():
                self._recover(ended)
            else:
                self._copy_accounts()
            time.sleep(_POLL_SECONDS)

    def _recover(self, ended: Mapping[Program, str]) -> None:
        for program, report in ended.items():
            self._restart(program, report)
        restarted = {component for program in ended for component in program.serves()}
        if "firestore" in restarted:
            if "auth" in self._stack.served:
                url = f"http://{self._stack.host('auth')}/emulator/v1/projects/{PROJECT}/accounts"
                self._change_accounts("DELETE", url)
            self._say(f"Firestore's documents are gone; seeded {self._seed()}")
        elif "auth" in restarted:
            body = {"users": self._accounts, "allowOverwrite": True}
            self._change_accounts("POST", f"{self._accounts_url}:batchCreate", json=body)
        for program in ended:
            self._say(f"{program.name} runs again")

    def _restart(self, program: Program, report: str) -> None:
        if STRIPE in program.serves():
            raise StackError(report)  # what was bought is gone, and no longer fits the documents
        now = time.monotonic()
        recent = [at for at in self._restarts[program.name] if now - at < _WITHIN_SECONDS]
        if len(recent) >= _MOST_RESTARTS:
            raise StackError(report)
        self._restarts[program.name] = [*recent, now]
        self._say(f"\n{report}\nRestarting {program.name}")
        self._stack.restart(program)

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
            found.raise_for_status()
            self._accounts = found.json().get("users", [])
        except (requests.RequestException, ValueError):
            return  # it is dying; the next round sees it

    def _change_accounts(self, method: str, url: str, **options: Any) -> None:
        """Raises StackError."""
        try:
            answer = requests.request(method, url, headers=_OWNER, timeout=30, **options)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise StackError(f"the accounts could not be changed: {error}") from error
