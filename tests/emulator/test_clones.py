"""Voice clones kept by a speech service are deleted when no character uses them any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.fakes.elevenlabs_server import KEY, FakeElevenLabs, elevenlabs_server
from tests.support.characters import (
    CONSENT,
    OTHER_SOUND,
    character_update,
    files_of,
    made,
    new_caller,
    sample,
)
from tests.support.factories import test_settings
from tests.support.wiring import services
from troupe.adapters.firestore import Database, Update, now
from troupe.adapters.storage import Files
from troupe.characters.clones import COLLECTION, Clones
from troupe.characters.intake import Prepare
from troupe.characters.lifecycle import erase
from troupe.characters.records import Character
from troupe.characters.service import Characters
from troupe.characters.withdrawal import Withdrawals
from troupe.dictionaries.library import Dictionaries
from troupe.media.uploads.images import prepare_image
from troupe.media.uploads.samples import prepare_sample
from troupe.moderation.service import Moderation
from troupe.orphans import OrphanedFiles
from troupe.speech.engines.elevenlabs import ElevenLabsEngine


class ClonedVoices:
    """Characters with voices cloned by ElevenLabs."""

    def __init__(self, db: Database, files: Files, server: FakeElevenLabs, engine: str) -> None:
        self.db, self.files, self.server, self.engine = db, files, server, engine
        prepare = Prepare(lambda file, _: prepare_sample(file), lambda file, _: prepare_image(file))
        settings = test_settings(SPEECH_ENGINES=engine, TRANSCRIBER="off")
        self.characters = Characters(
            db,
            lambda: files,
            settings,
            prepare,
            Moderation(None),
            lambda: Dictionaries(db),
            lambda: services().jobs,
        )
        orphans = OrphanedFiles(db, lambda: files)
        self.withdrawals = Withdrawals(db, orphans, settings)
        self.who = new_caller()

    def character(self) -> Character:
        """A new character whose voice has been cloned."""
        character = made(self.characters, self.who)
        self.clone(character)
        return character

    def clone(self, character: Character) -> None:
        self.server.voices[character.id] = f"troupe-{sample(character).sha256[:32]}"

    def pending(self) -> int:
        return self.db.count(COLLECTION)

    def sweep(self) -> int:
        speaker = ElevenLabsEngine(KEY, self.server.base_url, "eleven_flash_v2_5", timeout=5)
        try:
            return Clones(self.db, speaker.forget).sweep(10)
        finally:
            speaker.close()

    def sweep_later(self) -> int:
        for document in self.db.find(COLLECTION, limit=10):
            self.db.commit(Update(document.path, {"dueAt": now() - timedelta(seconds=1)}))
        return self.sweep()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeElevenLabs]:
    monkeypatch.setattr("troupe.speech.engines.remote.WAITS", (0.02,))
    with elevenlabs_server() as fake:
        yield fake


@pytest.fixture
def voices(own_db: Database, files: Files, server: FakeElevenLabs) -> ClonedVoices:
    return ClonedVoices(own_db, files, server, "elevenlabs")


def test_a_clone_is_deleted_with_its_character_after_the_delay(voices: ClonedVoices) -> None:
    character = voices.character()
    voices.characters.delete(voices.who, character.id)
    assert (voices.sweep(), len(voices.server.voices)) == (0, 1)
    assert (voices.sweep_later(), voices.server.voices) == (1, {})
    assert (voices.pending(), voices.sweep_later()) == (0, 0)


def test_a_clone_is_deleted_with_its_user(voices: ClonedVoices) -> None:
    voices.character()
    orphans = OrphanedFiles(voices.db, lambda: voices.files)
    config = test_settings(SPEECH_ENGINES=voices.engine)
    assert erase(voices.who.uid, 10, database=voices.db, orphans=orphans, settings=config) == 1
    assert (voices.sweep_later(), voices.server.voices) == (1, {})


def test_a_clone_is_deleted_when_its_character_gets_a_new_recording(voices: ClonedVoices) -> None:
    character = voices.character()
    voices.characters.update(voices.who, character.id, character_update(displayName="Grace"))
    assert voices.pending() == 0
    (audio,) = files_of(OTHER_SOUND)
    update = character_update(audioFile=audio, consent=CONSENT)
    voices.characters.update(voices.who, character.id, update)
    assert (voices.sweep_later(), voices.server.voices) == (1, {})


def test_revoking_deletes_the_clone_now_and_if_it_is_made_again(voices: ClonedVoices) -> None:
    character = voices.character()
    voices.withdrawals.revoke_consent(voices.who, character.id)
    assert (voices.sweep(), voices.server.voices) == (1, {})
    voices.clone(character)  # by a task that had already read the sample
    assert (voices.sweep(), len(voices.server.voices)) == (0, 1)
    assert (voices.sweep_later(), voices.server.voices) == (1, {})
    voices.withdrawals.revoke_consent(voices.who, character.id)
    assert voices.pending() == 0


def test_a_clone_is_kept_while_another_character_uses_it(voices: ClonedVoices) -> None:
    first, second = voices.character(), voices.character()
    assert sample(first).sha256 == sample(second).sha256
    voices.characters.delete(voices.who, first.id)
    assert (voices.sweep_later(), len(voices.server.voices)) == (1, 2)
    voices.characters.delete(voices.who, second.id)
    assert (voices.sweep_later(), voices.server.voices) == (1, {})


def test_an_unavailable_service_is_retried_without_blocking_the_sweep(voices: ClonedVoices) -> None:
    for _ in range(2):
        voices.characters.delete(voices.who, voices.character().id)
    voices.server.script("/v2/voices", "503", "503")
    assert (voices.sweep_later(), voices.pending()) == (0, 2)
    assert voices.server.count("/v2/voices") == 2
    assert (voices.sweep(), voices.pending()) == (1, 1)  # the second; the first is delayed
    assert (voices.sweep_later(), voices.server.voices) == (1, {})


def test_nothing_is_recorded_for_an_engine_without_clones(
    own_db: Database, files: Files, server: FakeElevenLabs
) -> None:
    voices = ClonedVoices(own_db, files, server, "espeak")
    voices.characters.delete(voices.who, voices.character().id)
    assert voices.pending() == 0
