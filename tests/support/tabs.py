"""Rooms whose captions cost something, without the sound."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from troupe.adapters.firestore import Create, Database, Missing, now
from troupe.rooms.records import Message, MessageCaption, Room, RoomKind
from troupe.tabs.records import Tab, TabAccount
from troupe.tabs.service import TabOf, Tabs


@dataclass(frozen=True)
class Heard:
    """A room of `uid`, in which sound is recognised."""

    db: Database
    tabs: Tabs
    of: TabOf

    @property
    def account(self) -> TabAccount:
        document = self.db.get(self.of.path)
        none = TabAccount(id=self.of.key, uid=self.of.uid)
        return TabAccount.of(document) if document.exists else none

    @property
    def tab(self) -> Tab | None:
        """The open one."""
        document = self.db.get(f"tabs/{self.account.tab}")
        return Tab.of(document) if document.exists else None

    def hear(self, milliseconds: int, longest: int | None = None) -> None:
        """A caption of so much speech in a sound of `longest`, in as many tries as it takes."""
        while True:
            reserved = self.tabs.reserve(self.of, longest or milliseconds)
            at, used = now(), {reserved.tab_id: milliseconds}
            message = Message(
                id=secrets.token_hex(16),
                room_id=self.of.place.partition("/")[2],
                uid=self.of.uid,
                name="Ada",
                kind="caption",
                client_id="",
                request="",
                caption=MessageCaption(stream="s", seq=1),
                used=used,
                created_at=at,
                updated_at=at,
            )
            path = f"{self.of.place}/messages/{message.id}"
            try:
                self.db.commit(Create(path, message.stored()), reserved.use(milliseconds))
            except Missing:  # the tab has been closed meanwhile
                continue
            return

    def close(self) -> None:
        if tab := self.account.tab:
            self.tabs.close(tab)

    def heard(self) -> int:
        """The milliseconds that the captions say."""
        captions = map(Message.of, self.db.walk(f"{self.of.place}/messages"))
        return sum(sum(each.used.values()) for each in captions)


def a_heard_room(
    db: Database, tabs: Tabs, uid: str, key: str = "owner", company_id: str | None = None
) -> Heard:
    at, room_id = now(), secrets.token_hex(16)
    room = Room(
        id=room_id,
        name="A talk",
        kind=RoomKind.PRIVATE,
        owner_uid=uid,
        language="en",
        company_id=company_id,
        active_at=at,
        created_at=at,
        updated_at=at,
    )
    db.commit(Create(f"rooms/{room_id}", room.stored()))
    return Heard(db, tabs, TabOf(f"rooms/{room_id}", key, uid, company_id))
