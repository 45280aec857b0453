"""Scripts on the Firestore emulator: races between edits, jobs and deletions, and call counts."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.factories import (
    CountingDatabase,
    HeldQueue,
    new_character,
    new_user,
    test_settings,
)
from tests.support.jobs import given_to
from troupe.adapters.firestore import Database, Update
from troupe.adapters.storage import Files
from troupe.app.container import Container
from troupe.characters.records import Character
from troupe.dictionaries.library import Dictionaries
from troupe.errors import TroupeError
from troupe.jobs.records import Job, JobStatus
from troupe.jobs.service import JobService
from troupe.media.formats import AudioFormat
from troupe.moderation.service import Moderation
from troupe.scripts.errors import ScriptBusy, ScriptNotFound
from troupe.scripts.jobs import ScriptJobs
from troupe.scripts.library import ScriptLibrary
from troupe.scripts.records import VideoOptions
from troupe.scripts.service import ScriptService
from troupe.scripts.specs import SPECS
from troupe.scripts.writer import ScriptWriter
from troupe.scripts.writes import files_prefix, script_path
from troupe.web.schema import Page

MP3 = AudioFormat.MP3


class ScriptServices:
    """The script services on one database."""

    def __init__(self, db: Database, files: Files) -> None:
        self.db, self.files, self.queue = db, files, HeldQueue()
        settings = test_settings()
        self.jobs = Container(settings, database=db, queue=self.queue, job_specs=SPECS).jobs
        self.script_library = ScriptLibrary(db, lambda: files)
        self.scripts = ScriptService(
            db,
            lambda: files,
            lambda: self.jobs,
            self.cast,
            ScriptWriter(None),
            settings,
            Moderation(None),
        )
        self.script_jobs = ScriptJobs(
            db, self.jobs, self.cast, lambda: Dictionaries(db), settings, Moderation(None)
        )
        self.meanwhile: list[Any] = []

    def cast(self, uid: str, ids: Sequence[str]) -> list[Character]:
        """Called between reading a script and committing its job: runs `meanwhile` first."""
        while self.meanwhile:
            self.meanwhile.pop()()
        documents = self.db.get_all([f"characters/{each}" for each in ids])
        return [Character.of(document) for document in documents]

    def script(self, uid: str, text: str = "Hello.") -> tuple[str, str]:
        """Creates a script of one line; returns its id and its character's id."""
        anna = new_character(self.db, uid, "Anna")
        return self.scripts.create(uid, [anna], [(anna, text)]).id, anna


def test_a_job_uses_the_dialogue_as_of_its_commit(db: Database, files: Files) -> None:
    services, uid = ScriptServices(db, files), new_user(db)
    script_id, anna = services.script(uid)
    services.meanwhile = [lambda: services.scripts.update(uid, script_id, [(anna, "Goodbye.")])]
    job = services.script_jobs.start_audio(uid, script_id, MP3, None).job
    given = given_to(db, job.id)
    assert [line["text"] for line in given["lines"]] == ["Goodbye."]
    assert given["revision"] == 2


def test_no_job_starts_for_a_script_that_is_being_deleted(db: Database, files: Files) -> None:
    services, uid = ScriptServices(db, files), new_user(db)
    script_id, _ = services.script(uid)
    services.meanwhile = [lambda: services.scripts.delete(uid, script_id)]
    with pytest.raises(ScriptNotFound):
        services.script_jobs.start_audio(uid, script_id, MP3, None)
    assert services.queue.tasks == []
    assert db.get(f"wallets/{uid}").data["tokens"]["held"] == 0


def test_one_of_many_concurrent_starts_wins(db: Database, files: Files) -> None:
    services, uid = ScriptServices(db, files), new_user(db)
    script_id, _ = services.script(uid)
    codes: list[str] = []

    def start() -> None:
        try:
            services.script_jobs.start_video(uid, script_id, VideoOptions(), None)
        except TroupeError as error:
            codes.append(error.code)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [ScriptBusy.code] * 7
    assert len(services.queue.tasks) == 1
    assert db.get(f"wallets/{uid}").data["tokens"]["held"] == 1


def test_concurrent_requests_with_one_key_create_one_job(db: Database, files: Files) -> None:
    services, uid = ScriptServices(db, files), new_user(db)
    script_id, _ = services.script(uid)
    ids: list[str] = []

    def start() -> None:
        ids.append(services.script_jobs.start_audio(uid, script_id, MP3, "key").job.id)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == 1
    assert db.get(f"wallets/{uid}").data["tokens"]["held"] == 1


def test_concurrent_edits_all_succeed(db: Database, files: Files) -> None:
    services, uid = ScriptServices(db, files), new_user(db)
    script_id, anna = services.script(uid)

    def edit(number: int) -> None:
        services.scripts.update(uid, script_id, [(anna, f"Edit {number}.")])

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert services.script_library.get(uid, script_id).script.revision == 7


