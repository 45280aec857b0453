"""The whole stack: start, query and stop it.

with Stack.start(ports="auto") as stack:
    requests.get(f"{stack.base_url}/api/health")

with Stack.start(ports="auto", components={"firestore", "auth", "storage"}) as stack:
    os.environ.update(stack.env)
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from local.components import (
    Program,
    Run,
    Suite,
    application_environment,
    programs,
    sweep_command,
)
from local.errors import StackError
from local.layout import FUNCTIONS, PROJECT, REGION, ROOT, RUNS
from local.ports import STRIPE, choose_ports, require_free
from local.processes import Child, clean_environment

ALL = frozenset({"firestore", "storage", "auth", "functions"})
WITH_PAYMENTS = ALL | {STRIPE}
SWEEP_SECONDS = 15.0
READY_SECONDS = 120.0
_KEPT_RUNS = 5
_POLL_SECONDS = 0.1

Say = Callable[[str], None]


def _silent(_line: str) -> None:
    pass


class Stack:
    """A running stack, made by `Stack.start`. As a context manager, it stops on exit."""

    def __init__(self, run: Run, components: frozenset[str], say: Say) -> None:
        self._run = run
        self._say = say
        self._components = components
        self._children: dict[Program, Child] = {}
        self._stopped = threading.Event()
        self._sweeper: threading.Thread | None = None
        self.served: dict[str, str] = {}
        self.env: dict[str, str] = {}
        self.seconds_to_ready = 0.0

    @classmethod
    def start(
        cls,
        *,
        ports: str = "default",
        port: Mapping[str, int] | None = None,
        components: frozenset[str] | set[str] = ALL,
        watch: bool = False,
        sweep: bool = True,
        say: Say = _silent,
    ) -> Self:
        """Starts the programs that serve `components`, and returns when all of them answer.

        ports: "default" (from firebase.json) or "auto" (free ones); port: single ports by name.
        components: any of "firestore", "storage", "auth", "functions" (with tasks and hosting), and
        "stripe", a fake one; then payments are on.
        watch: reload functions when their code changes. sweep: run `troupe sweep` regularly.
        Raises StackError, after stopping everything that had started.
        """
        if unknown := set(components) - WITH_PAYMENTS:
            known = sorted(WITH_PAYMENTS)
            raise ValueError(f"unknown components {sorted(unknown)}; choose from {known}")
        begun = time.monotonic()
        chosen = programs(set(components), watch=watch)
        numbers = choose_ports(ports, port or {})
        needed = {name for program in chosen for name in program.ports()}
        require_free({name: number for name, number in numbers.items() if name in needed})
        run = Run(_new_folder(), numbers, clean_environment())
        stack = cls(run, frozenset(components), say)
        try:
            stack._start_all(chosen)
        except BaseException:
            stack.stop()
            raise
        stack.seconds_to_ready = time.monotonic() - begun
        if sweep and "functions" in components:
            stack._sweeper = threading.Thread(target=stack._sweep_regularly, daemon=True)
            stack._sweeper.start()
        return stack

    def _start_all(self, chosen: list[Program]) -> None:
        for program in chosen:
            self.served |= program.serves()
        self.env = application_environment(self._run, set(self.served))
        # The suite passes the addresses of its own emulators to its functions; it must be given
        # those of the others.
        own = {
            name for program in chosen if isinstance(program, Suite) for name in program.serves()
        }
        told = application_environment(self._run, set(self.served) - own)
        told.pop("FUNCTIONS_EMULATOR")
        env = {**self._run.env, **told}
        self._run = Run(self._run.folder, self._run.ports, env)
        suites = any(isinstance(program, Suite) for program in chosen)
        with _one_suite_at_a_time() if suites else _no_lock():
            # In parallel: programs need each other's addresses to start, but not each other.
            for program in chosen:
                self._children[program] = program.start(self._run)
            for program in chosen:
                self._wait_until_ready(program, chosen)
                for component, what in program.serves().items():
                    self._say(f"  {component:<10} {self.host(component):<16} {what}")

    def restart(self, program: Program) -> None:
        """Starts a program that ended, on the same ports; returns when it answers. What it held in
        memory is lost. Raises StackError."""
        ended = self._children[program]
        ended.stop()
        # Whether a program is ready is also read from its log.
        ended.log.rename(ended.log.with_name(f"{program.name}-ended-{time.time():.0f}.log"))
        with _one_suite_at_a_time() if isinstance(program, Suite) else _no_lock():
            self._children[program] = program.start(self._run)
            self._wait_until_ready(program, [program])

    def _wait_until_ready(self, program: Program, needed: Collection[Program]) -> None:
        """Raises StackError, at once if one of the `needed` ends. Others may have ended too, and
        wait for their own restart."""
        child = self._children[program]
        deadline = time.monotonic() + READY_SECONDS
        last = "it did not answer"
        while time.monotonic() < deadline:
            for other, report in self.ended().items():
                if other in needed:
                    raise StackError(report)
            try:
                if program.is_ready(self._run):
                    return
                if isinstance(program, Suite) and self._is_without_functions(program, child):
                    raise StackError(self._report(child, "no function could be loaded"))
            except requests.ConnectionError:
                pass
            except (requests.RequestException, KeyError, ValueError) as error:
                last = f"{type(error).__name__}: {error}"
            time.sleep(_POLL_SECONDS)
        raise StackError(self._report(child, f"not ready after {READY_SECONDS:.0f} s ({last})"))

    def _is_without_functions(self, suite: Suite, child: Child) -> bool:
        """The suite keeps running and reports that it is ready even if main.py cannot be loaded."""
        says_ready = "All emulators ready" in child.log.read_text(errors="replace")
        return says_ready and suite.has_no_functions(self._run)

    def _report(self, child: Child, what: str) -> str:
        indented = "\n".join(f"    {line}" for line in child.tail().splitlines())
        return f"{child.name}: {what}.\n  Last lines of {_shown(child.log)}:\n{indented}"

    def ended(self) -> dict[Program, str]:
        """The programs that are no longer running, with what happened and their last log lines."""
        return {
            program: self._report(child, f"ended unexpectedly (exit code {child.exit_code})")
            for program, child in self._children.items()
            if child.exit_code is not None
        }

    def watch(self, poll_seconds: float = 0.5) -> None:
        """Returns when the stack is stopped; raises StackError if a program ends before that."""
        # Not Event.wait: a signal handler's exception could strike inside its lock.
        while not self._stopped.is_set():
            time.sleep(poll_seconds)
            for report in self.ended().values():
                raise StackError(report)

    def stop(self) -> None:
        """Ends every child and its descendants. Can be repeated."""
        self._stopped.set()
        for child in self._children.values():
            child.ask_to_stop()
        for child in reversed(self._children.values()):
            child.stop()
        if self._sweeper:
            self._sweeper.join()
            self._sweeper = None
        self._children = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def host(self, component: str) -> str:
        """host:port of "hosting", "functions", "firestore", "auth", "storage", "tasks", "hub" …"""
        return self._run.host(component)

    @property
    def base_url(self) -> str:
        """Hosting's URL, which web clients use."""
        return self._run.url("hosting")

    def functions_url(self, name: str) -> str:
        """The direct URL of one function, without Hosting."""
        return f"{self._run.url('functions')}/{PROJECT}/{REGION}/{name}"

    @property
    def firestore_host(self) -> str:
        return self.host("firestore")

    @property
    def auth_host(self) -> str:
        return self.host("auth")

    @property
    def storage_url(self) -> str:
        return self._run.url("storage")

    @property
    def folder(self) -> Path:
        """This run's folder under .local/; its logs are in logs/."""
        return self._run.folder

    @property
    def ports(self) -> dict[str, int]:
        """The ports of the running components."""
        return {name: self._run.ports[name] for name in self.served}

    @property
    def pids(self) -> dict[str, int]:
        """Program name -> pid of its supervisor."""
        return {child.name: child.pid for child in self._children.values()}

    def _sweep_regularly(self) -> None:
        """Stands in for the schedule, which the emulators do not run. A failure is logged."""
        log = self._run.log("sweep")
        env = {**self._run.env, **self.env, "PYTHONPATH": str(ROOT)}
        command = sweep_command(SWEEP_SECONDS)
        while not self._stopped.wait(SWEEP_SECONDS):
            sweeps = Child.start("sweep", command, log=log, cwd=FUNCTIONS, env=env)
            while sweeps.exit_code is None and not self._stopped.wait(0.2):
                pass
            sweeps.stop()
            if (code := sweeps.exit_code) and not self._stopped.is_set():
                with log.open("a") as sink:
                    sink.write(f"[{datetime.now(UTC):%H:%M:%S}] the sweep exited with {code}\n")


