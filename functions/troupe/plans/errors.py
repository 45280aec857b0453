"""Errors of plans and subscriptions."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import BadRequest, Conflict, NotFound, Unprocessable
from troupe.wallet.records import Meter


class PlanNotFound(NotFound):
    code = "plan_not_found"
    message = "Plan not found."


class PlanInUseDetails(TypedDict):
    subscribers: int


class PlanInUse(BadRequest):
    code = "plan_in_use"
    details_type = PlanInUseDetails
    message = "Cannot delete plan. Users are currently subscribed to this plan"

    @classmethod
    def sold(cls) -> PlanInUse:
        """It has active prices at Stripe."""
        text = (
            "Cannot delete plan. It has active prices at Stripe: remove them first, with "
            "empty `priceIds`"
        )
        return cls(text, details={"subscribers": 0})

    @classmethod
    def by(cls, users: int) -> PlanInUse:
        are = "user is" if users == 1 else "users are"
        text = f"Cannot delete plan. {users} {are} currently subscribed to this plan"
        return cls(text, details={"subscribers": users})


class PlanAmbiguousDetails(TypedDict):
    planIds: list[str]


class PlanAmbiguous(Unprocessable):
    code = "plan_ambiguous"
    details_type = PlanAmbiguousDetails
    message = "Several plans have this name. Use the plan's id instead."


class AlreadySubscribed(Conflict):
    code = "already_subscribed"
    message = (
        "This user or company already has this plan. Change the dates of the subscription instead."
    )


class NotSubscribed(NotFound):
    code = "subscription_not_found"
    message = "The user has no active subscription. Name a plan to start one."


class SubscriptionNotFound(NotFound):
    """The same answer for a stranger's and for none."""

    code = "subscription_not_found"
    message = "There is no subscription with this id."


class BadDates(Unprocessable):
    code = "invalid_dates"
    message = "A subscription must start now or earlier, and end in the future."


class BalanceHeldDetails(TypedDict):
    """`held`: tokens or seconds that running jobs may still use."""

    meter: Meter
    held: int


class BalanceHeld(Conflict):
    code = "balance_held"
    details_type = BalanceHeldDetails
    message = "Running jobs hold more than that. Try again when they have finished."


class OperationDetails(TypedDict):
    """`use`: the operation that does it instead."""

    use: str


class ManagedByStripe(Conflict):
    code = "managed_by_stripe"
    details_type = OperationDetails
    message = (
        "This subscription is paid through Stripe. Change or cancel it in the customer portal."
    )

    def __init__(self) -> None:
        super().__init__(details={"use": "billingPortal"})
