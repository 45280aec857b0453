# ruff: noqa: RUF001 - IPA has letters that look like others
from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest

from tests.support.details import check
from tests.support.growth import is_linear
from troupe.borders import Border
from troupe.speech.errors import InvalidSSML
from troupe.speech.prosody import Prosody
from troupe.speech.text.marks import MOST_WARNINGS, Marked, MarkKind, SayAs
from troupe.speech.text.ssml import NAMESPACE, parse_ssml


def speak(inner: str) -> Marked:
    return parse_ssml(f"<speak>{inner}</speak>")


def named(marked: Marked) -> list[tuple[str, MarkKind, object]]:
    """The marks with their text; of pauses, the text before."""
    text = marked.text.text
    return [
        (text[mark.start : mark.end] or text[: mark.end] + "|", mark.kind, mark.value)
        for mark in marked.marks
    ]


def failure(source: str) -> tuple[int, int, str]:
    """Line, column and the message after them."""
    with pytest.raises(InvalidSSML) as caught:
        parse_ssml(source)
    details: Any = caught.value.details
    check(InvalidSSML, details)
    place = f"Line {details['line']}, column {details['column']}: "
    assert caught.value.text.startswith(place)
    assert caught.value.text.endswith(details["expected"])
    assert caught.value.status == 422
    return details["line"], details["column"], caught.value.text.removeprefix(place)


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("Hello", "Hello"),
        ("  Hello \n\n  there\t", "Hello there"),
        ("a &amp; b &lt;c&gt; &quot;d&quot; &apos;e&apos;", "a & b <c> \"d\" 'e'"),
        ("caf&#233; &#x1F600;&#32; &#10;x", "café 😀 x"),
        ("a&#xA0;b", "a\u00a0b"),
        ("<![CDATA[a < b &amp; [pause 1s]]]>", "a < b &amp; [pause 1s]"),
        ("a<!-- no -->b<?php echo ?>c", "abc"),
        ("<p>One.</p><p>Two.</p>", "One.\n\nTwo."),
        ("Zero. <p> One. </p> Two.", "Zero.\n\nOne.\n\nTwo."),
        ("<p><s>One.</s><s>Two.</s> <s>Three.</s></p>", "One.\nTwo.\nThree."),
        ("<p/><p></p>a", "a"),
        ("<emphasis>un</emphasis>believable", "unbelievable"),
        ("Wait <break/> here", "Wait here"),
        ("Wait<break/>here", "Wait here"),
        ("等等<break/>这里", "等等这里"),
        ("Wait<break/>, here", "Wait, here"),
        ("", ""),
    ],
)
def test_the_text_is_what_is_between_the_tags(inner: str, text: str) -> None:
    assert speak(inner).text.text == text


@pytest.mark.parametrize(
    ("inner", "mark"),
    [
        ('a <break time="500ms"/> b', ("a|", MarkKind.PAUSE, 500)),
        ('a <break time="+.5s"></break>', ("a|", MarkKind.PAUSE, 500)),
        ('a <break time="10s"/>', ("a|", MarkKind.PAUSE, 10_000)),
        ("a <break/> b", ("a|", MarkKind.PAUSE, Border.SENTENCE)),
        ('a <break strength="none"/> b', ("a|", MarkKind.PAUSE, 0)),
        ('a <break strength="weak"/> b', ("a|", MarkKind.PAUSE, Border.CLAUSE)),
        ('a <break strength="x-strong"/> b', ("a|", MarkKind.PAUSE, Border.SCENE)),
        ('a <break strength="x-strong" time="1s"/> b', ("a|", MarkKind.PAUSE, 1000)),
        (
            'on <say-as interpret-as="date" format="dmy">1/2/26</say-as>',
            ("1/2/26", MarkKind.SAY_AS, SayAs("date", "dmy")),
        ),
        ('<say-as interpret-as="ordinal">3</say-as>', ("3", MarkKind.SAY_AS, SayAs("ordinal"))),
        ('<say-as interpret-as="characters">AB</say-as>', ("AB", MarkKind.SPELL, None)),
        ('<say-as interpret-as="spell-out">AB</say-as>', ("AB", MarkKind.SPELL, None)),
        (
            '<sub alias="World  Wide&#10;Web">WWW</sub>',
            ("WWW", MarkKind.ALIAS, "World Wide Web"),
        ),
        (
            'Ms <phoneme alphabet="ipa" ph="ˈwɪn">Nguyen</phoneme>',
            ("Nguyen", MarkKind.PHONEMES, "ˈwɪn"),
        ),
        ('<phoneme ph="&#x2C8;wɪn">Nguyen</phoneme>', ("Nguyen", MarkKind.PHONEMES, "ˈwɪn")),
        ('a <emphasis level="strong"> b </emphasis> c', ("b", MarkKind.EMPHASIS, "strong")),
        ("a <emphasis>b</emphasis>", ("b", MarkKind.EMPHASIS, "moderate")),
        ("a <p>b</p>", ("b", MarkKind.BORDER, Border.PARAGRAPH)),
        ("a <s>b</s>", ("b", MarkKind.BORDER, Border.SENTENCE)),
    ],
)
def test_elements_become_marks(inner: str, mark: tuple[str, MarkKind, object]) -> None:
    marked = speak(inner)
    assert named(marked) == [mark]
    assert marked.warnings == ()


