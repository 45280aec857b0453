"""Signalling: participants leave each other what they need to connect.

A signal goes into the mailbox of one participant, and a call's participants connect with a dozen of
them. The functions do not read what is in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from troupe.adapters.firestore import SERVER_TIME, AlreadyExists, Create, Database, contend, now
from troupe.caller import Caller
from troupe.calls.errors import NotInCall, ParticipantNotFound
from troupe.calls.records import SIGNALS, Participant
from troupe.calls.signal_errors import SignalTooLarge
from troupe.calls.signal_records import LIFETIME, MOST_BYTES, Signal, SignalType
from troupe.calls.standing import standing
from troupe.calls.writes import participant_path, signals_path


@dataclass(frozen=True, slots=True)
class Draft:
    """A signal to be sent. `id`: chosen by the client; a repeat is not sent again."""

    id: str
    to: str
    type: SignalType
    payload: Any


@dataclass(frozen=True, slots=True)
class Delivered:
    """`accepted`: ids of signals, repeats included. `gone`: participants who are not there any
    more, and got none."""

    accepted: list[str]
    gone: list[str]


class Signals:
    def __init__(self, db: Database) -> None:
        self._db = db

    def send(self, caller: Caller, call_id: str, sender: str, drafts: Sequence[Draft]) -> Delivered:
        """Sends signals of one of the caller's participants, all or none. One call reads, and one
        commit writes. Raises CallNotFound, ParticipantNotFound, NotInCall, SignalTooLarge."""
        addressees = list(dict.fromkeys(each.to for each in drafts))
        paths = [participant_path(call_id, each) for each in (sender, *addressees)]
        here = standing(self._db, call_id, caller.uid, paths)
        people = {
            document.id: Participant.of(document)
            for document in (here.documents[path] for path in paths)
            if document.exists
        }
        if sender not in people or people[sender].uid != caller.uid:
            raise ParticipantNotFound
        if not people[sender].is_in:
            raise NotInCall
        if any(each not in people for each in addressees):
            raise ParticipantNotFound
        at = now()
        stored: dict[str, dict[str, Any]] = {}
        for seq, draft in enumerate(drafts):
            if not people[draft.to].is_in:
                continue
            signal = Signal(
                id=_id_of(sender, draft.id),
                sender=sender,
                to=draft.to,
                to_uid=people[draft.to].uid,
                type=draft.type,
                payload=_packed(draft),
                seq=seq,
                at=at,
                expires_at=at + LIFETIME,
            )
            path = f"{signals_path(call_id)}/{signal.id}"
            stored.setdefault(path, signal.stored() | {"at": SERVER_TIME})
        self._store(stored)
        accepted = [each.id for each in drafts if people[each.to].is_in]
        gone = [each for each in addressees if not people[each].is_in]
        return Delivered(list(dict.fromkeys(accepted)), gone)

    def _store(self, stored: Mapping[str, dict[str, object]]) -> None:
        """Creates what does not exist yet."""
        if not stored:
            return
        try:
            self._db.commit(*(Create(path, data) for path, data in stored.items()))
            return
        except AlreadyExists:  # it is a repeat, of all or of some
            pass

        def attempt() -> None:
            found = self._db.get_all(list(stored), select=["seq"])
            new = [Create(each.path, stored[each.path]) for each in found if not each.exists]
            if new:
                self._db.commit_or_stale(*new)

        contend(attempt)

    def expire(self, limit: int) -> int:
        """Deletes signals that nobody waits for any more; returns how many. Firestore's TTL policy
        does the same where it is enabled."""
        old = self._db.due(SIGNALS, limit, field="expiresAt", group=True, select=[])
        self._db.delete_all([document.path for document in old])
        return len(old)


def _id_of(sender: str, client_id: str) -> str:
    named = json.dumps([sender, client_id])
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _packed(draft: Draft) -> str:
    """Raises SignalTooLarge."""
    payload = json.dumps(draft.payload, ensure_ascii=False, separators=(",", ":"))
    if (size := len(payload.encode())) > MOST_BYTES:
        raise SignalTooLarge(details={"bytes": size, "maximum": MOST_BYTES})
    return payload
