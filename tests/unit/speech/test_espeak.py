# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support.machine import slack
from tests.unit.speech.sound import pitch, rms
from troupe.speech.catalogue import STYLES
from troupe.speech.engine import Speech, SpeechRequest, TimingSource, Voice, VoiceType
from troupe.speech.engines.espeak import EspeakEngine
from troupe.speech.engines.espeak_timing import word_timings
from troupe.speech.errors import SpeechError
from troupe.speech.languages import ESPEAK

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

FUNCTIONS = Path(__file__).parents[3] / "functions"
TEXT = "The old harbour was quiet that morning, and the fishermen talked in low voices."


@pytest.fixture(scope="module")
def engine() -> Iterator[EspeakEngine]:
    engine = EspeakEngine()
    yield engine
    engine.close()


def say(
    engine: EspeakEngine,
    text: str = TEXT,
    language: str = "en",
    type_: VoiceType = VoiceType.MALE,
    style: str = "neutral",
    speed: float = 1.0,
) -> Speech:
    return engine.synthesize(SpeechRequest(text, Voice(language, type_, style, speed)))


def texts_of(speech: Speech) -> list[str]:
    return [word.text for word in speech.words]


def failure(engine: EspeakEngine, text: str, **voice: str) -> tuple[str, bool]:
    with pytest.raises(SpeechError) as caught:
        say(engine, text, **voice)  # type: ignore[arg-type]
    return caught.value.code, caught.value.retryable


@pytest.mark.parametrize(
    ("language", "text", "seconds"),
    [
        ("en", TEXT, (3.5, 6.0)),
        ("de", "Der alte Hafen war an diesem Morgen ganz still.", (2.0, 5.0)),
        ("es", "El viejo puerto estaba tranquilo y los pescadores hablaban.", (2.5, 6.0)),
        ("cmn", "今天早上老港口很安静，渔夫们低声谈论着天气。", (3.5, 9.0)),
        ("ar", "كان الميناء القديم هادئا في ذلك الصباح", (1.5, 5.0)),
        ("hi", "उस सुबह पुराना बंदरगाह शांत था और मछुआरे बात कर रहे थे।", (2.5, 7.0)),
    ],
)
def test_it_speaks(
    engine: EspeakEngine, language: str, text: str, seconds: tuple[float, float]
) -> None:
    speech = say(engine, text, language)
    assert speech.rate == 22050
    assert speech.samples.dtype == np.int16
    assert speech.samples.ndim == 1
    assert seconds[0] < speech.seconds < seconds[1]
    assert rms(speech.samples) > 1000
    assert speech.timing_source is TimingSource.ENGINE
    assert "".join(texts_of(speech)).replace(" ", "") == text.replace(" ", "")


def test_languages_sound_different(engine: EspeakEngine) -> None:
    text = "Die Musik ist gut"
    german, english = say(engine, text, "de").samples, say(engine, text, "en").samples
    assert len(german) != len(english)


@pytest.mark.parametrize("style", [style.id for style in STYLES if style.id != "whisper"])
def test_male_is_lower_than_female_and_kids_are_highest(engine: EspeakEngine, style: str) -> None:
    male, female, kids = (
        pitch(say(engine, type_=type_, style=style).samples, 22050)
        for type_ in (VoiceType.MALE, VoiceType.FEMALE, VoiceType.KIDS)
    )
    assert 75 < male < 150
    assert female > 1.4 * male
    assert kids > 1.25 * female
    assert kids > 2 * male


def test_styles_differ_in_speed_volume_and_pitch(engine: EspeakEngine) -> None:
    spoken = {style.id: say(engine, style=style.id) for style in STYLES}
    seconds = {style: speech.seconds for style, speech in spoken.items()}
    assert seconds["excited"] < seconds["neutral"] < seconds["narration"] < seconds["calm"]
    assert rms(spoken["calm"].samples) < 0.9 * rms(spoken["neutral"].samples)
    pitches = {
        style: pitch(spoken[style].samples, 22050)
        for style in ("serious", "neutral", "cheerful", "excited")
    }
    assert list(pitches.values()) == sorted(pitches.values())


