# ruff: noqa: RUF001 - IPA has letters that look like others
"""From the pronunciation of a text to the symbols of a model, in chunks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from troupe.speech.engine import Phonemes
from troupe.speech.engines.espeak import EspeakEngine
from troupe.speech.engines.kokoro_alphabet import IDS, KokoroAlphabet
from troupe.speech.engines.symbols import Border, Line, border_before, chunks, line
from troupe.speech.text.ipa import parse_ipa

FILES = {"en-US": "gmw/en-US", "en-GB": "gmw/en", "es": "roa/es", "fr": "roa/fr", "hi": "inc/hi"}
FILES |= {"it": "roa/it", "pt-BR": "roa/pt-BR"}
TEXTS = {
    "en-US": "The judge, who owed nothing, changed the bottle's label; why?",
    "en-GB": "There's no fear here: the church hall is rather bare, isn't it?",
    "es": "El pingüino comió churros en la calle, ¿verdad? ¡Jamás llueve!",
    "fr": "Un bon vin blanc, des œufs brouillés : voilà l'heure du déjeuner.",
    "hi": "नमस्ते दुनिया, आप कैसे हैं? यह पुस्तक अच्छी है।",
    "it": "Gli gnocchi della zia sono squisiti, ma che prezzo! Perché?",
    "pt-BR": "Não põem limões nas mãos; amanhã também há pão.",
}


@pytest.fixture(scope="module")
def reader() -> Iterator[EspeakEngine]:
    reader = EspeakEngine()
    yield reader
    reader.close()


def read(
    reader: EspeakEngine, text: str, language: str = "en-US", *said: tuple[str, str]
) -> tuple[str, Line]:
    """The symbols, and the line. `said`: pairs of a word of the text and its IPA."""
    phonemes, at = [], 0
    for each, ipa in said:
        at = text.index(each, at)
        phonemes.append(Phonemes(at, at + len(each), parse_ipa(ipa)))
        at += len(each)
    found = line(
        text, reader.spell(text, FILES[language], phonemes), phonemes, KokoroAlphabet(language)
    )
    return found.symbols, found


@pytest.mark.parametrize(
    ("ipa", "language", "symbols"),
    [
        ("ˈeɪ", "en-US", "ˈA"),
        ("oʊ", "en-US", "O"),
        ("əʊ", "en-GB", "Q"),
        ("aɪɚ", "en-US", "Iəɹ"),
        ("ɜː", "en-US", "ɜɹ"),
        ("ɜː", "en-GB", "ɜː"),
        ("eə", "en-GB", "ɛː"),
        ("ɾ", "en-US", "T"),
        ("tʃ", "en-US", "ʧ"),
        ("n̩", "en-US", "ᵊn"),
        ("ʔ", "en-US", "t"),
        ("ɫ", "en-US", "l"),  # a near one
        ("ʍ", "en-US", "w"),
        ("r.", "es", "r"),  # the dot is no pause
        ("e-", "fr", "e"),
        ("ˈɑ̃", "fr", "ˈɑ̃"),
        ("ˈɐ̃ʊ", "pt-BR", "ˈɐ̃ʊ̃"),  # as espeak-ng cuts it
        ("tʃ", "it", "ʧ"),
        ("ɟʰ", "hi", "ɟʰ"),
        ("ç", "fr", "ç"),
    ],
)
def test_sounds_in_the_alphabet(ipa: str, language: str, symbols: str) -> None:
    assert KokoroAlphabet(language).sound(ipa) == symbols


@pytest.mark.parametrize(
    ("ipa", "language", "symbols"),
    [
        ("təˈmɑːtəʊ", "en-GB", "təmˈɑːtQ"),  # stress before the vowel
        ("təˈmeɪtoʊ", "en-US", "təmˈAtO"),
        ("kæt", "en-US", "kˈæt"),  # one syllable
        ("t͡ʃɜːtʃ", "en-GB", "ʧˈɜːʧ"),
        ("ˌɪn.fəˈmeɪ.ʃən", "en-GB", "ˌɪnfəmˈAʃən"),
        ("ʒoʁʒ", "en-US", "ʒˈɔʁʒ"),  # with a sound that English does not have
    ],
)
def test_words_in_the_alphabet(ipa: str, language: str, symbols: str) -> None:
    assert KokoroAlphabet(language).word(parse_ipa(ipa)) == symbols


@pytest.mark.parametrize("language", TEXTS)
def test_every_symbol_is_known_and_every_word_begins_with_one(
    reader: EspeakEngine, language: str
) -> None:
    text = TEXTS[language]
    symbols, found = read(reader, text, language)
    assert set(symbols) <= set(IDS)
    assert [at for _, at in found.words] == sorted(at for _, at in found.words)
    assert all(symbols[at] not in " ,.;:!?" for _, at in found.words)
    assert all(text[offset].isalnum() for offset, _ in found.words)
    assert symbols[-1] == text[-1].replace("।", ".")
    assert [mark for mark in symbols if mark in ",;:!?."] == [
        mark for mark in text.replace("।", ".") if mark in ",;:!?."
    ]


def test_a_sentence_as_misaki_writes_it(reader: EspeakEngine) -> None:
    symbols, found = read(reader, "Good evening, and welcome to the house.")
    assert symbols == "ɡˈʊd ˈivnɪŋ, ænd wˈɛlkʌm tə ðə hˈWs."
    assert found.words == ((0, 0), (5, 5), (14, 13), (18, 17), (26, 25), (29, 28), (33, 31))


def test_words_that_are_said_together_and_in_steps(reader: EspeakEngine) -> None:
    _, found = read(reader, "The end of the day: 3.14 or so.")
    offsets = [offset for offset, _ in found.words]
    assert 11 not in offsets  # "of the"
    assert sum(20 <= offset < 25 for offset in offsets) == 4  # three point one four


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("He said: “Stop it!” (Twice.)", ": “,!” (,.)"),
        ("Wait..... what?!?!?!?!", "… ,?!?!"),
        ("a word — another", " — "),
        ("« Oui », dit-il.", "“,”,,."),
    ],
)
def test_marks_between_words(reader: EspeakEngine, text: str, marks: str) -> None:
    symbols, _ = read(reader, text, "fr" if "Oui" in text else "en-US")
    between = "".join(symbol if symbol in ';:,.!?—…"()“” ' else "x" for symbol in symbols)
    for part in marks.split(","):
        assert part.strip() in between.replace("x", "")


def test_leading_and_repeated_marks_are_left_out(reader: EspeakEngine) -> None:
    symbols, _ = read(reader, "... , -- yes" + "!" * 1000)
    assert symbols == "jˈɛs!"


def test_given_phonemes_take_the_place_of_a_word(reader: EspeakEngine) -> None:
    symbols, found = read(reader, "Say tomato, then.", "en-US", ("tomato", "təˈmɑːtəʊ"))
    assert symbols == "sˈA təmˈɑtO, ðˈɛn."
    assert [offset for offset, _ in found.words] == [0, 4, 12]
    symbols, found = read(reader, "Ask Johann von Neumann.", "en-GB", ("Johann von", "ˈjoːhan fɔn"))
    assert "jˈɔːhan fˈɔn" in symbols
    assert [offset for offset, _ in found.words] == [0, 4, 15]


@pytest.mark.parametrize("size", [1, 199, 200, 201, 210, 350, 399, 400, 401, 1000, 5000])
def test_chunks_are_whole_and_short(size: int) -> None:
    symbols = ("abcd efg, hij klm. " * 300)[:size]
    found = list(chunks(symbols, 200))
    assert all(0 < chunk.end - chunk.start <= 200 for chunk in found)
    together = "".join(symbols[chunk.start : chunk.end] for chunk in found)
    assert together.replace(" ", "") == symbols.replace(" ", "")
    assert all(chunk.border is Border.SENTENCE for chunk in found[:-1])
    assert found[-1].border is Border.NONE
    if size > 200:  # the model speaks a few symbols badly
        assert min(chunk.end - chunk.start for chunk in found) >= 40


@pytest.mark.parametrize(
    ("unit", "border"),
    [
        ("abc. ", Border.SENTENCE),
        ("abc, ", Border.CLAUSE),
        ("abc ", Border.WORD),
        ("a", Border.NONE),
    ],
)
def test_chunks_end_at_the_best_border(unit: str, border: Border) -> None:
    first, *_ = chunks(unit * 400, 200)
    assert first.border is border
    assert first.end - first.start > 150


def test_a_better_border_is_worth_a_shorter_chunk() -> None:
    symbols = "ab " * 40 + "end. " + "ab " * 60
    first, second = chunks(symbols, 200)
    assert symbols[first.start : first.end].endswith("end.")
    assert first.border is Border.SENTENCE
    assert second.start == first.end + 1


def test_marks_before_a_place() -> None:
    assert border_before("ab.” cd", 5) == (Border.SENTENCE, 2)
    assert border_before("ab, cd", 4) == (Border.CLAUSE, 2)
    assert border_before("ab cd", 3) == (Border.WORD, 2)
    assert border_before("ab cd", 4) == (Border.NONE, 4)
    assert border_before("“ab", 1) == (Border.WORD, 0)


def test_empty_lines_have_no_chunks(reader: EspeakEngine) -> None:
    assert list(chunks("", 200)) == []
    assert list(chunks("   ", 200)) == []
    _, found = read(reader, "...")
    assert found.words == ()
