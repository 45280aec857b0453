"""FAQs and contact messages."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from troupe.records import Record


class FaqCategory(StrEnum):
    GENERAL = "General"
    ACCOUNT = "Account"
    BILLING = "Billing"
    FEATURES = "Features"
    TECHNICAL = "Technical"


class Faq(Record):
    """`faqs/{id}`; readable by everybody."""

    id: str
    category: FaqCategory
    question: str
    answer: str
    created_at: datetime
    updated_at: datetime


class ContactStatus(StrEnum):
    NEW = "new"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"


class Contact(Record):
    """`contacts/{id}`: for administrators only."""

    id: str
    name: str
    email: str
    subject: str
    message: str
    status: ContactStatus = ContactStatus.NEW
    created_at: datetime
    updated_at: datetime
