"""What voices say in their preview."""

from __future__ import annotations

from datetime import date

from babel.core import UnknownLocaleError
from babel.dates import format_date

_SENTENCES = {
    "ar": "مرحبًا! هكذا يبدو صوتي عندما أقرأ لك قصة.",
    "cmn": "你好！我给你讲故事的时候，声音就是这样的。",  # noqa: RUF001
    "cs": "Dobrý den! Takto zní můj hlas, když vám čtu příběh.",
    "da": "Hej! Sådan lyder min stemme, når jeg læser en historie for dig.",
    "de": "Guten Tag! So klingt meine Stimme, wenn ich eine Geschichte vorlese.",
    "el": "Γεια σας! Έτσι ακούγεται η φωνή μου όταν σας διαβάζω μια ιστορία.",
    "en": "Hello! This is how my voice sounds when I read you a story.",
    "es": "¡Hola! Así suena mi voz cuando te leo una historia.",
    "fi": "Hei! Tältä ääneni kuulostaa, kun luen sinulle tarinan.",
    "fr": "Bonjour ! Voici ma voix quand je vous lis une histoire.",
    "hi": "नमस्ते! जब मैं आपको कहानी सुनाता हूँ, तो मेरी आवाज़ ऐसी लगती है।",
    "it": "Buongiorno! Ecco la mia voce quando ti leggo una storia.",
    "ja": "こんにちは。わたしが おはなしを よむときの こえは、こんなかんじです。",
    "ko": "안녕하세요! 제가 이야기를 읽어 드릴 때의 목소리입니다.",
    "nl": "Hallo! Zo klinkt mijn stem als ik een verhaal voorlees.",
    "pl": "Dzień dobry! Tak brzmi mój głos, kiedy czytam opowieść.",
    "pt": "Olá! É assim que soa a minha voz quando leio uma história.",
    "ro": "Bună ziua! Așa sună vocea mea când vă citesc o poveste.",
    "ru": "Здравствуйте! Так звучит мой голос, когда я читаю вам рассказ.",
    "sv": "Hej! Så här låter min röst när jag läser en saga för dig.",
    "tr": "Merhaba! Size bir hikâye okurken sesim böyle duyulur.",
    "uk": "Добрий день! Так звучить мій голос, коли я читаю вам оповідання.",
}
_SAME = {"zh": "cmn"}
_DAY = date(2026, 11, 26)


def sentence(code: str) -> str:
    """A sentence in the language with this BCP 47 code; a date as CLDR writes it in languages
    without one, and English if CLDR does not know the language either."""
    primary = code.partition("-")[0].lower()
    found = _SENTENCES.get(_SAME.get(primary, primary))
    return found or _date(code) or _date(primary) or _SENTENCES["en"]


def _date(code: str) -> str:
    try:
        return format_date(_DAY, "full", locale=code.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return ""
