"""FAQs and contact messages on the Firestore emulator."""

from __future__ import annotations

import secrets

import pytest

from troupe.adapters.firestore import Create, Database
from troupe.paging import BadCursor
from troupe.support.content import Contacts, Faqs
from troupe.support.errors import ContactNotFound, FaqNotFound
from troupe.support.records import ContactStatus, FaqCategory
from troupe.web.schema import Page

QUESTION = {"category": "Billing", "question": "How?", "answer": "So."}


def test_the_life_of_an_faq(db: Database) -> None:
    faqs = Faqs(db)
    faq = faqs.create(QUESTION)
    assert faqs.get(faq.id) == faq
    after = faqs.update(faq.id, {"answer": "Otherwise."})
    assert (after.answer, after.question, after.category) == ("Otherwise.", "How?", "Billing")
    assert after.updated_at > faq.updated_at
    faqs.delete(faq.id)
    for act in (faqs.get, faqs.delete):
        with pytest.raises(FaqNotFound, match="FAQ not found"):
            act(faq.id)
    with pytest.raises(FaqNotFound):
        faqs.update(faq.id, {"answer": "x"})


def test_faqs_of_one_category_are_listed_newest_first(db: Database) -> None:
    faqs = Faqs(db)
    old = faqs.create(QUESTION | {"category": "Technical"})
    faqs.create(QUESTION | {"category": "Account"})
    new = faqs.create(QUESTION | {"category": "Technical"})
    found, page = faqs.page(Page(limit=100), FaqCategory.TECHNICAL)
    assert [faq.id for faq in found if faq.id in (old.id, new.id)] == [new.id, old.id]
    assert {faq.category for faq in found} == {FaqCategory.TECHNICAL}
    assert page.total == len(found)


def test_a_cursor_of_another_category_is_rejected(db: Database) -> None:
    faqs = Faqs(db)
    for _ in range(2):
        faqs.create(QUESTION | {"category": "Features"})
    _, page = faqs.page(Page(limit=1), FaqCategory.FEATURES)
    assert page.next_cursor
    with pytest.raises(BadCursor):
        faqs.page(Page(limit=1, cursor=page.next_cursor), FaqCategory.GENERAL)


def test_a_message_goes_from_new_to_resolved(db: Database) -> None:
    contacts, name = Contacts(db), secrets.token_hex(8)
    contact = contacts.add(name=name, email="a@b.example", subject="Hi", message="There.")
    assert contact.status is ContactStatus.NEW
    place = f"tests/{contact.id}"
    after = contacts.set_status(
        contact.id,
        ContactStatus.RESOLVED,
        witness=lambda before, after: [Create(place, {"changed": before != after})],
    )
    assert db.get(place).data == {"changed": True}
    resolved, _ = contacts.page(Page(limit=100), ContactStatus.RESOLVED)
    assert after in resolved
    new, _ = contacts.page(Page(limit=100), ContactStatus.NEW)
    assert contact.id not in {each.id for each in new}
    with pytest.raises(ContactNotFound):
        contacts.set_status("nobody", ContactStatus.NEW)
