# ruff: noqa: RUF001 - IPA has letters that look like others
"""Turns pronunciations in IPA into the phonemes of an espeak voice, for its `[[...]]` input.

Each language of espeak has its own phonemes, named by mnemonics in ASCII. The library tells the
sound of each in IPA, so the way back needs no table of ours, except for sounds that a language does
not have: the nearest one is said instead.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from troupe.speech.engine import Phonemes
from troupe.speech.text.ipa import BREAKS, SOUNDS, STRESSES, TIES, VOWELS
from troupe.speech.text.mapped import Edit, Mapped

# Sounds to try for one that a language lacks, nearest first; then those that are near to them.
_NEAREST = {
    "i": "ɪ", "y": "iuɪ", "ɨ": "iɪ", "ʉ": "uyʊ", "ɯ": "uʊɨ", "u": "ʊo", "ɪ": "ie", "ʏ": "yʊɪ",
    "ʊ": "uo", "e": "ɛ", "ø": "œeo", "ɘ": "əe", "ɵ": "øəo", "ɤ": "oəʌ", "o": "ɔ",
    "ə": "ɐʌeɛa", "ɛ": "eæ", "œ": "øɛ", "ɜ": "əœɛ", "ɞ": "œɜɔ", "ʌ": "ɐaɑə", "ɔ": "oɒ",
    "æ": "aɛ", "ɐ": "aəʌ", "a": "ɑæɐ", "ɶ": "œa", "ɑ": "aɒ", "ɒ": "ɔɑ", "ɚ": "əɜ", "ɝ": "ɜɚ",
    "ᵻ": "ɪɨ", "ᵿ": "ʊ",
    "p": "b", "b": "p", "t": "d", "d": "t", "ʈ": "t", "ɖ": "d", "c": "k", "ɟ": "ɡ", "k": "ɡ",
    "ɡ": "k", "q": "k", "ɢ": "ɡ", "ʔ": "h", "ɓ": "b", "ɗ": "d", "ʄ": "ɟ", "ɠ": "ɡ", "ʛ": "ɢ",
    "ʘ": "p", "ǀ": "t", "ǃ": "t", "ǂ": "t", "ǁ": "l", "ʡ": "ʔ",
    "m": "n", "ɱ": "m", "n": "m", "ɳ": "n", "ɲ": "nŋ", "ŋ": "n", "ɴ": "ŋn",
    "r": "ɾɹʁʀl", "ʙ": "b", "ʀ": "ʁr", "ⱱ": "v", "ɾ": "rɹdl", "ɽ": "ɾr", "ɹ": "ɻrɾʁ", "ɻ": "ɹr",
    "ʁ": "ʀrɹɣ", "ɺ": "ɾl", "l": "ɫrn", "ɫ": "l", "ɭ": "l", "ʎ": "lj", "ʟ": "l", "ɬ": "ʃsl",
    "ɮ": "ʒzl", "ɸ": "fp", "β": "vb", "f": "ɸp", "v": "βwfb", "ʋ": "vw", "w": "ʋvu", "ʍ": "wh",
    "θ": "sft", "ð": "zvd", "s": "ʃz", "z": "sʒ", "ʃ": "sɕʂ", "ʒ": "ʃʑz", "ʂ": "ʃ", "ʐ": "ʒ",
    "ɕ": "ʃ", "ʑ": "ʒ", "ç": "ʃxh", "ʝ": "jʒ", "x": "χhk", "ɣ": "ɡxʁ", "χ": "xh", "ħ": "hx",
    "ʕ": "ʔaɑ", "h": "ɦxχʔ", "ɦ": "h", "ʜ": "ħ", "ʢ": "ʕ", "ɧ": "ʃx", "j": "iɪ", "ɰ": "ɣw",
    "ɥ": "jw",
}  # fmt: skip
_LIGATURES = str.maketrans(
    {"ʣ": "dz", "ʤ": "dʒ", "ʥ": "dʑ", "ʦ": "ts", "ʧ": "tʃ", "ʨ": "tɕ"}
    | dict.fromkeys((*TIES, *(BREAKS - {" "})))
)
_STRESS = {"ˈ": "'", "ˌ": ","}
_SEPARATOR = "|"  # so that two mnemonics are not read as a longer one
# Before these, no space is needed after phonemes; elsewhere, as before a hyphen, words get lost.
_CLOSING = frozenset(" \t\n,.;:!?)”’»。、，！？")
# Only our own phonemes may begin with two brackets.
_NEUTRAL = str.maketrans("[]", "()")


def sounds(inventory: Iterable[Sequence[str]]) -> dict[str, str]:
    """The mnemonic for each sound in IPA, from the library's lists of a mnemonic and its IPA before
    a vowel and alone. Of variants with the same IPA, the plain one has the shortest name, of
    letters rather than signs or digits."""
    found: dict[str, str] = {}
    plain = sorted(inventory, key=lambda item: (len(item[0]), _strangeness(item[0]), item[0]))
    for place in (1, 2):
        for item in plain:
            said = _plain(item[place].replace("g", "ɡ")) if len(item) > place else ""
            if said and SOUNDS.issuperset(said):
                found.setdefault(said, item[0])
    return found


def _strangeness(name: str) -> int:
    if name.isalpha():
        return 0
    return 2 if any(map(str.isdigit, name)) else 1


def mnemonics(ipa: str, known: Mapping[str, str]) -> str:
    """One word of IPA as espeak reads it between brackets; "" if it can say nothing of it.

    Sounds are matched longest first, so that diphthongs and affricates stay whole. Marks without a
    sound of their own in this language are left out. One syllable without a stress gets one, since
    dictionaries do not write it.
    """
    said = _plain(ipa)
    longest = max(map(len, known), default=1)
    found: list[str] = []
    stressed = not STRESSES.isdisjoint(said)
    at = 0
    while at < len(said):
        if said[at] in STRESSES:
            found.append(_STRESS[said[at]])
            at += 1
            continue
        size = next((n for n in range(longest, 0, -1) if said[at : at + n] in known), 0)
        mnemonic = known[said[at : at + size]] if size else nearest(said[at], known)
        if mnemonic:
            found += [mnemonic, _SEPARATOR]
        at += size or 1
    if not stressed and sum(symbol in VOWELS for symbol in said) == 1:
        found.insert(0, _STRESS["ˈ"])
    return "".join(found).rstrip(_SEPARATOR) if len(found) > 1 else ""


def with_phonemes(text: str, phonemes: Sequence[Phonemes], known: Mapping[str, str]) -> Mapped:
    """The text with pronunciations written for espeak. Text that it cannot say stays a word."""
    edits = []
    for item in phonemes:
        words = [word for word in (mnemonics(word, known) for word in item.ipa.split()) if word]
        if words:
            before = " " if item.start and not text[item.start - 1].isspace() else ""
            after = "" if text[item.end : item.end + 1] in _CLOSING else " "
            said = " ".join(f"[[{word}]]" for word in words)
            edits.append(Edit(item.start, item.end, f"{before}{said}{after}"))
    return Mapped.of(text.translate(_NEUTRAL)).edited(edits)


def stressed(ipa: str) -> str:
    """A word in IPA, as `parse_ipa` returns it, written as espeak-ng writes its own: with stress
    before vowels instead of syllables, and without ties and breaks. One syllable without stress
    gets one, since dictionaries do not write it."""
    stress, said = "", ""
    for symbol in ipa:
        if symbol in STRESSES:
            stress = symbol
        elif symbol not in TIES and symbol not in BREAKS:
            if symbol in VOWELS:
                said, stress = said + stress, ""
            said += symbol
    vowels = [at for at, symbol in enumerate(said) if symbol in VOWELS]
    if STRESSES.isdisjoint(said) and len(vowels) == 1:
        said = f"{said[: vowels[0]]}ˈ{said[vowels[0] :]}"
    return said


def decomposed(ipa: str) -> str:
    """With accents apart from their letters, but for ç, which is a letter of IPA."""
    return unicodedata.normalize("NFD", ipa).replace("c\u0327", "ç")


def _plain(ipa: str) -> str:
    return decomposed(ipa.translate(_LIGATURES))


def nearest(symbol: str, known: Mapping[str, str]) -> str:
    """What `known` has for the sound in IPA, or else for the nearest one; "" if for none."""
    waiting, seen = [symbol], set()
    for candidate in waiting:  # grows
        for length in ("", "ː"):
            if candidate + length in known:
                return known[candidate + length]
        if candidate not in seen:
            seen.add(candidate)
            waiting += _NEAREST.get(candidate, "")
    return ""
