"""The admin function: plans, questions with their answers, and messages."""

from __future__ import annotations

from troupe import wiring
from troupe.admin import catalogue_schemas as schemas
from troupe.admin.actor import current_actor
from troupe.audit.service import witness
from troupe.paging import BadCursor, PageTooDeep
from troupe.plans.schemas import CreatePlan, PlanList, PlanView, UpdatePlan
from troupe.plans.service import PlanInUse, PlanNotFound
from troupe.records import Witness
from troupe.support.content import ContactNotFound, FaqNotFound
from troupe.support.schemas import ContactView, FaqList, FaqQuery, FaqView
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

api = Api("admin-catalogue", "Administration: plans, questions and messages")


@api.post("/api/admin/plans", auth=Auth.ADMIN, status=201, data=schemas.PlanData)
def create_plan(body: CreatePlan) -> Reply:
    """A new plan; its id is made of its name."""
    plan = wiring.plans().create(body.fields(), witness=_witness("createPlan", "plans"))
    data = schemas.PlanData(plan=PlanView.of(plan))
    return Reply(data, "Subscription plan created successfully")


@api.get("/api/admin/plans", auth=Auth.ADMIN, data=PlanList)
def admin_list_plans(query: schemas.PlansQuery) -> Reply:
    """Every plan, cheapest first."""
    plans = [PlanView.of(plan) for plan in wiring.plans().all(query.status)]
    return Reply(PlanList(plans=plans), "Subscription plans fetched successfully")


@api.get(
    "/api/admin/plans/<planId>",
    auth=Auth.ADMIN,
    data=schemas.PlanData,
    errors=(PlanNotFound,),
)
def get_plan(path: schemas.PlanPath) -> Reply:
    """One plan."""
    data = schemas.PlanData(plan=PlanView.of(wiring.plans().get(path.plan_id)))
    return Reply(data, "Subscription plan fetched successfully")


@api.put(
    "/api/admin/plans/<planId>",
    auth=Auth.ADMIN,
    data=schemas.PlanData,
    errors=(PlanNotFound,),
)
def update_plan(path: schemas.PlanPath, body: UpdatePlan) -> Reply:
    """Changes what is sent. Who has the plan gets its new terms with the next period."""
    plan = wiring.plans().update(
        path.plan_id, body.fields(), witness=_witness("updatePlan", "plans")
    )
    data = schemas.PlanData(plan=PlanView.of(plan))
    return Reply(data, "Subscription plan updated successfully")


@api.delete("/api/admin/plans/<planId>", auth=Auth.ADMIN, errors=(PlanNotFound, PlanInUse))
def delete_plan(path: schemas.PlanPath) -> Reply:
    """Deletes a plan that nobody has."""
    wiring.plans().delete(path.plan_id, witness=_witness("deletePlan", "plans"))
    return Reply(message="Subscription plan deleted successfully")


@api.post("/api/admin/faq", auth=Auth.ADMIN, status=201, data=schemas.FaqData)
def create_faq(body: schemas.CreateFaq) -> Reply:
    """A new question with its answer."""
    faq = wiring.faqs().create(body.model_dump(), witness=_witness("createFaq", "faqs"))
    return Reply(schemas.FaqData(faq=FaqView.of(faq)), "FAQ created successfully")


@api.get("/api/admin/faq", auth=Auth.ADMIN, data=FaqList, errors=(BadCursor, PageTooDeep))
def admin_list_faq(query: FaqQuery) -> Reply:
    """Questions with their answers, newest first."""
    faqs, found = wiring.faqs().page(query, query.category)
    return Reply(
        FaqList(faqs=[FaqView.of(faq) for faq in faqs]),
        "FAQs fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.get("/api/admin/faq/<faqId>", auth=Auth.ADMIN, data=schemas.FaqData, errors=(FaqNotFound,))
def get_faq(path: schemas.FaqPath) -> Reply:
    """One question."""
    faq = FaqView.of(wiring.faqs().get(path.faq_id))
    return Reply(schemas.FaqData(faq=faq), "FAQ fetched successfully")


@api.put("/api/admin/faq/<faqId>", auth=Auth.ADMIN, data=schemas.FaqData, errors=(FaqNotFound,))
def update_faq(path: schemas.FaqPath, body: schemas.UpdateFaq) -> Reply:
    """Changes what is sent."""
    changes = body.model_dump(exclude_none=True)
    faq = wiring.faqs().update(path.faq_id, changes, witness=_witness("updateFaq", "faqs"))
    return Reply(schemas.FaqData(faq=FaqView.of(faq)), "FAQ updated successfully")


@api.delete("/api/admin/faq/<faqId>", auth=Auth.ADMIN, errors=(FaqNotFound,))
def delete_faq(path: schemas.FaqPath) -> Reply:
    """Deletes a question."""
    wiring.faqs().delete(path.faq_id, witness=_witness("deleteFaq", "faqs"))
    return Reply(message="FAQ deleted successfully")


@api.get(
    "/api/admin/contacts",
    auth=Auth.ADMIN,
    data=schemas.ContactList,
    errors=(BadCursor, PageTooDeep),
)
def list_contacts(query: schemas.ContactsQuery) -> Reply:
    """What people have written by the contact form, newest first."""
    contacts, found = wiring.contacts().page(query, query.status)
    return Reply(
        schemas.ContactList(contacts=[ContactView.of(contact) for contact in contacts]),
        "Contact messages fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.put(
    "/api/admin/contacts/<contactId>",
    auth=Auth.ADMIN,
    data=schemas.ContactData,
    errors=(ContactNotFound,),
)
def update_contact(path: schemas.ContactPath, body: schemas.UpdateContact) -> Reply:
    """Notes how far a message has been seen to."""
    contact = wiring.contacts().set_status(
        path.contact_id, body.status, witness=_witness("updateContact", "contacts")
    )
    data = schemas.ContactData(contact=ContactView.of(contact))
    return Reply(data, "Contact message updated successfully")


def _witness(operation: str, collection: str) -> Witness:
    return witness(current_actor(), operation, collection)
