"""Migrations, on the documents of the first version."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.support import first_version
from tests.support.admins import new_admin
from tests.support.factories import PROJECT, signed_in
from tests.support.wiring import app_for, command, rewired, services
from troupe.accounts.records import UserRecord
from troupe.activities.service import Activity
from troupe.adapters.firestore import (
    Committed,
    Create,
    Database,
    Document,
    Update,
    Write,
    connect,
    now,
)
from troupe.audit.records import AuditEntry
from troupe.characters.records import Character, Visibility
from troupe.commands.ledger_audit import audit
from troupe.files.records import UserFile
from troupe.generations.records import Generation
from troupe.jobs.records import Job, Part
from troupe.migrations.records import Migration, Progress
from troupe.migrations.registry import MIGRATIONS
from troupe.migrations.service import Migrator
from troupe.plans.records import Plan, Subscription
from troupe.records import Record
from troupe.scripts.records import Script
from troupe.support.records import Contact
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Balance, Entry, Meter, Owner, Wallet

RECORDS: Mapping[str, type[Record]] = {
    "activities": Activity,
    "audit": AuditEntry,
    "characters": Character,
    "contacts": Contact,
    "files": UserFile,
    "generations": Generation,
    "jobs": Job,
    "ledger": Entry,
    "parts": Part,
    "plans": Plan,
    "scripts": Script,
    "subscriptions": Subscription,
    "users": UserRecord,
    "wallets": Wallet,
}
PEOPLE = {"ada", "bob", "cleo", "dee", "guest"}


@pytest.fixture
def old(own_db: Database) -> Database:
    first_version.restore(own_db)
    return own_db


def users(db: Database) -> dict[str, dict[str, Any]]:
    return {document.id: document.data for document in db.find("users", limit=1000)}


def everything(db: Database) -> dict[str, Document]:
    return {path: db.get(path) for path in first_version.documents()}


def test_every_record_of_the_first_version_can_still_be_read() -> None:
    kinds = set()
    for path, data in first_version.documents().items():
        collection = path.split("/")[-2]
        kinds.add(collection)
        if collection in RECORDS and not data.get("deletedAt"):
            RECORDS[collection].of(Document(path, data, True, None))
    assert kinds >= set(RECORDS)


class TestUsersShowPlansAndMinutes:
    def test_the_audit_is_clean_afterwards_and_was_not_before(self, old: Database) -> None:
        assert {finding.owner_id for finding in audit(old).findings} == {"ada", "bob"}
        assert command_on(old, ["migrate"]) == 0
        assert audit(old).findings == []

    def test_an_administrator_sees_minutes_and_terms(self, old: Database) -> None:
        with rewired(database=old):
            assert command(["migrate"]) == 0
            listed = new_admin(old).data("GET", "/users")["users"]
        shown = {user["id"]: user for user in listed if user["id"] in PEOPLE}
        assert set(shown) == PEOPLE - {"dee"}
        plan = shown["ada"]["currentSubscription"]
        assert (plan["price"], plan["voiceMinutes"], plan["tokens"]) == (9.9, 30, 100)
        assert shown["ada"]["totalMinutes"] == 30
        assert shown["bob"]["totalMinutes"] == 5
        assert 4 < shown["bob"]["availableMinutes"] < 5  # a queued job holds the rest
        assert shown["cleo"]["currentSubscription"] is None
        assert users(old)["cleo"]["subscription"]["priceCents"] == 990

    def test_it_changes_nothing_but_these_fields(self, old: Database) -> None:
        before = everything(old)
        Migrator(old, MIGRATIONS).run(MIGRATIONS[0])
        after = everything(old)
        changed = {path for path in before if before[path].data != after[path].data}
        assert changed == {f"users/{name}" for name in ("ada", "bob", "cleo", "guest")}
        for path in changed:
            was, is_now = before[path].data, after[path].data
            assert {n for n in is_now if was.get(n) != is_now[n]} <= {
                "voiceSeconds",
                "subscription",
            }

    def test_a_partly_written_balance_is_completed(self, old: Database) -> None:
        """Today's version has already added minutes to an old document."""
        old.commit(
            *grant_writes(Owner.user("bob"), "gift", Meter.VOICE_SECONDS, 60, "operator", now())
        )
        assert users(old)["bob"]["voiceSeconds"] == {"granted": 60}
        command_on(old, ["migrate"])
        assert users(old)["bob"]["voiceSeconds"]["granted"] == 360
        assert audit(old).findings == []

    def test_a_change_in_the_middle_is_not_lost(self, own_db: Database) -> None:
        first_version.restore(own_db)

        def meanwhile() -> None:
            own_db.commit(
                *grant_writes(Owner.user("ada"), "gift", Meter.VOICE_SECONDS, 60, "operator", now())
            )

        disturbed = Disturbed(own_db, meanwhile)
        progress = Migrator(disturbed, MIGRATIONS).run(MIGRATIONS[0])
        assert disturbed.commits > 1  # the first batch conflicted
        assert (progress.read, progress.changed) == (5, 4)
        assert users(own_db)["ada"]["voiceSeconds"]["granted"] == 30 * 60 + 60
        assert audit(own_db).findings == []


