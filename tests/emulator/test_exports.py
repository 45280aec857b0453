"""Exports: what the archive contains, and how its job starts, fails, ends and is repeated."""

from __future__ import annotations

import io
import json
import re
import threading
import tracemalloc
import zipfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.support import first_version
from tests.support.admins import a_user
from tests.support.factories import Troupe, new_user
from tests.support.stores import everything
from troupe.adapters.firestore import Create, Database, Document, Update, connect, now
from troupe.adapters.storage import Files
from troupe.app.domains import DOMAINS
from troupe.exports import pack
from troupe.exports.records import Export
from troupe.exports.writes import export_path, files_prefix
from troupe.jobs.records import JobStatus

# Documents that mention a user, and are not exported.
NOT_EXPORTED = {"exports": "the export itself"}


class Kit(Troupe):
    """A Troupe with exports."""

    def __init__(self, db: Database, files: Files) -> None:
        super().__init__(db, files)
        self.exports = self.services.exports

    def run(self, uid: str) -> Export:
        job = self.exports.start(uid).job
        self.deliver_all()
        export = self.record(uid)
        assert export.job_id == job.id
        return export

    def record(self, uid: str) -> Export:
        return Export.of(self.db.get(export_path(uid)))

    def archive(self, uid: str) -> zipfile.ZipFile:
        archive = self.record(uid).archive
        assert archive is not None
        data = self.files.read(archive.path)
        assert len(data) == archive.size
        opened = zipfile.ZipFile(io.BytesIO(data))
        assert opened.testzip() is None
        return opened

    def stored(self, uid: str) -> list[str]:
        return self.files.list(files_prefix(uid))


@pytest.fixture
def kit(db: Database, files: Files) -> Kit:
    return Kit(db, files)


def documents(archive: zipfile.ZipFile) -> dict[str, dict[str, Any]]:
    """The exported documents, by path."""
    found: dict[str, dict[str, Any]] = {}
    for name in archive.namelist():
        if name.startswith("documents/"):
            for document in json.loads(archive.read(name)):
                assert document["path"] not in found, document
                found[document["path"]] = document["data"]
    return found


class TestContents:
    @pytest.fixture
    def old(self, own_db: Database, files: Files) -> Iterator[Kit]:
        """Ada of the first version, who has one of everything, with her files."""
        first_version.restore(own_db)
        own_db.commit(
            Update("users/ada", {"emailVerified": True}),
            Create("audit/about-ada", audit_entry("users/ada")),
            Create("characters/of-bob", {"uid": "bob"}),
            Create("characters/of-bob/stars/ada", {"uid": "ada", "at": now()}),
        )
        kit = Kit(own_db, files)
        self.paths = sorted(
            {path for data in first_version.documents().values() for path in _paths(data)}
        )
        for path in self.paths:
            files.upload(path, f"the bytes of {path}".encode(), "application/octet-stream")
        yield kit
        files.delete(self.paths)

    def test_every_document_that_mentions_the_user_is_in_it(self, old: Kit) -> None:
        old.run("ada")
        exported = documents(old.archive("ada"))
        about = {
            path
            for path, data in everything(old.db)
            if "ada" in path.split("/") or re.search('"(users/)?ada"', data)
        }
        # Messages of the contact form name only her address.
        about |= {path for path in first_version.documents() if path.startswith("contacts/")}
        missing = about - set(exported)
        assert {path.split("/")[0] for path in missing} <= set(NOT_EXPORTED)
        others = set(exported) - about
        # The parts of her jobs name only the job.
        assert all("/parts/" in path for path in others), others

    def test_every_file_is_in_it(self, old: Kit) -> None:
        export = old.run("ada")
        archive = old.archive("ada")
        hers = [
            path for path in self.paths if not path.startswith(("generations/bob", "speech/bob"))
        ]
        assert hers
        for path in hers:
            assert archive.read(f"files/{path}") == f"the bytes of {path}".encode()
        names = [name for name in archive.namelist() if name.startswith("files/")]
        assert len(names) == len(set(names)) == len(hers)
        assert export.archive is not None
        assert (export.archive.files, export.archive.missing) == (len(hers), 0)
        assert export.archive.documents == len(documents(archive))

    def test_texts_are_in_it_and_secrets_are_not(self, old: Kit) -> None:
        old.run("ada")
        archive = old.archive("ada")
        text = "".join(
            archive.read(n).decode() for n in archive.namelist() if n.startswith("documents/")
        )
        assert "Hello there, world." in text  # of a generation: its job holds it
        assert "Good bye." in text
        for secret in ("refreshHash", "leaseUntil", "bob@example.com", "users/cleo"):
            assert secret not in text
        (session,) = documents(archive)["users/ada"]["sessions"].values()
        assert set(session) == {"createdAt", "lastUsedAt", "expiresAt", "userAgent"}
        index = json.loads(archive.read("index.json"))
        assert index["documents"]["generations"] == 1
        assert index["missing"] == []

    def test_messages_need_a_verified_address(self, old: Kit) -> None:
        old.db.commit(Update("users/ada", {"emailVerified": False}))
        old.run("ada")
        assert not any(path.startswith("contacts/") for path in documents(old.archive("ada")))

    def test_files_that_are_gone_are_listed(self, old: Kit) -> None:
        (gone,) = [path for path in self.paths if path.startswith("files/")]
        old.files.delete([gone])
        export = old.run("ada")
        assert export.archive is not None and export.archive.missing == 1
        assert json.loads(old.archive("ada").read("index.json"))["missing"] == [gone]

    def test_many_documents_continue_in_another_entry(
        self, kit: Kit, db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pack, "DOCUMENT_BYTES", 400)
        uid = new_user(db)
        for number in range(10):
            path = f"users/{uid}/activities/{number}"
            db.commit(Create(path, {"type": "voice", "message": "x" * 100}))
        kit.run(uid)
        archive = kit.archive(uid)
        names = [name for name in archive.namelist() if "activities" in name]
        assert names[:2] == ["documents/activities.json", "documents/activities-2.json"]
        found = [path for path in documents(archive) if "/activities/" in path]
        assert len(found) == 10


