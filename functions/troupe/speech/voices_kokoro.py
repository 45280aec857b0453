"""The voices of Kokoro-82M v1.0, as plain data.

Its Japanese and Chinese voices are left out: espeak-ng, which tells how a text is pronounced,
cannot read those languages well enough.
"""

from __future__ import annotations

from dataclasses import dataclass

from troupe.speech.engine import VoiceType

LICENCE = "Apache-2.0"
RATE = 24_000
LANGUAGES = (
    ("en-US", "English (United States)", "US"),
    ("en-GB", "English (United Kingdom)", "GB"),
    ("es", "Spanish", "ES"),
    ("fr", "French", "FR"),
    ("hi", "Hindi", "IN"),
    ("it", "Italian", "IT"),
    ("pt-BR", "Portuguese (Brazil)", "BR"),
)


@dataclass(frozen=True, slots=True)
class KokoroVoice:
    """`languages`: the one of its speaker first; all English voices read American and British."""

    id: str
    name: str
    languages: tuple[str, ...]
    type: VoiceType
    description: str


# The first letter of an id is a language, the second one a woman or a man.
_ACCENTS = {
    "a": (("en-US", "en-GB"), "American"),
    "b": (("en-GB", "en-US"), "British"),
    "e": (("es",), "Spanish"),
    "f": (("fr",), "French"),
    "h": (("hi",), "Hindi"),
    "i": (("it",), "Italian"),
    "p": (("pt-BR",), "Brazilian"),
}
_TYPES = {"f": VoiceType.FEMALE, "m": VoiceType.MALE}
# In the order of the grades, from A to F, that the model's author gives to the English ones for the
# quality and length of their recordings.
_IDS = {
    "af_heart": "A", "af_bella": "A-", "af_nicole": "B-", "af_aoede": "C+", "af_kore": "C+",
    "af_sarah": "C+", "af_alloy": "C", "af_nova": "C", "af_sky": "C-", "af_jessica": "D",
    "af_river": "D", "am_michael": "C+", "am_fenrir": "C+", "am_puck": "C+", "am_echo": "D",
    "am_eric": "D", "am_liam": "D", "am_onyx": "D", "am_santa": "D-", "am_adam": "F+",
    "bf_emma": "B-", "bf_isabella": "C", "bf_alice": "D", "bf_lily": "D", "bm_fable": "C",
    "bm_george": "C", "bm_lewis": "D+", "bm_daniel": "D",
    "ef_dora": "", "em_alex": "", "em_santa": "", "ff_siwis": "", "hf_alpha": "", "hf_beta": "",
    "hm_omega": "", "hm_psi": "", "if_sara": "", "im_nicola": "", "pf_dora": "", "pm_alex": "",
    "pm_santa": "",
}  # fmt: skip
_WHISPERS = "af_nicole"


def _voice(voice_id: str, grade: str) -> KokoroVoice:
    languages, accent = _ACCENTS[voice_id[0]]
    type_ = _TYPES[voice_id[1]]
    speaker = "woman" if type_ is VoiceType.FEMALE else "man"
    said = f"{accent} {speaker}"
    if voice_id == _WHISPERS:
        said += ", whispering"
    if grade:
        said += f"; graded {grade} by the model's author"
    name = voice_id.partition("_")[2].capitalize()
    return KokoroVoice(voice_id, name, languages, type_, f"{said}.")


VOICES = {voice_id: _voice(voice_id, grade) for voice_id, grade in _IDS.items()}


# Who speaks a language if no voice is named. French has no man.
WOMEN = {
    "en-US": "af_heart", "en-GB": "bf_emma", "es": "ef_dora", "fr": "ff_siwis", "hi": "hf_alpha",
    "it": "if_sara", "pt-BR": "pf_dora",
}  # fmt: skip
MEN = {
    "en-US": "am_michael", "en-GB": "bm_fable", "es": "em_alex", "hi": "hm_omega",
    "it": "im_nicola", "pt-BR": "pm_alex",
}  # fmt: skip


def blended(voice_id: str) -> dict[str, float]:
    """The voices of an id and their shares of it, which add up to 1: one voice, or a blend such as
    "af_heart:0.7+am_michael:0.3". Raises ValueError if it is neither."""
    shares: dict[str, float] = {}
    for part in voice_id.split("+"):
        name, _, weight = part.strip().partition(":")
        share = float(weight or 1)
        if name not in VOICES or not 0 < share <= 100:
            raise ValueError(f"there is no voice {part!r}")
        shares[name] = shares.get(name, 0.0) + share
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}
