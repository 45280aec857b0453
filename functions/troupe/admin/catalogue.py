"""The admin function: plans, FAQ and contact messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.admin import catalogue_schemas as schemas
from troupe.audit.records import Actor
from troupe.audit.service import witness
from troupe.paging import BadCursor, PageTooDeep
from troupe.plans.errors import PlanInUse, PlanNotFound
from troupe.plans.schemas import CreatePlan, PlanList, PlanView, UpdatePlan
from troupe.records import Witness
from troupe.support.errors import ContactNotFound, FaqNotFound
from troupe.support.schemas import ContactView, FaqList, FaqQuery, FaqView
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller
    from troupe.plans.service import Plans
    from troupe.support.content import Contacts, Faqs

api = Api("admin-catalogue", "Administration: plans, FAQ and contact messages")


@api.post("/api/admin/plans", auth=Auth.ADMIN, status=201, data=schemas.PlanData)
def create_plan(body: CreatePlan, caller: Caller, plans: Plans) -> Reply:
    """Creates a plan; its id is derived from its name."""
    plan = plans.create(body.fields(), witness=_witness(caller, "createPlan", "plans"))
    data = schemas.PlanData(plan=PlanView.of(plan))
    return Reply(data, "Subscription plan created successfully")


@api.get("/api/admin/plans", auth=Auth.ADMIN, data=PlanList)
def admin_list_plans(query: schemas.PlansQuery, plans: Plans) -> Reply:
    """Lists all plans, cheapest first."""
    views = [PlanView.of(plan) for plan in plans.all(query.status)]
    return Reply(PlanList(plans=views), "Subscription plans fetched successfully")


@api.get(
    "/api/admin/plans/<planId>",
    auth=Auth.ADMIN,
    data=schemas.PlanData,
    errors=(PlanNotFound,),
)
def get_plan(path: schemas.PlanPath, plans: Plans) -> Reply:
    """Returns one plan."""
    data = schemas.PlanData(plan=PlanView.of(plans.get(path.plan_id)))
    return Reply(data, "Subscription plan fetched successfully")


@api.put(
    "/api/admin/plans/<planId>",
    auth=Auth.ADMIN,
    data=schemas.PlanData,
    errors=(PlanNotFound,),
)
def update_plan(path: schemas.PlanPath, body: UpdatePlan, caller: Caller, plans: Plans) -> Reply:
    """Updates a plan; fields that you omit stay unchanged. Subscribers get the new terms with their
    next period."""
    plan = plans.update(
        path.plan_id, body.fields(), witness=_witness(caller, "updatePlan", "plans")
    )
    data = schemas.PlanData(plan=PlanView.of(plan))
    return Reply(data, "Subscription plan updated successfully")


@api.delete("/api/admin/plans/<planId>", auth=Auth.ADMIN, errors=(PlanNotFound, PlanInUse))
def delete_plan(path: schemas.PlanPath, caller: Caller, plans: Plans) -> Reply:
    """Deletes a plan without subscribers."""
    plans.delete(path.plan_id, witness=_witness(caller, "deletePlan", "plans"))
    return Reply(message="Subscription plan deleted successfully")


@api.post("/api/admin/faq", auth=Auth.ADMIN, status=201, data=schemas.FaqData)
def create_faq(body: schemas.CreateFaq, caller: Caller, faqs: Faqs) -> Reply:
    """Creates a question with its answer."""
    faq = faqs.create(body.model_dump(), witness=_witness(caller, "createFaq", "faqs"))
    return Reply(schemas.FaqData(faq=FaqView.of(faq)), "FAQ created successfully")


@api.get("/api/admin/faq", auth=Auth.ADMIN, data=FaqList, errors=(BadCursor, PageTooDeep))
def admin_list_faq(query: FaqQuery, faqs: Faqs) -> Reply:
    """Lists questions with their answers, newest first."""
    page, found = faqs.page(query, query.category)
    return Reply(
        FaqList(faqs=[FaqView.of(faq) for faq in page]),
        "FAQs fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.get("/api/admin/faq/<faqId>", auth=Auth.ADMIN, data=schemas.FaqData, errors=(FaqNotFound,))
def get_faq(path: schemas.FaqPath, faqs: Faqs) -> Reply:
    """Returns one question with its answer."""
    faq = FaqView.of(faqs.get(path.faq_id))
    return Reply(schemas.FaqData(faq=faq), "FAQ fetched successfully")


@api.put("/api/admin/faq/<faqId>", auth=Auth.ADMIN, data=schemas.FaqData, errors=(FaqNotFound,))
def update_faq(path: schemas.FaqPath, body: schemas.UpdateFaq, caller: Caller, faqs: Faqs) -> Reply:
    """Updates a question or its answer; fields that you omit stay unchanged."""
    changes = body.model_dump(exclude_none=True)
    faq = faqs.update(path.faq_id, changes, witness=_witness(caller, "updateFaq", "faqs"))
    return Reply(schemas.FaqData(faq=FaqView.of(faq)), "FAQ updated successfully")


@api.delete("/api/admin/faq/<faqId>", auth=Auth.ADMIN, errors=(FaqNotFound,))
def delete_faq(path: schemas.FaqPath, caller: Caller, faqs: Faqs) -> Reply:
    """Deletes a question."""
    faqs.delete(path.faq_id, witness=_witness(caller, "deleteFaq", "faqs"))
    return Reply(message="FAQ deleted successfully")


@api.get(
    "/api/admin/contacts",
    auth=Auth.ADMIN,
    data=schemas.ContactList,
    errors=(BadCursor, PageTooDeep),
)
def list_contacts(
    query: schemas.ContactsQuery, caller: Caller, contacts: Contacts, audit_log: AuditLog
) -> Reply:
    """Lists messages from the contact form, newest first."""
    page, found = contacts.page(query, query.status)
    shown = [f"contacts/{contact.id}" for contact in page]
    audit_log.read(Actor.of(caller), "listContacts", "contacts", shown)
    return Reply(
        schemas.ContactList(contacts=[ContactView.of(contact) for contact in page]),
        "Contact messages fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.put(
    "/api/admin/contacts/<contactId>",
    auth=Auth.ADMIN,
    data=schemas.ContactData,
    errors=(ContactNotFound,),
)
def update_contact(
    path: schemas.ContactPath, body: schemas.UpdateContact, caller: Caller, contacts: Contacts
) -> Reply:
    """Sets the status of a contact message."""
    contact = contacts.set_status(
        path.contact_id, body.status, witness=_witness(caller, "updateContact", "contacts")
    )
    data = schemas.ContactData(contact=ContactView.of(contact))
    return Reply(data, "Contact message updated successfully")


def _witness(caller: Caller, operation: str, collection: str) -> Witness:
    return witness(Actor.of(caller), operation, collection)
