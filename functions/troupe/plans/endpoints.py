"""Plans and subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.adapters.firestore import now
from troupe.audit.records import Actor
from troupe.audit.service import witness
from troupe.errors import CompanyNotFound, Forbidden, GuestNotAllowed, PaymentRequired
from troupe.idempotency import KeyReused
from troupe.paging import BadCursor, PageTooDeep
from troupe.plans import schemas
from troupe.plans.errors import (
    AlreadySubscribed,
    BadDates,
    ManagedByStripe,
    PlanAmbiguous,
    PlanNotFound,
    SubscriptionNotFound,
)
from troupe.plans.subscriptions import SubscriptionStatement
from troupe.wallet.errors import OwnerNotFound, WalletNotFound
from troupe.wallet.records import OwnerKind
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader

if TYPE_CHECKING:
    from troupe.accounts.directory import Directory
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller
    from troupe.plans.service import Plans
    from troupe.plans.subscribers import Subscribers
    from troupe.plans.subscriptions import Subscriptions

api = Api("plans", "Plans and subscriptions")


@api.get("/api/subscriptions/plans", auth=Auth.PUBLIC, data=schemas.PlanList)
def list_plans(plans: Plans) -> Reply:
    """Lists the plans on offer, cheapest first."""
    views = [schemas.PlanView.of(plan) for plan in plans.offered()]
    return Reply(schemas.PlanList(plans=views), "Active subscription plans fetched successfully")


@api.get(
    "/api/subscriptions/my-subscription",
    data=schemas.SubscriptionData,
    errors=(WalletNotFound,),
)
def get_my_subscription(caller: Caller, subscriptions: Subscriptions) -> Reply:
    """Returns your plan and your minutes."""
    statement = subscriptions.of(caller.uid)
    return _subscription(statement, "User subscription details fetched successfully")


@api.post(
    "/api/subscriptions/subscribe",
    data=schemas.SubscriptionData,
    errors=(GuestNotAllowed, PlanNotFound, PaymentRequired, ManagedByStripe, WalletNotFound),
)
def subscribe(body: schemas.SubscribeBody, caller: Caller, subscriptions: Subscriptions) -> Reply:
    """Subscribes you to a plan. A more expensive plan starts at once and you keep your minutes;
    any other starts when your period ends. Subscribing to your current plan grants nothing more.
    Guests need an account first."""
    statement = subscriptions.subscribe(caller.uid, body.plan_id)
    has = statement.subscription
    waits = has is not None and has.plan.id != body.plan_id
    message = "The plan will change when your period ends" if waits else ""
    return _subscription(statement, message or "Successfully subscribed to plan")


@api.post(
    "/api/subscriptions/add-minutes",
    data=schemas.AddedMinutes,
    errors=(GuestNotAllowed, PaymentRequired, KeyReused, WalletNotFound),
)
def add_minutes(
    body: schemas.AddMinutesBody, header: KeyHeader, caller: Caller, subscriptions: Subscriptions
) -> Reply:
    """Adds voice minutes that never expire. Guests need an account first."""
    added = subscriptions.add_minutes(caller.uid, body.minutes, header.idempotency_key)
    return Reply(
        schemas.AddedMinutes(
            added_minutes=body.minutes,
            total_minutes=schemas.in_minutes(added.total),
            available_minutes=schemas.in_minutes(added.available),
        ),
        "Minutes added successfully",
    )


@api.post(
    "/api/subscriptions/create",
    auth=Auth.ADMIN,
    status=201,
    data=schemas.CreatedSubscription,
    errors=(
        GuestNotAllowed,
        PlanNotFound,
        PlanAmbiguous,
        AlreadySubscribed,
        ManagedByStripe,
        BadDates,
        WalletNotFound,
    ),
)
def create_subscription(
    body: schemas.CreateSubscriptionBody,
    caller: Caller,
    directory: Directory,
    subscriptions: Subscriptions,
    plans: Plans,
) -> Reply:
    """Gives a registered user a plan at once, replacing any other."""
    user = directory.find(body.email)
    if user is None:
        raise WalletNotFound
    statement = subscriptions.create(
        user.id,
        plans.named(body.plan_type).id,
        tokens=body.tokens,
        started_at=body.start_date,
        expires_at=body.expiry_date,
        witness=witness(Actor.of(caller), "createSubscription", "subscriptions"),
    )
    view = schemas.SubscriptionView.of(statement, now())
    return Reply(
        schemas.CreatedSubscription(subscription_id=view.id, subscription=view),
        "Subscription created successfully",
    )


@api.get(
    "/api/subscriptions",
    data=schemas.SubscriptionList,
    errors=(BadCursor, PageTooDeep, CompanyNotFound, Forbidden),
)
def list_subscriptions(
    query: schemas.SubscriptionsQuery,
    caller: Caller,
    subscribers: Subscribers,
    audit_log: AuditLog,
) -> Reply:
    """Lists your subscription, or that of a company that you manage. Administrators who name no
    company get everybody's, newest first."""
    found, page = subscribers.page(caller, query, query.filter(), query.company_id)
    others = [
        each.wallet.owner.path
        for each in found
        if each.wallet.kind is OwnerKind.USER and each.wallet.id != caller.uid
    ]
    audit_log.read(Actor.of(caller), "listSubscriptions", "subscriptions", others)
    at = now()
    return Reply(
        schemas.SubscriptionList(
            subscriptions=[schemas.SubscriptionView.of(each, at) for each in found]
        ),
        "Subscriptions fetched successfully",
        meta=query.meta(page.total, page.next_cursor),
    )


