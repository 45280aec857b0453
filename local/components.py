"""The programs of the stack: how each is started, and how to check that it is ready."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import requests

from local import tools
from local.errors import StackError
from local.layout import BUCKET, FIREBASE_JSON, HOST, PROJECT, PYTHON, REGION, ROOT, RUNS
from local.ports import STRIPE, WEBSOCKET
from local.processes import Child

_HTTP_TIMEOUT = 5.0
NO_KEEP_ALIVE = Path(__file__).with_name("no_keep_alive.cjs")
# Emulators run for minutes: the optimising compiler takes more processor time than it saves.
_JAVA_OPTIONS = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1"}
_STRIPE_KEY = "sk_test_of_the_local_stack"
_STRIPE_SECRET = "whsec_of_the_local_stack"


@dataclass(frozen=True)
class Run:
    """One run of the stack: its folder under .local/, its ports, its children's environment."""

    folder: Path
    ports: Mapping[str, int]
    env: Mapping[str, str]

    def host(self, component: str) -> str:
        return f"{HOST}:{self.ports[component]}"

    def url(self, component: str) -> str:
        return f"http://{self.host(component)}"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"


class Program(Protocol):
    """A program that serves one or more components."""

    name: str

    def serves(self) -> dict[str, str]:
        """Component -> what serves it, as shown to the user."""

    def ports(self) -> set[str]:
        """The names of the ports it listens on."""

    def start(self, run: Run) -> Child: ...

    def is_ready(self, run: Run) -> bool:
        """Asks the program itself. Raises requests.ConnectionError if it does not listen yet."""


def _get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=_HTTP_TIMEOUT)


def firestore_answers(run: Run) -> bool:
    # Reads a missing document as the emulator's owner: a 404 comes from the database itself.
    document = f"/v1/projects/{PROJECT}/databases/(default)/documents/health/check"
    return _get(run.url("firestore") + document, Authorization="Bearer owner").status_code == 404


class GcloudFirestore:
    """The official emulator as a gcloud component, with the project's rules loaded."""

    name = "firestore"

    def serves(self) -> dict[str, str]:
        return {"firestore": tools.firestore_choice().version}

    def ports(self) -> set[str]:
        return {"firestore"}

    def start(self, run: Run) -> Child:
        command = [
            "gcloud",
            "emulators",
            "firestore",
            "start",
            f"--host-port={run.host('firestore')}",
        ]
        rules = ROOT / "firestore.rules"
        if rules.exists():
            command.append(f"--rules={rules}")
        # gcloud's own settings and logs stay out of the user's home.
        env = {**_JAVA_OPTIONS, **run.env, "CLOUDSDK_CONFIG": str(run.folder / "gcloud")}
        # Data is in memory, so there is nothing to save on exit.
        return Child.start(
            self.name, command, log=run.log(self.name), cwd=run.folder, env=env, grace=0.2
        )

    def is_ready(self, run: Run) -> bool:
        return firestore_answers(run)


class GcpStorage:
    """gcp-storage-emulator: Cloud Storage's JSON API, with CORS (see local/storage.py). Objects are
    files in the run's folder."""

    name = "storage"

    def serves(self) -> dict[str, str]:
        return {"storage": tools.storage_choice().version}

    def ports(self) -> set[str]:
        return {"storage"}

    def start(self, run: Run) -> Child:
        command = [str(PYTHON), "-m", "local.storage", f"--host={HOST}"]
        command += [
            f"--port={run.ports['storage']}",
            f"--bucket={BUCKET}",
            f"--folder={run.folder}",
        ]
        env = {**run.env, "STORAGE_DIR": "storage"}
        return Child.start(self.name, command, log=run.log(self.name), cwd=ROOT, env=env, grace=1.0)

    def is_ready(self, run: Run) -> bool:
        return _get(f"{run.url('storage')}/storage/v1/b/{BUCKET}").status_code == 200


class FakeStripe:
    """A Stripe in memory, with its pages; it sends its events through Hosting."""

    name = STRIPE

    def serves(self) -> dict[str, str]:
        return {STRIPE: "a fake, with its pages: the dashboard moves its clock"}

    def ports(self) -> set[str]:
        return {STRIPE}

    def start(self, run: Run) -> Child:
        python = str(PYTHON) if PYTHON.exists() else sys.executable
        command = [python, "-m", "tests.fakes.stripe_server", f"--port={run.ports[STRIPE]}"]
        command.append(f"--webhook={run.url('hosting')}/api/payments/webhook")
        command.append(f"--secret={_STRIPE_SECRET}")
        return Child.start(
            self.name, command, log=run.log(self.name), cwd=ROOT, env=run.env, grace=0.2
        )

    def is_ready(self, run: Run) -> bool:
        return _get(run.url(STRIPE)).status_code == 200


