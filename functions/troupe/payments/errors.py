"""Errors of payments."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import BadRequest, Conflict, NotFound, Unprocessable


class PaymentsOff(Conflict):
    code = "payments_off"
    message = "Payments are switched off on this server: every plan is free."


class PaymentNotFound(NotFound):
    code = "payment_not_found"
    message = "Payment not found."


class SessionNotFound(NotFound):
    code = "session_not_found"
    message = "You don't have a checkout session with this id."


class AddonNotFound(NotFound):
    code = "addon_not_found"
    message = "Add-on not found."


class AddonInUse(BadRequest):
    code = "addon_in_use"
    details_type = None
    message = (
        "This add-on has had a price, so payments may still refer to it, or another one depends on "
        "it. Withdraw it from sale instead, with `available: false`."
    )


class PriceNotConfigured(Conflict):
    code = "price_not_configured"
    message = "There is no price for this in this currency yet. Ask an administrator."


class ChangeDetails(TypedDict):
    """`use`: the operation that does it instead."""

    use: str


class AlreadyBought(Conflict):
    code = "already_subscribed"
    details_type = ChangeDetails
    message = "You already have a subscription. Change it in the customer portal."

    def __init__(self) -> None:
        super().__init__(details={"use": "billingPortal"})


class BillingClosed(Conflict):
    code = "billing_closed"
    message = "This account is being closed. Nothing more can be bought for it."


class NoCustomer(Conflict):
    code = "no_customer"
    message = "Nothing has been bought yet, so there is nothing to manage. Use checkout first."


class NoSeats(Conflict):
    code = "no_seats"
    message = "No licenses are paid for by the seat. Buy a plan that is sold by the seat."


class SeatsInUseDetails(TypedDict):
    """`assigned`: the licenses that members have and invitations hold; `wanted`: how many there
    would be."""

    assigned: int
    wanted: int


class SeatsInUse(Conflict):
    code = "seats_in_use"
    details_type = SeatsInUseDetails
    message = "More licenses are in use than that. Unassign some first."

    @classmethod
    def of(cls, assigned: int, wanted: int) -> SeatsInUse:
        return cls(details={"assigned": assigned, "wanted": wanted})


class FeatureForCompanies(Unprocessable):
    code = "feature_for_companies"
    message = "Only companies can buy features. Name the company with `companyId`."


class AddonNeedsDetails(TypedDict):
    missing: list[str]


class AddonNeeds(Conflict):
    code = "addon_needs_others"
    details_type = AddonNeedsDetails
    message = "This add-on needs others, which the company does not have. Buy those first."

    @classmethod
    def of(cls, missing: list[str]) -> AddonNeeds:
        return cls(details={"missing": missing})


class PortalNotConfigured(Conflict):
    code = "portal_not_configured"
    message = "The customer portal is not set up for this yet. Ask an administrator."


class NothingToCancel(NotFound):
    code = "subscription_not_found"
    message = "You have no subscription at Stripe."


class SubscriptionEnded(Conflict):
    code = "subscription_ended"
    message = "The subscription has ended. Subscribe again at checkout."


class CancelAtOnce(Conflict):
    code = "not_in_trial"
    message = "Only a trial can be cancelled at once. Use `when: periodEnd`."


class QuantityNotOffered(Unprocessable):
    code = "quantity_not_offered"
    message = "`quantity` must be 1 for a user's plan. Only add-ons and companies can have more."


class NothingToRefund(Conflict):
    code = "nothing_to_refund"
    message = "There is nothing left to refund on this payment."


class RefundTooLarge(Unprocessable):
    code = "refund_too_large"
    message = "The amount is more than is left to refund on this payment."


class RefundRefusedDetails(TypedDict):
    """`stripeCode`: why, in Stripe's words, such as `insufficient_funds`."""

    stripeCode: str


class RefundRefused(Conflict):
    code = "refund_refused"
    details_type = RefundRefusedDetails
    message = "Stripe refuses to make this refund."

    @classmethod
    def of(cls, stripe_code: str) -> RefundRefused:
        text = f"Stripe refuses to make this refund ({stripe_code}). Look at the payment there."
        return cls(text, details={"stripeCode": stripe_code})


class RefundInstead(Conflict):
    code = "refund_instead"
    message = "Only manual payments can be reversed here. Refund this one instead."


class NotManual(Conflict):
    code = "not_manual"
    message = "Only manual payments can be marked as paid."


class PaymentClosed(Conflict):
    code = "payment_closed"
    message = "This payment is no longer open."


class PriceDiffersDetails(TypedDict):
    priceId: str
    field: str


class PriceDiffers(Conflict):
    code = "price_differs"
    details_type = PriceDiffersDetails
    message = "A price at Stripe differs from the plan."

    @classmethod
    def of(cls, price_id: str, field: str) -> PriceDiffers:
        details = {"priceId": price_id, "field": field}
        return cls(f"The {field} of {price_id} at Stripe differs from the plan.", details=details)


class PriceUnknown(NotFound):
    code = "price_not_found"
    message = "Stripe has no price with this id."
