"""Files in a folder, with the interface of `Files`: for work of gigabytes. The Storage emulator
rewrites the whole file for every chunk of an upload."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from troupe.adapters.storage import StoredFile
from troupe.errors import FileMissing


class DirectoryFiles:
    can_sign = False

    def __init__(self, root: Path) -> None:
        self._root = root

    def local(self, path: str) -> Path:
        place = self._root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def upload(self, path: str, source: Path | bytes, content_type: str) -> int:
        if isinstance(source, Path):
            shutil.copyfile(source, self.local(path))
        else:
            self.local(path).write_bytes(source)
        return self.local(path).stat().st_size

    @contextmanager
    def writer(self, path: str, content_type: str) -> Iterator[IO[bytes]]:
        with self.local(path).open("wb") as file:
            yield file

    def read(self, path: str) -> bytes:
        return self._present(path).read_bytes()

    def download(self, path: str, target: Path) -> None:
        shutil.copyfile(self._present(path), target)

    def stat(self, path: str) -> StoredFile:
        return StoredFile(path, self._present(path).stat().st_size, "", "")

    def delete(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.local(path).unlink(missing_ok=True)

    def list(self, prefix: str) -> list[str]:
        found = (place for place in self._root.rglob("*") if place.is_file())
        names = (str(place.relative_to(self._root)) for place in found)
        return [name for name in names if name.startswith(prefix)]

    def _present(self, path: str) -> Path:
        place = self._root / path
        if not place.exists():
            raise FileMissing(path)
        return place