class Suite:
    """The Firebase Emulator Suite, with the given emulators.

    It reads ports only from its configuration file, so each run gets its own firebase.json, derived
    from the project's.
    """

    name = "suite"

    def __init__(self, emulators: set[str], *, watch: bool) -> None:
        """watch: reload functions when their code changes."""
        self._emulators = emulators
        self._watch = watch

    def serves(self) -> dict[str, str]:
        version = f"firebase-tools {tools.firebase_tools()[1]}"
        order = ("firestore", "storage", "auth", "tasks", "functions", "hosting")
        serving = {name: version for name in order if name in self._emulators}
        if "functions" in serving:
            serving["functions"] += ", Python {}.{}".format(*tools.python_version())
        if "firestore" in serving:
            serving["firestore"] = tools.firestore_choice().version
        return serving

    def ports(self) -> set[str]:
        # The suite starts an Eventarc emulator with the Functions emulator.
        extra = {"eventarc"} if "functions" in self._emulators else set()
        extra |= {WEBSOCKET} if "firestore" in self._emulators else set()
        return {"hub", "logging"} | self._emulators | extra

    def _write_config(self, run: Run) -> Path:
        config: dict[str, Any] = json.loads(FIREBASE_JSON.read_text())
        emulators = {
            name: {"host": HOST, "port": run.ports[name]} for name in self.ports() - {WEBSOCKET}
        }
        if "firestore" in emulators:
            emulators["firestore"]["websocketPort"] = run.ports[WEBSOCKET]
        config["emulators"] = emulators | {"ui": {"enabled": False}, "singleProjectMode": True}
        # Paths are relative to the file. The CLI accepts ".." for code and pages, but rules must be
        # next to the file.
        up = Path(*[".."] * len(run.folder.relative_to(ROOT).parts))
        for codebase in config["functions"]:
            codebase["source"] = str(up / codebase["source"])
            # The CLI runs an interpreter of this name, and finds it in the venv.
            codebase["runtime"] = "python{}{}".format(*tools.python_version())
            if not self._watch:
                codebase["ignore"] = ["**"]
        if "hosting" in self._emulators:
            config["hosting"] |= self._hosting(config["hosting"], run)
        for rules in ("firestore.rules", "storage.rules", "firestore.indexes.json"):
            if (ROOT / rules).exists():
                shutil.copy(ROOT / rules, run.folder / rules)
        path = run.folder / "firebase.json"
        path.write_text(json.dumps(config, indent=2))
        return path

    def _hosting(self, hosting: dict[str, Any], run: Run) -> dict[str, Any]:
        """A copy of the built studio that knows where the emulators are, and may talk to them."""
        emulators = {"auth": run.host("auth"), "firestore": run.host("firestore")}
        # Pages send files there with URLs from the API, so their configuration does not name it.
        reached = [*emulators.values(), *([run.host("storage")] if "storage" in run.ports else [])]
        site = run.folder / "site"
        try:
            shutil.copytree(ROOT / hosting["public"], site)
        except FileNotFoundError as error:
            raise StackError("the studio is not built: run `make studio`") from error
        told = " ".join(f"{name}={host}" for name, host in emulators.items())
        for name in ("index.html", "404.html"):
            page = (site / name).read_text()
            empty = 'name="emulators" content=""'
            (site / name).write_text(page.replace(empty, f'{empty[:-1]}{told}"'))
        for rewrite in hosting["rewrites"]:
            if "function" in rewrite:
                rewrite["function"]["region"] = REGION
        for entry in hosting["headers"]:
            for header in entry["headers"]:
                if header["key"] == "Content-Security-Policy":
                    header["value"] = _allow(header["value"], reached)
        return {"public": site.name, "rewrites": hosting["rewrites"], "headers": hosting["headers"]}

    def start(self, run: Run) -> Child:
        node, _ = tools.node()
        script, _ = tools.firebase_tools()
        config = self._write_config(run)
        # The Auth emulator compiles validators for Google's whole identity API at startup; a larger
        # young generation (MB per semi-space) avoids much garbage collection.
        command = [node, "--max-semi-space-size=128", f"--require={NO_KEEP_ALIVE}"]
        command += [str(script), "emulators:start"]
        command += ["--project", PROJECT, "--non-interactive"]
        command += ["--config", str(config), "--only", ",".join(sorted(self._emulators))]
        temporary = run.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        env = {
            **_JAVA_OPTIONS,
            **run.env,
            # The CLI records running suites under TMPDIR, one per project, and keeps settings and
            # the user's login under XDG_CONFIG_HOME. Separate folders keep runs apart from each
            # other and from any account.
            "TMPDIR": str(temporary),
            "XDG_CONFIG_HOME": str(run.folder / "config"),
            "NODE_COMPILE_CACHE": str(RUNS / "node-cache"),  # Node 22.1 and newer cache parsed code
            "NO_UPDATE_NOTIFIER": "1",
            "CI": "1",
            # Otherwise the CLI waits twenty seconds for a metadata server that does not exist, to
            # get credentials that the emulators do not need.
            "METADATA_SERVER_DETECTION": "none",
            # Seconds. The default of 10 is too short for Python's imports on a busy machine.
            "FUNCTIONS_DISCOVERY_TIMEOUT": "60",
        }
        return Child.start(
            self.name, command, log=run.log(self.name), cwd=run.folder, env=env, grace=3.0
        )

    def is_ready(self, run: Run) -> bool:
        if not set(_get(run.url("hub") + "/emulators").json()) >= self._emulators:
            return False
        if "auth" in self._emulators and not _get(run.url("auth")).json()["authEmulator"]["ready"]:
            return False
        if "firestore" in self._emulators and not firestore_answers(run):
            return False
        if "functions" not in self._emulators:
            return True
        if self.has_no_functions(run):
            return False
        # The full path: Hosting, its rewrite, the Functions emulator, a Python worker, the app.
        return _get(run.url("tasks") + "/queueStats").status_code == 200 and (
            requests.get(run.url("hosting") + "/api/health", timeout=60).status_code == 200
        )

    def has_no_functions(self, run: Run) -> bool:
        """Whether the Functions emulator runs but could not load any function from main.py."""
        if "functions" not in self._emulators:
            return False
        backends = _get(run.url("functions") + "/backends").json()["backends"]
        return not any(backend.get("functionTriggers") for backend in backends)


