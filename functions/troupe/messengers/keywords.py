"""What the recipient of a text message wants, if the whole reply is one of the usual words."""

from __future__ import annotations

from troupe.messengers.messenger import Wish

# Those of mobile operators (CTIA), and "stop" as it is written in some languages.
_STOP = frozenset(
    [
        "stop",
        "stopall",
        "stopp",
        "stoppen",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "revoke",
        "optout",
        "arret",
        "arrêt",
        "pare",
        "parar",
        "baja",
        "alto",
        "avslutt",
    ]
)
_START = frozenset(["start", "unstop", "subscribe", "yes", "ja"])


def wish_of(text: str) -> Wish | None:
    word = text.strip().strip(".!\"'").casefold()
    if word in _STOP:
        return "stop"
    return "start" if word in _START else None
