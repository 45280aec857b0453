"""Telling the language of a text."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.growth import is_linear
from tests.support.machine import slack
from troupe.adapters.models.errors import ModelMissing
from troupe.adapters.models.files import ModelFiles
from troupe.adapters.models.table import LANGUAGE_DETECTOR
from troupe.rooms.translations import OWN
from troupe.translation.detection import LanguageDetector
from troupe.translation.languages import offered_code, primary, same, script

DETECTOR = LanguageDetector(lambda: ModelFiles().path(LANGUAGE_DETECTOR.name))

# Written for this test.
SENTENCES = {
    "ar": "متى يفتح المتجر غدا؟",
    "bg": "Кога отваря магазинът утре сутрин?",
    "cs": "Kdy zítra ráno otevírá ten obchod?",
    "da": "Hvornår åbner butikken i morgen tidlig?",
    "de": "Wann öffnet das Geschäft morgen früh?",
    "el": "Τι ώρα ανοίγει το κατάστημα αύριο;",
    "en": "When does the shop open tomorrow morning?",
    "es": "¿A qué hora abre la tienda mañana?",
    "fa": "فروشگاه فردا صبح چه ساعتی باز می‌شود؟",
    "fi": "Milloin kauppa aukeaa huomenna aamulla?",
    "fr": "À quelle heure ouvre le magasin demain matin ?",
    "he": "מתי נפתחת החנות מחר בבוקר?",
    "hi": "कल सुबह दुकान कितने बजे खुलेगी?",
    "hu": "Mikor nyit ki az üzlet holnap reggel?",
    "id": "Jam berapa toko itu buka besok pagi?",
    "it": "A che ora apre il negozio domani mattina?",
    "ja": "明日の朝、お店は何時に開きますか。",
    "ko": "내일 아침 가게는 몇 시에 열어요?",
    "nl": "Hoe laat gaat de winkel morgenochtend open?",
    "no": "Når åpner butikken i morgen tidlig?",
    "pl": "O której jutro rano otwierają ten sklep?",
    "pt": "A que horas abre a loja amanhã de manhã?",
    "ro": "La ce oră se deschide magazinul mâine dimineață?",
    "ru": "Во сколько завтра утром открывается магазин?",
    "sv": "När öppnar butiken i morgon bitti?",
    "th": "พรุ่งนี้เช้าร้านเปิดกี่โมง",
    "tr": "Dükkan yarın sabah saat kaçta açılıyor?",
    "uk": "О котрій завтра вранці відкривається крамниця?",
    "vi": "Sáng mai cửa hàng mở cửa lúc mấy giờ?",
    "zh": "商店明天早上几点开门？",
}
SHORT = {
    "en": ("Hello", "ok", "Thanks!", "HELLO HOW ARE YOU", "hello world", "The invoice", "yes"),
    "pt": ("Bom dia", "Oi, tudo bem?", "Obrigada", "até amanhã", "o pedido", "não", "sim, claro"),
    "es": ("Gracias", "Buenos días", "hasta mañana", "el pedido", "¿qué tal?", "vale", "adiós"),
    "de": ("Danke", "Guten Morgen", "bis morgen", "die Rechnung", "alles klar", "nein", "ja bitte"),
}

CHAT = {
    "en": (
        *("See you at the station", "Where are you?", "I will be late", "no problem", "lol"),
        *("can you send me the file", "great", "see you", "what time is it"),
        "The train leaves at nine",
    ),
    "de": (
        *("Wo bist du?", "Ich komme später", "kein Problem", "kannst du mir die Datei schicken"),
        *("super", "bis dann", "wie spät ist es", "Der Zug fährt um neun", "genau", "Tschüss"),
    ),
    "pt": (
        *("Onde você está?", "vou me atrasar", "sem problema", "você pode me mandar o arquivo"),
        *("ótimo", "até logo", "que horas são", "O trem sai às nove", "beleza", "tchau"),
    ),
    "es": (
        *("¿Dónde estás?", "llego tarde", "no hay problema", "puedes mandarme el archivo"),
        *("genial", "hasta luego", "qué hora es", "El tren sale a las nueve", "claro"),
        "gracias amigo",
    ),
}


def language(text: str, *candidates: str, **prior: float) -> str:
    detected = DETECTOR.detect(text, candidates, prior)
    assert detected is not None
    return detected.language


def test_sentences() -> None:
    wrong = {code: language(text) for code, text in SENTENCES.items() if language(text) != code}
    assert wrong == {}
    assert {code: language(text, *SENTENCES) for code, text in SENTENCES.items()} == {
        code: code for code in SENTENCES
    }


def test_a_sentence_is_told_with_confidence() -> None:
    detected = DETECTOR.detect(SENTENCES["en"])
    assert detected is not None and detected.confidence > 0.9


def test_short_texts_among_few_languages() -> None:
    every = [(code, text) for code, texts in SHORT.items() for text in texts]
    right = [text for code, text in every if language(text, *SHORT) == code]
    assert len(right) >= 24, {text for _, text in every} - set(right)
    pairs = [text for code, text in every if code in "en pt" and language(text, "en", "pt") == code]
    assert len(pairs) >= 13


def test_the_script_decides_between_languages_of_several() -> None:
    assert language("ok", "en", "ru") == "en"
    assert language("да", "en", "ru") == "ru"
    assert language("Ναι", "ru", "el", "en") == "el"
    assert language("寿司", "ja", "en") == "ja"
    assert language("寿司です", "ja", "zh") == "ja"
    assert DETECTOR.detect("да", ["en", "ru"]).confidence == 1.0  # type: ignore[union-attr]


def test_chat_messages_of_people_whose_language_is_known() -> None:
    """Almost always they write their own; a sentence in another one is seen still."""
    said = {code: (*SHORT[code], *CHAT[code]) for code in SHORT}
    every = [(code, text) for code, texts in said.items() for text in texts]
    own = [text for code, text in every if language(text, *said, **{code: OWN}) == code]
    assert len(own) >= len(every) - 1
    switched = [(code, text, other) for code, text in every for other in said if other != code]
    told = [
        (code, text, other)
        for code, text, other in switched
        if language(text, *said, **{other: OWN}) == code
    ]
    assert len(told) >= 0.7 * len(switched)
    assert {each for each in switched if len(each[1]) >= 15} <= {*told}


def test_no_candidate_has_the_script() -> None:
    detected = DETECTOR.detect("Привет", ["en", "pt"])
    assert detected is not None and detected.confidence == 0.0


def test_codes_come_back_as_they_were_given() -> None:
    assert language(SENTENCES["pt"], "pt-BR", "en-GB") == "pt-BR"
    assert language(SENTENCES["no"], "nb", "de") == "nb"
    assert language(SENTENCES["zh"], "zh-Hans", "en") == "zh-Hans"


def test_what_is_likely_decides_a_word_and_not_a_sentence() -> None:
    assert language("casa", "it", "pt", "es") == "it"
    assert language("casa", "it", "pt", "es", pt=10.0) == "pt"
    assert language(SENTENCES["it"], "it", "pt", "es", pt=10.0) == "it"


@pytest.mark.parametrize("text", ["", "123", "😀", "https://example.com/the/house", "@anna", "?!"])
def test_no_letters_no_language(text: str) -> None:
    assert DETECTOR.detect(text) is None


def test_links_and_names_are_not_read() -> None:
    text = "Bom dia, veja https://example.com/the/house/near/the/sea @the_house"
    assert language(text, "en", "pt") == "pt"


def test_a_long_text_takes_no_longer_than_its_beginning() -> None:
    assert is_linear(lambda size: DETECTOR.detect("the house " * size), 20_000)
    started = time.monotonic()
    assert language("the house is near the sea " * 4_000) == "en"
    assert time.monotonic() - started < 2 * slack()


def test_a_missing_model_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("troupe.adapters.models.files.DEPLOYED", tmp_path)
    detector = LanguageDetector(lambda: ModelFiles().path(LANGUAGE_DETECTOR.name))
    with pytest.raises(ModelMissing) as caught:
        detector.detect("Hello there")
    assert "models fetch lid/lid.176.ftz" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "offered", "wanted"),
    [
        ("pt", ["en", "pt"], "pt"),
        ("PT-br", ["en", "pt"], "pt"),
        ("pt_BR", ["pt-PT", "pt-BR"], "pt-BR"),
        ("pt", ["en", "pt-BR", "pt-PT"], "pt-BR"),
        ("no", ["en", "nb"], "nb"),
        ("zh-TW", ["zh-Hans", "zh-Hant"], "zh-Hant"),
        ("zh", ["zh-Hans", "zh-Hant"], "zh-Hans"),
        ("zh-Hant", ["en", "zh-Hans"], None),
        ("es-MX", ["es", "es-419"], "es"),
        ("xx", ["en", "pt"], None),
        ("", ["en"], None),
    ],
)
def test_which_offered_language_a_code_means(
    code: str, offered: list[str], wanted: str | None
) -> None:
    assert offered_code(code, offered) == wanted


def test_codes() -> None:
    assert same("en-GB", "en") and same("nb", "no") and not same("pt", "es")
    assert not same("zh-CN", "zh-Hant") and same("zh", "zh-Hant")
    assert (primary("zh-Hant-TW"), script("zh-Hant-TW"), script("zh-TW")) == ("zh", "hant", "hant")
