"""Naming the company that pays, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.companies import a_firm
from tests.support.wiring import app_for, held_queue
from troupe.adapters.firestore import Database, now
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Meter, Owner

TEXT = {"text": "Good evening.", "language": "en-US"}


class Employee:
    """A member of one company; another company exists."""

    def __init__(self, db: Database) -> None:
        self.db = db
        firm = a_firm(db)
        person = firm.join()
        self.company, self.other = firm.id, a_firm(db).id
        self.uid, self.headers = person.uid, person.headers
        for owner, tokens in ((Owner.company(firm.id), 9), (Owner.user(self.uid), 5)):
            db.commit(*grant_writes(owner, "gift", Meter.TOKENS, tokens, "operator", now()))

    def post(self, path: str, company: str | None = None, **body: Any) -> Any:
        headers = self.headers | ({"X-Troupe-Company": company} if company else {})
        with held_queue():
            return app_for("voice").test_client().post(path, json=TEXT | body, headers=headers)

    def tokens(self) -> list[int]:
        """What is held of the company's and of the member's tokens."""
        found = self.db.get_all([f"wallets/{self.company}", f"wallets/{self.uid}"])
        return [each.data["tokens"]["held"] for each in found]


@pytest.fixture
def employee(db: Database) -> Employee:
    return Employee(db)


def test_the_payer_is_named_by_header_or_body_or_is_the_caller(employee: Employee) -> None:
    generate = "/api/voice/generate"
    assert employee.post(generate, employee.company).json["data"]["remainingTokens"] == 8
    assert employee.post(generate, companyId=employee.company).status_code == 202
    assert employee.post(generate, employee.company, companyId=employee.company).status_code == 202
    assert employee.tokens() == [3, 0]
    assert employee.post(generate).json["data"]["remainingTokens"] == 4
    assert employee.tokens() == [3, 1]


def test_a_quote_names_the_payer(employee: Employee) -> None:
    quoted = employee.post("/api/voice/quote", employee.company).json["data"]
    assert quoted["payer"] == {"kind": "company", "id": employee.company}
    assert quoted["available"] == 9
    mine = employee.post("/api/voice/quote").json["data"]
    assert mine["payer"] == {"kind": "user", "id": employee.uid}


@pytest.mark.parametrize("path", ["/api/voice/generate", "/api/voice/quote"])
def test_a_strange_company_is_as_unknown_as_none(employee: Employee, path: str) -> None:
    answers = [
        employee.post(path, "nonsense"),
        employee.post(path, employee.other),
        employee.post(path, companyId=employee.other),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({str(answer.json) for answer in answers}) == 1
    differ = employee.post(path, employee.company, companyId=employee.other)
    assert (differ.status_code, differ.json["error"]["code"]) == (422, "company_differs")
    assert employee.tokens() == [0, 0]
