"""The ledger over HTTP: one's own, and anybody's for administrators."""

from __future__ import annotations

from typing import Any

from tests.support.companies import Person, a_firm, a_person, client
from tests.support.factories import code
from troupe.adapters.firestore import Database, now
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Meter, Owner


def ledger(person: Person, owner: str | None = None) -> Any:
    path = "/api/tokens/ledger" + (f"?ownerId={owner}" if owner else "")
    return client("plans").get(path, headers=person.headers)


def reasons(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [entry["reason"] for entry in answer.json["data"]["entries"]]


def test_administrators_read_the_ledger_of_anybody_and_that_is_noted(db: Database) -> None:
    ada, eve, admin = a_person(db), a_person(db), a_person(db, "admin")
    firm = a_firm(db, owner=ada)
    for owner in (Owner.user(ada.uid), Owner.company(firm.id)):
        db.commit(*grant_writes(owner, "test", Meter.TOKENS, 5, f"for {owner.kind}", now()))
    assert reasons(ledger(ada))[0] == reasons(ledger(admin, ada.uid))[0] == "for user"
    assert reasons(ledger(ada, ada.uid)) == reasons(ledger(ada))
    assert reasons(ledger(admin, firm.id))[0] == "for company"
    assert reasons(ledger(admin, "nobody")) == []
    for person, whose in ((eve, ada.uid), (eve, firm.id), (ada, eve.uid), (eve, "nobody")):
        assert code(ledger(person, whose)) == (403, "forbidden")
    read = db.find("audit", where=[("uid", "==", admin.uid)], limit=10)
    assert sorted(entry.data["target"] for entry in read) == sorted(
        f"users/{each}" for each in (ada.uid, firm.id, "nobody")
    )