def test_old_entries_of_the_audit_log_are_found_by_whom_they_are_about(old: Database) -> None:
    with rewired(database=old):
        admin = new_admin(old)
        assert admin.data("GET", "/audit?target=users/cleo")["entries"][1:] == []
        assert command(["migrate"]) == 0
        found = admin.data("GET", "/audit?target=users/cleo")["entries"]
    assert found[-1]["operation"] == "adminUpdateUser"
    assert found[-1]["about"] == ["users/cleo"]


class TestCharacters:
    def test_old_characters_are_in_the_public_list_again(self, old: Database) -> None:
        (document,) = old.find("characters", limit=10)
        with rewired(database=old):
            _, headers = signed_in(old)
            client = app_for("characters").test_client()

            def listed() -> list[str]:
                answer = client.get("/api/characters", headers=headers)
                return [each["id"] for each in answer.json["data"]["characters"]]

            assert listed() == []
            assert command(["migrate"]) == 0
            assert listed() == [document.id]
        character = Character.of(old.get(document.path))
        assert character.shared

    def test_those_of_guests_become_private_and_choices_are_kept(self, old: Database) -> None:
        (document,) = old.find("characters", limit=10)
        chosen = {"visibility": "unlisted", "allowUse": False, "hiddenAt": None}
        old.commit(
            Create("characters/of-guest", document.data | {"uid": "guest"}),
            Create("characters/chosen", document.data | chosen),
        )
        command_on(old, ["migrate"])
        found = Character.of(old.get("characters/of-guest"))
        assert (found.visibility, found.allow_use) == (Visibility.PRIVATE, False)
        assert old.get("characters/chosen").data.items() >= chosen.items()


class TestSubscriptions:
    def test_what_the_period_did_not_give_came_from_the_one_before(self, old: Database) -> None:
        """The plan of 30 minutes was replaced by one of 20; 5 of the 30 had been used."""
        data = old.get("subscriptions/ada").data
        replaced = {
            "period": 2,
            "gave": {"tokens": 0, "voiceSeconds": 1200},
            "minutes": {"seconds": 2700, "usedBefore": 300},
        }
        old.commit(Create("subscriptions/replaced", data | replaced))
        command_on(old, ["migrate"])
        balance = Balance(granted=3000, used=400)
        has = Subscription.of(old.get("subscriptions/replaced"))
        assert has.minutes.shares(2, balance) == {1: 1400, 2: 1200}
        first = Subscription.of(old.get("subscriptions/ada"))
        assert (first.minutes.carried, first.minutes.seconds) == ([], data["minutes"]["seconds"])


def test_old_api_keys_are_told_of_before_they_expire(old: Database) -> None:
    at = now()
    soon, later = at + timedelta(days=3), at + timedelta(days=30)
    old.commit(
        Create("apiKeys/old", {"expiresAt": later}),
        Create("apiKeys/soon", {"expiresAt": soon}),
        Create("apiKeys/renamed", {"expiresAt": later, "warnAt": None}),
        Create("apiKeys/told", {"expiresAt": soon, "warnAt": None}),
        Create("apiKeys/new", {"expiresAt": later, "warnAt": at}),
        Create("apiKeys/for-ever", {"expiresAt": None}),
        Create("apiKeys/over", {"expiresAt": at - timedelta(days=1)}),
        Create("apiKeys/revoked", {"expiresAt": later, "revokedAt": at}),
    )
    assert command_on(old, ["migrate"]) == 0
    assert {each.id: each.data.get("warnAt") for each in old.find("apiKeys", limit=10)} == {
        "old": later - timedelta(days=7),
        "soon": soon - timedelta(days=7),
        "renamed": later - timedelta(days=7),
        "told": None,
        "new": at,
        **dict.fromkeys(("for-ever", "over", "revoked")),
    }