def wanted() -> frozenset[str]:
    """The components of `make up`: with a fake Stripe if payments are on and no key of a real one
    is given."""
    fake = os.environ.get("PAYMENTS") == "stripe" and not os.environ.get("STRIPE_SECRET_KEY")
    return WITH_PAYMENTS if fake else ALL


def _shown(path: Path) -> str:
    return os.path.relpath(path)


def _new_folder() -> Path:
    """Creates a folder for this run, and removes those of the oldest finished runs."""
    RUNS.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{datetime.now(UTC):%Y%m%d-%H%M%S}-", dir=RUNS))
    (folder / "logs").mkdir()
    (folder / "pid").write_text(str(os.getpid()))
    ended = [old.parent for old in sorted(RUNS.glob("*/pid")) if not _is_live(old.parent)]
    for old in ended[:-_KEPT_RUNS]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _is_live(folder: Path) -> bool:
    try:
        os.kill(int((folder / "pid").read_text()), 0)
    except (OSError, ValueError):
        return False
    return True


@contextmanager
def _one_suite_at_a_time() -> Iterator[None]:
    """A lock held while a suite starts.

    To discover functions, the CLI serves main.py on the first free port above 8081 and queries that
    port. Two CLIs that start at the same moment could query each other's.
    """
    with (RUNS / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _no_lock() -> Iterator[None]:
    yield
