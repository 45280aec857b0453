"""The lease of one worker on one job: kept alive while it works, and the fence when it is lost."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import Self

from troupe.adapters.firestore import Database, Document, Stale, Update, Write, now
from troupe.jobs.records import Job, job_path
from troupe.logs import log


class Lost(Exception):
    """The job is no longer this worker's: cancelled, ended, or claimed by another one."""


class Lease:
    """Within the context a thread prolongs the lease every third of its length, so short work
    costs no call at all. Whatever else touches the job document makes it Stale for us: then the
    lease is lost, and nothing more can be written."""

    def __init__(self, db: Database, job: Job, document: Document, seconds: int) -> None:
        self._db = db
        self._job = job
        self._seen = document
        self._seconds = seconds
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def seen(self) -> Document:
        """The job as this worker last wrote it: the precondition of its next write."""
        return self._seen

    def check(self) -> None:
        """Raises Lost. Cheap: call it between pieces of work."""
        if self._lost:
            raise Lost(self._job.id)

    def commit(self, first: Update, rest: Sequence[Write] = ()) -> None:
        """Commits the job's own write, made with `seen`, and others. Raises Lost."""
        with self._lock:
            self.check()
            try:
                result = self._db.commit(first, *rest)
            except Stale:
                self._lost = True
                raise Lost(self._job.id) from None
            self._seen = replace(self._seen, update_time=result.update_times[0])

    def _keep(self) -> None:
        while not self._stop.wait(self._seconds / 3):
            until = now() + timedelta(seconds=self._seconds)
            fields = {"leaseUntil": until, "dueAt": until + timedelta(seconds=self._seconds)}
            with self._lock:
                if self._stop.is_set():
                    return
                try:
                    result = self._db.commit(
                        Update(job_path(self._job.id), fields, seen=self._seen)
                    )
                    self._seen = replace(self._seen, update_time=result.update_times[0])
                except Stale:
                    self._lost = True
                    return
                except Exception as error:
                    log.warning("lease_not_prolonged", jobId=self._job.id, reason=repr(error))
