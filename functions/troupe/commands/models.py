"""Model files: listing, fetching and verifying."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from troupe.adapters.models.errors import ModelDamaged, ModelMissing
from troupe.adapters.models.fetching import FetchFailed, fetch
from troupe.adapters.models.files import ModelFiles
from troupe.adapters.models.table import MODELS, Group, Model

_BAR = 30  # characters


def models(options: argparse.Namespace, files: ModelFiles) -> int:
    """`list`, `fetch` or `verify`. Names are those of files or groups."""
    known = {*MODELS, *Group}
    unknown = [name for name in options.names if name not in known]
    if unknown:
        print(f"there is no model or group named {unknown[0]}; see `models list`", file=sys.stderr)
        return 2
    if options.action == "list":
        return _list(_chosen(options.names or list(Group)), files)
    if options.action == "verify":
        return _verify(options.names, files)
    return _fetch(_chosen(options.names or [Group.SPEECH]), files, options.packages)


def _chosen(names: list[str]) -> list[Model]:
    return [each for each in MODELS.values() if each.name in names or each.group in names]


def _list(chosen: list[Model], files: ModelFiles) -> int:
    for model in chosen:
        size = f"{model.bytes / 1e6:7.1f} MB"
        state = _state(model, files)
        print(f"{model.name:42} {model.group:13} {size}  {model.licence:12} {state}")
    return 0


def _state(model: Model, files: ModelFiles) -> str:
    try:
        return str(files.path(model.name).parent)
    except ModelDamaged:
        return "damaged"
    except ModelMissing:
        return "missing"


def _verify(names: list[str], files: ModelFiles) -> int:
    """Without names: whatever is there."""
    right = problems = 0
    for model in _chosen(names or list(Group)):
        try:
            files.path(model.name)
            right += 1
        except ModelMissing as error:
            if names or isinstance(error, ModelDamaged):
                problems += 1
                print(error, file=sys.stderr)
    print(f"{right} files are right, {problems} are not")
    return 1 if problems else 0


def _fetch(chosen: list[Model], files: ModelFiles, packages: str | None) -> int:
    """Files that are there already stay as they are, unless they are damaged."""
    directory = files.directories[0]
    missing = [model for model in chosen if _state(model, files) in ("damaged", "missing")]
    for model in missing:
        try:
            fetch(model, directory, Path(packages) if packages else None, _progress(model))
        except FetchFailed as error:
            print(f"\n{error}" if sys.stderr.isatty() else error, file=sys.stderr)
            return 1
    size = sum(model.bytes for model in missing) / 1e6
    print(f"{len(missing)} files fetched ({size:.0f} MB), {len(chosen) - len(missing)} were there")
    return 0


def _progress(model: Model) -> Callable[[int], None]:
    """Draws a bar on a terminal."""
    if not sys.stderr.isatty():
        return lambda size: None

    def draw(size: int) -> None:
        done = size * _BAR // model.bytes
        bar = "#" * done + "." * (_BAR - done)
        end = "\n" if size == model.bytes else ""
        sys.stderr.write(f"\r{model.name:42} [{bar}] {size * 100 // model.bytes:3} %{end}")
        sys.stderr.flush()

    return draw
