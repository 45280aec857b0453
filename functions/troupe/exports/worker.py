"""Writes the archive of a user's data, straight into storage.

Nothing is kept in memory but a piece of the stream and the names of the files, so the size of an
archive is not limited by that of the function. A retry starts again.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from troupe.adapters.firestore import now
from troupe.adapters.storage import Files
from troupe.errors import FileMissing
from troupe.exported import Exporter
from troupe.exports.pack import Pack
from troupe.exports.records import Archive, Nothing
from troupe.exports.writes import archive_path, completed_writes
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome, Watch, WorkPlan

MIME = "application/zip"
_README = """\
Everything that is stored about this account, as of {at:%Y-%m-%d %H:%M} UTC.

documents/  records, as JSON: where each one is stored, and its data
files/      recordings, pictures, audio and video
index.json  how many of each, and files that a record names but that no longer exist

Left out are secrets (hashes of tokens), rate limit counters, which identify nobody, and messages to
support if the email address was not verified.
"""


class ExportWorker:
    def __init__(
        self, exporters: Callable[[], Mapping[str, Exporter]], files: Files, keep: timedelta
    ) -> None:
        """`keep`: how long the archive can be downloaded."""
        self._exporters = exporters
        self._files = files
        self._keep = keep

    def plan(self, job: Job, given: Nothing) -> WorkPlan:
        return WorkPlan([0, 1])

    def run_part(
        self, job: Job, given: Nothing, number: int, folder: Path, watch: Watch
    ) -> Nothing:
        return Nothing()

    def assemble(
        self, job: Job, given: Nothing, done: Sequence[Nothing], folder: Path, watch: Watch
    ) -> Outcome:
        path, at, exporters = archive_path(job), now(), self._exporters()
        with self._files.writer(path, MIME) as target, zipfile.ZipFile(target, "w") as archive:
            pack = Pack(archive, at, watch)
            pack.text("README.txt", _README.format(at=at))
            paths: dict[str, None] = {}
            for number, (name, exporter) in enumerate(exporters.items()):
                watch.report("archive", number / len(exporters) / 2)
                for each in pack.documents(name, exporter(job.uid)):
                    paths[each] = None
            for number, each in enumerate(paths):
                watch.report("archive", 0.5 + number / len(paths) / 2)
                self._copy(each, pack)
            pack.index()
        size = self._files.stat(path).size
        made = Archive(
            path=path,
            size=size,
            documents=sum(pack.counts.values()),
            files=pack.files,
            missing=len(pack.missing),
            created_at=at,
            expires_at=now() + self._keep,
        )
        return Outcome(completed_writes(job, made), files=[path])

    def _copy(self, path: str, pack: Pack) -> None:
        try:
            size = self._files.stat(path).size
        except FileMissing:  # deleted after its document was read
            pack.missing.append(path)
            return
        with self._files.open(path, size) as source:
            pack.file(path, source, size)
