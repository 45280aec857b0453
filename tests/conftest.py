"""Emulators for tests: started once per run, on demand, on free ports, for every worker.

The process that runs pytest owns them. Workers of pytest-xdist ask it over a local connection, so
the first test that needs a stack starts it, in any worker, and it stops at the end of the run, even
if pytest is killed (see local/supervisor.py).

- `emulators`: Firestore, Auth and Storage; their addresses are in os.environ. Every test in
  tests/emulator, tests/functions and tests/rules has it.
- `stack`: everything, with Functions, Tasks, Hosting and a fake Stripe, for tests/e2e and
  tests/studio.

Tests share them, so each test creates its own users and ids, and none wipes the data. Each file of
tests/emulator and tests/functions has a database of its own: `db`. A test can have one, too:
`own_db`. Files and accounts of Firebase Auth are everybody's.
"""

from __future__ import annotations

import gc
import os
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from local.stack import WITH_PAYMENTS, Stack
from tests.support.f5tts import Standby
from tests.support.turn import free_port
from troupe import deadlines

# The fast engine, unless a test is about the other one.
os.environ["SPEECH_ENGINES"] = "espeak"

# The same examples in every run, so that a change is not refused for what it has not touched.
# `make fuzz` looks for new ones.
settings.register_profile("repeatable", derandomize=True, print_blob=True)
if "FUZZ_EXAMPLES" not in os.environ:
    settings.load_profile("repeatable")

pytest_plugins = [
    "tests.support.stores",
    "tests.support.wiring",
    "tests.support.billing",
    "tests.support.plans",
    "tests.support.admins",
    "tests.support.details",
    "tests.support.queries",
]

_ADDRESS, _KEY = "TROUPE_TEST_BROKER", "TROUPE_TEST_BROKER_KEY"
_WANTED = {"emulators": frozenset({"firestore", "auth", "storage"}), "stack": WITH_PAYMENTS}
_WITH_EMULATORS = {"emulator", "functions", "rules"}
_WITH_STACK = {"e2e", "studio"}
# Every later query of the stack's database looks at what they leave there.
_FILLING = {"test_fairness.py", "test_fuzz.py", "test_guest_attack.py"}
_OTHER_PROCESSES = _WITH_STACK | {"clients"}  # whose tests run our code in other processes only


@dataclass(frozen=True)
class Running:
    """The parts of a running stack that tests can use."""

    env: dict[str, str]
    base_url: str
    functions_url: str  # with {name} for the function
    hosts: dict[str, str]
    folder: str
    turn: dict[str, str]  # settings: a TURN server that a test may start
    spoken: str  # the file in which the fake F5-TTS, which speaks in cloned voices, notes its calls

    def function(self, name: str) -> str:
        """The direct URL of one function, without Hosting."""
        return self.functions_url.format(name=name)


class Broker:
    """Runs in the main pytest process: starts each stack once, and gives workers its addresses."""

    def __init__(self) -> None:
        key = secrets.token_bytes(16)
        self._listener = Listener(("127.0.0.1", 0), authkey=key)
        os.environ[_ADDRESS] = str(self._listener.address[1])
        os.environ[_KEY] = key.hex()
        self._folder = Path(tempfile.mkdtemp())
        self._f5tts = Standby(self._folder)
        self._turn = {
            "TURN_URLS": f"turn:127.0.0.1:{free_port()}?transport=udp",
            "TURN_SECRET": "the-secret-of-tests",
        }
        self._stacks: dict[str, Stack] = {}
        self._failures: dict[str, str] = {}
        self._starting = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except OSError:  # closed: the run is over
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: Connection) -> None:
        with connection, suppress(EOFError, OSError):
            connection.send(self._give(connection.recv()))

    def _give(self, name: str) -> Running | str:
        with self._starting:  # one at a time: two at once are slower than one after the other
            if name not in self._stacks and name not in self._failures:
                try:
                    with pytest.MonkeyPatch.context() as patch:
                        given = {"SPEECH_ENGINES": "espeak,f5tts", "F5TTS_URL": self._f5tts.url}
                        for setting, value in (given | self._turn).items():
                            patch.setenv(setting, value)
                        self._stacks[name] = Stack.start(ports="auto", components=_WANTED[name])
                except Exception as error:
                    # Every test that wants it fails with the reason, and none waits for it again.
                    self._failures[name] = f"{type(error).__name__}: {error}"
            if name in self._failures:
                return self._failures[name]
            return _describe(self._stacks[name], self._turn, self._f5tts.log)

    def close(self) -> None:
        self._listener.close()
        for stack in self._stacks.values():
            stack.stop()
        self._f5tts.close()
        shutil.rmtree(self._folder)


