# ruff: noqa: RUF001 - texts in other scripts
"""Kokoro, with its real model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.unit.speech.sound import pitch, rms
from troupe.adapters.models import files as model_files
from troupe.adapters.models.files import ModelFiles
from troupe.adapters.models.table import KOKORO_VOICES
from troupe.borders import parse_pauses
from troupe.speech.engine import Phonemes, Speech, SpeechRequest, TimingSource, Voice, VoiceType
from troupe.speech.engines import kokoro_model
from troupe.speech.engines.kokoro import KokoroEngine
from troupe.speech.errors import SpeechError
from troupe.speech.prosody import Prosody
from troupe.speech.speak import speak
from troupe.speech.text.pieces import Form, pieces
from troupe.speech.text.reading import Pauses, passage
from troupe.speech.text.words import word_spans
from troupe.speech.voices_kokoro import LANGUAGES, MEN, VOICES, WOMEN, blended

pytestmark = pytest.mark.models

FUNCTIONS = Path(__file__).parents[3] / "functions"
FEMALE, MALE, KIDS = VoiceType.FEMALE, VoiceType.MALE, VoiceType.KIDS
TEXT = "Stop here. Go on, then."
VOICED = "All men may row away."


@pytest.fixture(scope="module")
def engine() -> Iterator[KokoroEngine]:
    engine = KokoroEngine(ModelFiles())
    yield engine
    engine.close()


def say(
    engine: KokoroEngine,
    text: str = TEXT,
    language: str = "en-US",
    type_: VoiceType = FEMALE,
    *,
    style: str = "neutral",
    speed: float = 1.0,
    voice_id: str = "",
    phonemes: tuple[Phonemes, ...] = (),
    prosody: Prosody | None = None,
) -> Speech:
    voice = Voice(language, type_, style, speed, voice_id)
    return engine.synthesize(SpeechRequest(text, voice, phonemes, prosody or Prosody()))


@pytest.fixture(scope="module")
def plain(engine: KokoroEngine) -> Speech:
    return say(engine)


@pytest.fixture(scope="module")
def voiced(engine: KokoroEngine) -> Speech:
    """A sentence whose sounds all have a pitch."""
    return say(engine, VOICED)


@pytest.fixture(scope="module")
def child(engine: KokoroEngine) -> Speech:
    return say(engine, VOICED, type_=KIDS)


def failure(engine: KokoroEngine, text: str = TEXT, **choices: str) -> tuple[str, bool, str]:
    with pytest.raises(SpeechError) as caught:
        say(engine, text, **choices)  # type: ignore[arg-type]
    return caught.value.code, caught.value.retryable, str(caught.value)


def test_there_is_a_file_for_each_voice_and_a_voice_for_each_language() -> None:
    assert set(VOICES) == set(KOKORO_VOICES) == set(kokoro_model._LEVELS)
    codes = {code for code, _, _ in LANGUAGES}
    assert set(WOMEN) == codes
    assert codes - set(MEN) == {"fr"}
    for language, name in (*WOMEN.items(), *MEN.items()):
        assert VOICES[name].languages[0] == language
        assert VOICES[name].type is (FEMALE if name in WOMEN.values() else MALE)
    for voice in VOICES.values():
        assert voice.name.isalpha()
        assert voice.description.endswith(".")


def test_it_speaks(plain: Speech) -> None:
    assert plain.rate == 24_000
    assert plain.samples.dtype == np.int16
    assert plain.samples.ndim == 1
    assert 1.2 < plain.seconds < 2.5
    assert rms(plain.samples) > 1000
    assert plain.timing_source is TimingSource.ENGINE
    assert [word.text for word in plain.words] == TEXT.split()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en-GB", "A quiet harbour."),
        ("es", "El viejo puerto."),
        ("fr", "Le vieux port."),
        ("hi", "पुराना बंदरगाह।"),
        ("it", "Il vecchio porto."),
        ("pt-BR", "O velho porto."),
    ],
)
def test_it_speaks_its_languages(engine: KokoroEngine, language: str, text: str) -> None:
    speech = say(engine, text, language)
    assert 0.5 < speech.seconds < 4
    assert rms(speech.samples) > 1000
    assert [word.text for word in speech.words] == text.split()


def test_word_timings_are_in_order_and_within_the_audio(plain: Speech) -> None:
    assert all(word.start < word.end for word in plain.words)
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(plain.words))
    assert plain.words[0].start < 0.1
    assert plain.words[-1].end <= plain.seconds
    assert plain.seconds - plain.words[-1].end < 0.2


def test_a_word_ends_before_the_pause_after_it(plain: Speech) -> None:
    _, here, go, *_ = plain.words
    assert go.start - here.end > 0.1
    between = plain.samples[round((here.end + 0.05) * 24_000) : round((go.start - 0.05) * 24_000)]
    assert np.abs(between).max() < 0.1 * np.abs(plain.samples).max()


def test_there_is_little_silence_around_the_sound(plain: Speech) -> None:
    loud = np.flatnonzero(np.abs(plain.samples.astype(int)) > 500)
    assert loud[0] < 0.1 * 24_000
    assert len(plain.samples) - loud[-1] < 0.2 * 24_000


def test_the_same_request_gives_the_same_samples(plain: Speech) -> None:
    """The name of the voice that speaks if none is named changes nothing."""
    other = KokoroEngine(ModelFiles())
    again = say(other, voice_id="af_heart")
    assert np.array_equal(again.samples, plain.samples)
    assert again.words == plain.words
    other.close()


@pytest.mark.slow
def test_texts_at_the_same_time_do_not_disturb_each_other(engine: KokoroEngine) -> None:
    texts = ["One more.", "Three."]
    alone = [say(engine, text).samples for text in texts]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda text: say(engine, text).samples, texts))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


@pytest.mark.slow
def test_men_are_lower_than_women_and_children_are_highest(
    engine: KokoroEngine, voiced: Speech, child: Speech
) -> None:
    spoken = (say(engine, VOICED, type_=MALE), voiced, child)
    male, female, kids = (pitch(speech.samples, 24_000) for speech in spoken)
    assert male < 0.75 * female
    assert kids == pytest.approx(1.25 * female, rel=0.08)


@pytest.mark.slow
def test_a_language_without_a_man_has_a_lowered_woman(engine: KokoroEngine) -> None:
    text = "Un bon vin blanc, mon ami, un bon vin."
    male, female = (
        pitch(say(engine, text, "fr", type_).samples, 24_000) for type_ in (MALE, FEMALE)
    )
    assert male == pytest.approx(0.82 * female, rel=0.08)


@pytest.mark.slow
@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_speed_changes_the_duration_and_not_the_pitch(
    engine: KokoroEngine, plain: Speech, speed: float
) -> None:
    spoken = say(engine, speed=speed)
    assert spoken.seconds == pytest.approx(plain.seconds / speed, rel=0.25)
    assert [word.text for word in spoken.words] == [word.text for word in plain.words]


def test_children_take_no_less_time(voiced: Speech, child: Speech) -> None:
    assert child.seconds == pytest.approx(voiced.seconds, rel=0.15)


@pytest.mark.slow
def test_prosody_changes_pitch_and_volume(engine: KokoroEngine, voiced: Speech) -> None:
    high = say(engine, VOICED, prosody=Prosody(pitch=3.0))
    soft = say(engine, VOICED, prosody=Prosody(volume=-6.0))
    raised = pitch(high.samples, 24_000) / pitch(voiced.samples, 24_000)
    assert raised == pytest.approx(2 ** (3 / 12), rel=0.06)
    assert rms(soft.samples) == pytest.approx(rms(voiced.samples) / 2, rel=0.02)


@pytest.mark.slow
def test_styles_differ_in_pace(engine: KokoroEngine, plain: Speech) -> None:
    seconds = [
        say(engine, style=style).seconds for style in ("conversational", "narration", "calm")
    ]
    assert seconds[0] < plain.seconds < seconds[1] < seconds[2]


@pytest.mark.slow
def test_all_voices_are_about_as_loud(engine: KokoroEngine, plain: Speech) -> None:
    """Alone, the first one is 6 dB softer than the second."""
    others = [say(engine, voice_id=voice_id) for voice_id in ("af_aoede", "af_nova")]
    for samples in (speech.samples for speech in (plain, *others)):
        assert rms(samples[np.abs(samples) > 500]) == pytest.approx(3500, rel=0.35)


@pytest.mark.slow
def test_a_blend_is_neither_of_its_voices(engine: KokoroEngine, plain: Speech) -> None:
    michael, blend = (
        say(engine, voice_id=voice_id).samples
        for voice_id in ("am_michael", "af_heart:0.5+am_michael:0.5")
    )
    assert pitch(michael, 24_000) < pitch(blend, 24_000) < pitch(plain.samples, 24_000)


def test_shares_of_a_blend_add_up_to_one() -> None:
    assert blended("af_heart") == {"af_heart": 1.0}
    assert blended("af_heart:7 + am_michael:3") == {"af_heart": 0.7, "am_michael": 0.3}
    assert blended("af_heart+bf_emma") == {"af_heart": 0.5, "bf_emma": 0.5}
    assert blended("af_heart:2+bf_emma:2") == blended("af_heart+bf_emma")
    assert blended("af_heart:1+af_heart:1") == {"af_heart": 1.0}


@pytest.mark.parametrize(
    "voice_id",
    [
        *("nobody", "af_heart+alloy", "af_heart:0.7+21m00Tcm4TlvDq8ikWAM:0.3", "AF_HEART", "+"),
        *("af_heart:y", "af_heart:-1", "af_heart:0", "af_heart:x", "af_heart:nan", "af_heart:inf"),
        *("jf_alpha", "ff_siwis", "af_heart+ff_siwis", "../af_heart"),
    ],
)
def test_an_unknown_voice_is_refused_with_those_that_exist(
    engine: KokoroEngine, voice_id: str
) -> None:
    code, retryable, message = failure(engine, voice_id=voice_id)
    assert (code, retryable) == ("unknown_voice", False)
    assert "af_heart, af_bella" in message
    assert "bm_daniel" in message
    assert "ff_siwis" not in message


def test_an_unknown_language_or_style_is_refused(engine: KokoroEngine) -> None:
    assert failure(engine, language="ja")[:2] == ("unknown_voice", False)
    assert failure(engine, style="whisper")[:2] == ("unknown_voice", False)


@pytest.mark.slow
def test_given_phonemes_are_spoken(engine: KokoroEngine) -> None:
    usual, other, same = (
        say(engine, "Say tomato.", speed=2.0, phonemes=tuple(Phonemes(4, 10, ipa) for ipa in given))
        for given in ((), ("təˈmɑːtəʊ",), ("təmˈeɪɾoʊ",))
    )
    assert not np.array_equal(other.samples, usual.samples)
    assert np.array_equal(same.samples, usual.samples)
    assert [word.text for word in other.words] == ["Say", "tomato."]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "1230",
        "https://a.com/b_c/",
        "x" * 9,
        "s's" * 4,
        "ABC " * 2,
        "[Kokoro](/kˈOkəɹO/) [x](/…/) [[x]]",
        "Привет, мир",
        "今天 ok",
        "مرحبا",
        "🙂🙂 ok",
        "e" + "\u0301" * 300,
        "\x0132S a\x00b \ud800 c",
        "Ａｂｃ１",
        "«» “” a " + "?!" * 300,
        "a",
    ],
)
def test_unusual_text_is_spoken(engine: KokoroEngine, text: str) -> None:
    speech = say(engine, text, speed=2.0)  # half the work
    assert speech.seconds > 0.1
    assert np.abs(speech.samples).max() > 500
    assert all(word.start < word.end for word in speech.words)
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(speech.words))


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "...", "—", "\u0378", "\ue000", "\x00\x01", "\ud800", "\u200b", "()"]
)
def test_text_without_sound_is_a_final_error(engine: KokoroEngine, text: str) -> None:
    assert failure(engine, text)[:2] == ("nothing_to_speak", False)


def test_a_text_that_is_too_long_is_refused(engine: KokoroEngine) -> None:
    assert failure(engine, "a " * 501)[:2] == ("text_too_long", False)


@pytest.mark.slow
def test_a_long_sentence_is_spoken_in_chunks_without_gaps(engine: KokoroEngine) -> None:
    text = "The fishermen, who had seen many mornings like this one, talked in low voices " * 3
    speech = say(engine, text.strip() + ".", speed=2.0)
    assert [word.text for word in speech.words] == [
        f"{text.strip()}."[start:end] for start, end in word_spans(f"{text.strip()}.")
    ]
    assert all(0 <= b.start - a.end < 0.5 for a, b in pairwise(speech.words))
    assert speech.seconds - speech.words[-1].end < 0.2


@pytest.mark.slow
def test_a_text_is_spoken_sentence_by_sentence(engine: KokoroEngine) -> None:
    text = "It cost $5.30 in May. Dr. Ives paid."
    pauses = Pauses.of(parse_pauses(""), {})
    read = pieces(text, "en-US", Form.TEXT)
    said = passage(read, "en-US", 1.0, engine.capabilities, pauses, last=True)
    spoken = list(speak(engine, said, Voice("en-US", FEMALE, "neutral")))
    assert [word.text.strip() for speech in spoken for word in speech.words] == text.split()
    assert all(speech.rate == 24_000 for speech in spoken)
    cost, _ = spoken
    assert cost.seconds - cost.words[-1].end > 0.2  # the pause after the sentence


def test_a_missing_model_is_a_final_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(model_files, "DEPLOYED", tmp_path)
    code, retryable, message = failure(KokoroEngine(ModelFiles()))
    assert (code, retryable) == ("model_missing", False)
    assert "af_heart.bin" in message
    assert str(tmp_path) not in message
    logged = capsys.readouterr()
    assert "troupe models fetch" in logged.out + logged.err


def test_the_version_names_all_that_changes_the_sound(engine: KokoroEngine) -> None:
    model, *tables = engine.version.split("+")
    assert len(model) == 12
    assert tables[-2] == "espeak-0.2.4"


@pytest.mark.slow
def test_memory_stays_flat() -> None:
    """The largest chunk, and a smaller one after it."""
    program = (
        "from pathlib import Path\n"
        "from troupe.adapters.models.files import ModelFiles\n"
        "from troupe.speech.engine import SpeechRequest, Voice, VoiceType\n"
        "from troupe.speech.engines.kokoro import KokoroEngine\n"
        "engine = KokoroEngine(ModelFiles())\n"
        "voice = Voice('en-US', VoiceType.FEMALE, 'neutral')\n"
        "for times in (12, 3):\n"
        "    engine.synthesize(SpeechRequest('word after word ' * times, voice))\n"
        # Not ru_maxrss, which counts the process that this one was forked from.
        "status = Path('/proc/self/status').read_text()\n"
        "print(int(status.split('VmHWM:')[1].split()[0]) // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=FUNCTIONS,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert int(done.stdout) < 1000  # MB
