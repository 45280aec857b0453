"""Generates the clients from the OpenAPI document, and builds their packages: `make clients`.

Generated code is not committed: it is made again when the document, the generator or its settings
have changed, so that no review contains it and none is out of date.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from tools.locks import ROOT

DOCUMENT = ROOT / "functions" / "openapi.json"
CLIENTS = ROOT / "clients"
PYTHON, TYPESCRIPT = CLIENTS / "python", CLIENTS / "typescript"
GENERATED = PYTHON / "src" / "troupe_client" / "generated"
TYPES = TYPESCRIPT / "src" / "api.ts"
DIST = CLIENTS / "dist"
_SETTINGS = PYTHON / "openapi-python-client.yaml"
_STAMP = ROOT / ".local" / "clients"


class NotGenerated(Exception):
    """The generator has failed, or left something out; its output is the text."""


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time, of several that test."""
    _STAMP.mkdir(parents=True, exist_ok=True)
    with (_STAMP / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _up_to_date(output: Path, generate: Callable[[], None], *sources: bytes) -> Path:
    """Generates the output unless it was made from these sources."""
    digest = hashlib.sha256(b"\0".join(sources)).hexdigest()
    with _alone():
        stamp = _STAMP / output.stem
        if not (output.exists() and stamp.exists() and stamp.read_text() == digest):
            stamp.unlink(missing_ok=True)
            generate()
            stamp.write_text(digest)
    return output


def generate_python() -> Path:
    """The folder of the generated package, which is made if it is out of date."""
    return _up_to_date(
        GENERATED,
        lambda: write_python(DOCUMENT, GENERATED),
        *(DOCUMENT.read_bytes(), _SETTINGS.read_bytes()),
        version("openapi-python-client").encode(),
    )


def write_python(document: Path, folder: Path) -> None:
    """Raises NotGenerated."""
    shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"),
            *("--path", str(document), "--output-path", str(folder), "--fail-on-warning"),
            *("--config", str(_SETTINGS)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout + done.stderr
    if done.returncode or "warning" in told.lower() or "skipping" in told.lower():
        shutil.rmtree(folder, ignore_errors=True)
        raise NotGenerated(told)


def generate_typescript() -> Path:
    """The types, which are made if they are out of date."""
    generator, lock = TYPESCRIPT / "generate.mjs", ROOT / "package-lock.json"

    def generate() -> None:
        subprocess.run(["node", generator, DOCUMENT, TYPES], check=True)

    sources = (path.read_bytes() for path in (DOCUMENT, generator, lock))
    return _up_to_date(TYPES, generate, *sources)


def build(target: Path = DIST) -> list[Path]:
    """Builds the wheel and the npm package into a folder; returns both."""
    return [build_python(target), build_typescript(target)]


def build_python(target: Path) -> Path:
    generate_python()
    target.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=PYTHON, check=True, capture_output=True)
    return max(target.glob("troupe_client-*.whl"), key=lambda path: path.stat().st_mtime)


def build_typescript(target: Path) -> Path:
    """The compiled package, without what it depends on."""
    generate_typescript()
    shutil.rmtree(TYPESCRIPT / "dist", ignore_errors=True)
    subprocess.run([ROOT / "node_modules" / ".bin" / "tsc", "-p", TYPESCRIPT], check=True)
    target.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", "--silent", "--pack-destination", str(target.resolve())]
    done = subprocess.run(command, cwd=TYPESCRIPT, check=True, capture_output=True, text=True)
    return target / done.stdout.split()[-1]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.clients")
    parser.add_argument("--build", action="store_true", help="build the packages into clients/dist")
    options = parser.parse_args()
    try:
        generate_python(), generate_typescript()
        for path in build() if options.build else ():
            print(path.relative_to(ROOT))
    except NotGenerated as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
