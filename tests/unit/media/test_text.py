from __future__ import annotations

import numpy as np
import pytest

from troupe.media.video.fonts import han_form, missing_glyphs, typeface_for
from troupe.media.video.text import Drawn, Type, draw, joined, readable, width, wrap
from troupe.speech.text.segmenter import words

# A sentence in each script of the catalogue's voices.
SAMPLES = {
    "Latin": "Příliš žluťoučký kůň; Ærø, Łódź, ſ, ß, Ñandú, ģ, ő, ı",
    "Vietnamese": "Tiếng Việt được viết đúng ở đây: ữ ẫ ợ ậ",
    "Hausa and Yoruba": "Ɓ ɗ ƙ ẹ ọ ṣ",
    "Cyrillic": "Съешь ещё этих мягких; їґє ҳӣ ҡ ә ө",
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία; ὦ ἄνδρες",
    "Arabic": "صِف خَلقَ خَودِ كَمِثلِ الشَمسِ؟",
    "Persian, Urdu, Sindhi": "گچپژ ٹڈڑ ںےۓ ڏڳٻڄ ۱۲۳",
    "Uyghur": "ئۇيغۇرچە ۋ ې ۆ",
    "Hebrew": "דג סקרן שט בים; שָׁלוֹם",
    "Devanagari": "क्षत्रिय हिन्दी में लिखा है। ज़ ड़ ॐ",
    "Bengali and Assamese": "বাংলা ভাষায় লেখা। ৰ ৱ ড়",
    "Tamil": "தமிழ் மொழியில் எழுதியது",
    "Telugu": "తెలుగులో వ్రాయబడింది",
    "Kannada": "ಕನ್ನಡದಲ್ಲಿ ಬರೆಯಲಾಗಿದೆ",
    "Malayalam": "മലയാളത്തിൽ എഴുതിയത്",
    "Gujarati": "ગુજરાતીમાં લખાયેલું",
    "Gurmukhi": "ਪੰਜਾਬੀ ਵਿੱਚ ਲਿਖਿਆ",
    "Oriya": "ଓଡ଼ିଆରେ ଲେଖା",
    "Sinhala": "සිංහලෙන් ලියා ඇත ශ්‍රී",
    "Thai": "สวัสดีครับ วันนี้อากาศดีมาก ๑๒๓",
    "Lao": "ສະບາຍດີ",
    "Khmer": "សួស្តី ខ្ញុំ",
    "Burmese and Shan": "မြန်မာဘာသာ ၵႂၢမ်းတႆး",
    "Georgian": "ქართული ენა",
    "Armenian": "Հայերեն լեզու։",
    "Ethiopic": "አማርኛ ቋንቋ። ትግርኛ",
    "Cherokee": "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ",
    "Chinese": "我能吞下玻璃而不伤身体。「繁體字：龍」",
    "Cantonese": "佢哋嘅嘢喺邊度？",
    "Japanese": "彼は静かに港を見ていた。カタカナ、ー",
    "Korean": "다람쥐 헌 쳇바퀴에 타고파",
    "marks": "“What?” — he said… ‘Yes’ • 3 × 4 ≠ 5 € £ ₹ ₽ ₩ © ® ™ ½ °C ♪ → ❤ ★",
}


@pytest.mark.parametrize("script", SAMPLES)
def test_every_script_has_its_glyphs(script: str) -> None:
    assert missing_glyphs(SAMPLES[script]) == set()
    assert readable(SAMPLES[script]) == SAMPLES[script]
    drawn = draw(SAMPLES[script], Type.of(SAMPLES[script], 40))
    assert drawn is not None
    assert drawn.pixels.max() == 255
    # Apart from the side bearings of the first and the last letter.
    assert drawn.pixels.shape[1] == pytest.approx(
        width(SAMPLES[script], Type.of(SAMPLES[script], 40)), abs=40
    )


def test_missing_glyphs_are_listed() -> None:
    assert missing_glyphs("plain \U000118a0 𐀀 text\u200d\ufe0f") == {"\U000118a0", "𐀀"}


def test_characters_without_a_glyph_are_not_shown_as_boxes() -> None:
    assert readable("He wrote 𐀀𐀁𐀂 here") == "He wrote … here"
    assert readable("Well \U0001fae8\U0001fae8, yes\n now") == "Well, yes now"
    assert readable("I like it \U0001fae8.") == "I like it."
    assert readable("Oui \U0001fae8 !") == "Oui !"
    assert readable("\U0001fae8 one (\U0001fae8) two") == "one () two"


def drawn(text: str, size: int = 60) -> Drawn:
    result = draw(text, Type.of(text, size))
    assert result is not None
    return result


def unlike(one: Drawn, other: Drawn) -> float:
    """The share of ink that differs when both are drawn at the same place; 0 to 1."""
    rows = max(one.pixels.shape[0], other.pixels.shape[0])
    columns = max(one.pixels.shape[1], other.pixels.shape[1])
    sheets = np.zeros((2, rows, columns))
    for sheet, each in zip(sheets, (one, other), strict=True):
        sheet[: each.pixels.shape[0], : each.pixels.shape[1]] = each.pixels
    return float(np.abs(sheets[0] - sheets[1]).sum() / sheets.sum())