def _describe(stack: Stack, turn: dict[str, str], spoken: Path) -> Running:
    whole = "hosting" in stack.ports
    return Running(
        env=stack.env,
        base_url=stack.base_url if whole else "",
        functions_url=stack.functions_url("{name}") if whole else "",
        hosts={name: stack.host(name) for name in stack.ports},
        folder=str(stack.folder),
        turn=turn,
        spoken=str(spoken),
    )


def _ask(name: str) -> Running:
    key = bytes.fromhex(os.environ[_KEY])
    with Client(("127.0.0.1", int(os.environ[_ADDRESS])), authkey=key) as connection:
        connection.send(name)
        answer: Running | str = connection.recv()
    if isinstance(answer, str):
        pytest.fail(f"the {name} did not start: {answer}", pytrace=False)
    return answer


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[_BROKER] = Broker()
    _block_the_outside()


class Groups(LoadFileScheduling):
    """Tests that share a set-up share a worker: those of one file, and all that run whole stacks,
    because two stacks at once would slow each other down. Replaces xdist_group, which pytest 9.2
    broke."""

    def _split_scope(self, nodeid: str) -> str:
        path = super()._split_scope(nodeid)
        return "e2e" if _is_e2e(Path(path)) else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups:
    return Groups(config, log)


@pytest.hookimpl(trylast=True)  # after pytest-randomly
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs the longest group first, and files with slow tests before others, so that no worker
    waits for another at the end. In that group, what fills the database comes last. While its stack
    starts, which takes both cores, the other worker runs tests that need no emulators.

    Coverage is not measured in tests that run our code in other processes or do the same work many
    times: it would make them slower and tell nothing new.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(
        key=lambda item: (
            not _is_e2e(item.path),
            item.path.name in _FILLING,
            item.path not in slow,
            "unit" not in item.path.parts,
        )
    )
    for item in items:
        if item.get_closest_marker("slow") or _OTHER_PROCESSES.intersection(item.path.parts):
            item.add_marker("no_cover")


def pytest_collection_finish() -> None:
    """Ten thousand tests stay until the end, and each full collection would look at them again."""
    gc.freeze()


def _is_e2e(path: Path) -> bool:
    return not _WITH_STACK.isdisjoint(path.parts)


_BROKER = pytest.StashKey[Broker]()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _BROKER in config.stash:
        config.stash[_BROKER].close()


def _block_the_outside() -> None:
    """Python code in tests must not connect to other machines; an attempt fails with a message."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        local = self.family == socket.AF_UNIX or str(address[0]) in (
            "127.0.0.1",
            "::1",
            "localhost",
        )
        if not local:
            raise ConnectionRefusedError(f"tests do not connect to {address}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign, assignment]


@pytest.fixture(scope="session")
def emulators() -> Iterator[Running]:
    """Firestore, Auth and Storage; os.environ points all new clients to them."""
    running = _ask("emulators")
    patch = pytest.MonkeyPatch()
    for name, value in running.env.items():
        patch.setenv(name, value)
    # How long a request may wait is no question of most tests, which share the machine.
    patch.setattr("troupe.rooms.translations._SECONDS", 30.0)
    patch.setattr("troupe.rate_limits._CONTENTION_SECONDS", 30.0)
    patch.setattr("troupe.adapters.firestore.contend.__kwdefaults__", {"on": None, "seconds": 60.0})
    yield running
    patch.undo()


@pytest.fixture(scope="session")
def stack() -> Running:
    """The whole stack. os.environ is unchanged: pass `stack.env` to the programs you start."""
    return _ask("stack")


@pytest.fixture(autouse=True)
def _without_a_request() -> None:
    """A test that serves requests in its own thread leaves their deadline behind."""
    deadlines.begin(None)


@pytest.fixture(scope="module", autouse=True)
def _emulators_by_folder(request: pytest.FixtureRequest) -> None:
    folders = set(request.path.relative_to(request.config.rootpath).parts)
    if folders & _WITH_EMULATORS and "tests" in folders:
        request.getfixturevalue("file_db")