@pytest.mark.parametrize(
    ("attributes", "prosody"),
    [
        ('rate="80%"', Prosody(rate=0.8)),
        ('rate="-20%"', Prosody(rate=0.8)),
        ('rate="+50%"', Prosody(rate=1.5)),
        ('rate="1.25"', Prosody(rate=1.25)),
        ('rate="x-slow"', Prosody(rate=0.5)),
        ('rate="x-fast"', Prosody(rate=2.0)),
        ('pitch="+2st"', Prosody(pitch=2.0)),
        ('pitch="-2.5st"', Prosody(pitch=-2.5)),
        ('pitch="+100%"', Prosody(pitch=12.0)),
        ('pitch="high"', Prosody(pitch=3.0)),
        ('volume="-6dB"', Prosody(volume=-6.0)),
        ('volume="silent"', Prosody(volume=-96.0)),
        ('volume="10"', Prosody(volume=-20.0)),
        ('volume="0"', Prosody(volume=-96.0)),
        ('rate="fast" pitch="low" volume="soft"', Prosody(1.5, -3.0, -6.0)),
    ],
)
def test_prosody_is_in_common_units(attributes: str, prosody: Prosody) -> None:
    assert named(speak(f"<prosody {attributes}>a</prosody>")) == [("a", MarkKind.PROSODY, prosody)]


@pytest.mark.parametrize("value", ["medium", "default", "100%", "+0%"])
def test_prosody_that_changes_nothing_is_no_mark(value: str) -> None:
    assert speak(f'<prosody rate="{value}">a</prosody>').marks == ()


@pytest.mark.parametrize(
    "source",
    [
        f'<speak version="1.1" xmlns="{NAMESPACE}" xml:lang="en-US"><p>Hi</p></speak>',
        f'<s:speak xmlns:s="{NAMESPACE}"><s:p>Hi</s:p></s:speak>',
        '\n <?xml version="1.0" encoding="UTF-8"?>\n<speak><p>Hi</p></speak>\n',
        '<?xml version="1.0" encoding="UTF-16"?><speak><p>Hi</p></speak>',
        '<?xml version="1.0" encoding="no-such"?><speak><p>Hi</p></speak>',
        "\ufeff<speak><p>Hi</p></speak>",
        '<speak xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:a="b"><p>Hi</p></speak>',
    ],
)
def test_the_usual_beginnings_are_taken(source: str) -> None:
    marked = parse_ssml(source)
    assert named(marked) == [("Hi", MarkKind.BORDER, Border.PARAGRAPH)]
    assert marked.warnings == ()


def test_marks_are_in_order_and_the_outer_one_is_first() -> None:
    marked = speak(
        'a<p><s><emphasis><sub alias="x">b</sub></emphasis> c</s><break time="1s"/></p>d'
    )
    assert [(text, kind) for text, kind, _ in named(marked)] == [
        ("b c", MarkKind.BORDER),
        ("b c", MarkKind.BORDER),
        ("b", MarkKind.EMPHASIS),
        ("b", MarkKind.ALIAS),
        ("a\n\nb c|", MarkKind.PAUSE),
    ]
    assert [mark.value for mark in marked.marks[:2]] == [Border.PARAGRAPH, Border.SENTENCE]


