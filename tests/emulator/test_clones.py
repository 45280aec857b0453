"""Clones that a speech service keeps of voices: deleted there, once nobody speaks with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.fakes.elevenlabs_server import KEY, FakeElevenLabs, elevenlabs_server
from tests.support.characters import OTHER_SOUND, files_of, made, stranger, update_form
from tests.support.factories import test_settings
from troupe.adapters.firestore import Database, Update, now
from troupe.adapters.storage import Files
from troupe.characters.clones import COLLECTION, Clones
from troupe.characters.intake import Prepare
from troupe.characters.lifecycle import erase
from troupe.characters.records import Character
from troupe.characters.service import Characters
from troupe.media.uploads.images import prepare_image
from troupe.media.uploads.samples import prepare_sample
from troupe.orphans import OrphanedFiles
from troupe.speech.engines.elevenlabs import ElevenLabsEngine


class House:
    """Characters whose voices ElevenLabs clones."""

    def __init__(self, db: Database, files: Files, server: FakeElevenLabs, engine: str) -> None:
        self.db, self.files, self.server, self.engine = db, files, server, engine
        prepare = Prepare(prepare_sample, prepare_image)
        settings = test_settings(SPEECH_ENGINE=engine)
        self.characters = Characters(db, lambda: files, settings, prepare)
        self.who = stranger()

    def character(self) -> Character:
        """One that has spoken."""
        character = made(self.characters, self.who)
        self.server.voices[character.id] = f"troupe-{character.sample.sha256[:32]}"
        return character

    def notes(self) -> int:
        return self.db.count(COLLECTION)

    def sweep(self) -> int:
        speaker = ElevenLabsEngine(KEY, self.server.base_url, "eleven_flash_v2_5", timeout=5)
        try:
            return Clones(self.db, speaker.forget).sweep(10)
        finally:
            speaker.close()

    def sweep_later(self) -> int:
        for note in self.db.find(COLLECTION, limit=10):
            self.db.commit(Update(note.path, {"dueAt": now() - timedelta(seconds=1)}))
        return self.sweep()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeElevenLabs]:
    monkeypatch.setattr("troupe.speech.engines.remote.WAITS", (0.02,))
    with elevenlabs_server() as fake:
        yield fake


@pytest.fixture
def house(own_db: Database, files: Files, server: FakeElevenLabs) -> House:
    return House(own_db, files, server, "elevenlabs")


def test_with_its_character_and_not_before_all_tasks_have_ended(house: House) -> None:
    character = house.character()
    house.characters.delete(house.who, character.id)
    assert (house.sweep(), len(house.server.voices)) == (0, 1)
    assert (house.sweep_later(), house.server.voices) == (1, {})
    assert (house.notes(), house.sweep_later()) == (0, 0)


def test_with_its_user(house: House) -> None:
    house.character()
    orphans = OrphanedFiles(house.db, lambda: house.files)
    config = test_settings(SPEECH_ENGINE=house.engine)
    assert erase(house.who.uid, 10, database=house.db, orphans=orphans, settings=config) == 1
    assert (house.sweep_later(), house.server.voices) == (1, {})


def test_when_its_character_gets_another_recording(house: House) -> None:
    character = house.character()
    house.characters.update(house.who, character.id, update_form(displayName="Grace"))
    assert house.notes() == 0
    (audio,) = files_of(OTHER_SOUND)
    form = update_form(audioFile=audio, consent="Again: I agree.")
    house.characters.update(house.who, character.id, form)
    assert (house.sweep_later(), house.server.voices) == (1, {})


def test_not_while_another_character_speaks_with_it(house: House) -> None:
    first, second = house.character(), house.character()
    assert first.sample.sha256 == second.sample.sha256
    house.characters.delete(house.who, first.id)
    assert (house.sweep_later(), len(house.server.voices)) == (1, 2)
    house.characters.delete(house.who, second.id)
    assert (house.sweep_later(), house.server.voices) == (1, {})


def test_a_service_that_is_away_is_asked_again_and_holds_nothing_up(house: House) -> None:
    for _ in range(2):
        house.characters.delete(house.who, house.character().id)
    house.server.script("/v2/voices", "503", "503")
    assert (house.sweep_later(), house.notes()) == (0, 2)
    assert house.server.count("/v2/voices") == 2
    assert (house.sweep(), house.notes()) == (1, 1)  # the other one; the first waits
    assert (house.sweep_later(), house.server.voices) == (1, {})


def test_an_engine_that_keeps_none_is_told_nothing(
    own_db: Database, files: Files, server: FakeElevenLabs
) -> None:
    house = House(own_db, files, server, "espeak")
    house.characters.delete(house.who, house.character().id)
    assert house.notes() == 0
