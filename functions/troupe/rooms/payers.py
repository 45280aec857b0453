"""Who pays for what is done in a room."""

from __future__ import annotations

from dataclasses import dataclass

from troupe.rooms.errors import CaptionsPaused, RoomCannotPay
from troupe.rooms.records import Payer, Room
from troupe.wallet.records import Owner


@dataclass(frozen=True, slots=True)
class RoomPayer:
    """`uid` pays, or spends the money of `company_id`. `kind`: what they are in the room."""

    kind: Payer
    uid: str
    company_id: str | None = None

    @property
    def owner(self) -> Owner:
        return Owner.of(self.uid, self.company_id)


def speech_payer_of(room: Room, uid: str, *, guest: bool) -> RoomPayer:
    """As `payer_of`, for speech. Raises RoomCannotPay instead."""
    if room.settings.payer == "none":
        message = "Nobody pays for this room. Its owner can set `settings.payer`."
        raise RoomCannotPay(message, details={"payer": "none"})
    return payer_of(room, uid, guest=guest)


def payer_of(room: Room, uid: str, *, guest: bool) -> RoomPayer:
    """Who pays for what the member `uid` causes. The owner of the room spends the company's money,
    because not every member of the room belongs to the company. Raises CaptionsPaused in a room
    where nobody pays."""
    if room.settings.payer == "none":
        raise CaptionsPaused(details={"code": RoomCannotPay.code})
    if room.settings.payer == "company" and room.company_id is not None:
        return RoomPayer("company", room.owner_uid, room.company_id)
    if room.settings.payer == "sender" and not guest:
        return RoomPayer("sender", uid)
    return RoomPayer("owner", room.owner_uid)