@pytest.mark.parametrize(
    ("inner", "text", "why"),
    [
        ('<audio src="https://a.b/c.mp3">a <desc>dog</desc></audio> b', "a dog b", "<audio>"),
        ('a <mark name="x"/> b', "a b", "<mark>"),
        ('<voice name="Ada">a</voice>', "a", "<voice>"),
        ('<lang xml:lang="fr">oui</lang>', "oui", "<lang>"),
        ('<lexicon uri="file:///etc/passwd"/>a', "a", "<lexicon>"),
        ("<w>a</w> <token>b</token>", "a b", "<w>"),
        ("<par><media>a</media></par><seq>b</seq>", "ab", "<par>"),
        ("<metadata><rdf>x</rdf> y</metadata>a", "a", "<metadata> is ignored."),
        ('<amazon:effect name="whispered">a</amazon:effect>', "a", "<amazon:effect>"),
        (
            '<mstts:express-as xmlns:mstts="http://www.w3.org/2001/mstts">a</mstts:express-as>',
            "a",
            "<mstts:express-as>",
        ),
        ('<b xmlns="http://www.w3.org/1999/xhtml">a</b>', "a", "<b>"),
        ('<say-as interpret-as="interjection">wow</say-as>', "wow", "interpret-as"),
        ('<phoneme alphabet="x-sampa" ph="w">a</phoneme>', "a", "another alphabet"),
        ('<prosody pitch="120Hz">a</prosody>', "a", "Hz"),
        ('<prosody contour="(0%,+20Hz)">a</prosody>', "a", "contour"),
        ('<s xml:lang="de">a</s>', "a", "xml:lang of <s>"),
    ],
)
def test_what_is_ignored_is_named_and_its_text_is_spoken(inner: str, text: str, why: str) -> None:
    marked = speak(inner)
    assert marked.text.text == text
    assert {warning.code for warning in marked.warnings} == {"ssml_ignored"}
    assert why in marked.warnings[0].message
    assert marked.warnings[0].at == len("<speak>") + inner.index("<")


@pytest.mark.parametrize(
    ("source", "line", "column", "why"),
    [
        ("", 1, 1, "Begin with <speak>"),
        ("Hello", 1, 1, "syntax error. Begin with <speak>"),
        ("<speak>a\n<p>b</speak>", 2, 5, "<p> is not closed. Close it with </p> first."),
        ("<speak>a\n<p>b", 2, 5, "<p> is not closed"),
        ("<speak>é\r\n😀 a & b</speak>", 2, 6, "Write & as &amp;"),
        ("<speak>a\n<break time=1s/></speak>", 2, 13, 'name="value"'),
        ("<speak>&nbsp;</speak>", 1, 8, "Only &amp;"),
        ("<speak>a</speak><speak>b</speak>", 1, 17, "junk after document element"),
        ('<speak><p a="1" a="2"/></speak>', 1, 17, "duplicate attribute"),
        ("<p>a</p>", 1, 1, "the document begins with <p>"),
        ('<speak xmlns="http://example.org">a</speak>', 1, 1, NAMESPACE),
        ("<speak>a<speak>b</speak></speak>", 1, 9, "<speak> is inside"),
        ("<speak>a\n <brake/></speak>", 2, 2, "<brake> is not SSML. Supported are speak, p, s,"),
        ("<speak><b>a</b></speak>", 1, 8, "<b> is not SSML"),
        ('<speak><break time="5 bananas"/></speak>', 1, 8, "500ms or 0.5s, at most 10 s"),
        ('<speak><break time="11s"/></speak>', 1, 8, "at most 10 s"),
        ('<speak><break time="-1s"/></speak>', 1, 8, "at most 10 s"),
        ('<speak><break strength="huge"/></speak>', 1, 8, "one of none, x-weak"),
        ('<speak><break time="1s">a</break></speak>', 1, 25, "<break> has text in it"),
        ("<speak><break><p/></break></speak>", 1, 15, "<break> holds nothing"),
        ("<speak><say-as>a</say-as></speak>", 1, 8, "has no interpret-as"),
        ("<speak><sub>a</sub></speak>", 1, 8, 'Write <sub alias="…">'),
        ('<speak><sub alias="b"/></speak>', 1, 8, "<sub> is empty"),
        ('<speak><sub alias="b"><p>a</p></sub></speak>', 1, 23, "<sub> holds only text"),
        ("<speak><phoneme>a</phoneme></speak>", 1, 8, "has no ph"),
        ('<speak><phoneme ph="ˈwɪ7">a</phoneme></speak>', 1, 8, "has “7”"),
        ('<speak><emphasis level="big">a</emphasis></speak>', 1, 8, "one of strong, moderate"),
        ('<speak><prosody rate="300%">a</prosody></speak>', 1, 8, "50% to 200%"),
        ('<speak><prosody rate="49%">a</prosody></speak>', 1, 8, "50% to 200%"),
        ('<speak><prosody rate="+0.5">a</prosody></speak>', 1, 8, "50% to 200%"),
        ('<speak><prosody rate="nan">a</prosody></speak>', 1, 8, "50% to 200%"),
        ('<speak><prosody pitch="+13st">a</prosody></speak>', 1, 8, "such as +2st"),
        ('<speak><prosody pitch="-100%">a</prosody></speak>', 1, 8, "such as +2st"),
        ('<speak><prosody volume="+11dB">a</prosody></speak>', 1, 8, "such as -6dB"),
        ('<speak><prosody volume="101">a</prosody></speak>', 1, 8, "such as -6dB"),
        ("<speak>a\x00b</speak>", 1, 9, "not well-formed"),
        ("<speak>a\x01b</speak>", 1, 9, "not well-formed"),
        ("<speak>a&#0;b</speak>", 1, 9, "reference to invalid character number"),
        ("<speak>a&#xD800;b</speak>", 1, 9, "reference to invalid character number"),
        ("<speak>\n\ud800</speak>", 2, 1, "half of a character"),
        ("<speak>a\uffffb</speak>", 1, 9, "not well-formed"),
        ("<speak>" + "<p>" * 20 + "</p>" * 20 + "</speak>", 1, 65, "20 inside of each other"),
        ("<speak>" + "<p/>" * 10_000 + "</speak>", 1, 40_004, "10,000 elements"),
        ('<speak><p a="' + "x" * 1001 + '"/></speak>', 1, 8, "at most 20 attributes"),
        (
            "<speak><p " + " ".join(f'a{n}="x"' for n in range(21)) + "/></speak>",
            1,
            8,
            "at most 20 attributes",
        ),
    ],
)
def test_a_fault_is_told_with_its_place_and_what_is_right(
    source: str, line: int, column: int, why: str
) -> None:
    found = failure(source)
    assert found[:2] == (line, column)
    assert why in found[2]


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "prolog",
    [
        "<!DOCTYPE speak>",
        '<!DOCTYPE speak [<!ENTITY e "x">]>',
        '<!DOCTYPE speak SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE speak [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE speak [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x.dtd"> %e;]>',
        f'<!DOCTYPE speak [<!ENTITY l0 "lol">{LAUGHS}]>',
        f'<!DOCTYPE speak [<!ENTITY e "{"x" * 50_000}">]>',
        '<?xml version="1.0" standalone="no"?><!DOCTYPE speak PUBLIC "-//W3C//DTD SYNTHESIS 1//EN"'
        ' "http://www.w3.org/TR/speech-synthesis/synthesis.dtd">',
    ],
    ids=range(8),
)
def test_a_doctype_is_refused_and_nothing_is_expanded(prolog: str) -> None:
    started = time.process_time()
    found = failure(f"{prolog}<speak>&l9;{'&e;' * 20_000}</speak>")
    assert "a DOCTYPE is not allowed" in found[2]
    assert time.process_time() - started < 5.0


