"""Rooms for tests, made over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.support.companies import Person, a_person, client
from troupe.adapters.firestore import Database
from troupe.rooms.records import Member, Room
from troupe.rooms.writes import member_path, room_path


def ask(
    person: Person | None, method: str, path: str, function: str = "rooms", **given: Any
) -> Any:
    """With a JSON body where one may be expected."""
    if method in ("POST", "PUT", "DELETE") and "data" not in given:
        given.setdefault("json", {})
    headers = (person.headers if person else {}) | given.pop("headers", {})
    return client(function).open(path, method=method, headers=headers, **given)


def data(person: Person | None, method: str, path: str, **given: Any) -> Any:
    answer = ask(person, method, path, **given)
    assert answer.status_code < 300, answer.text
    return answer.json.get("data")


@dataclass(frozen=True)
class Place:
    """A room with its owner."""

    db: Database
    id: str
    owner: Person

    @property
    def path(self) -> str:
        return f"/api/rooms/{self.id}"

    @property
    def record(self) -> Room:
        return Room.of(self.db.get(room_path(self.id)))

    def member(self, person: Person) -> Member | None:
        document = self.db.get(member_path(self.id, person.uid))
        return Member.of(document) if document.exists else None

    def ask(self, person: Person, method: str, path: str = "", **given: Any) -> Any:
        return ask(person, method, self.path + path, **given)

    def data(self, person: Person, method: str, path: str = "", **given: Any) -> Any:
        return data(person, method, self.path + path, **given)

    def join(self, person: Person | None = None, **body: Any) -> Person:
        """Lets a person in, by an invitation."""
        person = person or a_person(self.db)
        invited = self.data(self.owner, "POST", "/invitations")
        self.data(person, "POST", "/join", json={"invitation": invited["token"], **body})
        return person

    def say(self, person: Person, text: str = "Hello!", **body: Any) -> Any:
        """The message, as it is shown."""
        body = {"text": text, **body}
        return self.data(person, "POST", "/messages", json=body)["message"]


def a_room(db: Database, owner: Person | None = None, **body: Any) -> Place:
    owner = owner or a_person(db)
    given = {"name": "Travel plans", "language": "de", **body}
    room = data(owner, "POST", "/api/rooms", json=given)["room"]
    return Place(db, room["id"], owner)
