"""Requests and responses of the admin function for plans, FAQ and contact messages."""

from __future__ import annotations

from troupe.plans.records import PlanStatus
from troupe.plans.schemas import PlanView
from troupe.support.records import ContactStatus, FaqCategory
from troupe.support.schemas import Answer, ContactView, FaqView, Question
from troupe.web.schema import Id, Page, Schema, example


class PlansQuery(Schema):
    status: PlanStatus | None = None


class PlanPath(Schema):
    plan_id: Id


class PlanData(Schema):
    plan: PlanView


class FaqPath(Schema):
    faq_id: Id


class CreateFaq(Schema):
    model_config = example(
        {
            "category": "Billing",
            "question": "When do minutes expire?",
            "answer": "At the end of their month.",
        }
    )

    category: FaqCategory
    question: Question
    answer: Answer


class UpdateFaq(Schema):
    """Omitted and null fields stay unchanged."""

    model_config = example({"answer": "At the end of the month in which they were granted."})

    category: FaqCategory | None = None
    question: Question | None = None
    answer: Answer | None = None


class FaqData(Schema):
    faq: FaqView


class ContactsQuery(Page):
    status: ContactStatus | None = None


class ContactPath(Schema):
    contact_id: Id


class ContactList(Schema):
    contacts: list[ContactView]


class UpdateContact(Schema):
    model_config = example({"status": "resolved"})

    status: ContactStatus


class ContactData(Schema):
    contact: ContactView