def test_the_way_back_to_the_source_is_kept() -> None:
    source = (
        '<speak>\r\n <p>Frau&#32;M&#xFC;ller &amp; 😀 Söhne</p> <sub alias="drei">3</sub>'
        "<![CDATA[ & <more>]]><!-- x --><break/>end</speak>"
    )
    marked = parse_ssml(source)
    assert marked.text.text == "Frau Müller & 😀 Söhne\n\n3 & <more>end"
    for word, written in {
        "Frau": "Frau",
        "Müller": "M&#xFC;ller",
        "&": "&amp;",
        "😀": "😀",
        "Söhne": "Söhne",
        "3": "3",
        "<more>": "<more>",
        "end": "end",
        "Frau Müller & 😀 Söhne": "Frau&#32;M&#xFC;ller &amp; 😀 Söhne",
    }.items():
        at = marked.text.text.index(word)
        start, end = marked.text.span(at, at + len(word))
        assert source[start:end] == written
    for ends in (marked.text.starts, marked.text.ends):
        assert list(ends) == sorted(ends)
        assert len(ends) == len(marked.text)


def test_warnings_are_told_once_and_are_not_many() -> None:
    marked = speak("".join(f"<x:e{n}/><x:same/>" for n in range(100)))
    assert len(marked.warnings) == MOST_WARNINGS


HOSTILE = [
    "<p>",
    "<p></p>",
    "<p>a</p>",
    "<break/>",
    "a<break/>",
    "<emphasis>a</emphasis> ",
    "<a:b>",
    "<a:b/>",
    '<p xmlns:a="b">',
    "&amp;",
    "&#233;",
    "&",
    "<",
    "<!--",
    "<!-- -->",
    "<![CDATA[",
    "<![CDATA[&]]>",
    "]]",
    "<?x ?>",
    '<p a="',
    "\r",
    "\r\n",
    " ",
    "é ",
    "😀",
    "\u00a0",
    '<prosody rate="50%">',
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_documents_take_linear_time(piece: str) -> None:
    def parse(size: int) -> None:
        for end in ("", "</speak>"):
            with contextlib.suppress(InvalidSSML):
                parse_ssml("<speak>" + piece * (size // len(piece)) + end)

    assert is_linear(parse, 50_000)
