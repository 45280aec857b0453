"""How much sound is recognised for a member, and for a room that pays for what others say in it."""

from __future__ import annotations

from troupe.rate_limits import Limiter, LimitStatus
from troupe.rooms.payers import payer_of
from troupe.rooms.records import Room


def count_caption(
    limiter: Limiter, room: Room, uid: str, seconds: int, *, guest: bool
) -> LimitStatus | None:
    """Counts the sound of a live caption, in one commit."""
    if guest:
        return _count(limiter, "guest_room_sound", room, uid, seconds, guest=True)
    hour = ("room_sound_hour", uid)
    return _count(limiter, "room_sound", room, uid, seconds, hour, guest=False)


def count_message(
    limiter: Limiter, room: Room, uid: str, seconds: int, *, guest: bool
) -> LimitStatus | None:
    """Counts the sound of a message, in one commit."""
    name = "guest_room_transcript" if guest else "room_transcript"
    return _count(limiter, name, room, uid, seconds, guest=guest)


def _count(
    limiter: Limiter,
    name: str,
    room: Room,
    uid: str,
    seconds: int,
    *also: tuple[str, str],
    guest: bool,
) -> LimitStatus | None:
    """Also counts for the room, unless the member pays: many accounts must not use up what its
    owner or company has."""
    others = list(also)
    if payer_of(room, uid, guest=guest).uid != uid:
        others.append(("room_all_sound", room.id))
        if guest:
            others.append(("room_guest_sound", room.id))
    return limiter.count(name, account=uid, sources=[], weight=seconds, also=others)
