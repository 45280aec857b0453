"""The local stack: it starts completely, leaves no process behind, and reports what is missing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from local import supervisor
from local.layout import HOST, PROJECT, ROOT, SEED_DATA
from local.stack import ALL, wanted
from tests.conftest import Running
from troupe.adapters.firestore import Database
from troupe.audit.records import Actor
from troupe.debugging.service import DebugLogs

_PROGRAM = """
import json
from local.stack import Stack
with Stack.start(ports="auto", components={components}) as stack:
    print(json.dumps({{"ports": stack.ports, "pids": stack.pids}}), flush=True)
    stack.watch()
"""
# Without Node, so that supervision is tested in a few seconds.
SMALL = _PROGRAM.format(components={"firestore", "storage"})
# With what `python -m local` does about signals and about programs that die.
KEPT = """
import json, sys
from local.__main__ import run
from local.recovery import Recovery
from local.seed import seed_stack
from local.stack import Stack

def command():
    with Stack.start(ports="auto", components={components}) as stack:
        seed = lambda: {seed}
        seed()
        print(json.dumps({{"ports": stack.ports, "pids": stack.pids}}), flush=True)
        Recovery(stack, seed=seed, say=lambda line: print(line, flush=True)).run()

sys.exit(run(command))
"""
SMALL_KEPT = KEPT.format(components={"firestore", "storage"}, seed='"nothing"')
SEEDED_KEPT = KEPT.format(components={"firestore", "storage", "auth"}, seed="seed_stack(stack)")
SHOP_KEPT = KEPT.format(components={"stripe"}, seed='"nothing"')
# Python workers under shells under Node under a supervisor.
WORKERS = _PROGRAM.format(components={"firestore", "storage", "functions"})


def until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether it becomes true in time; the supervisors' grace periods alone can take 8 s."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


class Launched:
    """A stack in its own process, like that of `make up`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        started = json.loads(line)
        self.ports: dict[str, int] = started["ports"]
        self.pids: dict[str, int] = started["pids"]
        self.family = supervisor.descendants(process.pid)

    def recovered(self, *names: str) -> str:
        """Kills these programs, and waits until they run again; returns what is said meanwhile."""
        for name in names:
            os.kill(supervisor.descendants(self.pids[name])[0], signal.SIGKILL)
        assert self.process.stdout
        said = ""
        while said.count(" runs again") < len(names):
            line = self.process.stdout.readline()
            assert line, said
            said += line
        return said

    def is_gone(self) -> bool:
        """Its programs, and with them its ports, which another test's stack may have by now."""
        return until(lambda: not any(alive(pid) for pid in self.family))