def test_a_whisper_has_no_voice(engine: EspeakEngine) -> None:
    def periodic(samples: Samples) -> float:
        """How periodic the loud frames are at 60 to 400 Hz, 0 to 1."""
        peaks = []
        for start in range(0, len(samples) - 2048, 1024):
            frame = samples[start : start + 2048].astype(float)
            if rms(samples[start : start + 2048]) > 500:
                power = np.abs(np.fft.rfft((frame - frame.mean()) * np.hanning(2048), 4096)) ** 2
                correlation = np.fft.irfft(power)
                peaks.append(float(correlation[55:367].max() / correlation[0]))
        return float(np.median(peaks))

    for type_ in VoiceType:
        whispered = say(engine, type_=type_, style="whisper").samples
        assert rms(whispered) > 300
        assert periodic(whispered) < 0.6 * periodic(say(engine, type_=type_).samples)


def test_speed_changes_the_duration(engine: EspeakEngine) -> None:
    normal = say(engine).seconds
    assert say(engine, speed=2.0).seconds == pytest.approx(normal / 2, rel=0.2)
    assert say(engine, speed=0.5).seconds == pytest.approx(normal * 2, rel=0.2)


def test_word_timings_are_in_order_and_within_the_audio(engine: EspeakEngine) -> None:
    speech = say(engine, TEXT + " Of the 3.14 sorts, it's -- well... the U.S. one!\n\nNew 🙂 end.")
    assert all(word.start < word.end for word in speech.words)
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(speech.words))
    assert speech.words[0].start == 0
    assert speech.words[-1].end <= speech.seconds
    assert speech.seconds - speech.words[-1].end < 0.1


def test_a_word_ends_before_the_pause_after_it(engine: EspeakEngine) -> None:
    speech = say(engine, "Stop. Go on, then.")
    stop, go = speech.words[:2]
    assert go.start - stop.end > 0.15
    between = speech.samples[round(stop.end * 22050) + 1 : round(go.start * 22050)]
    assert np.abs(between).max() <= 100


def test_word_timings_match_the_audio(engine: EspeakEngine) -> None:
    speech = say(engine, "One, two, three, four.")
    alone = say(engine, "three").seconds
    three = speech.words[2]
    assert three.text == "three,"
    assert three.end - three.start == pytest.approx(alone, rel=0.35)


@pytest.mark.parametrize(
    "text", ["<b>bold</b> it", "AT&amp;T it", "[[foo]] it", "<break time='9s'/> it", "&#65; it"]
)
def test_markup_is_spoken_as_text(engine: EspeakEngine, text: str) -> None:
    speech = say(engine, text)
    plain = say(engine, "it").seconds
    assert speech.seconds > plain + 0.3
    assert speech.words[-1].text == "it"
    assert len(speech.words) == len(text.split())


def test_control_characters_are_not_commands(engine: EspeakEngine) -> None:
    # In espeak, 0x01 sets speed, pitch or volume, and plays a sound file by number.
    plain = say(engine, " 400S hello there 0A you").seconds
    assert say(engine, "\x01400S hello there\x010A you").seconds == pytest.approx(plain, rel=0.05)


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "...", "—", "\u0378", "\ue000", "\x00\x01", "\ud800", "\u200b"]
)
def test_text_without_sound_is_a_final_error(engine: EspeakEngine, text: str) -> None:
    assert failure(engine, text) == ("nothing_to_speak", False)


@pytest.mark.parametrize(
    "text",
    [
        "🙂🙂 ok",
        "👩‍👩‍👧 family",
        "🇩🇪 ok",
        "x" * 2000,
        "9" * 500,
        "ab" * 500,
        "?!" * 300 + " a",
        "e" + "\u0301" * 500,
        "مرحبا \u202eabc\u202c",
        "a\x00b",
        "\ud800 half",
        "ⓜ circled",
        "ﷺ",
        "Ａｂｃ１",
    ],
)
@pytest.mark.parametrize("language", ["en", "ne", "cmn"])
def test_unusual_text_is_spoken(engine: EspeakEngine, text: str, language: str) -> None:
    assert say(engine, text, language).seconds > 0.1


def test_emoji_are_spoken_by_name(engine: EspeakEngine) -> None:
    assert say(engine, "🙂🙂").seconds > 0.5
    # Mandarin has no names of emoji.
    assert failure(engine, "🙂🙂", language="cmn") == ("nothing_to_speak", False)


def test_text_that_crashes_the_library_fails_only_its_own_request(engine: EspeakEngine) -> None:
    # A stack overrun of espeak-ng 1.52: https://github.com/espeak-ng/espeak-ng/pull/2495
    assert failure(engine, "s'" * 220) == ("engine_crashed", False)
    assert say(engine).seconds > 3


