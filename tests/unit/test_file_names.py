# ruff: noqa: RUF001
"""Names of files that are sent, read as clients do."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from troupe.web.files import content_disposition

ID = "0123abcd"
# Title with its extension, the ASCII name, and the real one if it differs.
NAMES = [
    ("Story.mp3", "Story.mp3", None),
    ("Über mich.mp3", "Uber mich.mp3", "Über mich.mp3"),
    ("Straße nach Łódź.wav", "Strasse nach Lodz.wav", "Straße nach Łódź.wav"),
    ("Smørrebrød – æble.ogg", "Smorrebrod - aeble.ogg", "Smørrebrød – æble.ogg"),
    ("Việt Nam.mp3", "Viet Nam.mp3", "Việt Nam.mp3"),
    ("an\u0303o.mp3", "ano.mp3", "año.mp3"),
    ("it’s.mp3", "it's.mp3", "it’s.mp3"),
    ("Война и мир.wav", f"{ID}.wav", "Война и мир.wav"),
    ("日本の昔話.wav", f"{ID}.wav", "日本の昔話.wav"),
    ("قصة.mp3", f"{ID}.mp3", "قصة.mp3"),
    ("می\u200cخواهم.mp3", f"{ID}.mp3", "می\u200cخواهم.mp3"),
    ("🎭.mp4", f"{ID}.mp4", "🎭.mp4"),
    ("Глава 7.mp3", "7.mp3", "Глава 7.mp3"),
    ("第1章: start.mp3", "1 start.mp3", "第1章 start.mp3"),
    (".mp3", f"{ID}.mp3", None),
    ("...mp3", f"{ID}.mp3", None),
    ("—.mp3", f"{ID}.mp3", None),
    (".bashrc.mp3", "bashrc.mp3", None),
    ("../../etc/passwd.mp3", "etc passwd.mp3", None),
    ("a/b\\c.mp3", "a b c.mp3", None),
    ("AC/DC: live?.mp3", "AC DC live.mp3", None),
    ("a\r\nSet-Cookie: x.mp3", "a Set-Cookie x.mp3", None),
    ("a\0b\x7fc.mp3", "abc.mp3", None),
    ("gpj\u202e.exe.mp3", "gpj.exe.mp3", None),
    ('say "hi".mp3', "say hi.mp3", None),
    ("100 %41.mp3", "100 41.mp3", "100 %41.mp3"),
    ("con.mp3", "_con.mp3", None),
    ("NUL.tar.mp3", "_NUL.tar.mp3", None),
    ("COM1.wav", "_COM1.wav", None),
    ("Com1c.wav", "Com1c.wav", None),
    ("ends with a dot..wav", "ends with a dot.wav", None),
    ("x" * 500 + ".wav", "x" * 120 + ".wav", None),
    ("é" * 500 + ".wav", "e" * 120 + ".wav", "é" * 98 + ".wav"),
    ("語" * 500 + ".wav", f"{ID}.wav", "語" * 65 + ".wav"),
    ("no extension", "no extension", None),
    ("", ID, None),
]


@pytest.mark.parametrize(("title", "simple", "real"), NAMES, ids=[row[0][:30] for row in NAMES])
@pytest.mark.parametrize("attachment", [True, False])
def test_the_name_of_a_file(title: str, simple: str, real: str | None, attachment: bool) -> None:
    header = content_disposition(title, attachment=attachment, otherwise=ID)
    assert header.isascii() and header.isprintable()
    kind, name, *extended = header.split("; ", 2)
    assert kind == ("attachment" if attachment else "inline")
    # As `curl -OJ` reads it.
    found = re.fullmatch(r'filename="([^"\\%]+)"', name)
    assert found and found[1] == simple
    assert not found[1].startswith((".", " "))
    if real is None:
        assert not extended
    else:
        charset, _, value = extended[0].removeprefix("filename*=").split("'")
        assert charset == "UTF-8"
        assert re.fullmatch(r"(?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+", value)  # RFC 8187
        assert unquote(value, errors="strict") == real
        assert len(real.encode()) <= 200