def _allow(policy: str, hosts: Iterable[str]) -> str:
    """The policy, with the emulators beside the services of Firebase that they stand for."""
    service = "https://identitytoolkit.googleapis.com"
    return policy.replace(service, " ".join((*(f"http://{host}" for host in hosts), service)))


def sweep_command(seconds: float) -> list[str]:
    python = str(PYTHON) if PYTHON.exists() else sys.executable
    return [python, "-m", "local.sweep_app", str(seconds)]


def programs(components: set[str], *, watch: bool) -> list[Program]:
    """The programs that serve these components, in starting order."""
    suite: set[str] = set()
    chosen: list[Program] = []
    if "firestore" in components:
        if tools.firestore_choice().by == "gcloud":
            chosen.append(GcloudFirestore())
        else:
            suite.add("firestore")
    if "storage" in components:
        if tools.storage_choice().by == "suite":
            suite.add("storage")
        else:
            chosen.append(GcpStorage())
    if "auth" in components:
        suite.add("auth")
    if "functions" in components:
        suite |= {"functions", "tasks", "hosting"}
    if STRIPE in components:
        chosen.append(FakeStripe())
    if suite:
        chosen.append(Suite(suite, watch=watch))
    return chosen


def application_environment(run: Run, served: set[str]) -> dict[str, str]:
    """The environment with which an app or a test reaches the emulators of this run."""
    env = {
        "GCLOUD_PROJECT": PROJECT,
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "FUNCTIONS_EMULATOR": "true",
        "TROUPE_REGION": REGION,
        "STORAGE_BUCKET": BUCKET,
    }
    if "firestore" in served:
        env["FIRESTORE_EMULATOR_HOST"] = run.host("firestore")
    if "storage" in served:
        env["STORAGE_EMULATOR_HOST"] = run.url("storage")
    if "auth" in served:
        env["FIREBASE_AUTH_EMULATOR_HOST"] = run.host("auth")
    if "tasks" in served:
        env["CLOUD_TASKS_EMULATOR_HOST"] = run.host("tasks")
    if STRIPE in served:
        env |= {
            "PAYMENTS": "stripe",
            "STRIPE_API_BASE": run.url(STRIPE),
            "STRIPE_SECRET_KEY": _STRIPE_KEY,
            "STRIPE_WEBHOOK_SECRET": _STRIPE_SECRET,
            "APP_URL": run.env.get("APP_URL") or run.url("hosting"),
        }
    return env