class TestMigrator:
    def test_a_second_run_does_nothing(self, old: Database, capsys: Any) -> None:
        assert [command_on(old, ["migrate"]) for _ in range(2)] == [0, 0]
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].endswith("5 read, 4 changed (complete)")
        assert lines[len(MIGRATIONS) :] == ["nothing to migrate"]

    def test_a_document_that_is_right_is_not_written_again(self, old: Database) -> None:
        migrator = Migrator(old, MIGRATIONS)
        migrator.run(MIGRATIONS[0])
        before = everything(old)
        old.delete_all([MIGRATIONS[0].path])
        assert migrator.run(MIGRATIONS[0]).changed == 0
        assert everything(old) == before

    def test_a_rehearsal_counts_and_writes_nothing(self, old: Database, capsys: Any) -> None:
        before = everything(old)
        assert command_on(old, ["migrate", "--dry-run"]) == 0
        told = capsys.readouterr().out.splitlines()
        assert told[0].endswith("5 read, 4 would be changed (complete)")
        assert len(told) == len(MIGRATIONS)
        assert everything(old) == before
        assert Migrator(old, MIGRATIONS).progress() == [(each, None) for each in MIGRATIONS]

    def test_the_list_shows_every_state(self, old: Database, capsys: Any) -> None:
        command_on(old, ["migrate", "--list"])
        command_on(old, ["migrate"])
        command_on(old, ["migrate", "--list"])
        told = capsys.readouterr().out.splitlines()
        assert told[0].endswith(": pending")
        assert ": completed " in told[-1]

    @pytest.mark.parametrize("batches", range(1, 6))
    def test_it_continues_where_it_was_killed(self, old: Database, batches: int) -> None:
        seen: list[Progress] = []

        def killed(progress: Progress) -> None:
            seen.append(progress)
            if len(seen) == batches:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            Migrator(old, MIGRATIONS, batch=1).run(MIGRATIONS[0], killed)
        assert seen[-1].read == batches
        ended = Migrator(old, MIGRATIONS).run(MIGRATIONS[0])
        assert (ended.read, ended.changed) == (5, 4)
        assert audit(old).findings == []

    def test_two_operators_at_once_change_every_document_once(self, own_db: Database) -> None:
        count = 60
        own_db.commit(*(Create(f"users/{n:03}", {"n": n}) for n in range(count)))
        migration = Migration(
            number=900,
            title="users are counted",
            collection="users",
            change=lambda document, others: {"times": document.data.get("times", 0) + 1},
        )
        start = threading.Barrier(2)
        ended: list[Progress] = []

        def operator() -> None:
            database = Database(connect(own_db._client.project))
            migrator = Migrator(database, [migration], batch=7)
            start.wait()
            ended.append(migrator.run(migration))

        threads = [threading.Thread(target=operator) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [(each.read, each.changed) for each in ended] == [(count, count)] * 2
        found = own_db.find("users", limit=count)
        assert [document.data["times"] for document in found] == [1] * count

    @pytest.mark.parametrize(
        "write",
        [
            Update("users/cleo", {"subscription": {"name": "a secret"}}),
            Create("characters/of-nobody", {"displayName": "a secret"}),
        ],
    )
    def test_a_document_it_does_not_understand_stops_it_by_name(
        self, old: Database, capsys: Any, write: Update | Create
    ) -> None:
        old.commit(write)
        assert command_on(old, ["migrate"]) == 1
        told = capsys.readouterr()
        assert write.path in told.err
        assert "a secret" not in told.err + told.out
        assert command_on(old, ["migrate", "--list"]) == 0


def test_the_sweep_reminds_of_pending_migrations(old: Database, capsys: Any) -> None:
    with rewired(database=old):
        remind = services().chores["migrations_pending"]
        assert remind(10) == len(MIGRATIONS)
        assert '"migrations_pending"' in capsys.readouterr().out
        assert command(["migrate"]) == 0
        capsys.readouterr()
        assert remind(10) == 0
        assert capsys.readouterr().out == ""


def test_numbers_are_in_order_and_in_the_module_names() -> None:
    numbers = [each.number for each in MIGRATIONS]
    assert numbers == sorted(set(numbers))
    for each in MIGRATIONS:
        assert each.change.__module__.rpartition(".")[2].startswith(f"m{each.number:03}_")


class Disturbed(Database):
    """Calls `meanwhile` once, between the reads and the first commit."""

    def __init__(self, db: Database, meanwhile: Any) -> None:
        super().__init__(db._client)
        self._meanwhile = meanwhile
        self.commits = 0

    def commit(self, *writes: Write) -> Committed:
        self.commits += 1
        if self.commits == 1:
            self._meanwhile()
        return super().commit(*writes)


def command_on(db: Database, words: list[str]) -> int:
    assert db._client.project != PROJECT
    with rewired(database=db):
        return command(words)
