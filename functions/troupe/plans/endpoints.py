"""Plans and subscriptions."""

from __future__ import annotations

from troupe import wiring
from troupe.adapters.firestore import now
from troupe.admin.actor import current_actor
from troupe.audit.service import witness
from troupe.errors import PaymentRequired
from troupe.idempotency import KeyReused
from troupe.plans import schemas
from troupe.plans.service import PlanAmbiguous, PlanNotFound
from troupe.plans.subscriptions import AlreadySubscribed, BadDates, SubscriptionStatement
from troupe.wallet.service import WalletNotFound
from troupe.web.caller import Auth, current_caller
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader

api = Api("plans", "Plans and subscriptions")


@api.get("/api/subscriptions/plans", auth=Auth.PUBLIC, data=schemas.PlanList)
def list_plans() -> Reply:
    """The plans that can be subscribed to, cheapest first."""
    plans = [schemas.PlanView.of(plan) for plan in wiring.plans().offered()]
    return Reply(schemas.PlanList(plans=plans), "Active subscription plans fetched successfully")


@api.get(
    "/api/subscriptions/my-subscription",
    data=schemas.SubscriptionData,
    errors=(WalletNotFound,),
)
def my_subscription() -> Reply:
    """Your plan, and your minutes."""
    standing = wiring.subscriptions().of(current_caller().uid)
    return _subscription(standing, "User subscription details fetched successfully")


@api.post(
    "/api/subscriptions/subscribe",
    data=schemas.SubscriptionData,
    errors=(PlanNotFound, PaymentRequired, WalletNotFound),
)
def subscribe(body: schemas.SubscribeBody) -> Reply:
    """Takes a plan. A better one than yours begins at once and your minutes stay; any other takes
    over when your period ends. The plan that you have gives nothing a second time."""
    standing = wiring.subscriptions().subscribe(current_caller().uid, body.plan_id)
    has = standing.subscription
    waits = has is not None and has.plan.id != body.plan_id
    message = "The plan will change when your period ends" if waits else ""
    return _subscription(standing, message or "Successfully subscribed to plan")


@api.post(
    "/api/subscriptions/add-minutes",
    data=schemas.AddedMinutes,
    errors=(PaymentRequired, KeyReused, WalletNotFound),
)
def add_minutes(body: schemas.AddMinutesBody, header: KeyHeader) -> Reply:
    """Adds voice minutes that stay until they are used."""
    added = wiring.subscriptions().add_minutes(
        current_caller().uid, body.minutes, header.idempotency_key
    )
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
    errors=(PlanNotFound, PlanAmbiguous, AlreadySubscribed, BadDates, WalletNotFound),
)
def create_subscription(body: schemas.CreateSubscriptionBody) -> Reply:
    """Gives a registered user a plan, at once and in the place of any other."""
    user = wiring.accounts().find(body.email)
    if user is None:
        raise WalletNotFound
    standing = wiring.subscriptions().create(
        user.id,
        wiring.plans().named(body.plan_type).id,
        tokens=body.tokens,
        started_at=body.start_date,
        expires_at=body.expiry_date,
        witness=witness(current_actor(), "createSubscription", "subscriptions"),
    )
    view = schemas.SubscriptionView.of(standing, now())
    return Reply(
        schemas.CreatedSubscription(subscription_id=view.id, subscription=view),
        "Subscription created successfully",
    )


@api.get(
    "/api/subscriptions/user/<userId>",
    auth=Auth.SELF,
    data=schemas.UserSubscription,
    errors=(WalletNotFound,),
)
def user_subscription(path: schemas.OfUserPath) -> Reply:
    """The plan of a user, and what is left."""
    standing = wiring.subscriptions().of(path.user_id)
    return Reply(
        schemas.UserSubscription.of(standing, now()), "Subscription details fetched successfully"
    )


def _subscription(standing: SubscriptionStatement, message: str) -> Reply:
    view = schemas.SubscriptionView.of(standing, now())
    return Reply(schemas.SubscriptionData(subscription=view), message)
