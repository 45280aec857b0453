# ruff: noqa: RUF001 - screenplays in other scripts
"""Screenplays, plays and transcripts as people write them."""

from __future__ import annotations

import contextlib

import pytest

from tests.support.growth import is_linear, repeated
from troupe.scripts.errors import InvalidDialogue
from troupe.scripts.screenplay import parse_screenplay

CAST = {"a": "Anna", "b": "Ben", "p": "Pip"}
OTHERS = {"m": "小明", "h": "花子", "l": "ليلى", "o": "عمر", "j": "José", "r": "Раиса", "y": "지민"}

FOUNTAIN = """\
Title:
    **The Lighthouse**
Credit: written by
Author: A. Writer
Draft date: 1/2/2026

# Act one

= They meet.

FADE IN:

INT. LAMP ROOM - NIGHT #1#

Rain on the windows. [[Too much rain?]] ANNA winds the lamp.
The lamp squeaks. /* Cut:

BEN
This was never said.

*/

ANNA (V.O.)
(softly)
Did you see it?

BEN ^
I saw it _first_.
(beat)
First: the mast.

!ANNA LAUGHS

~La, la, la.

@Pip (O.S.)
~The sea, the sea,
~it took my tea.

CUT TO:

.THE SHORE

===

ANNA
A line
goes on.

> SMASH CUT TO:

BEN (CONT'D)
The end.

> THE END <
"""


def parsed(text: str, cast: dict[str, str] = CAST) -> list[tuple[str, str]]:
    return [(line.speaker, line.text) for line in parse_screenplay(text, cast)]


def faults(text: str, cast: dict[str, str] = CAST) -> dict[int, str]:
    with pytest.raises(InvalidDialogue) as failure:
        parse_screenplay(text, cast)
    assert failure.value.details is not None
    return {fault["line"]: fault["message"] for fault in failure.value.details["lines"]}


