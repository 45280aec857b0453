"""Payments over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from troupe.adapters.firestore import now
from troupe.adapters.stripe_records import BadSignature, PaymentsUnavailable
from troupe.errors import Forbidden, GuestNotAllowed
from troupe.paging import BadCursor, PageTooDeep
from troupe.payments import schemas
from troupe.payments.errors import (
    AddonNeeds,
    AddonNotFound,
    AlreadyBought,
    BillingClosed,
    CancelAtOnce,
    FeatureForCompanies,
    NoCustomer,
    NoSeats,
    NothingToCancel,
    PaymentNotFound,
    PaymentsOff,
    PortalNotConfigured,
    PriceNotConfigured,
    QuantityNotOffered,
    SeatsInUse,
    SessionNotFound,
    SubscriptionEnded,
)
from troupe.payments.payers import payer
from troupe.plans.errors import PlanNotFound
from troupe.plans.schemas import SubscriptionView
from troupe.wallet.errors import BillingBlocked, OwnerNotFound, WalletNotFound
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller
    from troupe.payments.checkout import Checkout
    from troupe.payments.events import Webhook
    from troupe.payments.offers import Offers
    from troupe.payments.service import Payments
    from troupe.payments.subscriptions import PaidSubscriptions
    from troupe.plans.subscriptions import Subscriptions

api = Api("payments", "Payments")

_STRIPE = (PaymentsOff, PaymentsUnavailable, OwnerNotFound, Forbidden)
EVENT_BYTES = 256 * 1024


@api.post(
    "/api/create-checkout-session",
    aliases=("/api/payment/create-checkout-session",),
    data=schemas.CheckoutData,
    errors=(
        *_STRIPE,
        GuestNotAllowed,
        PlanNotFound,
        AddonNotFound,
        PriceNotConfigured,
        QuantityNotOffered,
        AlreadyBought,
        FeatureForCompanies,
        AddonNeeds,
        BillingBlocked,
        BillingClosed,
    ),
    limit="checkout",
)
def checkout(body: schemas.CheckoutBody, caller: Caller, checkouts: Checkout) -> Reply:
    """Opens a Stripe checkout session for a plan or an add-on. Repeating the request returns the
    same session while it is open. Guests must create an account first."""
    owner = payer(caller, body.company_id)
    opened = checkouts.open(owner, body.order(), guest=caller.guest)
    return Reply(
        schemas.CheckoutData(
            session_id=opened.session_id, url=opened.url, expires_at=opened.expires_at
        ),
        "Checkout session created successfully",
    )


@api.post(
    "/api/verify-payment",
    aliases=("/api/payment/verify-payment",),
    data=schemas.Verified,
    errors=(*_STRIPE, SessionNotFound, WalletNotFound),
    limit="billing",
)
def verify_payment(
    body: schemas.VerifyBody, caller: Caller, checkouts: Checkout, subscriptions: Subscriptions
) -> Reply:
    """Asks Stripe for the result of your checkout session, and applies it."""
    session, owner = checkouts.verify(caller, body.session_id)
    view = SubscriptionView.of(subscriptions.of(owner.id), now())
    data = schemas.Verified(paid=session.paid, status=session.status, subscription=view)
    return Reply(data, "Payment verified successfully")


@api.post(
    "/api/check-subscription-status",
    data=schemas.StatusData,
    errors=(*_STRIPE, WalletNotFound),
    aliases=[
        ("GET", "/api/check-subscription-status"),
        "/api/payment/check-subscription-status",
    ],
    limit="billing",
)
def subscription_status(
    body: schemas.OwnerBody,
    caller: Caller,
    paid_subscriptions: PaidSubscriptions,
    subscriptions: Subscriptions,
) -> Reply:
    """Returns your subscription, as Stripe reported it at most 30 seconds ago."""
    owner = payer(caller, body.company_id)
    billing = paid_subscriptions.status(owner)
    data = schemas.StatusData(
        subscription=SubscriptionView.of(subscriptions.of(owner.id), now()),
        billing=schemas.BillingView.of(billing) if billing else None,
    )
    return Reply(data, "Subscription status fetched successfully")


@api.post(
    "/api/cancel-subscription",
    aliases=("/api/payment/cancel-subscription",),
    data=schemas.ChangedSubscription,
    errors=(*_STRIPE, NothingToCancel, CancelAtOnce, WalletNotFound),
    limit="billing",
)
def cancel_subscription(
    body: schemas.CancelBody,
    caller: Caller,
    paid_subscriptions: PaidSubscriptions,
    subscriptions: Subscriptions,
) -> Reply:
    """Cancels your subscription at the end of its period, or a trial at once."""
    admin = caller.role == "admin"
    owner = payer(caller, body.company_id)
    paid_subscriptions.cancel(owner, body.when, admin=admin)
    view = SubscriptionView.of(subscriptions.of(owner.id), now())
    return Reply(
        schemas.ChangedSubscription(subscription=view), "Subscription cancelled successfully"
    )


@api.post(
    "/api/resume-subscription",
    data=schemas.ChangedSubscription,
    errors=(*_STRIPE, SubscriptionEnded, WalletNotFound),
    limit="billing",
)
def resume_subscription(
    body: schemas.OwnerBody,
    caller: Caller,
    paid_subscriptions: PaidSubscriptions,
    subscriptions: Subscriptions,
) -> Reply:
    """Undoes a cancellation, as long as the period has not ended."""
    owner = payer(caller, body.company_id)
    paid_subscriptions.resume(owner)
    view = SubscriptionView.of(subscriptions.of(owner.id), now())
    return Reply(
        schemas.ChangedSubscription(subscription=view), "Subscription resumed successfully"
    )


@api.post(
    "/api/payments/portal",
    data=schemas.PortalData,
    errors=(
        *_STRIPE,
        NoCustomer,
        NothingToCancel,
        PlanNotFound,
        AddonNotFound,
        PriceNotConfigured,
        PortalNotConfigured,
        NoSeats,
        SeatsInUse,
    ),
    limit="billing",
)
def billing_portal(
    body: schemas.PortalBody, caller: Caller, paid_subscriptions: PaidSubscriptions
) -> Reply:
    """Returns the URL of Stripe's customer portal, where you manage cards, see invoices, and
    confirm changes of your subscription."""
    url = paid_subscriptions.portal(
        payer(caller, body.company_id),
        body.flow,
        plan_id=body.plan_id,
        quantity=body.quantity,
        return_path=body.return_path,
    )
    return Reply(schemas.PortalData(url=url), "Portal session created successfully")


@api.post(
    "/api/subscriptions/quote",
    data=schemas.QuoteData,
    errors=(
        *_STRIPE,
        NoCustomer,
        NothingToCancel,
        PlanNotFound,
        AddonNotFound,
        PriceNotConfigured,
    ),
    limit="billing",
)
def quote_change(
    body: schemas.QuoteBody, caller: Caller, paid_subscriptions: PaidSubscriptions
) -> Reply:
    """Returns what a change to another plan would cost now, and what it would grant."""
    quoted = paid_subscriptions.quote(payer(caller, body.company_id), body.plan_id, body.quantity)
    return Reply(schemas.QuoteData.of(quoted), "Quote fetched successfully")


@api.post(
    "/api/payments/webhook",
    auth=Auth.PUBLIC,
    data=schemas.Received,
    errors=(BadSignature, PaymentsOff, PaymentsUnavailable),
    body_bytes=EVENT_BYTES,
    open_to_all_apps=True,
)
def stripe_webhook(header: schemas.Signature, raw: bytes, webhook: Webhook) -> Reply:
    """Receives Stripe's events. After any other answer than success, Stripe sends the event
    again."""
    status = webhook.receive(raw, header.stripe_signature)
    return Reply(schemas.Received(received=True, status=status), "Event received")


@api.get("/api/payments/config", auth=Auth.PUBLIC, data=schemas.ConfigData)
def payment_config(offers: Offers) -> Reply:
    """Returns whether payments are on, the currency, the longest trial, and whether taxes are
    added."""
    config = offers.config()
    data = schemas.ConfigData(
        payments=config.payments,
        currency=config.currency,
        trial_days=config.trial_days,
        tax=config.tax,
    )
    return Reply(data, "Payment settings fetched successfully")


@api.get(
    "/api/payments",
    data=schemas.PaymentList,
    errors=(BadCursor, PageTooDeep, OwnerNotFound, Forbidden),
)
def list_payments(
    query: schemas.PaymentsQuery, caller: Caller, payments: Payments, audit_log: AuditLog
) -> Reply:
    """Lists your payments, or those of a company that you manage, newest first. Administrators can
    name anybody as `ownerId`."""
    owner = payer(caller, query.company_id, admin_of=query.owner_id)
    if query.owner_id is not None:
        audit_log.read_user(caller, "listPayments", owner.id)
    found, page = payments.page(owner.id, query, query.filter())
    return Reply(
        schemas.PaymentList(payments=[schemas.PaymentView.of(each) for each in found]),
        "Payments fetched successfully",
        meta=query.meta(page.total, page.next_cursor),
    )


@api.get(
    "/api/payments/<paymentId>",
    auth=Auth.OWNER,
    data=schemas.PaymentData,
    errors=(PaymentNotFound,),
)
def get_payment(path: schemas.PaymentPath, caller: Caller, payments: Payments) -> Reply:
    """Returns one of your payments."""
    payment = payments.get(caller, path.payment_id)
    data = schemas.PaymentData(payment=schemas.PaymentView.of(payment))
    return Reply(data, "Payment fetched successfully")


@api.get(
    "/api/payments/<paymentId>/invoice",
    auth=Auth.OWNER,
    status=302,
    errors=(PaymentNotFound, *_STRIPE),
    headers=("Location",),
    limit="billing",
)
def payment_invoice(
    path: schemas.PaymentPath, query: schemas.InvoiceQuery, caller: Caller, payments: Payments
) -> Response:
    """Redirects to the invoice or the receipt at Stripe."""
    url = payments.document_url(caller, path.payment_id, pdf=query.format == "pdf")
    return Response(status=302, headers={"Location": url})
