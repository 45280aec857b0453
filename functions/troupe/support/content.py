"""FAQs, which administrators edit and everybody can read, and messages of the contact form."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Delete,
    Document,
    Update,
    contend,
    now,
)
from troupe.logs import log
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.records import Witness, no_witness
from troupe.support.errors import ContactNotFound, FaqNotFound
from troupe.support.records import Contact, ContactStatus, Faq, FaqCategory

FAQS, CONTACTS = "faqs", "contacts"


class Faqs:
    def __init__(self, db: Database) -> None:
        self._db = db

    def page(self, page: PageRequest, category: FaqCategory | None) -> tuple[list[Faq], PageOf]:
        """Newest first; of one category, or all."""
        where = [("category", "==", category)] if category else []
        found = newest_first(self._db, FAQS, page, field="createdAt", where=where)
        return [Faq.of(document) for document in found.documents], found

    def get(self, faq_id: str) -> Faq:
        return _faq(self._db.get(f"{FAQS}/{faq_id}"))

    def create(
        self,
        fields: Mapping[str, Any],
        *,
        faq_id: str | None = None,
        witness: Witness = no_witness,
    ) -> Faq:
        """Creates an FAQ from category, question and answer. Raises AlreadyExists for a `faq_id`
        in use."""
        at = now()
        stamps = {"id": faq_id or secrets.token_hex(10), "created_at": at, "updated_at": at}
        faq = Faq.model_validate({**fields, **stamps})
        try:
            self._db.commit(Create(f"{FAQS}/{faq.id}", faq.stored()), *witness(None, faq))
        except AlreadyExists:
            if faq_id is not None:
                raise  # else it is our own commit, sent again after its response was lost
        return faq

    def update(
        self, faq_id: str, fields: Mapping[str, Any], *, witness: Witness = no_witness
    ) -> Faq:
        """Changes these fields in one write. Raises FaqNotFound."""

        def attempt() -> Faq:
            document = self._db.get(f"{FAQS}/{faq_id}")
            before = _faq(document)
            after = Faq.model_validate(before.model_dump() | {**fields, "updated_at": now()})
            self._db.commit(
                Update(document.path, after.stored(), seen=document), *witness(before, after)
            )
            return after

        return contend(attempt)

    def delete(self, faq_id: str, *, witness: Witness = no_witness) -> None:
        def attempt() -> None:
            document = self._db.get(f"{FAQS}/{faq_id}")
            faq = _faq(document)
            self._db.commit(Delete(document.path, seen=document), *witness(faq, None))

        contend(attempt)


class Contacts:
    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, *, name: str, email: str, subject: str, message: str) -> Contact:
        at = now()
        contact = Contact(
            id=secrets.token_hex(10),
            name=name,
            email=email,
            subject=subject,
            message=message,
            created_at=at,
            updated_at=at,
        )
        # Already there if our own commit was retried after its response was lost.
        with suppress(AlreadyExists):
            self._db.commit(Create(f"{CONTACTS}/{contact.id}", contact.stored()))
        log.info("contact_received", contactId=contact.id)
        return contact

    def page(self, page: PageRequest, status: ContactStatus | None) -> tuple[list[Contact], PageOf]:
        """Newest first; of one status, or all."""
        where = [("status", "==", status)] if status else []
        found = newest_first(self._db, CONTACTS, page, field="createdAt", where=where)
        return [Contact.of(document) for document in found.documents], found

    def set_status(
        self, contact_id: str, status: ContactStatus, *, witness: Witness = no_witness
    ) -> Contact:
        """Raises ContactNotFound."""

        def attempt() -> Contact:
            document = self._db.get(f"{CONTACTS}/{contact_id}")
            if not document.exists:
                raise ContactNotFound
            before = Contact.of(document)
            after = before.model_copy(update={"status": status, "updated_at": now()})
            changes = {"status": status, "updatedAt": after.updated_at}
            self._db.commit(Update(document.path, changes, seen=document), *witness(before, after))
            return after

        return contend(attempt)


def _faq(document: Document) -> Faq:
    if not document.exists:
        raise FaqNotFound
    return Faq.of(document)
