"""Reads the requirements (`.in`) and the locks that `make lock` writes (`.txt`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
DEPLOYED = ROOT / "functions" / "requirements"
EXTRAS = ROOT / "functions" / "requirements-extras"
DEVELOPMENT = ROOT / "requirements"
MODELS = ROOT / "tools" / "requirements-models"  # downloaded for their files, not installed

# The platform of the functions. Locks also have packages for other platforms.
_CLOUD = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.0",
    "python_version": "3.11",
    "sys_platform": "linux",
}
_PIN = re.compile(
    r"(?P<name>[\w.-]+)(?:\[(?P<extras>[\w.,-]+)\])?==(?P<version>[^\s;]+)"
    r"(?: ; (?P<marker>[^\\]+))?"
)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Pin:
    """A line of a lock, and the number of hashes below it."""

    version: str
    extras: frozenset[str]
    in_the_cloud: bool
    hashes: int


def asked(base: Path) -> list[Requirement]:
    """The requirements in `base`.in itself, without those of included files."""
    lines = (line.partition("#")[0].strip() for line in _lines(base, ".in"))
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def locked(base: Path) -> dict[str, Pin]:
    """The pins of `base`.txt by their normalised names.

    Raises ValueError for a line that is not an exact pin, a hash or a comment.
    """
    pins: dict[str, Pin] = {}
    for entry in "\n".join(_lines(base, ".txt")).replace("\\\n", " ").splitlines():
        line = entry.partition(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        pin = _PIN.match(line)
        if not pin:
            raise ValueError(f"{base.name}.txt has a line that is not a pin: {line}")
        marker = pin["marker"].partition("--hash")[0].strip() if pin["marker"] else ""
        pins[canonicalize_name(pin["name"])] = Pin(
            version=pin["version"],
            extras=frozenset((pin["extras"] or "").split(",")) - {""},
            in_the_cloud=not marker or holds(Marker(marker)),
            hashes=len(_HASH.findall(line)),
        )
    return pins


def holds(marker: Marker | None, extra: str = "") -> bool:
    """Whether a requirement with this marker applies on the platform of the functions."""
    return marker is None or marker.evaluate({**_CLOUD, "extra": extra})


def _lines(base: Path, suffix: str) -> list[str]:
    return base.with_name(base.name + suffix).read_text().splitlines()