@contextmanager
def launched(program: str, *, by: tuple[str, ...] = ()) -> Iterator[Launched]:
    process = subprocess.Popen(
        [*by, sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Ignored, if the tests were started with `&` by a script.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    with process:
        try:
            yield Launched(process)
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
class TestEnding:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
    def test_whatever_ends_the_parent_ends_everything(self, number: signal.Signals) -> None:
        with launched(SMALL) as stack:
            assert len(stack.family) > 4  # supervisors, gcloud, a shell, Java, the storage emulator
            assert all(answers(port) for port in stack.ports.values())

            stack.process.send_signal(number)

            assert stack.is_gone()

    @pytest.mark.parametrize(("number", "times"), [(signal.SIGINT, 1), (signal.SIGTERM, 3)])
    def test_a_signal_to_the_group_ends_it_quietly(
        self, number: signal.Signals, times: int
    ) -> None:
        """A shell script starts a command with `&` with SIGINT ignored."""
        ignoring = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
        with launched(SMALL_KEPT, by=ignoring) as stack:
            for _ in range(times):
                os.killpg(stack.process.pid, number)

            _, said = stack.process.communicate(timeout=60)

            assert (stack.process.returncode, said) == (130, "\nstopped\n")
            assert stack.is_gone()

    def test_programs_that_die_at_once_are_restarted(self) -> None:
        names = ("firestore", "storage")
        with launched(SMALL_KEPT) as stack:
            said = stack.recovered(*names)
            for name in names:
                assert f"{name}: ended unexpectedly" in said
                assert answers(stack.ports[name])

    def test_a_firestore_that_lost_its_documents_is_seeded_again(self) -> None:
        """Auth still has the accounts, without their documents."""
        with launched(SEEDED_KEPT) as stack:
            assert "documents are gone; seeded 3 accounts" in stack.recovered("firestore")

    def test_a_stack_ends_with_its_fake_stripe_whose_purchases_are_gone(self) -> None:
        with launched(SHOP_KEPT) as stack:
            os.kill(supervisor.descendants(stack.pids["stripe"])[0], signal.SIGKILL)

            _, said = stack.process.communicate(timeout=60)

            assert stack.process.returncode == 1
            assert "stripe: ended unexpectedly" in said
            assert stack.is_gone()

    def test_no_function_worker_survives_a_killed_stack(self) -> None:
        with launched(WORKERS) as stack:
            commands = [
                Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                for pid in stack.family
            ]
            assert any("functions-framework" in command for command in commands)

            stack.process.kill()

            assert stack.is_gone()

    def test_a_crashed_child_ends_the_stack_with_the_end_of_its_log(self) -> None:
        with launched(SMALL) as stack:
            victims = supervisor.descendants(stack.pids["storage"])
            os.kill(victims[0], signal.SIGKILL)

            _, said = stack.process.communicate(timeout=60)

            assert stack.process.returncode != 0
            assert "storage: ended unexpectedly" in said
            assert "Cloud Storage listens at" in said  # from its log
            assert stack.is_gone()


@pytest.mark.parametrize(
    ("env", "fake"),
    [
        ({}, False),
        ({"PAYMENTS": "off"}, False),
        ({"PAYMENTS": "stripe"}, True),
        ({"PAYMENTS": "stripe", "STRIPE_SECRET_KEY": "sk_test_of_an_account"}, False),
    ],
)
def test_payments_without_a_key_need_the_fake_stripe(
    env: dict[str, str], fake: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PAYMENTS", "STRIPE_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert (wanted() - ALL == {"stripe"}) is fake


def run_local(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local", *arguments],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_missing_tool_is_reported_with_the_command_that_installs_it(tmp_path: Path) -> None:
    done = run_local("up", "--ports", "auto", PATH=str(tmp_path))

    assert done.returncode == 1
    assert "There is no Firestore emulator" in done.stderr
    assert "gcloud components install cloud-firestore-emulator" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_lists_everything_that_is_missing(tmp_path: Path) -> None:
    done = run_local("doctor", PATH=str(tmp_path))

    missing = [line.split()[1] for line in done.stdout.splitlines() if "MISSING" in line]
    assert done.returncode == 1
    assert missing == ["node", "suite", "firestore"]
    assert "apt-get install nodejs npm" in done.stdout


def test_a_port_in_use_is_reported_with_the_flag_that_changes_it() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = run_local("up", "--ports", "auto", "--port", f"hosting={port}")

    assert done.returncode == 1
    assert f"port {port} (hosting)" in done.stderr
    assert "--port hosting=" in done.stderr


class TestWholeStack:
    def test_hosting_routes_to_a_healthy_app(self, stack: Running) -> None:
        answer = requests.get(f"{stack.base_url}/api/health", timeout=60)

        assert answer.status_code == 200
        assert answer.json()["data"]["status"] == "ok"

    def test_an_unknown_path_gets_an_error_in_the_envelope(self, stack: Running) -> None:
        answer = requests.get(f"{stack.base_url}/api/no/such/path", timeout=60)

        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"

    def test_a_function_also_answers_at_its_own_url(self, stack: Running) -> None:
        url = stack.function("support") + "/api/health"

        assert requests.get(url, timeout=60).status_code == 200

    def test_an_instance_stores_debug_logs_while_it_waits_for_requests(
        self, stack: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The thread that stores metrics and debug logs runs beside the requests."""
        for name, value in stack.env.items():
            monkeypatch.setenv(name, value)
        db = Database.connect(PROJECT)
        DebugLogs(db, {"plans"}).switch(Actor("operator", None), "function:plans", 2)
        where = [("requestId", "==", "seen-by-an-operator")]

        def stored() -> bool:
            """An instance that has looked before follows within 30 seconds."""
            headers = {"X-Request-Id": "seen-by-an-operator"}
            url = f"{stack.base_url}/api/subscriptions/plans"
            requests.get(url, headers=headers, timeout=60)
            time.sleep(1.5)
            return db.count("debugLogs", where=where) > 0

        assert until(stored, 120)

    def test_an_upload_that_is_too_large_is_refused_and_the_stack_lives(
        self, stack: Running
    ) -> None:
        """The emulators' proxy dies if a response comes before the body has been read."""
        url = f"{stack.base_url}/api/files/upload"
        token = requests.post(f"{stack.base_url}/api/auth/guest", timeout=60).json()["data"]
        for bearer, status in (("wrong", 401), (token["accessToken"], 413)):
            answer = requests.post(
                url,
                files={"file": bytes(40 * 1024 * 1024)},
                headers={"Authorization": f"Bearer {bearer}"},
                timeout=60,
            )
            assert answer.status_code == status
        assert requests.get(f"{stack.base_url}/api/health", timeout=60).status_code == 200

    def test_seeding_is_idempotent(self, stack: Running) -> None:
        ports = [
            argument
            for name, host in stack.hosts.items()
            for argument in ("--port", f"{name}={host.rpartition(':')[2]}")
        ]
        first, second = run_local("seed", *ports), run_local("seed", *ports)

        assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
        assert (
            first.stdout
            == second.stdout
            == "3 accounts, 6 plans, 7 FAQs, 1 company, 2 clips, 3 characters\n"
        )
        plans = requests.get(
            f"http://{stack.hosts['firestore']}/v1/projects/{PROJECT}/databases/(default)"
            "/documents/plans?pageSize=300",
            headers={"Authorization": "Bearer owner"},
            timeout=30,
        ).json()["documents"]
        # Other tests create plans too; each seeded one must exist once.
        names = [plan["fields"]["name"]["stringValue"] for plan in plans]
        seeded = json.loads((SEED_DATA / "plans.json").read_text())["plans"]
        assert {plan["name"]: names.count(plan["name"]) for plan in seeded} == {
            plan["name"]: 1 for plan in seeded
        }