def test_fountain() -> None:
    lines = parse_screenplay(FOUNTAIN, CAST)
    assert [(line.speaker, line.text) for line in lines] == [
        ("a", "(softly)\nDid you see it?"),
        ("b", "I saw it _first_.\n(beat)\nFirst: the mast."),
        ("p", "The sea, the sea,\nit took my tea."),
        ("a", "A line\ngoes on."),
        ("b", "The end."),
    ]
    kept = [line.directions for line in lines]
    assert kept[0].startswith("Title:\n**The Lighthouse**\nCredit: written by")
    assert "Rain on the windows.  ANNA winds the lamp.\nThe lamp squeaks." in kept[0]
    assert "INT. LAMP ROOM - NIGHT #1#" in kept[0]
    assert "never said" not in "".join(kept)
    assert kept[1:] == [
        "",
        "!ANNA LAUGHS\nLa, la, la.",
        "CUT TO:\n.THE SHORE\n===",
        "> SMASH CUT TO:",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Names on their own lines.
        ("ANNA\nHi.\n\nBEN\nHo.", [("a", "Hi."), ("b", "Ho.")]),
        ("ANNA\nHi.\nHi!\nBEN\nHo.", [("a", "Hi.\nHi!"), ("b", "Ho.")]),
        ("Anna\nHi.\nBen\nHo.", [("a", "Hi."), ("b", "Ho.")]),
        ("ANNA\n\nHi.\n\nBEN\n\nHo.\n", [("a", "Hi."), ("b", "Ho.")]),
        ("ANNA.\nHi.\n\nBEN.\nHo.", [("a", "Hi."), ("b", "Ho.")]),
        ("ANNA\nBen\n\nBEN\nYes?", [("a", "Ben"), ("b", "Yes?")]),
        ("ANNA\nI said\nSTOP\nand he did.", [("a", "I said\nSTOP\nand he did.")]),
        ("ANNA\nHi.\n\nTHE LIGHTS FAIL\n\nBEN\nHo.", [("a", "Hi."), ("b", "Ho.")]),
        ("ANNA\nHi.\n\nThe door opens.\n\nBEN\nHo.", [("a", "Hi."), ("b", "Ho.")]),
        ("                ANNA\n      (low)\n   Hi.\n", [("a", "(low)\nHi.")]),
        ("THE LIGHTHOUSE\n\nANNA\nHi.", [("a", "Hi.")]),
        ("ANNA\nBEN\n\nINT. ROOM\n\nANNA\nHi.", [("a", "Hi.")]),
        ("ACT I\n\nSCENE 1. A room.\n\nANNA\nHi.\n\nCURTAIN", [("a", "Hi.")]),
        # Both ways in one text.
        ("ANNA:\nHi.\n\nBEN\nHo.", [("a", "Hi."), ("b", "Ho.")]),
        # Printed plays.
        ("ANNA. — Oui.\nBEN, riant. — Non !\n", [("a", "Oui."), ("b", "(riant) Non !")]),
        ("ANNA.—Hola.\nBEN.—Adiós.", [("a", "Hola."), ("b", "Adiós.")]),
        ("ANNA. Guten Tag.\nBEN. Ja. Gut.", [("a", "Guten Tag."), ("b", "Ja. Gut.")]),
        ("ANNA\tHi.\nBEN\tHo.", [("a", "Hi."), ("b", "Ho.")]),
        # Transcripts.
        (
            "[00:00] Anna: Hi.\n[00:03] Still me.\n\n[00:05] Ben: Ho.",
            [("a", "Hi.\nStill me."), ("b", "Ho.")],
        ),
        ("Anna  0:15\nHi.\n\nBen  1:00:20\nHo.", [("a", "Hi."), ("b", "Ho.")]),
        ("*Anna (00:00)*\nHi.\n\n*Ben (1:00:15)*\nHo.", [("a", "Hi."), ("b", "Ho.")]),
        (
            "[00:00:03:18 - 00:00:08:08]\nAnna\n Hi.\n\n[00:00:08:10 - 00:00:15:22]\nBen\n Ho.",
            [("a", "Hi."), ("b", "Ho.")],
        ),
        (
            "12/05/2026, 14:30 - Anna: Hi.\n12/05/2026, 14:31 - Ben: At 10:30.\nOK?",
            [("a", "Hi."), ("b", "At 10:30.\nOK?")],
        ),
        (
            "1\n00:00:01,000 --> 00:00:03,000\nANNA: Did you\n\n2\n"
            "00:00:03,000 --> 00:00:05,000\nsee it?\n\n3\n"
            "00:00:06,000 --> 00:00:07,000\nBEN: No.\n",
            [("a", "Did you\nsee it?"), ("b", "No.")],
        ),
        (
            "WEBVTT\n\n00:01.000 --> 00:03.000\n<v Anna>Hi.</v>\n\n"
            "00:03.000 --> 00:04.000\n<v Ben>Ho.",
            [("a", "Hi."), ("b", "Ho.")],
        ),
        ("<Anna> Hi.\n<Ben> Ho. :)", [("a", "Hi."), ("b", "Ho. :)")]),
        ("ANNA: The time?\n10:30\nor so.", [("a", "The time?\n10:30\nor so.")]),
        # Cues, endings and other lines that nobody says.
        ("SFX: A door.\nANNA: Hi.\nMUSIC: Strings.\nBEN: Ho.\n", [("a", "Hi."), ("b", "Ho.")]),
        ("SFX 3: A door.\nANNA: Hi.\n**Sound:** Wind.\nBEN: Ho.", [("a", "Hi."), ("b", "Ho.")]),
        ("GERÄUSCH: Tür.\nANNA: Hallo.\n\nMusik: leise\n\nENDE", [("a", "Hallo.")]),
        ("BRUITAGE : porte.\nANNA : Salut.\n\nFIN", [("a", "Salut.")]),
        ("MÚSICA: triste.\nANNA: Hola.\nFUNDIDO A NEGRO.\nFIN.", [("a", "Hola.")]),
        ("SUONO: porta.\nANNA: Ciao.\nDISSOLVENZA A NERO\nFINE", [("a", "Ciao.")]),
        ("SOM: porta.\nANNA: Olá.\nCORTA PARA:\nFIM", [("a", "Olá.")]),
        ("NOTE: quiet.\nANNA: Hi.\nNote: I said hi.", [("a", "Hi.\nNote: I said hi.")]),
        ("ANNA: This is\nthe end", [("a", "This is\nthe end")]),
        ("ANNA: Hi.\nTHE END", [("a", "Hi.")]),
        ("FADE IN:\nSzene 2 – Küche\nANNA: Hi.\nCUT TO BLACK.", [("a", "Hi.")]),
        ("Scene 2: The shore\nANNA: It was\npart two.", [("a", "It was\npart two.")]),
        ("CHARACTERS\nANNA, a keeper\nBEN, another\n\nANNA: Hi.", [("a", "Hi.")]),
        ("Title: The Lighthouse\nAuthor: Me\n\nANNA: Hi.", [("a", "Hi.")]),
        ("(They look\nat each other.)\n\nANNA: Hi.", [("a", "Hi.")]),
        # Colons inside a speech.
        ("ANNA: Listen.\nFirst: be quiet.", [("a", "Listen.\nFirst: be quiet.")]),
        ("Anna: Listen.\nFirst: be quiet.", [("a", "Listen.\nFirst: be quiet.")]),
        ("ANNA: Listen.\nFirst: Be quiet.", [("a", "Listen.\nFirst: Be quiet.")]),
        ("ANNA: Two things: one.\nTwo: run.", [("a", "Two things: one.\nTwo: run.")]),
        ("Anna: We meet\nat noon: bring Ben.", [("a", "We meet\nat noon: bring Ben.")]),
        ("ANNA: I said\nSTOP — now!", [("a", "I said\nSTOP — now!")]),
    ],
)
def test_ways_of_writing(text: str, expected: list[tuple[str, str]]) -> None:
    assert parsed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "小明「こんにちは」\n花子「やあ（笑）」",
            [("m", "「こんにちは」"), ("h", "「やあ（笑）」")],
        ),
        ("小明：「もう行く」\n花子：待って！", [("m", "「もう行く」"), ("h", "待って！")]),
        (
            "小明（小声）：你好。\n音效：门响\n花子：再见。\n\n完",
            [("m", "（小声） 你好。"), ("h", "再见。")],
        ),
        ("第一幕\n\n小明\n你好。\n\n花子\n再见。", [("m", "你好。"), ("h", "再见。")]),
        ("【玄関】\n\n小明：ただいま。\n効果音：ドア", [("m", "ただいま。")]),
        ("ليلى: مرحبا.\nعمر: أهلا.\nموسيقى: هادئة", [("l", "مرحبا."), ("o", "أهلا.")]),
        ("\u200fليلى\u200f: مرحبا.", [("l", "مرحبا.")]),
        ("JOSÉ: —Hola.\n—¿Qué tal?", [("j", "—Hola.\n—¿Qué tal?")]),
        ("JOSE : « Bonjour. »", [("j", "« Bonjour. »")]),
        ("РАИСА: Привет.\n\nМУЗЫКА: тихо.\n\nКОНЕЦ", [("r", "Привет.")]),
        ("지민: 안녕.\n효과음: 문", [("y", "안녕.")]),
    ],
)
def test_other_scripts(text: str, expected: list[tuple[str, str]]) -> None:
    assert parsed(text, OTHERS) == expected


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("ANNA: Hi.\nZED: Ho.", 2, "'ZED' is not in the cast (Anna, Ben, Pip). Add the character"),
        (
            "ANNA: Hi.\nBenn: ho.",
            2,
            "Did you mean Ben? Add the character, or write the text without",
        ),
        ("Anna: Hi.\nZed: Ho.", 2, "'Zed' is not in the cast"),
        ("ANNA: Hi.\nZed (sad): ho.", 2, "'Zed' is not in the cast"),
        ("ANNA: Hi.\n**Zed:** ho.", 2, "'Zed' is not in the cast"),
        ("ANNA: Hi.\n[00:01] Zed: ho.", 2, "'Zed' is not in the cast"),
        ("ANNA: Hi.\nZed: ho.\nBEN: Hu.\nZed: ha.", 2, "'Zed' is not in the cast"),
        ("ANNA\nHi.\n\nBEN\n\nHo.\n", 4, "no words follow 'BEN'"),
        ("ANNA\nHi.\n\nZED\nHo.\n", 4, "write `!` before a line that is no name"),
        ("Anna\nHi.\n\nZed\nHo.\n", 4, "'Zed' is not in the cast"),
        ("ANNA\nHi.\nZED\nHo.\nBEN\nHu.", 3, "join the text to the line before"),
        ("ANNA. — Oui.\nZED. — Non.", 2, "'ZED' is not in the cast"),
        ("ANNA. Oui.\nZED. Non.", 2, "'ZED' is not in the cast"),
        ("ANNA: Hi.\nBEN — Ho.", 2, "'BEN' seems to start a speech; write `NAME: text`"),
        ("ANNA\tHi.\nZED\tHo.", 2, "'ZED' is not in the cast"),
        ("<Anna> Hi.\n<Zed> Ho.", 2, "'Zed' is not in the cast"),
        ("[00:01] Anna - Hi.\n[00:02] Zed - Ho.", 2, "'Zed' is not in the cast"),
        ("1\n00:01 --> 00:02\nANNA: Hi.\n\n2\n00:02 --> 00:03\n- Ho.", 7, "no speaker"),
        ("ANNA & BEN: Hi.", 1, "Write a line for each of them."),
        ("ANNA: Hi.\n\nThe door opens.", 3, "put a direction in (parentheses)"),
        ("ANNA: Hi.\nSFX: a door\nthat creaks", 3, "no speaker"),
        ("ANNA: (smiles)\n\nBEN: Hi.", 1, "only a direction; write it without a name"),
        ("\n\nANNA:\n\nBEN: Hi.", 3, "the line is empty"),
    ],
)
def test_faults_tell_the_line_and_the_way_out(text: str, line: int, message: str) -> None:
    found = faults(text)
    assert next(iter(found)) == line
    assert message in found[line]


