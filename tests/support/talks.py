"""Calls for tests of what goes on in them: their documents, without how people came in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from tests.support.companies import Person, a_person
from tests.support.rooms import ask
from troupe.adapters.firestore import Create, Database, Update, now
from troupe.calls.records import Access, AccessState, Call, CallRole, CallStatus, Participant
from troupe.calls.signal_records import Signal
from troupe.calls.writes import access_path, call_path, participant_path, signals_path


@dataclass
class Talk:
    """A call that goes on. `ids`: the participants, by the users' ids."""

    db: Database
    id: str
    ids: dict[str, list[str]] = field(default_factory=dict)

    def come(
        self,
        person: Person | None = None,
        state: AccessState = "in",
        role: CallRole = "participant",
    ) -> Person:
        """Adds somebody, or one more tab of theirs."""
        person = person or a_person(self.db)
        at, mine = now(), self.ids.setdefault(person.uid, [])
        mine.append(secrets.token_hex(16))
        participant = Participant(
            id=mine[-1],
            uid=person.uid,
            call_id=self.id,
            name="Ada",
            role=role,
            state=state,
            order=sum(map(len, self.ids.values())),
            joined_at=at,
        )
        access = Access(
            id=person.uid,
            uid=person.uid,
            call_id=self.id,
            company_id="c",
            role=role,
            state=state,
            participant_ids=mine,
            updated_at=at,
        )
        path = access_path(self.id, person.uid)
        first = len(mine) == 1
        self.db.commit(
            Create(participant_path(self.id, participant.id), participant.stored()),
            Create(path, access.stored()) if first else Update(path, access.stored()),
        )
        return person

    def go(self, person: Person, state: AccessState = "left") -> None:
        """Ends the presence of somebody."""
        self.db.commit(
            *(
                Update(participant_path(self.id, each), {"state": state})
                for each in self.of(person)
            ),
            Update(access_path(self.id, person.uid), {"state": state, "active": state == "in"}),
        )

    def of(self, person: Person) -> list[str]:
        return self.ids[person.uid]

    def participant(self, person: Person) -> str:
        """The latest tab."""
        return self.ids[person.uid][-1]

    def ask(self, person: Person, method: str, path: str, **given: Any) -> Any:
        return ask(person, method, f"/api/calls/{self.id}{path}", **{"function": "calls", **given})

    def signal(self, person: Person, to: Person, **body: Any) -> Any:
        """The answer to a signal, or to several."""
        given: dict[str, Any] = {"from": self.participant(person)}
        if "signals" not in body:
            given |= {"to": self.participant(to), "type": "offer", "payload": {"sdp": "v=0"}}
        return self.ask(person, "POST", "/signal", json=given | body)

    def signals(self) -> list[Signal]:
        """All that are stored."""
        return [Signal.of(each) for each in self.db.find(signals_path(self.id), limit=1000)]


def a_talk(db: Database) -> Talk:
    at, call_id = now(), secrets.token_hex(16)
    call = Call(
        id=call_id,
        company_id="c",
        host_uid="h",
        creator_uid="h",
        number=1,
        code="ABCDEFGHJK",
        title="Router setup",
        status=CallStatus.ACTIVE,
        room_id=call_id,
        created_at=at,
        updated_at=at,
    )
    db.commit(Create(call_path(call_id), call.stored()))
    return Talk(db, call_id)