def test_everything_with_an_eraser_has_an_exporter() -> None:
    erasers = {name for domain in DOMAINS for name in domain.erasers}
    exporters = {name for domain in DOMAINS for name in domain.exporters}
    assert erasers - exporters == {"exports"}


class TestLife:
    def test_a_second_start_joins_the_first(self, kit: Kit, db: Database) -> None:
        uid = new_user(db)
        first, second = (kit.exports.start(uid).job for _ in range(2))
        assert first.id == second.id
        assert len(kit.queue.take()) == 1

    def test_two_starts_at_once_make_one_job(self, kit: Kit, db: Database, files: Files) -> None:
        for ended in (0, 1):
            uid = new_user(db)
            for _ in range(ended):
                kit.run(uid)
            start, jobs = threading.Barrier(4), list[str]()

            def begin(uid: str = uid, start: Any = start, jobs: Any = jobs) -> None:
                other = Kit(Database(connect(db._client.project)), files)
                start.wait()
                jobs.append(other.exports.start(uid).job.id)

            threads = [threading.Thread(target=begin) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(jobs) == 4 and len(set(jobs)) == 1
            found = db.find("jobs", where=[("uid", "==", uid)], limit=10)
            assert len(found) == 1 + ended

    def test_it_is_free(self, kit: Kit, db: Database) -> None:
        uid = new_user(db)
        before = db.get(f"wallets/{uid}").data
        kit.run(uid)
        assert db.get(f"wallets/{uid}").data == before

    def test_a_new_archive_replaces_the_one_before(self, kit: Kit, db: Database) -> None:
        uid = new_user(db)
        first = kit.run(uid)
        second = kit.run(uid)
        assert second.job_id != first.job_id
        assert second.archive is not None and kit.stored(uid) == [second.archive.path]

    def test_archives_expire(self, own_db: Database, files: Files) -> None:
        kit, uid = Kit(own_db, files), new_user(own_db)
        export = kit.run(uid)
        assert kit.exports.expire(10) == 0
        new = f"{files_prefix(uid)}of-a-running-job-1.zip"
        files.upload(new, b"PK", "application/zip")
        own_db.commit(Update(export_path(uid), {"dueAt": now() - timedelta(seconds=1)}))
        assert kit.exports.expire(10) == 1
        assert kit.stored(uid) == [new]
        assert kit.exports.get(uid, export.job_id).archive is None
        assert kit.run(uid).job_id != export.job_id  # the id of the expired job is not used again

    @pytest.mark.parametrize("deaths", [1, 2])
    def test_a_worker_that_dies_leaves_one_archive(
        self, db: Database, files: Files, deaths: int
    ) -> None:
        """It dies when the archive is stored, but not recorded."""
        kit, uid = Kit(db, files), new_user(db)
        kit.exports.start(uid)
        (task,) = kit.queue.take()
        died: list[int] = []
        stat = files.stat

        def dying(path: str) -> Any:
            if path.startswith("exports/") and len(died) < deaths:
                died.append(1)
                raise KeyboardInterrupt
            return stat(path)

        kit.services.export_worker._files = Files(files._bucket, can_sign=False)
        kit.services.export_worker._files.stat = dying  # type: ignore[method-assign]
        for _ in range(deaths):
            with pytest.raises(KeyboardInterrupt):
                kit.runner.run(task["jobId"])
            db.commit(Update(f"jobs/{task['jobId']}", {"leaseUntil": None}))
        assert len(kit.stored(uid)) == deaths
        kit.runner.run(task["jobId"])
        export = kit.record(uid)
        assert export.status is JobStatus.COMPLETED
        assert export.archive is not None and kit.stored(uid) == [export.archive.path]

    def test_a_cancelled_export_stores_nothing_and_can_be_started_again(
        self, db: Database, files: Files
    ) -> None:
        kit, uid = Kit(db, files), new_user(db)
        job = kit.exports.start(uid).job

        def cancelled(uid: str) -> Iterator[Document]:
            yield db.get(f"users/{uid}")
            kit.jobs.cancel(job.id)

        kit.services.exporters = {"account": cancelled}
        kit.deliver_all()
        assert kit.record(uid).status is JobStatus.CANCELLED
        assert kit.stored(uid) == []
        del kit.services.exporters
        assert kit.run(uid).status is JobStatus.COMPLETED

    def test_a_failure_is_tried_again_from_the_start(self, db: Database, files: Files) -> None:
        kit, uid = Kit(db, files), new_user(db)
        kit.exports.start(uid)
        (task,) = kit.queue.take()
        failures = [OSError("storage is away"), OSError("still")]

        def failing(uid: str) -> Iterator[Document]:
            yield db.get(f"users/{uid}")
            if failures:
                raise failures.pop()

        kit.services.exporters = {"account": failing}
        while kit.record(uid).status is not JobStatus.COMPLETED:
            kit.deliver(task)
        assert not failures
        assert len(kit.stored(uid)) == 1

    def test_deleting_the_account_deletes_the_archive(self, db: Database, files: Files) -> None:
        kit = Kit(db, files)
        uid = a_user(db)
        kit.run(uid)
        erasers = kit.services.erasers
        assert list(erasers).index("exports") > list(erasers).index("jobs")
        for erase in erasers.values():
            while erase(uid, 50):
                pass
        assert kit.stored(uid) == []
        assert not db.get(export_path(uid)).exists

    def test_deleting_the_account_ends_an_export_that_runs(
        self, db: Database, files: Files
    ) -> None:
        kit = Kit(db, files)
        uid = a_user(db)
        kit.exports.start(uid)

        def erased(uid: str) -> Iterator[Document]:
            yield db.get(f"users/{uid}")
            for erase in kit.services.erasers.values():
                while erase(uid, 50):
                    pass

        kit.services.exporters = {"account": erased}
        kit.deliver_all()
        assert kit.stored(uid) == []
        assert not db.get(export_path(uid)).exists
        assert db.find("jobs", where=[("uid", "==", uid)], limit=10) == []


@pytest.mark.slow
def test_memory_does_not_grow_with_the_archive(db: Database, files: Files) -> None:
    """40 MB in two files, and 8 MB of documents; a piece of an upload is 8 MB."""
    uid, kit = new_user(db), Kit(db, files)
    data = bytes(20 << 20)
    paths = [f"generations/{uid}/x/{number}.wav" for number in range(2)]
    for path in paths:
        files.upload(path, data, "audio/wav")
    for number in range(8):
        db.commit(Create(f"generations/{uid}-{number}", {"uid": uid, "title": "x" * 1_000_000}))
    del data
    kit.exports.start(uid)
    tracemalloc.start()
    kit.deliver_all()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    export = kit.record(uid)
    files.delete([*paths, *kit.stored(uid)])
    assert export.archive is not None and export.archive.size > 40 << 20
    print(f"{export.archive.size >> 20} MB, with at most {peak >> 20} MB of memory")
    assert peak < 20 << 20


def audit_entry(target: str) -> dict[str, Any]:
    return {
        "uid": "bob",
        "email": "bob@example.com",
        "operation": "adminUpdateUser",
        "target": target,
        "about": [target, "users/cleo"],
        "before": {"role": "user"},
        "after": {"role": "admin"},
        "at": now(),
        "requestId": None,
    }


def _paths(value: Any) -> Iterator[str]:
    """The paths of files that a document names."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name in ("path", "wordsPath", "cuesPath") and isinstance(each, str):
                yield each
                if (name == "path" and "/lines/" in each) or each.startswith("speech/"):
                    yield f"{each}.json"
            else:
                yield from _paths(each)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for each in value:
            yield from _paths(each)