def test_an_unknown_speaker_in_brackets_of_another_script() -> None:
    assert list(faults("小明「はい」\n太郎「いいえ」", OTHERS)) == [2]


def test_line_numbers_count_comments() -> None:
    assert list(faults("ANNA: Hi. /* one\r\ntwo\r\n*/ [[note\r\nnote]]\r\nZED: Ho.")) == [5]


def test_a_character_can_have_the_name_of_a_cue() -> None:
    cast = {"m": "Music", "e": "The End", "c": "Cut to"}
    text = "MUSIC: La.\nTHE END: Bye.\nCUT TO: Me.\n"
    assert parsed(text, cast) == [("m", "La."), ("e", "Bye."), ("c", "Me.")]


def test_directions_between_lines_have_a_limit() -> None:
    assert parsed(f"({'x' * 99_990})\n\nANNA: Hi.") == [("a", "Hi.")]
    assert "100,000" in faults(f"({'x' * 100_000})\n\nANNA: Hi.")[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "part"),
    [
        ("", "[["),
        ("", "[[a\n"),
        ("", "/*"),
        ("Anna: Hi.\n", "(\n"),
        ("Anna: Hi.\n", "x: y\n"),
        ("Anna: Hi.\n", "ANNA\nB\n"),
        ("Anna: Hi.\n", "Anna: y\nBxn: y\n"),
        ("Anna: Hi.\n", "00:01\n"),
        ("ANNA\nHi.\n\n", "é\n"),
        ("ANNA\nHi.\n\n", "(a\n"),
        ("ANNA\nHi.\n\n", "Cast:\na\n\n"),
        ("ANNA\nHi.\n\n", "[00:01] "),
        ("ANNA\nHi.\n\n", "\t"),
        ("ANNA\nHi.\n\n", "A - "),
    ],
)
def test_hostile_texts_take_linear_time(start: str, part: str) -> None:
    def parse(size: int) -> None:
        with contextlib.suppress(InvalidDialogue):
            parse_screenplay(start + repeated(part, size), CAST)

    assert is_linear(parse, 50_000)
