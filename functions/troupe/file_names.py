"""Names that files can have on every system, made from titles and from names that clients send."""

from __future__ import annotations

import re
import unicodedata

from troupe.text import normalized

_CHARACTERS = 120
_BYTES = 200  # of UTF-8, stem and extension; most file systems allow 255
# Windows keeps these for devices, whatever follows the first dot.
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "123456789¹²³"}
)
_FORBIDDEN = frozenset('<>:"/\\|?*')
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_KEPT_FORMATS = "\u200c\u200d"  # joiners, which Persian and Indian scripts and emoji need
# Latin letters that have no decomposition.
_LETTERS = str.maketrans(
    {
        **{"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O"},
        **{"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L"},
        **{"ħ": "h", "Ħ": "H", "\u0131": "i", "\u2018": "'", "\u2019": "'"},
        **{"\u2013": "-", "\u2014": "-"},
    }
)


def split(name: str) -> tuple[str, str]:
    """Stem and extension, which has its dot, or is empty."""
    found = _EXTENSION.search(name)
    return (name[: found.start()], found[0]) if found else (name, "")


def safe_name(name: str, otherwise: str) -> str:
    """The name without anything that a file's name cannot have, on one line, neither hidden nor
    reserved, and not too long. `otherwise`: the stem if nothing visible is left."""
    stem, extension = split(normalized("NFC", name))
    return _finished(_plain(stem), extension, otherwise)


def ascii_name(name: str, otherwise: str) -> str:
    """The same in ASCII, for clients that know nothing else: Latin letters lose their accents, and
    other scripts are left out."""
    stem, extension = split(name)
    plain = normalized("NFKD", _plain(stem).translate(_LETTERS))
    # Neither quotes and backslashes, which would need escapes, nor percent signs, which some
    # clients decode (RFC 6266, appendix D).
    kept = re.sub(r"[^A-Za-z0-9._()' -]+", " ", plain.encode("ascii", "ignore").decode())
    return _finished(" ".join(kept.split()), extension, otherwise)


def _plain(stem: str) -> str:
    spaced = "".join(" " if c in _FORBIDDEN or c.isspace() else c for c in stem)
    return " ".join("".join(filter(_belongs, spaced)).split())


def _belongs(character: str) -> bool:
    return unicodedata.category(character)[0] != "C" or character in _KEPT_FORMATS


def _finished(stem: str, extension: str, otherwise: str) -> str:
    stem = _trimmed(stem[:_CHARACTERS])
    if not any(unicodedata.category(character)[0] in "LNS" for character in stem):
        stem = otherwise
    if stem.partition(".")[0].rstrip().casefold() in _RESERVED:
        stem = f"_{stem}"
    room = _BYTES - len(extension)
    return _trimmed(stem.encode()[:room].decode("utf-8", "ignore")) + extension


def _trimmed(stem: str) -> str:
    return stem.strip(". \u200c\u200d")