@api.post(
    "/api/subscriptions",
    auth=Auth.ADMIN,
    status=201,
    data=schemas.SubscriptionData,
    errors=(
        GuestNotAllowed,
        PlanNotFound,
        AlreadySubscribed,
        ManagedByStripe,
        BadDates,
        OwnerNotFound,
    ),
)
def add_subscription(
    body: schemas.AddSubscriptionBody, caller: Caller, subscribers: Subscribers
) -> Reply:
    """Gives a user or a company a plan at once, replacing any other that is not paid at Stripe."""
    statement = subscribers.create(
        Actor.of(caller),
        body.owner_id,
        body.plan_id,
        tokens=body.tokens,
        started_at=body.start_date,
        expires_at=body.expiry_date,
    )
    return _subscription(statement, "Subscription created successfully")


@api.get(
    "/api/subscriptions/<subscriptionId>",
    auth=Auth.COMPANY,
    data=schemas.SubscriptionData,
    errors=(SubscriptionNotFound, Forbidden),
)
def get_subscription(
    path: schemas.SubscriptionPath, caller: Caller, subscribers: Subscribers, audit_log: AuditLog
) -> Reply:
    """Returns your subscription, or that of a company that you manage. Its id is that of its
    owner."""
    statement = subscribers.get(caller, path.subscription_id)
    if statement.wallet.kind is OwnerKind.USER:
        audit_log.read_user(caller, "getSubscription", statement.wallet.id)
    return _subscription(statement, "Subscription fetched successfully")


@api.put(
    "/api/subscriptions/<subscriptionId>",
    auth=Auth.ADMIN,
    data=schemas.SubscriptionData,
    errors=(GuestNotAllowed, SubscriptionNotFound, PlanNotFound, ManagedByStripe, BadDates),
)
def update_subscription(
    path: schemas.SubscriptionPath,
    body: schemas.UpdateSubscriptionBody,
    caller: Caller,
    subscribers: Subscribers,
) -> Reply:
    """Changes the plan, the status or the dates of a subscription at once."""
    statement = subscribers.update(Actor.of(caller), path.subscription_id, body.setting())
    return _subscription(statement, "Subscription updated successfully")


@api.delete(
    "/api/subscriptions/<subscriptionId>",
    auth=Auth.ADMIN,
    data=schemas.SubscriptionData,
    errors=(SubscriptionNotFound, ManagedByStripe),
)
def delete_subscription(
    path: schemas.SubscriptionPath, caller: Caller, subscribers: Subscribers
) -> Reply:
    """Ends a subscription at once: unused minutes of its plan expire, and tokens stay. Does nothing
    if it has ended."""
    statement = subscribers.end(Actor.of(caller), path.subscription_id)
    return _subscription(statement, "Subscription ended successfully")


@api.get(
    "/api/subscriptions/user/<userId>",
    auth=Auth.SELF,
    data=schemas.UserSubscription,
    errors=(WalletNotFound,),
)
def get_user_subscription(
    path: schemas.OfUserPath, caller: Caller, subscriptions: Subscriptions, audit_log: AuditLog
) -> Reply:
    """Returns a user's plan, with the tokens and minutes that remain."""
    statement = subscriptions.of(path.user_id)
    audit_log.read_user(caller, "getUserSubscription", path.user_id)
    return Reply(
        schemas.UserSubscription.of(statement, now()), "Subscription details fetched successfully"
    )


def _subscription(statement: SubscriptionStatement, message: str) -> Reply:
    view = schemas.SubscriptionView.of(statement, now())
    return Reply(schemas.SubscriptionData(subscription=view), message)
