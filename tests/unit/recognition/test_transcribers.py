"""What every transcriber must do: the same tests for all of them. Whisper is the real one, with its
model; the others talk to servers with the wire format of their services."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.fakes import elevenlabs_server as elevenlabs
from tests.fakes import openai_server as openai
from tests.fakes.google_recognition import PROJECT, google_recognition
from tests.support.speeches import SENTENCE, music, noise, silence, spoken
from troupe.adapters.models import files as model_files
from troupe.adapters.models.files import ModelFiles
from troupe.recognition.catalogue import TRANSCRIBERS, capabilities
from troupe.recognition.engines.elevenlabs import ElevenLabsTranscriber
from troupe.recognition.engines.google import GoogleTranscriber
from troupe.recognition.engines.openai import OpenAITranscriber
from troupe.recognition.engines.whisper import WhisperTranscriber
from troupe.recognition.listen import listen
from troupe.recognition.transcriber import RATE, Segment, Transcriber, Transcript, Word
from troupe.speech.errors import SpeechError

pytestmark = pytest.mark.models


@dataclass
class Ears:
    """A transcriber. `told`: makes a fake server hear a text, "" for what nobody said."""

    transcriber: Transcriber
    told: Callable[[str], None]


@pytest.fixture(scope="module")
def whisper() -> WhisperTranscriber:
    return WhisperTranscriber(ModelFiles(), threads=1)


@pytest.fixture(scope="module")
def heard(whisper: WhisperTranscriber) -> Transcript:
    """What Whisper hears in the sentence."""
    return listen(whisper, spoken(), "en")


@pytest.fixture(params=TRANSCRIBERS)
def ears(request: pytest.FixtureRequest) -> Iterator[Ears]:
    if request.param == "whisper":
        yield Ears(request.getfixturevalue("whisper"), lambda text: None)
    elif request.param == "openai":
        with openai.openai_server() as one:
            maker = OpenAITranscriber(openai.KEY, one.base_url, "whisper-1")
            yield Ears(maker, lambda text: setattr(one.ear, "says", text))
            maker.close()
    elif request.param == "google":
        with google_recognition() as two:
            cloud = GoogleTranscriber(PROJECT, two.endpoint, ["en-US"])
            yield Ears(cloud, lambda text: setattr(two.ear, "says", text))
            cloud.close()
    else:
        with elevenlabs.elevenlabs_server() as three:
            scribe = ElevenLabsTranscriber(elevenlabs.KEY, three.base_url, "scribe_v1")
            yield Ears(scribe, lambda text: setattr(three.ear, "says", text))
            scribe.close()


def bare(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def test_it_hears_what_is_said(ears: Ears) -> None:
    samples = spoken()
    ears.told(SENTENCE)
    found = listen(ears.transcriber, samples)
    text = " ".join(segment.text for segment in found.segments)
    heard, said = bare(text), bare(SENTENCE)
    assert len(set(said) - set(heard)) <= 1, text  # espeak-ng is not easy to understand
    assert text[0].isupper()
    assert text[-1] == "."
    assert found.language.partition("-")[0] == "en"
    assert 0.5 < found.seconds < len(samples) / RATE


def test_words_have_times_in_order_and_within_the_sound(ears: Ears) -> None:
    samples = spoken()
    ears.told(SENTENCE)
    found = listen(
        ears.transcriber, samples, "en-us" if ears.transcriber.name == "google" else "en"
    )
    words = [word for segment in found.segments for word in segment.words]
    times = [time for word in words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] <= len(samples) / RATE
    assert all(type(time) is float for time in times)
    assert all(word.probability is None or 0 <= word.probability <= 1 for word in words)
    for segment in found.segments:
        assert segment.text == "".join(word.text for word in segment.words).strip()
        assert all(word.text.strip() for word in segment.words)
    assert found.language_probability is None


@pytest.mark.parametrize(
    "sound",
    [silence(0), silence(3), silence(0.2), noise(0.2), noise(4), noise(4, 0.002), music(5)],
    ids=["nothing", "silence", "short silence", "0.2 s", "noise", "hiss", "music"],
)
def test_it_invents_nothing(ears: Ears, sound: np.ndarray[tuple[int], np.dtype[np.int16]]) -> None:
    ears.told("")
    found = listen(ears.transcriber, sound)
    assert found.no_speech, found
    assert (found.language, found.seconds) == ("", 0)


def test_its_capabilities_are_those_of_the_catalogue(ears: Ears) -> None:
    made = ears.transcriber
    assert made.capabilities == capabilities(made.name)
    assert made.version
    assert 50 <= made.capabilities.longest_seconds <= 600


def test_what_check_raises_ends_the_work(whisper: WhisperTranscriber) -> None:
    class Stop(Exception):
        pass

    def check() -> None:
        raise Stop

    with pytest.raises(Stop):
        listen(whisper, spoken(), "en", check)


def test_whisper_finds_the_words_where_they_are(whisper: WhisperTranscriber) -> None:
    """The first word begins after the silence, also if that is long."""
    for before in (0.5, 4.0):
        found = listen(whisper, spoken(before=before), "en")
        first = found.segments[0].words[0]
        assert before - 0.3 < first.start < before + 0.4, (before, first)


def test_whisper_detects_the_language(whisper: WhisperTranscriber) -> None:
    found = listen(whisper, spoken("Buenos días. Mañana vamos a la playa con los niños.", "es"))
    assert found.language == "es"
    assert found.language_probability is not None
    assert found.language_probability > 0.5


def test_whisper_hears_somebody_who_counts(whisper: WhisperTranscriber) -> None:
    """Its own remedy for texts that repeat themselves would invent, and take a minute."""
    samples = spoken("One two three. " * 15)
    found = listen(whisper, samples, "en")
    assert found.seconds > 0.8 * len(samples) / RATE


@pytest.mark.parametrize("damaged", [False, True])
def test_whisper_without_its_model_says_what_is_missing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    damaged: bool,
) -> None:
    monkeypatch.setattr(model_files, "DEPLOYED", tmp_path)
    if damaged:
        (tmp_path / "whisper-base").mkdir()
        (tmp_path / "whisper-base" / "model.bin").write_bytes(b"cut")
    with pytest.raises(SpeechError) as caught:
        listen(WhisperTranscriber(ModelFiles()), noise(1), "en")
    assert (caught.value.code, caught.value.retryable) == ("transcriber_unavailable", True)
    assert "whisper-base/model.bin" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)  # which users see
    told = capsys.readouterr().out
    assert str(tmp_path) in told
    assert "troupe models fetch whisper-base/model.bin" in told


def test_equal_sound_gives_equal_text(whisper: WhisperTranscriber, heard: Transcript) -> None:
    assert listen(whisper, spoken(), "en") == heard


def test_segments_are_made_of_words() -> None:
    words = tuple(Word(text, n, n + 0.5) for n, text in enumerate(("It ", "rains. ")))
    segment = Segment(words)
    assert (segment.text, segment.start, segment.end) == ("It rains.", 0, 1.5)
    assert all(one.end <= other.start for one, other in itertools.pairwise(segment.words))
