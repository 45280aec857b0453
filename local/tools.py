"""Finds the tools that the stack needs, or raises MissingToolError with the command to install."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from local.errors import MissingToolError
from local.layout import FIREBASE_TOOLS, PYTHON, VENV

MIN_PYTHON = (3, 11)
MIN_NODE = 20
MIN_JAVA_FOR_GCLOUD = 11
MIN_JAVA_FOR_SUITE = 21  # MIN_SUPPORTED_JAVA_MAJOR_VERSION of firebase-tools 15

_JAVA_HELP = (
    "Install one: sudo apt-get install openjdk-21-jre-headless   (macOS: brew install openjdk@21)"
)


@dataclass(frozen=True)
class FirestoreChoice:
    """by: "suite" (firebase-tools' own emulator) or "gcloud"; version: the tool and its Java."""

    by: str
    version: str


@dataclass(frozen=True)
class StorageChoice:
    """by: "suite" or "gcp-storage-emulator"."""

    by: str
    version: str


def _run(*command: str) -> str:
    """The command's output; empty if it is missing or fails."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return (done.stdout + done.stderr).strip()


@cache
def python_version() -> tuple[int, int]:
    """The Python version of functions/venv."""
    if not PYTHON.exists():
        if sys.version_info < MIN_PYTHON:
            raise MissingToolError(
                f"Python {sys.version_info.major}.{sys.version_info.minor} is too old:"
                " Troupe needs 3.11 or newer.\n"
                "Install one: sudo apt-get install python3.11 python3.11-venv"
                "   (macOS: brew install python@3.11)\nthen: make setup PYTHON=python3.11"
            )
        raise MissingToolError(f"functions/{VENV.name} is missing.\nCreate it: make setup")
    printed = _run(str(PYTHON), "-c", "import sys; print(*sys.version_info[:2])")
    major, minor = (int(part) for part in printed.split()) if printed else (0, 0)
    if (major, minor) < MIN_PYTHON:
        raise MissingToolError(
            f"functions/venv runs Python {major}.{minor}; Troupe needs 3.11 or newer.\n"
            "Recreate it: make clean setup PYTHON=python3.11"
        )
    return major, minor


@cache
def node() -> tuple[str, str]:
    """(path, version) of Node."""
    path = shutil.which("node")
    version = _run(path, "--version").lstrip("v") if path else ""
    if not path or not version or int(version.split(".")[0]) < MIN_NODE:
        found = f"Node {version} is too old" if version else "Node is not installed"
        raise MissingToolError(
            f"{found}: the Firebase Emulator Suite needs Node {MIN_NODE} or newer.\n"
            "Install it: sudo apt-get install nodejs npm   (macOS: brew install node),"
            " or from nodejs.org"
        )
    return path, version


@cache
def firebase_tools() -> tuple[Path, str]:
    """(script, version) of the Firebase CLI in node_modules."""
    node()
    package = FIREBASE_TOOLS / "package.json"
    if not package.exists():
        raise MissingToolError(
            "firebase-tools is not installed in node_modules.\n"
            "Install it: npm ci   (or: make setup)"
        )
    return FIREBASE_TOOLS / "lib" / "bin" / "firebase.js", json.loads(package.read_text())[
        "version"
    ]


@cache
def java() -> int:
    """The major version of `java`; 0 if it is not installed."""
    found = re.search(r'version "(?:1\.)?(\d+)', _run("java", "-version"))
    return int(found.group(1)) if found else 0


@cache
def gcloud_firestore() -> str | None:
    """The version of gcloud's Firestore emulator component; None if it is not installed."""
    gcloud = shutil.which("gcloud")
    if not gcloud:
        return None
    sdk = Path(gcloud).resolve().parent.parent
    if not (sdk / "platform").is_dir():  # a wrapper script; `gcloud info` takes a second
        sdk = Path(_run(gcloud, "info", "--format=value(installation.sdk_root)") or "/nowhere")
    if not (sdk / "platform" / "cloud-firestore-emulator").is_dir():
        return None
    manifest = sdk / ".install" / "cloud-firestore-emulator.snapshot.json"
    if manifest.exists():
        for component in json.loads(manifest.read_text()).get("components", []):
            if component.get("id") == "cloud-firestore-emulator":
                return str(component.get("version", {}).get("version_string", ""))
    return ""


def _suite_jar(emulator: str) -> Path | None:
    """The emulator's jar in the cache of firebase-tools; None if it is not there."""
    details = FIREBASE_TOOLS / "lib" / "emulator" / "downloadableEmulatorInfo.json"
    if not details.exists():
        return None
    default = Path.home() / ".cache" / "firebase" / "emulators"
    cache_dir = Path(os.environ.get("FIREBASE_EMULATORS_PATH") or default)
    jar = cache_dir / json.loads(details.read_text())[emulator]["downloadPathRelativeToCacheDir"]
    return jar if jar.exists() else None


@cache
def firestore_choice() -> FirestoreChoice:
    """The suite's own emulator if it is cached and Java is new enough, else gcloud's.

    If there is neither, the suite downloads its own, provided that Java is new enough.
    """
    suite_ready = java() >= MIN_JAVA_FOR_SUITE and _suite_jar("firestore")
    if suite_ready:
        return FirestoreChoice("suite", f"firebase-tools' emulator, Java {java()}")
    component = gcloud_firestore()
    if component is not None and java() >= MIN_JAVA_FOR_GCLOUD:
        return FirestoreChoice(
            "gcloud", f"gcloud emulator {component}".rstrip() + f", Java {java()}"
        )
    if java() >= MIN_JAVA_FOR_SUITE:
        return FirestoreChoice("suite", f"firebase-tools' emulator (downloaded now), Java {java()}")
    if component is not None:
        have = f"Java {java()} is too old" if java() else "Java is not installed"
        raise MissingToolError(f"{have}: gcloud's Firestore emulator needs it.\n{_JAVA_HELP}")
    raise MissingToolError(
        "There is no Firestore emulator. Install JDK 21 or newer (firebase-tools then downloads its"
        " own), or gcloud's component with Java 11 or newer. Found:"
        f" {f'Java {java()}' if java() else 'no Java'}, and no component.\n"
        f"{_JAVA_HELP}\n"
        "or: gcloud components install cloud-firestore-emulator"
        "   (apt: sudo apt-get install google-cloud-cli-firestore-emulator)"
    )


@cache
def storage_choice() -> StorageChoice:
    """The suite's own emulator if its rules runtime is cached, else gcp-storage-emulator."""
    if java() >= MIN_JAVA_FOR_SUITE and _suite_jar("storage"):
        return StorageChoice("suite", "firebase-tools' emulator")
    python_version()
    version = _run(
        str(PYTHON),
        "-c",
        "from importlib.metadata import version as v; print(v('gcp-storage-emulator'))",
    )
    if not version or "Traceback" in version:
        raise MissingToolError(
            "gcp-storage-emulator is not installed in functions/venv.\n"
            "Install it: functions/venv/bin/python -m pip install -r requirements.txt"
            "   (or: make setup)"
        )
    return StorageChoice("gcp-storage-emulator", f"gcp-storage-emulator {version}")


def doctor() -> list[tuple[str, bool, str]]:
    """(name, found, the version used or how to install it) for everything that the stack needs."""

    def describe(name: str, ask: Callable[[], str]) -> tuple[str, bool, str]:
        try:
            return name, True, ask()
        except MissingToolError as missing:
            return name, False, str(missing)

    return [
        describe("python", lambda: "functions/venv, Python {}.{}".format(*python_version())),
        describe("node", lambda: f"Node {node()[1]}"),
        describe("suite", lambda: f"firebase-tools {firebase_tools()[1]}"),
        describe("firestore", lambda: firestore_choice().version),
        describe("storage", lambda: storage_choice().version),
    ]