def test_jobs_started_while_the_script_is_deleted_are_cancelled_too(
    db: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, uid = ScriptServices(db, files), new_user(db)
    script_id, _ = services.script(uid)
    cancel, started = JobService.cancel, []

    def start() -> None:
        started.append(services.script_jobs.start_audio(uid, script_id, MP3, None).job.id)

    def then_another(self: JobService, job_id: str) -> Job:
        job = cancel(self, job_id)
        if len(started) < 3:
            start()
        return job

    start()
    monkeypatch.setattr(JobService, "cancel", then_another)
    services.scripts.delete(uid, script_id)
    assert [db.get(f"jobs/{job_id}").data["status"] for job_id in started] == ["cancelled"] * 3
    assert db.get(f"wallets/{uid}").data["tokens"]["held"] == 0


def test_concurrent_deletions_delete_the_script_once(db: Database, files: Files) -> None:
    services, uid = ScriptServices(db, files), new_user(db)
    script_id, anna = services.script(uid)
    ends: list[str] = []

    def attempt(action: Any) -> None:
        try:
            action()
            ends.append("done")
        except TroupeError as error:
            ends.append(error.code)

    edit = [(anna, "Too late?")]
    actions = [
        *[lambda: services.scripts.delete(uid, script_id)] * 4,
        *[lambda: services.scripts.update(uid, script_id, edit)] * 2,
        *[lambda: services.script_jobs.start_audio(uid, script_id, MP3, None)] * 2,
    ]
    threads = [threading.Thread(target=attempt, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ends) == len(actions)
    assert set(ends) <= {"done", "script_not_found", "script_busy"}
    assert ends.count("script_not_found") >= 3
    assert not db.get(script_path(script_id)).exists
    assert db.get(f"wallets/{uid}").data["tokens"]["held"] == 0


def test_a_job_started_while_files_are_deleted_is_cancelled(db: Database, files: Files) -> None:
    services, uid = ScriptServices(db, files), new_user(db)
    script_id, _ = services.script(uid)
    started: list[str] = []
    listing = files.list

    class Slow(Files):
        """Starts a job while the files are being listed."""

        def list(self, prefix: str) -> list[str]:
            if not started:
                started.append("")
                started[0] = services.script_jobs.start_audio(uid, script_id, MP3, None).job.id
            return listing(prefix)

    slow = Slow(files._bucket, can_sign=False)
    deleting = ScriptService(
        db,
        lambda: slow,
        lambda: services.jobs,
        services.cast,
        ScriptWriter(None),
        test_settings(),
        Moderation(None),
    )
    deleting.delete(uid, script_id)
    assert services.jobs.get(started[0])[0].status is JobStatus.CANCELLED
    assert not db.get(script_path(script_id)).exists
    assert db.get(f"wallets/{uid}").data["tokens"]["held"] == 0


def test_a_script_whose_active_job_has_ended_is_not_busy(db: Database, files: Files) -> None:
    services, uid = ScriptServices(db, files), new_user(db)
    script_id, anna = services.script(uid)
    job_id = services.script_jobs.start_audio(uid, script_id, MP3, None).job.id
    services.jobs.cancel(job_id)
    db.commit(Update(script_path(script_id), {"activeJobId": job_id}))
    assert services.scripts.update(uid, script_id, [(anna, "Now.")]).script.revision == 2


def test_deleting_a_script_deletes_the_inputs_of_its_jobs(db: Database, files: Files) -> None:
    services, uid = ScriptServices(db, files), new_user(db)
    script_id, _ = services.script(uid)
    ids = []
    for _ in range(3):
        ids.append(services.script_jobs.start_audio(uid, script_id, MP3, None).job.id)
        services.jobs.cancel(ids[-1])
    files.upload(f"{files_prefix(script_id)}lines/x.wav", b"x", "audio/wav")
    assert services.scripts.delete(uid, script_id) == [f"{files_prefix(script_id)}lines/x.wav"]
    assert files.list(files_prefix(script_id)) == []
    assert all(given_to(db, job_id) == {} for job_id in ids)


def calls(counting: CountingDatabase, action: Any) -> int:
    before = counting.total
    action()
    return counting.total - before


def test_calls_per_request(counting: CountingDatabase, files: Files) -> None:
    """Firestore calls, without the one that loads the caller."""
    services, uid = ScriptServices(counting, files), new_user(counting)
    script_id, anna = services.script(uid)
    scripts, library = services.scripts, services.script_library
    script_jobs = services.script_jobs
    assert calls(counting, lambda: scripts.create(uid, [anna], [])) == 2  # the cast, a commit
    assert calls(counting, lambda: library.get(uid, script_id)) == 1
    assert calls(counting, lambda: scripts.update(uid, script_id, [(anna, "Hi.")])) == 2
    # The script and the key; the cast; wallet, script and key; a commit.
    start = lambda: script_jobs.start_audio(uid, script_id, MP3, "key")  # noqa: E731
    assert calls(counting, start) == 4
    assert calls(counting, start) == 1
    assert calls(counting, lambda: library.get(uid, script_id)) == 2  # and its jobs
    assert calls(counting, lambda: script_jobs.status(uid, script_id)) == 1
    for _ in range(3):
        scripts.create(uid, [anna], [])
    assert calls(counting, lambda: library.page(uid, Page())) == 3  # page, count, jobs
