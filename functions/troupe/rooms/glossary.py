"""The glossary of a room: how terms are translated, or that they are not.

The room has its version, and each instance keeps the glossaries that it has read by that, so a
message costs no further read.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import lru_cache

from troupe.adapters.firestore import Database, Delete, Merge, Update, contend, now
from troupe.caller import Caller
from troupe.moderation.service import Moderation
from troupe.rooms.records import Room, Term
from troupe.rooms.standing import standing
from troupe.rooms.writes import glossary_path
from troupe.translation.languages import offered_code
from troupe.translation.service import Terms

_KEPT = 64  # glossaries of an instance


class RoomGlossaries:
    def __init__(self, db: Database, moderation: Moderation) -> None:
        self._db = db
        self._moderation = moderation
        self._read = lru_cache(_KEPT)(self._fetched)

    def get(self, caller: Caller, room_id: str) -> list[Term]:
        """Raises RoomNotFound."""
        here = standing(self._db, room_id, caller.uid)
        return list(self._of(here.room))

    def put(self, caller: Caller, room_id: str, terms: Sequence[Term]) -> list[Term]:
        """Replaces all terms. For moderators. Raises RoomNotFound, RoomRoleRequired,
        ContentRefused, ModerationUnavailable."""
        # Before moderation, which may cost money.
        standing(self._db, room_id, caller.uid).require_moderator()
        said = (text for term in terms for text in (term.source, *term.targets.values()))
        self._moderation.check(caller.uid, *said)
        version = secrets.token_hex(8) if terms else ""
        path = glossary_path(room_id)

        def attempt() -> None:
            here = standing(self._db, room_id, caller.uid)
            here.require_moderator()
            fields = {"glossaryVersion": version, "updatedAt": now()}
            stored = {"version": version, "terms": [each.stored() for each in terms]}
            self._db.commit_or_stale(
                Update(here.room_document.path, fields, seen=here.room_document),
                Merge(path, stored) if terms else Delete(path),
            )

        contend(attempt)
        return list(terms)

    def terms(self, room: Room, targets: Sequence[str]) -> dict[str, Terms]:
        """The glossary for each of the languages."""
        all_terms = self._of(room)
        return {target: _terms(all_terms, target) for target in targets} if all_terms else {}

    def _of(self, room: Room) -> tuple[Term, ...]:
        return self._read(room.id, room.glossary_version) if room.glossary_version else ()

    def _fetched(self, room_id: str, version: str) -> tuple[Term, ...]:
        """`version` is only the cache's key: a newer glossary is as good."""
        found = self._db.get(glossary_path(room_id))
        return tuple(Term.model_validate(each) for each in found.data.get("terms", ()))


def _terms(terms: Sequence[Term], target: str) -> Terms:
    said: dict[str, str] = {}
    exact: set[str] = set()
    for term in terms:
        code = offered_code(target, list(term.targets))
        text = term.source if term.keep else term.targets.get(code or "")
        if text is None:
            continue
        said[term.source] = text
        if term.case_sensitive:
            exact.add(term.source)
    return Terms(said, exact)