def test_a_killed_child_is_replaced_and_the_text_spoken(engine: EspeakEngine) -> None:
    before = say(engine)
    child = engine._child
    assert child is not None
    os.kill(child._process.pid, signal.SIGKILL)
    assert say(engine).seconds == pytest.approx(before.seconds, rel=0.01)


def test_a_hanging_child_is_a_retryable_error(engine: EspeakEngine) -> None:
    patient = EspeakEngine()
    say(patient, "Hi")
    patient._timeout = 0.3
    child = patient._child
    assert child is not None
    os.kill(child._process.pid, signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(SpeechError) as caught:
        say(patient)
    assert (caught.value.code, caught.value.retryable) == ("engine_timeout", True)
    assert time.monotonic() - started < 5 * slack()
    assert say(EspeakEngine(timeout=30), "Hi").seconds > 0.1
    patient.close()


def test_too_long_text_is_rejected(engine: EspeakEngine) -> None:
    assert failure(engine, "a " * 1001) == ("text_too_long", False)


def test_unknown_voices_are_rejected(engine: EspeakEngine) -> None:
    assert failure(engine, TEXT, language="xx") == ("unknown_voice", False)
    assert failure(engine, TEXT, style="operatic") == ("unknown_voice", False)


def test_every_language_speaks(engine: EspeakEngine) -> None:
    silent = [
        code
        for code, *_ in ESPEAK
        if rms(say(engine, "1 2 3 ma na", code, VoiceType.FEMALE).samples) < 300
    ]
    assert silent == []


def test_threads_get_their_own_text(engine: EspeakEngine) -> None:
    counts = [1, 3, 6, 10, 15, 21]
    found: dict[int, Speech] = {}

    def run(count: int) -> None:
        for _ in range(3):
            found[count] = say(engine, "one " * count)

    threads = [threading.Thread(target=run, args=(count,)) for count in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(found[count].words) for count in counts] == counts
    assert sorted(found, key=lambda count: found[count].seconds) == counts


def test_forked_processes_speak() -> None:
    program = """
import os, sys
from troupe.speech.engine import SpeechRequest, Voice, VoiceType
from troupe.speech.engines.espeak import EspeakEngine
engine = EspeakEngine()
request = SpeechRequest("Hello there", Voice("en", VoiceType.MALE, "neutral"))
if "after" in sys.argv:
    engine.synthesize(request)
children = []
for _ in range(2):
    pid = os.fork()
    if pid == 0:
        ok = all(engine.synthesize(request).seconds > 0.5 for _ in range(3))
        engine.close()
        os._exit(0 if ok else 1)
    children.append(pid)
mine = engine.synthesize(request).seconds > 0.5
assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0] and mine
"""
    for argument in ("before", "after"):
        subprocess.run(
            [sys.executable, "-W", "error", "-c", program, argument],
            cwd=FUNCTIONS,
            check=True,
            timeout=60,
        )


def test_the_child_ends_with_its_parent() -> None:
    program = """
import os, signal
from troupe.speech.engine import SpeechRequest, Voice, VoiceType
from troupe.speech.engines.espeak import EspeakEngine
engine = EspeakEngine()
engine.synthesize(SpeechRequest("Hello", Voice("en", VoiceType.MALE, "neutral")))
print(engine._child._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=FUNCTIONS,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    pid = int(done.stdout)
    deadline = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_version_names_the_library_and_the_tables(engine: EspeakEngine) -> None:
    library, _, tables = engine.version.partition("+")
    assert library[0].isdigit()
    assert tables


def test_words_spoken_together_share_their_time() -> None:
    samples = np.full(1000, 1000, np.int16)
    words = word_timings("of the world", [(1, 1, 0), (1, 8, 500), (5, 12, 1000)], samples, 100)
    assert [word.text for word in words] == ["of", "the", "world"]
    assert words[0].end == words[1].start
    assert words[1].end == 5.0
    assert words[2].end == 10.0


def test_a_word_spoken_in_steps_is_one_word() -> None:
    samples = np.full(1000, 1000, np.int16)
    events = [(1, 1, 0), (1, 2, 100), (1, 3, 200), (1, 6, 500), (5, 8, 1000)]
    words = word_timings("3.14 is", events, samples, 100)
    assert [(word.text, word.start, word.end) for word in words] == [("3.14", 0, 5), ("is", 5, 10)]
