"""What can be reported. A new kind of subject needs an entry in SUBJECTS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from troupe.access import readable
from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import Document
from troupe.characters.records import Character
from troupe.characters.writes import character_path
from troupe.reports.errors import SubjectNotFound
from troupe.reports.records import SubjectKind


@dataclass(frozen=True, slots=True)
class Subject:
    """`uid`: the reported user, or the owner."""

    uid: str
    name: str


@dataclass(frozen=True, slots=True)
class Reportable:
    """`path`: of the document of an id. `seen`: the subject as a reporter sees it, from its
    document and the reporter's uid; raises SubjectNotFound."""

    path: Callable[[str], str]
    seen: Callable[[Document, str], Subject]


def _character(document: Document, reporter: str) -> Subject:
    character = Character.of(readable(document, reporter, SubjectNotFound))
    return Subject(character.uid, character.display_name)


def _user(document: Document, reporter: str) -> Subject:
    user = existing_user(document)
    if user is None:
        raise SubjectNotFound
    return Subject(user.id, user.public_name)


SUBJECTS: Mapping[SubjectKind, Reportable] = {
    SubjectKind.CHARACTER: Reportable(character_path, _character),
    SubjectKind.USER: Reportable(user_path, _user),
}
