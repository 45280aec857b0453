"""The tabs of rooms: who pays for what is recognised in them, and what happens if they cannot."""

from __future__ import annotations

from collections.abc import Sequence

from troupe.accounts.errors import AccountSuspended
from troupe.accounts.writes import user_path
from troupe.adapters.firestore import (
    AlreadyExists,
    Committed,
    Database,
    Missing,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.logs import log
from troupe.notifications.records import NotificationType, muted
from troupe.notifications.writes import notice_writes
from troupe.rooms.errors import CaptionsPaused
from troupe.rooms.payers import RoomPayer, payer_of
from troupe.rooms.records import Message, Room, RoomPaused
from troupe.rooms.writes import room_path
from troupe.tabs.records import account_path
from troupe.tabs.service import Reserved, TabOf, Tabs
from troupe.wallet.errors import PAYER_ERRORS, NotEnoughTokens

# Why whoever pays for a room cannot.
CANNOT_PAY = (NotEnoughTokens, AccountSuspended, *PAYER_ERRORS)

# What is told to all but the payer, instead of their error.
UNPAID = "payer_cannot_pay"


def tab_key(payer: RoomPayer) -> str:
    """Contains the payer: what they have paid and not used stays theirs if another one pays. Also
    contains who spends a company's money, because their jobs are deleted with their account."""
    company = f"{payer.company_id}-" if payer.company_id else ""
    return f"{payer.kind}-{company}{payer.uid}"


def tab_paths(room: Room, uid: str) -> list[str]:
    """The accounts of the tabs that a user has in a room, whatever they are there."""
    payers = [RoomPayer("owner", uid), RoomPayer("sender", uid)]
    if room.company_id is not None:
        payers.append(RoomPayer("company", uid, room.company_id))
    return [account_path(room_path(room.id), tab_key(each)) for each in payers]


def reserved_for(message: Message) -> Reserved | None:
    """What is reserved for the transcript that a message waits for."""
    found = message.audio.reserved if message.audio else None
    return Reserved(found.tab_id, found.milliseconds) if found else None


def commit_unheard(
    db: Database, message: Message, writes: Sequence[Write], *last: Write
) -> Committed:
    """Commits `writes` and `last`, which end the waiting of a message for its transcript, as read,
    and gives back what is reserved for it: once, because a second commit fails. Raises Stale."""
    reserved = reserved_for(message)
    if reserved is not None:
        try:
            return db.commit(*writes, reserved.use(0), *last)
        except AlreadyExists:
            raise Stale from None
        except Missing:  # the tab has been closed, or the message is gone
            pass
    return db.commit_or_stale(*writes, *last)


class RoomTabs:
    def __init__(self, db: Database, tabs: Tabs) -> None:
        self._db = db
        self._tabs = tabs

    def reserve(self, room: Room, uid: str, milliseconds: int, *, guest: bool) -> Reserved:
        """Reserves time of whoever pays for what the member `uid` says. If they cannot, the room is
        paused, until the first sound that they can pay for. Raises CaptionsPaused."""
        payer = payer_of(room, uid, guest=guest)
        of = TabOf(room_path(room.id), tab_key(payer), payer.uid, payer.company_id)
        shared = payer.kind != "sender" and payer.kind == room.settings.payer
        try:
            reserved = self._tabs.reserve(of, milliseconds)
        except CANNOT_PAY as error:
            if shared and room.paused is None:
                self._pause(room.id, of)
            # Why somebody else cannot pay is theirs to know.
            code = error.code if uid == payer.uid else UNPAID
            raise CaptionsPaused(details={"code": code}) from error
        if shared and room.paused is not None:
            self._unpause(room)
        return reserved

    def renewed(
        self, reserved: Reserved, room: Room, uid: str, milliseconds: int, *, guest: bool
    ) -> Reserved:
        """Time in another tab, if this one has been closed. Raises CaptionsPaused."""
        if self._tabs.is_open(reserved):
            return reserved
        return self.reserve(room, uid, milliseconds, guest=guest)

    def give_back(self, reserved: Reserved) -> None:
        """Nothing was said. Once for what was reserved, see Tabs. Never raises."""
        self._tabs.give_back(reserved)

    def _unpause(self, room: Room) -> None:
        """Never raises: the next use tries it again."""

        def attempt() -> None:
            document = self._db.get(room_path(room.id))
            if not document.exists or not document.data.get("paused"):
                return
            if document.data["settings"]["payer"] != room.settings.payer:
                return
            fields = {"paused": None, "updatedAt": now()}
            self._db.commit_or_stale(Update(document.path, fields, seen=document))

        try:
            contend(attempt)
        except Exception as error:
            log.error("room_not_unpaused", error, roomId=room.id)

    def _pause(self, room_id: str, of: TabOf) -> None:
        """Shows that recognition has stopped, and tells whoever pays, once a day. Never raises."""

        def attempt() -> None:
            document, user = self._db.get_all([room_path(room_id), user_path(of.uid)])
            if not document.exists or document.data.get("paused"):
                return
            at = now()
            paused = RoomPaused(code=UNPAID, at=at).stored()
            update = Update(document.path, {"paused": paused, "updatedAt": at}, seen=document)
            notice = notice_writes(
                of.uid,
                NotificationType.ROOM_PAUSED,
                f"{room_id}-paused-{at:%Y%m%d}",
                at,
                muted=muted(user.data),
                params={"room": Room.of(document).name},
                link=f"/api/rooms/{room_id}",
                company_id=of.company_id,
            )
            try:
                self._db.commit(update, *(notice if user.exists else []))
            except AlreadyExists:
                self._db.commit(update)

        try:
            contend(attempt)
        except Exception as error:
            log.error("room_not_paused", error, roomId=room_id)