def test_arabic_runs_from_right_to_left() -> None:
    """The long last letter of the first word is at the right end of the line."""
    line = drawn("ب ااا")
    columns = np.flatnonzero(line.pixels.any(0))
    letters = np.split(columns, np.flatnonzero(np.diff(columns) > 2) + 1)
    assert len(letters[-1]) > 2 * len(letters[0])


def test_arabic_letters_join() -> None:
    apart = width("ب", Type.of("ب", 60)) * 3
    assert width("ببب", Type.of("ببب", 60)) < apart * 0.75
    assert unlike(drawn("ببب"), drawn("ب\u200cب\u200cب")) > 0.3


def test_hebrew_with_a_number_keeps_the_number() -> None:
    """12 within Hebrew reads 12: the left end of the line matches the 12 of a Latin text."""
    both, number, other = drawn("אב 12"), drawn("12"), drawn("21")
    wide = number.pixels.shape[1]
    top = number.top - both.top
    piece = Drawn(both.pixels[top : top + number.pixels.shape[0], :wide], 0, 0)
    assert unlike(piece, number) < 0.1 < unlike(piece, other)


def test_brackets_are_mirrored_from_right_to_left() -> None:
    line = drawn("(אבג)")
    left, right = line.pixels[:, :12], line.pixels[:, -12:]
    # Both bulge outwards: their outermost columns have ink only in the middle rows.
    middle = slice(line.pixels.shape[0] // 3, line.pixels.shape[0] * 2 // 3)
    assert left[middle, :4].sum() > left[:8, :4].sum() + left[-8:, :4].sum()
    assert right[middle, -4:].sum() > right[:8, -4:].sum() + right[-8:, -4:].sum()


def test_devanagari_conjuncts_form() -> None:
    kind = Type.of("क", 60)
    assert width("क्ष", kind) < width("क", kind) + width("ष", kind)
    assert unlike(drawn("क्ष"), drawn("क्\u200cष")) > 0.2


def test_thai_marks_have_no_width() -> None:
    assert width("ที่", Type.of("ท", 60)) == pytest.approx(width("ท", Type.of("ท", 60)), abs=1)


@pytest.mark.parametrize(
    ("text", "language", "form"),
    [
        *(("港を見る", None, 0), ("한국 港", None, 1), ("海边", None, 2), ("直", "ja", 0)),
        *(("直", "ja-JP", 0), ("海邊", "zh-TW", 3), ("海邊", "zh-Hant-TW", 3), ("喺", "yue", 4)),
        *(("海边", "zh-CN", 2), ("海边", "", 2), ("直", "de", 2)),
    ],
)
def test_ideographs_have_the_form_of_their_language(
    text: str, language: str | None, form: int
) -> None:
    assert han_form(text, language) == form


def test_the_same_ideograph_differs_by_language() -> None:
    assert typeface_for("直", 0) != typeface_for("直", 2)
    one, other = draw("直", Type(60, 0)), draw("直", Type(60, 2))
    assert one is not None
    assert other is not None
    assert unlike(one, other) > 0.05


@pytest.mark.parametrize("text", [SAMPLES[each] for each in ("Latin", "Arabic", "Thai", "Chinese")])
def test_wrapped_lines_fit_and_lose_nothing(text: str) -> None:
    kind = Type.of(text, 40)
    lines = wrap(text, kind, 300)
    assert len(lines) > 1
    assert all(width(line, kind) <= 300 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_wrapped_lines_have_similar_widths() -> None:
    kind = Type(40)
    lines = wrap("one two three four five six seven eight nine ten", kind, 560)
    widths = [width(line, kind) for line in lines]
    assert len(widths) == 2
    assert min(widths) > 0.75 * max(widths)


def test_a_word_wider_than_the_line_is_split() -> None:
    kind = Type(40)
    lines = wrap("Donaudampfschifffahrtsgesellschaft", kind, 300)
    assert "".join(lines) == "Donaudampfschifffahrtsgesellschaft"
    assert all(width(line, kind) <= 300 for line in lines)


@pytest.mark.parametrize("script", ["Thai", "Chinese", "Japanese", "Khmer"])
def test_words_of_scripts_without_spaces_are_not_torn(script: str) -> None:
    text, kind = SAMPLES[script], Type(40)
    whole = {0, *(end for _, end in words(text)), *(start for start, _ in words(text))}
    at = 0
    for line in wrap(text, kind, 240):
        at = text.index(line, at) + len(line)
        assert at in whole


def test_no_line_starts_with_a_closing_mark() -> None:
    kind = Type(40)
    for limit in range(120, 420, 20):
        assert all(
            line[0] not in "。、」"
            for line in wrap("港は、静か。「雨だ。」と、言う。", kind, limit)
        )


def test_lines_are_joined_by_the_rules_of_their_script() -> None:
    assert joined(["one two", "three"]) == "one two three"
    assert joined(["彼は静かに", "港を見ていた。"]) == "彼は静かに港を見ていた。"


def test_invisible_text_draws_nothing() -> None:
    assert draw("  ", Type(40)) is None
    assert draw("", Type(40)) is None


# ruff: noqa: RUF001 - this file tests letters of other scripts
