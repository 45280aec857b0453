# ruff: noqa: RUF001 - IPA has letters that look like others
from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import espeakng_loader
import pytest

from troupe.speech.catalogue import (
    DEFAULT_STYLE,
    ENGINES,
    STYLES,
    capabilities,
    flag,
    language_named,
    style_named,
)
from troupe.speech.engine import Control, VoiceType
from troupe.speech.engines import elevenlabs, espeak_voice, google, kokoro, openai, piper
from troupe.speech.languages import ALIASES, ESPEAK
from troupe.speech.request import unsupported
from troupe.speech.text.marks import parse_marks
from troupe.speech.text.ssml import parse_ssml
from troupe.speech.voices import voices_of

FUNCTIONS = Path(__file__).parents[3] / "functions"


def library_voices() -> set[str]:
    """The voice files that libespeak-ng lists and has dictionaries for."""

    class Voice(ctypes.Structure):
        _fields_ = [
            ("name", ctypes.c_char_p),
            ("languages", ctypes.c_char_p),
            ("identifier", ctypes.c_char_p),
        ]

    lib = ctypes.CDLL(espeakng_loader.get_library_path())
    data = espeakng_loader.get_data_path()
    assert lib.espeak_Initialize(2, 0, data.encode(), 0x8000) > 0
    lib.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(Voice))
    listed, found, index = lib.espeak_ListVoices(None), set(), 0
    while listed[index]:
        identifier = listed[index].contents.identifier.decode()
        lines = (Path(data) / "lang" / identifier).read_text().splitlines()
        dictionary = next(
            (line.split()[1] for line in lines if line.startswith("dictionary ")),
            next(line.split()[1] for line in lines if line.startswith("language ")).split("-")[0],
        )
        if (Path(data) / f"{dictionary}_dict").exists():
            found.add(identifier)
        index += 1
    return found


def test_the_espeak_table_matches_the_library() -> None:
    assert {file for _, _, _, file in ESPEAK} == library_voices()


@pytest.mark.parametrize("engine", ENGINES)
def test_codes_are_unique_and_named(engine: str) -> None:
    languages = capabilities(engine).languages
    assert len({language.code.lower() for language in languages}) == len(languages)
    assert all(language.name.strip() == language.name != "" for language in languages)


@pytest.mark.parametrize(
    ("engine", "languages"),
    [
        ("espeak", 138),
        ("kokoro", 7),
        ("openai", 57),
        ("f5tts", 2),
        ("elevenlabs", 29),
        ("google", 49),
    ],
)
def test_the_number_of_languages(engine: str, languages: int) -> None:
    assert len(capabilities(engine).languages) == languages


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_offers_every_type_and_the_default_style(engine: str) -> None:
    assert capabilities(engine).voice_types == set(VoiceType)
    assert capabilities(engine).styles[0] == DEFAULT_STYLE
    assert {style.id for style in STYLES} >= set(capabilities(engine).styles)


@pytest.mark.parametrize(
    ("engine", "table"),
    [
        ("espeak", espeak_voice._STYLES),
        ("kokoro", kokoro._STYLES),
        ("piper", piper._STYLES),
        ("openai", openai._STYLES),
        ("elevenlabs", elevenlabs._STYLES),
        ("google", google._STYLES),
    ],
)
def test_the_catalogue_matches_the_styles_of_the_engine(
    engine: str, table: Mapping[str, object]
) -> None:
    assert capabilities(engine).styles == tuple(table)


def test_which_engines_clone_and_which_time_words() -> None:
    assert [name for name in ENGINES if capabilities(name).cloning] == ["f5tts", "elevenlabs"]
    timed = [name for name in ENGINES if capabilities(name).word_timings]
    assert timed == ["espeak", "kokoro", "piper", "elevenlabs"]


def test_the_default_style_exists() -> None:
    assert style_named(DEFAULT_STYLE) is STYLES[0]
    assert style_named("operatic") is None


@pytest.mark.parametrize(
    ("code", "espeak", "openai"),
    [
        ("en", "en-US", "en"),
        ("EN_gb", "en-GB", "en"),
        ("en-au", "en-GB", "en"),
        ("de-AT", "de", "de"),
        ("zh-TW", "cmn", "zh"),
        ("zh-Hant-HK", "cmn", "zh"),
        ("zh-HK", "yue", "zh"),
        ("es-MX", "es-419", "es"),
        ("pt-BR", "pt-BR", "pt"),
        ("no", "nb", "no"),
        (" fr ", "fr", "fr"),
        ("tlh", None, None),
        ("xx", None, None),
        ("", None, None),
        ("-", None, None),
        ("e", None, None),
    ],
)
def test_a_language_is_found_by_common_codes(
    code: str, espeak: str | None, openai: str | None
) -> None:
    found = language_named(code, "espeak"), language_named(code, "openai")
    assert tuple(language and language.code for language in found) == (espeak, openai)


