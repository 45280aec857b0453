"""The contents of an archive, written in one pass to a stream that cannot seek."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO

from pydantic_core import to_json

from troupe.adapters.firestore import Document
from troupe.exported import Exported
from troupe.jobs.worker import Watch

CHUNK = 1024 * 1024
# Documents continue in another entry after this many bytes: few programs read large JSON, and the
# format of entries over 2 GiB must be chosen before they are written.
DOCUMENT_BYTES = 64 * CHUNK
_LARGE = 2**31 - 1


class Pack:
    """`counts`: documents by name; `files`: how many; `missing`: paths of files that are gone."""

    def __init__(self, archive: zipfile.ZipFile, at: datetime, watch: Watch) -> None:
        self._archive = archive
        self._at = at
        self._watch = watch
        self.counts: Counter[str] = Counter()
        self.files = 0
        self.missing: list[str] = []

    def documents(self, name: str, exported: Iterable[Exported]) -> Iterator[str]:
        """Writes the documents as arrays in `documents/{name}.json`, `{name}-2.json` and so on, and
        yields the paths of the files among them."""
        entry: IO[bytes] | None = None
        written, number = 0, 1
        try:
            for each in exported:
                self._watch.check()
                if isinstance(each, str):
                    yield each
                    continue
                if entry is not None and written > DOCUMENT_BYTES:
                    _end(entry)
                    entry, number = None, number + 1
                if entry is None:
                    suffix = "" if number == 1 else f"-{number}"
                    info = self._info(f"documents/{name}{suffix}.json", zipfile.ZIP_DEFLATED)
                    entry, written = self._archive.open(info, "w"), 0
                written += entry.write((b",\n" if written else b"[\n") + _line(each))
                self.counts[name] += 1
        finally:
            if entry is not None:
                _end(entry)

    def file(self, path: str, source: IO[bytes], size: int) -> None:
        """Copies a file to `files/{path}`. Media are compressed already."""
        info = self._info(f"files/{path}", zipfile.ZIP_STORED)
        with self._archive.open(info, "w", force_zip64=size > _LARGE) as entry:
            while chunk := source.read(CHUNK):
                self._watch.check()
                entry.write(chunk)
        self.files += 1

    def text(self, name: str, text: str) -> None:
        self._archive.writestr(self._info(name, zipfile.ZIP_DEFLATED), text)

    def index(self) -> None:
        """Writes `index.json`."""
        index = {
            "createdAt": self._at.isoformat(),
            "documents": self.counts,
            "files": self.files,
            "missing": self.missing,
        }
        self.text("index.json", json.dumps(index, indent=2, ensure_ascii=False))

    def _info(self, name: str, compression: int) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, self._at.timetuple()[:6])
        info.compress_type = compression
        info.external_attr = 0o600 << 16
        return info


def _line(document: Document) -> bytes:
    return to_json({"path": document.path, "data": document.data}, inf_nan_mode="null")


def _end(entry: IO[bytes]) -> None:
    entry.write(b"\n]\n")
    entry.close()
