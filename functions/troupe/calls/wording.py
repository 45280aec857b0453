"""What messages about calls say: the company's name and a link, and nothing that others wrote but
a note of the host without links, so that nobody can use the service to send messages of their own.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from troupe.notifications.wording import base_language
from troupe.text import shorten

MOST_NOTE = 160
_NAME = 60  # characters of a company's name
_REVIEW_LINK = re.compile(r"\{review ?link\}", re.IGNORECASE)


class Words(NamedTuple):
    subject: str
    invitation: str
    after: str


WORDS = {
    "en": Words(
        "{company} invites you to a call",
        "{company} invites you to a call: {link}",
        "Thank you for your call with {company}. How was it? {link}",
    ),
    "de": Words(
        "{company} lädt Sie zu einem Gespräch ein",
        "{company} lädt Sie zu einem Gespräch ein: {link}",
        "Danke für Ihr Gespräch mit {company}. Wie war es? {link}",
    ),
    "es": Words(
        "{company} le invita a una llamada",
        "{company} le invita a una llamada: {link}",
        "Gracias por su llamada con {company}. ¿Qué tal fue? {link}",
    ),
    "fr": Words(
        "{company} vous invite à un appel",
        "{company} vous invite à un appel : {link}",
        "Merci pour votre appel avec {company}. Comment cela s'est-il passé ? {link}",
    ),
    "nb": Words(
        "{company} inviterer deg til en samtale",
        "{company} inviterer deg til en samtale: {link}",
        "Takk for samtalen med {company}. Hvordan var den? {link}",
    ),
    "pt": Words(
        "{company} convida-o para uma chamada",
        "{company} convida-o para uma chamada: {link}",
        "Obrigado pela sua chamada com {company}. Como correu? {link}",
    ),
}


class Said(NamedTuple):
    subject: str
    text: str


def invitation(company: str, language: str, link: str, note: str = "") -> Said:
    """`language`: a BCP 47 tag, or empty. `note`: of the host."""
    words = WORDS[base_language(language, WORDS)]
    name = shorten(company, _NAME)
    text = words.invitation.format(company=name, link=link)
    return Said(words.subject.format(company=name), f"{text}\n{note}" if note else text)


def after_call(company: str, language: str, link: str, text: str = "") -> Said:
    """`text`: the company's own, in which `{reviewLink}` is replaced."""
    words = WORDS[base_language(language, WORDS)]
    name = shorten(company, _NAME)
    own = _REVIEW_LINK.sub(lambda _: link, text.strip())
    return Said(name, own or words.after.format(company=name, link=link))
