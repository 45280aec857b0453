"""What a script's audio and video cost, with the services as deployed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.audits import audit_user
from tests.support.factories import QuickEngine, ScriptedEngine, Troupe, new_character, new_user
from tests.support.plans import give_seconds
from troupe.adapters.firestore import Database, Update
from troupe.adapters.storage import Files
from troupe.jobs.charges import Price
from troupe.jobs.records import JobStatus
from troupe.media.formats import AudioFormat
from troupe.scripts.length import OTHER_SPEAKER_SECONDS
from troupe.scripts.records import Script, VideoOptions
from troupe.scripts.specs import AUDIO, VIDEO
from troupe.scripts.writes import script_path
from troupe.speech.errors import SpeechError
from troupe.wallet.records import Meter

WORDS = "The bell in the tower rang twice before the keeper climbed the stairs. "
# Lines of 500 characters. Twelve make two parts: eight lines, and four.
# Of one sentence each, which is one call of the engine.
TWELVE = [(WORDS.replace(".", ",") * 8)[n : n + 499].strip().ljust(500, ".") for n in range(12)]
SHORT = ["Did you hear the bell?", "There is no bell in this town.", "There is now."]


class Play(Troupe):
    """A user with two characters and a script."""

    def __init__(
        self,
        db: Database,
        files: Files,
        lines: list[str],
        before: Callable[[int], None] = lambda number: None,
        **changes: Any,
    ) -> None:
        self.spoken = ScriptedEngine(before, QuickEngine())
        super().__init__(db, files, self.spoken, **changes)
        self.uid = new_user(db, 100)
        self.cast = [new_character(db, self.uid, name) for name in ("Anna", "Ben")]
        self.script_jobs, self.scripts = self.services.script_jobs, self.services.scripts
        self.id = self.scripts.create(self.uid, self.cast, self.dialogue(lines)).id

    def dialogue(self, lines: list[str]) -> list[tuple[str, str]]:
        return [(self.cast[number % 2], text) for number, text in enumerate(lines)]

    def audio(self) -> str:
        return self.script_jobs.start_audio(self.uid, self.id, AudioFormat.WAV, None).job.id

    def video(self, background: str = "#203040") -> str:
        options = VideoOptions(background)
        return self.script_jobs.start_video(self.uid, self.id, options, None).job.id

    def prices(self) -> tuple[int, int]:
        """Of the audio and of the video, in tokens."""
        return self.price(AUDIO).tokens, self.price(VIDEO).tokens

    def price(self, spec: Any) -> Price:
        return self.script_jobs.quote(self.uid, self.id, spec)

    def charged(self, job_id: str) -> int | None:
        charge = self.job(job_id).charge
        return charge.charged if charge else None

    def read(self) -> Script:
        return Script.of(self.db.get(script_path(self.id)))


def test_a_long_video_costs_what_its_speech_does(db: Database, files: Files) -> None:
    play = Play(db, files, TWELVE)
    assert play.prices() == (6, 5), "6,000 characters; the first 2,000 are in the video's token"
    assert play.price(VIDEO).voice_seconds_at_most is None


def test_speech_up_to_the_included_characters_is_in_the_videos_token(
    db: Database, files: Files
) -> None:
    assert Play(db, files, TWELVE[:4]).prices() == (2, 1)
    assert Play(db, files, [*TWELVE[:4], "A"]).prices() == (3, 2)


def test_a_video_that_is_longer_is_charged_for_the_rest(db: Database, files: Files) -> None:
    play = Play(db, files, SHORT, VIDEO_INCLUDED_CHARACTERS=20)
    assert play.prices() == (1, 2)
    job_id = play.video()
    play.deliver_all()
    assert play.job(job_id).status is JobStatus.COMPLETED
    assert play.charged(job_id) == 2
    assert play.prices() == (1, 1), "its lines are paid for"
    assert audit_user(db, play.uid) == []


def test_lines_that_were_spoken_cost_nothing_more(db: Database, files: Files) -> None:
    play = Play(db, files, TWELVE)
    first = play.audio()
    play.deliver_all()
    assert play.charged(first) == 6
    assert play.prices() == (1, 1)
    assert play.price(AUDIO).voice_seconds_at_most is None, "there are no seconds to charge"
    edited = [*TWELVE[:11], "Something else."]
    play.scripts.update(play.uid, play.id, play.dialogue(edited))
    calls = play.spoken.calls
    second = play.audio()
    play.deliver_all()
    assert play.charged(second) == 1
    assert play.spoken.calls == calls + 1
    assert audit_user(db, play.uid) == []


def test_lines_of_another_voice_are_new(db: Database, files: Files) -> None:
    play = Play(db, files, TWELVE)
    play.audio()
    play.deliver_all()
    db.commit(Update(f"characters/{play.cast[0]}", {"voiceType": "male"}))
    assert play.prices() == (3, 2), "six of twelve lines"


def test_a_cancelled_audio_keeps_its_lines_and_does_not_charge_them_again(
    db: Database, files: Files
) -> None:
    play = Play(db, files, TWELVE)
    job_id = play.audio()
    play.deliver(play.queue.take()[0])
    play.deliver(play.queue.take()[0])
    play.script_jobs.cancel(play.uid, job_id)
    assert play.charged(job_id) == 4
    lines = play.read().dialogue
    assert [line.audio is not None for line in lines] == [True] * 8 + [False] * 4
    sound = play.services.script_library.audio(play.uid, play.id, 3)
    assert files.stat(sound.path).size == sound.size
    assert play.prices() == (2, 1)
    calls = play.spoken.calls
    again = play.audio()
    play.deliver_all()
    assert play.job(again).status is JobStatus.COMPLETED
    assert play.charged(again) == 2
    assert play.spoken.calls == calls + 4, "eight lines are not spoken again"
    assert audit_user(db, play.uid) == []


def test_lines_at_work_are_charged_when_their_audio_is_cancelled(
    db: Database, files: Files
) -> None:
    def cancel(number: int) -> None:
        if number == 4:
            play.script_jobs.cancel(play.uid, job_id)

    play = Play(db, files, TWELVE[:8], cancel)
    job_id = play.audio()
    play.deliver_all()
    assert play.job(job_id).status is JobStatus.CANCELLED
    assert play.charged(job_id) == 4
    assert play.prices() == (4, 3), "lines that are not stored are not kept"
    assert audit_user(db, play.uid) == []


def test_lines_of_an_earlier_attempt_are_charged(db: Database, files: Files) -> None:
    def fail(number: int) -> None:
        if number == 5:
            raise SpeechError("engine_unavailable", "The engine is unavailable.", retryable=True)

    play = Play(db, files, [*TWELVE[:7], TWELVE[5], *TWELVE[8:]], fail)
    job_id = play.audio()
    play.deliver(play.queue.take()[0])
    first = play.queue.take()[0]
    assert not play.deliver(first)
    assert play.deliver(first)
    assert play.spoken.calls == 8, "four lines were stored; two of the others are equal"
    play.script_jobs.cancel(play.uid, job_id)
    assert play.job(job_id).usage.characters == 3500
    assert play.charged(job_id) == 4
    assert all(line.audio for line in play.read().dialogue[:8])
    assert audit_user(db, play.uid) == []


def test_a_line_that_another_part_has_spoken_is_charged_once(db: Database, files: Files) -> None:
    play = Play(db, files, [*TWELVE[:8], TWELVE[0], *TWELVE[9:]])
    job_id = play.audio()
    play.deliver(play.queue.take()[0])
    for task in play.queue.take():
        play.deliver(task)
    play.script_jobs.cancel(play.uid, job_id)
    assert play.spoken.calls == 11
    assert play.job(job_id).usage.characters == 5500
    assert audit_user(db, play.uid) == []


def test_a_cancelled_audio_is_charged_in_seconds_of_its_lines(db: Database, files: Files) -> None:
    play = Play(db, files, TWELVE)
    give_seconds(db, play.uid, 100_000)
    quoted = play.price(AUDIO)
    assert (quoted.meter, quoted.tokens) == (Meter.VOICE_SECONDS, 0)
    job_id = play.audio()
    play.deliver(play.queue.take()[0])
    play.deliver(play.queue.take()[0])
    play.script_jobs.cancel(play.uid, job_id)
    sounds = [line.audio for line in play.read().dialogue if line.audio]
    seconds = sum(sound.samples / sound.rate for sound in sounds)
    assert play.charged(job_id) == pytest.approx(seconds, abs=1)
    rest = play.audio()
    play.deliver_all()
    audio, charged = play.read().audio, play.charged(rest)
    assert audio is not None
    paid = seconds + 7 * OTHER_SPEAKER_SECONDS  # with the pauses between its eight lines
    assert charged == pytest.approx(audio.seconds - paid, abs=1)
    assert audit_user(db, play.uid) == []


def test_one_new_line_among_many_is_charged_in_seconds(db: Database, files: Files) -> None:
    """The pauses between the other lines are longer than its hold, and not charged again."""
    lines = [f"{number}." for number in range(30)]
    play = Play(db, files, lines)
    give_seconds(db, play.uid, 100_000)
    play.audio()
    play.deliver_all()
    play.scripts.update(play.uid, play.id, play.dialogue([*lines[:29], "Now."]))
    held = play.price(AUDIO).voice_seconds_at_most
    assert held is not None
    assert held < 29 * OTHER_SPEAKER_SECONDS
    job_id = play.audio()
    play.deliver_all()
    assert play.job(job_id).status is JobStatus.COMPLETED
    sound = play.read().dialogue[29].audio
    assert sound is not None
    assert play.charged(job_id) == math.ceil(OTHER_SPEAKER_SECONDS + sound.seconds)
    assert audit_user(db, play.uid) == []


def test_a_failed_video_is_charged_for_its_lines_and_keeps_them(db: Database, files: Files) -> None:
    def fail(number: int) -> None:
        if number == 9:
            raise SpeechError("engine_refused", "The server refused.", retryable=False)

    play = Play(db, files, TWELVE, fail)
    job_id = play.video()
    play.deliver_all()
    assert play.job(job_id).status is JobStatus.FAILED
    assert play.charged(job_id) == 3, "one, and the 2,000 characters beyond those included"
    assert play.prices() == (2, 1)
    assert play.read().active_job_id is None
    assert audit_user(db, play.uid) == []


def test_deleting_a_script_charges_its_running_job(db: Database, files: Files) -> None:
    play = Play(db, files, TWELVE)
    job_id = play.audio()
    play.deliver(play.queue.take()[0])
    play.deliver(play.queue.take()[0])
    play.scripts.delete(play.uid, play.id)
    assert play.charged(job_id) == 4
    assert files.list(f"scripts/{play.id}/") == []
    assert all(play.deliver(task) for task in play.queue.take())
    assert files.list(f"scripts/{play.id}/") == []
    assert audit_user(db, play.uid) == []