@pytest.mark.parametrize(
    ("code", "f5tts", "elevenlabs", "google"),
    [
        ("en", "en", "en", "en-US"),
        ("en-NZ", "en", "en", "en-AU"),
        ("de", None, "de", "de-DE"),
        ("de-AT", None, "de", "de-DE"),
        ("zh", "zh", "zh", "cmn-CN"),
        ("zh-TW", "zh", "zh", "cmn-TW"),
        ("zh-HK", "zh", "zh", "yue-HK"),
        ("es-MX", None, "es", "es-US"),
        ("pt", None, "pt", "pt-PT"),
        ("tl", None, "fil", "fil-PH"),
        ("no", None, None, "nb-NO"),
        ("ar", None, "ar", "ar-XA"),
        ("cy", None, None, None),
    ],
)
def test_a_language_is_found_for_remote_services(
    code: str, f5tts: str | None, elevenlabs: str | None, google: str | None
) -> None:
    found = [language_named(code, engine) for engine in ("f5tts", "elevenlabs", "google")]
    assert [language and language.code for language in found] == [f5tts, elevenlabs, google]


def test_every_alias_leads_to_a_language() -> None:
    for alias in ALIASES:
        assert any(language_named(alias, engine) for engine in ENGINES), alias


def test_flags() -> None:
    assert flag("DE") == "🇩🇪"
    assert flag("gbwls") == "🏴󠁧󠁢󠁷󠁬󠁳󠁿"
    assert flag("") == ""


def test_an_unknown_engine_is_named_in_the_error() -> None:
    with pytest.raises(ValueError, match="nobody"):
        capabilities("nobody")


def test_the_catalogue_imports_no_engine() -> None:
    program = (
        "import sys; import troupe.speech.catalogue, troupe.speech.engine, troupe.media.formats;"
        "print([m for m in ('numpy', 'openai', 'av', 'espeakng_loader', 'ctypes', 'onnxruntime',"
        " 'pydantic',"
        " 'httpx2', 'elevenlabs', 'google.cloud.texttospeech')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=FUNCTIONS,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "[]"


PROSODY = '<speak>a <prosody rate="50%" pitch="+1st" volume="-1dB">b</prosody></speak>'


@pytest.mark.parametrize(
    ("source", "engine", "told"),
    [
        ("<speak>a <break/> <p>b</p></speak>", "f5tts", []),
        ('<speak><sub alias="x">a</sub></speak>', "f5tts", []),
        (PROSODY, "espeak", []),
        (PROSODY, "google", []),
        (PROSODY, "openai", ["its pitch"]),
        (PROSODY.replace(' pitch="+1st"', ""), "openai", []),
        ('<speak>a <phoneme ph="a">b</phoneme></speak>', "espeak", []),
        ('<speak>a <phoneme ph="a">b</phoneme></speak>', "openai", ["a pronunciation"]),
        ('<speak>a <phoneme ph="a">b</phoneme></speak>', "elevenlabs", ["a pronunciation"]),
        ("<speak>a <emphasis>b</emphasis></speak>", "espeak", ["its emphasis"]),
        ('<speak>a <emphasis level="none">b</emphasis></speak>', "espeak", []),
        (
            '<speak>a <emphasis>b</emphasis><emphasis>c</emphasis><phoneme ph="a">d</phoneme>'
            "</speak>",
            "f5tts",
            ["its emphasis", "a pronunciation"],
        ),
    ],
)
def test_what_an_engine_cannot_do_is_told_once(source: str, engine: str, told: list[str]) -> None:
    warnings = unsupported(parse_ssml(source), capabilities(engine))
    assert [
        warning.message.removeprefix("The voice cannot change ").partition(":")[0]
        for warning in warnings
    ] == told
    assert {warning.code for warning in warnings} <= {"mark_unsupported"}
    if told:
        assert warnings[0].at == source.index(">b") + 1


def test_marks_of_plain_text_are_told_too() -> None:
    marked = parse_marks("Ask [say: Ada|ˈeɪdə] [pause 1s] now")
    assert [warning.at for warning in unsupported(marked, capabilities("openai"))] == [10]
    assert unsupported(marked, capabilities("espeak")) == ()


def test_every_engine_changes_rate_and_volume() -> None:
    for name in ENGINES:
        assert capabilities(name).controls >= {Control.RATE, Control.VOLUME}


def test_the_readme_counts_the_voices_that_there_are() -> None:
    text = (FUNCTIONS.parent / "README.md").read_text()
    table = text.split("## Voices")[1].split("\n## ")[0]
    counted = {
        (engine.strip(), language.split(" (")[0].strip()): int(voices)
        for language, engine, voices in re.findall(r"^\|([^|]+)\|([^|]+)\| (\d+) \|", table, re.M)
    }
    named = voices_of("kokoro")
    bases = {"English": "en", "Spanish": "es", "French": "fr", "Hindi": "hi", "Italian": "it"}
    for name, base in {**bases, "Portuguese": "pt"}.items():
        there = [voice for voice in named if voice.languages[0].partition("-")[0] == base]
        assert counted.pop(("Kokoro", name)) == len(there), name
    ((language, voices),) = counted.items()
    assert voices == len(voices_of("espeak"))
    assert language[1].startswith(f"{len(ESPEAK)} languages")
