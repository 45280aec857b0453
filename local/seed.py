"""Seeds a fresh stack from emulator-data/."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

from local.components import Run, application_environment
from local.errors import StackError
from local.layout import FUNCTIONS, PYTHON, ROOT, SEED_DATA
from local.ports import choose_ports
from local.processes import clean_environment
from local.stack import Stack, wanted


@dataclass(frozen=True)
class Account:
    email: str
    password: str
    name: str
    username: str
    role: str


def accounts() -> list[Account]:
    """The accounts in emulator-data/accounts.json."""
    text = (SEED_DATA / "accounts.json").read_text()
    return [Account(**account) for account in json.loads(text)["accounts"]]


def account(email: str) -> Account:
    return next(found for found in accounts() if found.email == email)


def _seed(env: Mapping[str, str]) -> str:
    """Runs the app's own services in a separate process, which can reach only the emulators."""
    done = subprocess.run(
        [str(PYTHON), "-m", "local.seed_app", str(SEED_DATA)],
        cwd=ROOT,
        env={**clean_environment(), **env, "PYTHONPATH": str(FUNCTIONS)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StackError(f"seeding failed:\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout.strip().splitlines()[-1]


def seed_stack(stack: Stack) -> str:
    """Seeds this stack; can be repeated. Returns a summary of what was seeded."""
    return _seed(stack.env)


def seed_running_stack(port: Mapping[str, int]) -> int:
    """Seeds a stack that runs in another terminal, on the default ports or on `port`."""
    run = Run(Path(), choose_ports("default", port), {})
    try:
        requests.get(run.url("auth"), timeout=5)
    except requests.ConnectionError:
        raise StackError(
            f"nothing answers at {run.url('auth')}: start the stack with `make up`, or give its"
            " ports (--port auth=PORT --port firestore=PORT)"
        ) from None
    print(_seed(application_environment(run, {*wanted(), "tasks"})))
    return 0
