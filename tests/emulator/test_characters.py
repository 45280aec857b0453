"""Characters on the Firestore and Storage emulators: what is stored, and what remains after
failures."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from google.cloud import firestore

from tests.support.characters import (
    CONSENT,
    OTHER_SOUND,
    PICTURE,
    Interrupted,
    Recorded,
    activities,
    caller,
    character_draft,
    character_update,
    files_of,
    library_of,
    made,
    new_caller,
    orphan_records,
    sample,
    service,
    stored,
)
from tests.support.factories import test_settings
from tests.support.wiring import services
from troupe.adapters.firestore import Create, Database, Delete, Stale, Update, Write, now
from troupe.adapters.storage import Files
from troupe.audit.records import AuditEntry
from troupe.characters.errors import CharacterNotFound, ConsentRequired, NotOwner, UnknownImage
from troupe.characters.intake import Prepare
from troupe.characters.records import Character
from troupe.characters.service import Characters
from troupe.characters.withdrawal import Withdrawals
from troupe.dictionaries.library import Dictionaries
from troupe.errors import TroupeError, Unavailable
from troupe.media.uploads.images import prepare_image
from troupe.media.uploads.samples import prepare_sample
from troupe.moderation.service import Moderation
from troupe.orphans import PATIENCE, OrphanedFiles


@pytest.fixture
def recorded(files: Files) -> Recorded:
    return Recorded(files)


@pytest.fixture
def broken(emulators: object) -> Iterator[Interrupted]:
    client = firestore.Client(project=f"demo-{secrets.token_hex(6)}")
    yield Interrupted(client)
    client.close()


def test_a_new_character_is_stored_completely(db: Database, recorded: Recorded) -> None:
    who = new_caller()
    character = made(service(db, recorded), who, images=2, name="Ädä  Lovelace!")
    assert stored(db, character) == character
    assert (character.name_key, character.output_prefix) == ("ädä lovelace!", "ada_lovelace")
    assert recorded.left() == set(character.files)
    assert len(character.files) == 3
    assert recorded.read(sample(character).path)[:4] == b"RIFF"
    assert character.consent is not None
    assert character.consent.sample_sha256 == sample(character).sha256
    assert activities(db, who) == ["character_created"]
    assert orphan_records(db, recorded) == []


def test_an_update_replaces_files_and_keeps_the_rest(db: Database, recorded: Recorded) -> None:
    characters, who = service(db, recorded), new_caller()
    before = made(characters, who, images=3, speed="1.5", sampleText="Hello there.")
    (audio,) = files_of(OTHER_SOUND)
    update = character_update(
        displayName="Grace",
        audioFile=audio,
        consent=CONSENT,
        newImageFiles=files_of(PICTURE),
        removeImageKeys="0, 2",
    )
    after = characters.update(who, before.id, update).character
    assert stored(db, before) == after
    assert set(after.images) == {"1", "3"}
    assert after.images["1"] == before.images["1"]
    assert sample(after).path != sample(before).path
    assert (sample(after).text, after.config.speed) == ("", 1.5)
    assert after.consent is not None
    assert after.consent.statement == CONSENT
    assert after.consent.sample_sha256 == sample(after).sha256
    assert recorded.left() == set(after.files)
    assert orphan_records(db, recorded) == []
    assert activities(db, who) == ["character_created", "character_updated"]


def test_image_keys_are_not_reused(db: Database, recorded: Recorded) -> None:
    characters, who = service(db, recorded), new_caller()
    character = made(characters, who, images=1)
    characters.update(who, character.id, character_update(removeImageKeys="0"))
    update = character_update(newImageFiles=files_of(PICTURE))
    assert set(characters.update(who, character.id, update).character.images) == {"1"}


def test_a_new_sample_needs_a_new_consent(db: Database, recorded: Recorded) -> None:
    characters, who = service(db, recorded), new_caller()
    character = made(characters, who)
    (audio,) = files_of(OTHER_SOUND)
    with pytest.raises(ConsentRequired):
        characters.update(who, character.id, character_update(audioFile=audio))
    assert stored(db, character) == character
    assert recorded.left() == set(character.files)


def test_concurrent_updates_lose_nothing(db: Database, recorded: Recorded) -> None:
    characters, who = service(db, recorded), new_caller()
    character = made(characters, who)

    def add(_: int) -> None:
        characters.update(who, character.id, character_update(newImageFiles=files_of(PICTURE)))

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(add, range(5)))
    after = stored(db, character)
    assert set(after.images) == {"0", "1", "2", "3", "4"}
    assert recorded.left() == set(after.files)
    assert orphan_records(db, recorded) == []


def test_concurrent_updates_cannot_exceed_ten_images(db: Database, recorded: Recorded) -> None:
    characters, who = service(db, recorded), new_caller()
    character = made(characters, who, images=8)

    def add(_: int) -> bool:
        try:
            characters.update(who, character.id, character_update(newImageFiles=files_of(PICTURE)))
        except TroupeError as error:
            assert error.code == "too_many_images"
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(add, range(4))) == 2
    after = stored(db, character)
    assert len(after.images) == 10
    assert recorded.left() == set(after.files)


def test_only_the_creator_or_an_admin_can_change_or_delete_it(
    db: Database, recorded: Recorded
) -> None:
    characters, who, other = service(db, recorded), new_caller(), new_caller()
    character = made(characters, who)
    with pytest.raises(NotOwner):
        characters.update(other, character.id, character_update(displayName="Mine"))
    with pytest.raises(NotOwner):
        characters.delete(other, character.id)
    admin = caller(other.uid, "admin")
    changed = characters.update(admin, character.id, character_update(displayName="Ours")).character
    assert (changed.display_name, changed.uid) == ("Ours", who.uid)
    withdrawals = Withdrawals(db, OrphanedFiles(db, lambda: recorded), test_settings())
    withdrawals.revoke_consent(admin, character.id)
    characters.delete(admin, character.id)
    assert recorded.left() == set()
    about = ("about", "array_contains", f"characters/{character.id}")
    entries = [AuditEntry.of(each) for each in db.find("audit", where=[about], limit=9)]
    assert {each.uid for each in entries} == {admin.uid}
    assert {each.operation: set(each.after) for each in entries} == {
        "updateCharacter": {"displayName"},
        "revokeConsent": {"allowUse", "sampleSha256", "consentRevokedAt"},
        "deleteCharacter": set(),
    }


def test_deleting_leaves_nothing(db: Database, recorded: Recorded) -> None:
    characters, who = service(db, recorded), new_caller()
    library = library_of(db)
    character = made(characters, who, images=2)
    for number in range(3):
        library.star(f"fan{number}", character.id)
    assert sorted(characters.delete(who, character.id)) == sorted(character.files)
    assert recorded.left() == set()
    assert not db.get(f"characters/{character.id}").exists
    assert db.count(f"characters/{character.id}/stars") == 0
    assert orphan_records(db, recorded) == []
    with pytest.raises(CharacterNotFound):
        characters.delete(who, character.id)


def test_the_sweep_finishes_a_deletion_that_crashed(own_db: Database, recorded: Recorded) -> None:
    characters, who = service(own_db, recorded), new_caller()
    library = library_of(own_db)
    character = made(characters, who, images=1)
    library.star("fan", character.id)

    def no_storage() -> Files:
        raise ConnectionError("storage is away")

    away = Characters(
        own_db,
        no_storage,
        test_settings(),
        Prepare(lambda file, _: prepare_sample(file), lambda file, _: prepare_image(file)),
        Moderation(None),
        lambda: Dictionaries(own_db),
        lambda: services().jobs,
    )
    assert sorted(away.delete(who, character.id)) == sorted(character.files)
    assert recorded.left() == set(character.files)
    (record_id,) = orphan_records(own_db, recorded)
    orphans = OrphanedFiles(own_db, lambda: recorded)
    orphans.sweep(1000)
    assert recorded.left() == set(character.files)  # not due yet
    own_db.commit(Update(f"discards/{record_id}", {"dueAt": now() - timedelta(seconds=1)}))
    assert orphans.sweep(1000) == 1
    assert recorded.left() == set()
    assert own_db.count(f"characters/{character.id}/stars") == 0
    assert orphan_records(own_db, recorded) == []


class Killed(BaseException):
    """The process dies here: no more of our code runs."""


@pytest.mark.parametrize("number", [0, 1])
def test_a_process_killed_during_creation_leaves_nothing(
    broken: Interrupted, recorded: Recorded, number: int
) -> None:
    """After the orphan record is written (0), and after the files are stored (1)."""
    characters, who = service(broken, recorded), new_caller()
    commits = Counter[str]()

    def kill(writes: tuple[Write, ...]) -> None:
        commits["all"] += 1
        if commits["all"] == number + 1:
            raise Killed

    setattr(broken, "after" if number == 0 else "before", kill)
    with pytest.raises(Killed):
        characters.create(who, character_draft(images=1))
    broken.before = broken.after = lambda writes: None
    for each in broken.find("discards", limit=1000):
        broken.commit(Update(each.path, {"dueAt": now() - PATIENCE}))
    OrphanedFiles(broken, lambda: recorded).sweep(1000)
    assert recorded.left() == set()
    assert broken.count("characters", where=[("uid", "==", who.uid)]) == 0


def test_a_storage_failure_leaves_nothing(db: Database, recorded: Recorded) -> None:
    recorded.failures.append(ConnectionError("storage is away"))
    who = new_caller()
    with pytest.raises(ConnectionError):
        service(db, recorded).create(who, character_draft(images=3))
    assert len(recorded.stored) > 1
    assert recorded.left() == set()
    assert orphan_records(db, recorded) == []
    assert db.count("characters", where=[("uid", "==", who.uid)]) == 0


def test_an_update_of_a_character_being_deleted_leaves_nothing(
    broken: Interrupted, recorded: Recorded
) -> None:
    """The character is deleted while the new files are being uploaded."""
    characters, who = service(broken, recorded), new_caller()
    character = made(characters, who)

    def delete(writes: tuple[Write, ...]) -> None:
        if isinstance(writes[0], Update):
            broken.before = lambda writes: None
            characters.delete(who, character.id)

    broken.before = delete
    update = character_update(newImageFiles=files_of(PICTURE))
    with pytest.raises(CharacterNotFound):
        characters.update(who, character.id, update)
    assert recorded.left() == set()
    assert orphan_records(broken, recorded) == []


@pytest.mark.parametrize("change", ["files", "removal"])
def test_an_update_whose_response_is_lost_is_applied_once(
    broken: Interrupted, recorded: Recorded, change: str
) -> None:
    """The client library resends a commit if the response is lost; the second one is rejected as
    stale because of the first."""
    characters, who = service(broken, recorded), new_caller()
    character = made(characters, who, images=2)

    def lose(writes: tuple[Write, ...]) -> None:
        if isinstance(writes[0], Update):
            broken.after = lambda writes: None
            raise Stale

    broken.after = lose
    if change == "files":
        update = character_update(newImageFiles=files_of(PICTURE), removeImageKeys="0")
    else:
        update = character_update(removeImageKeys="0")
    after = characters.update(who, character.id, update).character
    assert set(after.images) == ({"1", "2"} if change == "files" else {"1"})
    assert stored(broken, character) == after
    assert recorded.left() == set(after.files)
    assert orphan_records(broken, recorded) == []
    assert activities(broken, who) == ["character_created", "character_updated"]


@pytest.mark.parametrize("change", ["creation", "update"])
def test_files_stay_when_nobody_knows_whether_the_commit_succeeded(
    broken: Interrupted, recorded: Recorded, change: str
) -> None:
    """Here it did; the sweep deletes what no commit has taken over."""
    characters, who = service(broken, recorded), new_caller()
    character = made(characters, who) if change == "update" else None

    def lose(writes: tuple[Write, ...]) -> None:
        if writes[0].path.startswith("characters/"):
            raise Unavailable(retry_after=1)

    broken.after = lose
    with pytest.raises(Unavailable):
        if character:
            update = character_update(newImageFiles=files_of(PICTURE))
            characters.update(who, character.id, update)
        else:
            characters.create(who, character_draft(images=1))
    (found,) = broken.find("characters", where=[("uid", "==", who.uid)], limit=2)
    assert len(Character.of(found).images) == 1
    assert recorded.left() == set(Character.of(found).files)


def test_a_deletion_whose_response_is_lost_still_reports_its_files(
    broken: Interrupted, recorded: Recorded
) -> None:
    characters, who = service(broken, recorded), new_caller()
    character = made(characters, who)

    def lose(writes: tuple[Write, ...]) -> None:
        if isinstance(writes[0], Delete) and writes[0].path.startswith("characters/"):
            broken.after = lambda writes: None
            raise Stale

    broken.after = lose
    assert characters.delete(who, character.id) == character.files
    assert recorded.left() == set()


def test_removing_an_unknown_image_is_an_error(db: Database, recorded: Recorded) -> None:
    characters, who = service(db, recorded), new_caller()
    character = made(characters, who, images=1)
    update = character_update(removeImageKeys="0,7", newImageFiles=files_of(PICTURE))
    with pytest.raises(UnknownImage) as failure:
        characters.update(who, character.id, update)
    assert failure.value.details == {"unknown": ["7"], "images": ["0"]}
    assert recorded.left() == set(character.files)


def test_an_old_record_without_consent_can_be_read(db: Database, recorded: Recorded) -> None:
    characters, who = service(db, recorded), new_caller()
    library = library_of(db)
    character = made(characters, who)
    copy = {**db.get(f"characters/{character.id}").data, "consent": None}
    db.commit(Create(f"characters/{character.id}x", copy))
    assert library.get(who.uid, f"{character.id}x").character.consent is None
