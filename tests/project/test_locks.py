"""The locks match the .in files completely, and agree with each other and the venv."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.locks import DEPLOYED, DEVELOPMENT, EXTRAS, MODELS, asked, holds, locked

BASES = [DEPLOYED, EXTRAS, DEVELOPMENT]
ALL = [*BASES, MODELS]


def everything(asked_for: list[Requirement]) -> dict[str, set[str]]:
    """The requirements and their dependencies, according to the installed packages, by name: the
    extras that are wanted of each."""
    found: set[tuple[str, str]] = set()
    waiting = [(one, extra) for one in asked_for for extra in ("", *one.extras)]
    while waiting:
        one, extra = waiting.pop()
        name = canonicalize_name(one.name)
        if (name, extra) in found:
            continue
        found.add((name, extra))
        for text in distribution(name).requires or []:
            needed = Requirement(text)
            if holds(needed.marker, extra):
                waiting += [(needed, of) for of in ("", *needed.extras)]
    wanted: dict[str, set[str]] = {name: set() for name, _ in found}
    for known, extra in found:
        wanted[known] |= {extra} - {""}
    return wanted


@pytest.mark.parametrize("base", ALL, ids=lambda base: str(base.name))
def test_every_pin_has_hashes(base: Path) -> None:
    pins = locked(base)
    assert pins
    assert [name for name, pin in pins.items() if not pin.hashes] == []


@pytest.mark.parametrize("base", ALL, ids=lambda base: str(base.name))
def test_requirements_are_pinned_and_locked_at_the_same_version(base: Path) -> None:
    pins = locked(base)
    for one in asked(base):
        assert str(one.specifier) == f"=={pins[canonicalize_name(one.name)].version}", one


@pytest.mark.parametrize("base", [DEPLOYED, EXTRAS], ids=lambda base: str(base.name))
def test_the_lock_has_exactly_the_needed_packages(base: Path) -> None:
    in_the_cloud = {name for name, pin in locked(base).items() if pin.in_the_cloud}
    assert in_the_cloud == everything(asked(base)).keys()


@pytest.mark.parametrize("base", BASES, ids=lambda base: str(base.name))
def test_the_lock_names_the_extras_that_are_wanted(base: Path) -> None:
    """For `coverage[toml]`, pip looks at the newest version first. If the lock has `coverage`, it
    refuses that one for its missing hash, as soon as it is newer than the lock's."""
    included = [DEPLOYED, EXTRAS] if base == DEVELOPMENT else []
    wanted = everything([one for each in (base, *included) for one in asked(each)])
    pins = locked(base)
    missing = {name: extras - pins[name].extras for name, extras in wanted.items() if name in pins}
    assert {name: extras for name, extras in missing.items() if extras} == {}


def test_locks_agree_and_development_includes_the_others() -> None:
    development = {name: pin.version for name, pin in locked(DEVELOPMENT).items()}
    for base in (DEPLOYED, EXTRAS):
        versions = {name: pin.version for name, pin in locked(base).items()}
        assert {name: development.get(name) for name in versions} == versions


def test_installed_packages_match_the_lock() -> None:
    pins = {name: pin for name, pin in locked(DEVELOPMENT).items() if pin.in_the_cloud}
    installed = {name: distribution(name).version for name in pins}
    assert installed == {name: pin.version for name, pin in pins.items()}, "run `make setup`"


@pytest.mark.parametrize("base", ALL, ids=lambda base: str(base.name))
def test_no_lock_names_a_host(base: Path) -> None:
    text = base.with_name(f"{base.name}.txt").read_text()
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text
