"""What functions/main.py declares, as `firebase deploy` reads it: with the settings of
functions/.env, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FUNCTIONS = Path(__file__).resolve().parents[2]
# What the platform and the emulators set would change what is declared.
_NOT_OURS = ("FUNCTIONS_EMULATOR", "FUNCTION_TARGET")
_SETTING = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_]\w*)[ \t]*=[ \t]*
    (?:'(?P<single>[^']*)' | "(?P<double>[^"]*)" | (?P<plain>[^\n]*?)) [ \t]* (?:\#[^\n]*)? $""",
    re.MULTILINE | re.VERBOSE,
)
_PROGRAM = """
import json, sys
import firebase_functions.private.serving as serving
found = serving.get_functions().values()
apis = [api["api"] for each in found for api in getattr(each, "__required_apis", [])]
stack = serving._manifest.ManifestStack(
    endpoints={each.__firebase_endpoint__.entryPoint: each.__firebase_endpoint__ for each in found}
)
spec = serving.to_spec(serving._manifest.manifest_to_spec_dict(stack))
json.dump({"endpoints": spec["endpoints"], "apis": apis}, sys.stdout, default=str)
"""


@dataclass(frozen=True)
class Function:
    name: str
    region: str
    secrets: frozenset[str]
    is_task: bool
    is_scheduled: bool
    memory_mb: int
    concurrency: int
    max_instances: int
    at_once: int | None  # how many tasks its queue delivers at once
    per_second: int | None

    @property
    def private(self) -> bool:
        """Whether only the platform may call it."""
        return self.is_task or self.is_scheduled


def env_of(project: str, folder: Path = FUNCTIONS) -> dict[str, str]:
    """The settings that a deploy to `project` gives the functions: of .env, and of .env.PROJECT,
    which wins."""
    found: dict[str, str] = {}
    for name in (".env", f".env.{project}"):
        if (folder / name).is_file():
            found |= _parsed((folder / name).read_text())
    return found


def _parsed(text: str) -> dict[str, str]:
    """Of the format of the Firebase CLI: comments, and values in quotes or without."""
    return {
        line["name"]: line["single"] or line["double"] or line["plain"] or ""
        for line in _SETTING.finditer(text)
    }


def declared(settings: Mapping[str, str]) -> tuple[list[Function], list[str]]:
    """The functions, by name, and the services of Google that their triggers need."""
    base = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        cwd=FUNCTIONS,
        env={**base, **settings},
        capture_output=True,
        check=True,
        text=True,
    )
    found = json.loads(done.stdout)
    functions = []
    for name, endpoint in sorted(found["endpoints"].items()):
        task = endpoint.get("taskQueueTrigger")
        limits = (task or {}).get("rateLimits", {})
        functions.append(
            Function(
                name=name,
                region=endpoint["region"][0],
                secrets=frozenset(each["key"] for each in endpoint["secretEnvironmentVariables"]),
                is_task=task is not None,
                is_scheduled="scheduleTrigger" in endpoint,
                memory_mb=endpoint["availableMemoryMb"],
                concurrency=endpoint["concurrency"],
                max_instances=endpoint["maxInstances"],
                at_once=limits.get("maxConcurrentDispatches"),
                per_second=limits.get("maxDispatchesPerSecond"),
            )
        )
    return functions, sorted(set(found["apis"]))
