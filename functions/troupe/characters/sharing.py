"""Who may see and cast a character."""

from __future__ import annotations

from troupe.caller import Caller
from troupe.characters.errors import CharacterHidden, ConsentTooNarrow, GuestsPublishNothing
from troupe.characters.records import Character, Consent, Visibility, permits_others


def check_guest(caller: Caller, visibility: Visibility | None, allow_use: bool | None) -> None:
    """Raises GuestsPublishNothing if a guest asks to publish a character."""
    publishes = allow_use or visibility not in (None, Visibility.PRIVATE)
    if caller.guest and publishes:
        raise GuestsPublishNothing


def allowed_use(requested: bool | None, default: bool, consent: Consent | None) -> bool:
    """The value of `allow_use`: as requested, else `default` as far as the consent permits it.

    Raises ConsentTooNarrow.
    """
    permitted = permits_others(consent)
    if requested and not permitted:
        raise ConsentTooNarrow
    return (default if requested is None else requested) and permitted


def shows_again(before: Character, requested: Visibility | None, caller: Caller) -> bool:
    """Whether an update shows a hidden character again. Raises CharacterHidden unless the caller
    is an administrator."""
    shows = before.hidden_at is not None and requested not in (None, Visibility.PRIVATE)
    if shows and caller.role != "admin":
        raise CharacterHidden
    return shows
