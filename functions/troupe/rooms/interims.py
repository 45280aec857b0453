"""Captions that have not become final: their client is gone, or the rest was not recognised."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from troupe.adapters.firestore import SERVER_TIME, Database, Document, Update, now
from troupe.rooms.records import Message, Room
from troupe.rooms.writes import member_path

if TYPE_CHECKING:
    from troupe.rooms.translations import MessageTranslations


class Interims:
    def __init__(self, db: Database, translations: Callable[[], MessageTranslations]) -> None:
        self._db = db
        self._translations = translations

    def finish(self, room: Room | None, message: Message, document: Document) -> None:
        """Makes what was recognised last final, and translates it. Raises Stale."""
        if room is None or message.caption is None:
            self._db.commit_or_stale(Update(document.path, {"dueAt": None}, seen=document))
            return
        translations = self._translations()
        paths = [member_path(room.id, message.uid), *translations.reads(room.id)]
        found = dict(zip(paths, self._db.get_all(paths), strict=True))
        plan = translations.plan_late(room, message, found, message.text, message.language)
        at = now()
        changes: dict[str, Any] = {
            **plan.fields(at),
            "language_source": message.language_source,
            "caption": message.caption.model_copy(update={"final": True}),
            "translations": {},
            "revision": message.revision + 1,
        }
        after = message.model_copy(update=changes)
        stamps = {"updatedAt": SERVER_TIME, "heardAt": SERVER_TIME}
        update = Update(document.path, after.stored() | stamps, seen=document)
        committed = self._db.commit_or_stale(update, *plan.writes)
        stamp = committed.server_time or at
        after = after.model_copy(update={"updated_at": stamp, "heard_at": stamp})
        translations.finish(room, after, plan, committed)
