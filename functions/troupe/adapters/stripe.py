"""Stripe: the only place that imports its SDK, which pins the version of the API.

What is read becomes the records of `stripe_records`. Every request that changes something has an
idempotency key made from its cause, so that a repeat of the cause repeats nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal, cast

import stripe
from stripe import StripeClient

from troupe.adapters.stripe_objects import (
    bought_of,
    event_of,
    id_of,
    line_of,
    price_of,
    session_of,
    time_of,
    was_deleted,
)
from troupe.adapters.stripe_records import (
    BadSignature,
    Bought,
    Charge,
    CustomerGone,
    Dispute,
    Endpoint,
    Line,
    PaymentDeclined,
    PaymentsUnavailable,
    Picture,
    Preview,
    Purchase,
    Refund,
    Session,
    StripeEvent,
    StripePrice,
    StripeRefused,
)
from troupe.deadlines import charged, seconds_left
from troupe.logs import log

TIMEOUT = 8.0  # seconds for a call with its second attempt; fewer in a request
_RETRIES = 1
_RETRY_AFTER = 5  # seconds
SIGNATURE_SECONDS = 300  # how old a signature may be
API_VERSION = stripe.api_version  # the one that the SDK pins
_PAGE = 100
_CAUSE = "refund"  # in the metadata of a refund: our id

Flow = Literal["home", "plan", "seats", "cancel", "card"]


class _Deadline(stripe.RequestsClient):
    """Gives each attempt its part of the time that the request has left."""

    @property
    def _timeout(self) -> float:
        return seconds_left(TIMEOUT) / (_RETRIES + 1)

    @_timeout.setter
    def _timeout(self, seconds: object) -> None: ...


class Stripe:
    """One account. Thread-safe. Methods raise PaymentsUnavailable if Stripe does not answer, and
    StripeRefused if it refuses the request."""

    def __init__(self, secret_key: str, webhook_secrets: Sequence[str], base: str = "") -> None:
        """`base`: another address of the API, for the emulators."""
        self.live = "_live_" in secret_key
        self._secrets = webhook_secrets
        stripe.enable_telemetry = False
        addresses: Any = {"base_addresses": {"api": base}} if base else {}
        self._api = StripeClient(
            secret_key, http_client=_Deadline(), max_network_retries=_RETRIES, **addresses
        ).v1

    def event(self, body: bytes, signature: str | None) -> StripeEvent:
        """A signed event. Any of the secrets may have signed it, so that they can be rotated.
        Raises BadSignature."""
        for secret in self._secrets:
            try:
                text = body.decode()
                stripe.WebhookSignature.verify_header(text, signature, secret, SIGNATURE_SECONDS)
                return event_of(json.loads(text))
            except (stripe.SignatureVerificationError, ValueError, TypeError, LookupError):
                continue  # TypeError: a signature that is not ASCII
        raise BadSignature

    def picture(
        self,
        customer_id: str,
        since: datetime | None,
        intents: Iterable[str] = (),
        *,
        one_offs: bool = False,
    ) -> Picture:
        """What Stripe has about a customer now: every subscription, and what was invoiced and
        charged since then, in three calls. `intents`: payments that are wanted however old they
        are; `one_offs`: with what was bought without an invoice, a call more."""
        created = _since(since)
        subscriptions: list[stripe.Subscription] = []
        purchases: list[Purchase] = []
        charges: dict[str, stripe.Charge] = {}
        gone = True
        with _failures():
            with self._unless_deleted(customer_id):
                # First: what an invoice gives depends on its subscription, so no invoice may be
                # newer than the subscriptions.
                invoices = self._api.invoices.list(
                    created
                    | {
                        "customer": customer_id,
                        "status": "paid",
                        "limit": _PAGE,
                        "expand": ["data.payments"],
                    }
                )
                purchases += [self._invoice(each) for each in invoices.auto_paging_iter()]
                subscriptions = self._subscriptions(customer_id)
                if one_offs:
                    purchases += self._one_offs(customer_id, created)
                listed = self._api.charges.list(created | {"customer": customer_id, "limit": _PAGE})
                charges = {each.id: each for each in listed.auto_paging_iter()}
                gone = any(was_deleted(each.customer) for each in subscriptions)
            for intent in set(intents) - {id_of(each.payment_intent) for each in charges.values()}:
                old = self._api.charges.list({"payment_intent": intent, "limit": _PAGE})
                charges |= {
                    each.id: each
                    for each in old.auto_paging_iter()
                    if id_of(each.customer) == customer_id
                }
            return Picture(
                tuple(bought_of(each) for each in subscriptions),
                tuple(purchases),
                tuple(self._charge(each) for each in charges.values() if each.paid),
                one_offs=one_offs,
                gone=gone,
            )

    def one_offs(self, customer_id: str, since: datetime | None) -> tuple[Purchase, ...]:
        """What a customer has bought since then without an invoice."""
        with _failures(), self._unless_deleted(customer_id):
            return tuple(self._one_offs(customer_id, _since(since)))
        return ()

    def subscriptions(self, customer_id: str) -> list[Bought]:
        """All of a customer's, also those that have ended."""
        with _failures(), self._unless_deleted(customer_id):
            return [bought_of(each) for each in self._subscriptions(customer_id)]
        return []

    def customer_gone(self, customer_id: str) -> bool:
        """Whether a customer was deleted. Raises StripeRefused for one that Stripe does not know:
        it belongs to another account or mode."""
        with _failures():
            return was_deleted(self._api.customers.retrieve(customer_id))

    def customer_of(self, *, payment_intent: str | None, charge: str | None) -> str | None:
        """Whose payment it is: the events of disputes do not say."""
        with _failures():
            try:
                if payment_intent is not None:
                    return id_of(self._api.payment_intents.retrieve(payment_intent).customer)
                if charge is not None:
                    return id_of(self._api.charges.retrieve(charge).customer)
            except stripe.InvalidRequestError as error:
                if error.code != "resource_missing":
                    raise
        return None

    def create_customer(
        self, owner_kind: str, owner_id: str, email: str | None, name: str, *, number: int
    ) -> str:
        """Two at once get the same customer. `number`: how many the owner has had before."""
        params: Any = {"name": name, "metadata": {"owner": owner_id, "kind": owner_kind}}
        if email:
            params["email"] = email
        key = f"customer-{owner_kind}-{owner_id}-{number}-{_digest(params)}"
        with _failures():
            return self._api.customers.create(params, {"idempotency_key": key}).id

    def checkout(
        self,
        *,
        customer_id: str,
        owner_id: str,
        price_id: str,
        quantity: int,
        subscription: bool,
        trial_days: int,
        success_url: str,
        cancel_url: str,
        expires_at: datetime,
        tax: bool,
        key: str,
    ) -> Session:
        """A page to pay on. Raises CustomerGone if Stripe does not know the customer: ask
        `customer_gone` whether it was deleted."""
        params: dict[str, Any] = {
            "mode": "subscription" if subscription else "payment",
            "customer": customer_id,
            "client_reference_id": owner_id,
            "line_items": [{"price": price_id, "quantity": quantity}],
            "success_url": success_url,
            "cancel_url": cancel_url,
            "expires_at": int(expires_at.timestamp()),
            "allow_promotion_codes": True,
        }
        if subscription:
            data: dict[str, Any] = {
                "metadata": {"owner": owner_id},
                "billing_mode": {"type": "flexible"},
            }
            if trial_days:
                data["trial_period_days"] = trial_days
                # Only cards have a fingerprint by which a second trial is recognised.
                params["allowed_payment_method_types"] = ["card"]
            params["subscription_data"] = data
        if tax:
            params["automatic_tax"] = {"enabled": True}
            params["tax_id_collection"] = {"enabled": True}
            params["customer_update"] = {"address": "auto", "name": "auto"}
        with _failures(), _known_customer():
            made = self._api.checkout.sessions.create(cast(Any, params), {"idempotency_key": key})
            return session_of(made)
        raise CustomerGone

    def session(self, session_id: str) -> Session | None:
        """None if there is none with this id."""
        with _failures(), _missing():
            found = self._api.checkout.sessions.retrieve(session_id, {"expand": ["customer"]})
            return session_of(found)
        return None

    def expire_session(self, session_id: str) -> None:
        """Does nothing to one that is complete, expired or unknown."""
        with _failures(), _tolerating(stripe.InvalidRequestError):
            self._api.checkout.sessions.expire(session_id)

    def cancel_at_period_end(self, bought: Bought, cancel: bool) -> None:
        """`cancel`: else a cancellation is taken back, by the field that made it."""
        portal = not cancel and not bought.cancel_at_period_end
        with _failures():
            self._api.subscriptions.update(
                bought.id, {"cancel_at": ""} if portal else {"cancel_at_period_end": cancel}
            )

    def cancel_now(self, subscription_id: str) -> None:
        """Does nothing to one that has ended."""
        with _failures(), _tolerating(stripe.InvalidRequestError):
            self._api.subscriptions.cancel(subscription_id)

    def end_trial(self, subscription_id: str) -> None:
        with _failures():
            self._api.subscriptions.update(subscription_id, {"trial_end": "now"})

    def portal(
        self,
        customer_id: str,
        return_url: str,
        flow: Flow = "home",
        *,
        bought: Bought | None = None,
        price_id: str | None = None,
        quantity: int | None = None,
        configuration: str | None = None,
    ) -> str:
        """The URL of the customer portal. `plan` and `seats` confirm a change of the subscription
        `bought`; Stripe calculates the difference, and asks for what the bank requires. Raises
        CustomerGone."""
        params: dict[str, Any] = {"customer": customer_id, "return_url": return_url}
        if configuration is not None:
            params["configuration"] = configuration
        if flow == "card":
            params["flow_data"] = {"type": "payment_method_update"}
        elif flow == "cancel" and bought is not None:
            params["flow_data"] = {
                "type": "subscription_cancel",
                "subscription_cancel": {"subscription": bought.id},
            }
        elif flow in ("plan", "seats") and bought is not None:
            item = bought.items[0]
            change = {
                "id": item.id,
                "price": price_id or item.price_id,
                "quantity": quantity or item.quantity,
            }
            params["flow_data"] = {
                "type": "subscription_update_confirm",
                "subscription_update_confirm": {"subscription": bought.id, "items": [change]},
            }
        with _failures(), _known_customer():
            return self._api.billing_portal.sessions.create(cast(Any, params)).url
        raise CustomerGone

    def preview(
        self, customer_id: str, bought: Bought, price_id: str, quantity: int, at: datetime
    ) -> Preview:
        """What a change to another price would cost now."""
        item = bought.items[0]
        params: dict[str, Any] = {
            "customer": customer_id,
            "subscription": bought.id,
            "subscription_details": {
                "items": [{"id": item.id, "price": price_id, "quantity": quantity}],
                "proration_behavior": "always_invoice",
                "proration_date": int(at.timestamp()),
            },
        }
        with _failures():
            invoice = self._api.invoices.create_preview(cast(Any, params))
            lines = tuple(line_of(each) for each in invoice.lines.auto_paging_iter())
            price = self._fetch_price(price_id)
        return Preview(
            due_now=max(0, invoice.total),
            credit=-sum(line.amount for line in lines if line.amount < 0),
            next_amount=price.amount * quantity,
            currency=invoice.currency,
            lines=lines,
        )

    def document_url(self, *, invoice_id: str | None, charge_id: str | None, pdf: bool) -> str:
        """Where an invoice, or else a receipt, can be read now; the addresses expire. Raises
        StripeRefused."""
        with _failures():
            if invoice_id is not None:
                invoice = self._api.invoices.retrieve(invoice_id)
                url = invoice.invoice_pdf if pdf else invoice.hosted_invoice_url
            elif charge_id is not None:
                url = self._api.charges.retrieve(charge_id).receipt_url
            else:
                url = None
        if not url:
            raise StripeRefused("resource_missing", None, "there is no such document")
        return url

    def charges_of(self, payment_intent: str) -> list[Charge]:
        """The successful charges of a payment."""
        with _failures():
            found = self._api.charges.list({"payment_intent": payment_intent, "limit": _PAGE})
            return [self._charge(each) for each in found.auto_paging_iter() if each.paid]

    def refunds_of(self, payment_intent: str) -> list[Refund]:
        """The refunds of a payment, also those that have failed since."""
        with _failures():
            found = self._api.refunds.list({"payment_intent": payment_intent, "limit": _PAGE})
            return [
                Refund(each.amount, each.metadata.to_dict().get(_CAUSE) if each.metadata else None)
                for each in found.auto_paging_iter()
            ]

    def refund(self, payment_intent: str, amount: int, reason: str | None, cause: str) -> None:
        """`cause`: our id of the refund. Stripe keeps it, and refunds it once within a day; after
        that, whoever repeats has to look at `refunds_of` first. Raises StripeRefused for more than
        is left."""
        metadata = {_CAUSE: cause}
        params: dict[str, Any] = {"payment_intent": payment_intent, "amount": amount}
        if reason in ("duplicate", "fraudulent", "requested_by_customer"):
            params["reason"] = reason
        elif reason:
            metadata["reason"] = reason[:500]
        params["metadata"] = metadata
        key = f"refund-{cause}-{payment_intent}"
        with _failures():
            self._api.refunds.create(cast(Any, params), {"idempotency_key": key})

    def price(self, price_id: str) -> StripePrice | None:
        """None if there is none with this id."""
        with _failures(), _missing():
            return self._fetch_price(price_id)
        return None

    def prices(self) -> list[StripePrice]:
        """Every active price of the account."""
        with _failures():
            found = self._api.prices.list({"active": True, "limit": _PAGE})
            return [price_of(each) for each in found.auto_paging_iter()]

    def create_price(
        self, *, product: str, name: str, amount: int, currency: str, months: int, lookup_key: str
    ) -> StripePrice:
        """A price of a product of ours, which is created first if there is none. Repeatable."""
        params: Any = {
            "product": product,
            "currency": currency,
            "unit_amount": amount,
            "lookup_key": lookup_key,
        }
        if months:
            params["recurring"] = {"interval": "year" if months == 12 else "month"}
        replaced = ""
        with _failures():
            # One that was archived keeps the key.
            found = self._api.prices.list({"lookup_keys": [lookup_key]})
            for old in map(price_of, found.data):
                same = (old.amount, old.currency, old.interval_months) == (amount, currency, months)
                if old.active and same:
                    return old
                params["transfer_lookup_key"] = True
                replaced = old.id
            try:
                self._api.products.retrieve(product)
            except stripe.InvalidRequestError:
                self._api.products.create(
                    {"id": product, "name": name}, {"idempotency_key": f"product-{product}"}
                )
            # Within a day, a price can be changed and changed back: what is replaced differs then.
            key = f"price-{lookup_key}-{replaced}-{_digest(params)}"
            return price_of(self._api.prices.create(params, {"idempotency_key": key}))

    def configure_portal(
        self, configuration: str | None, products: Mapping[str, Sequence[str]], return_url: str
    ) -> str:
        """What customers may do in the portal: changes are charged at once, and a cancellation
        takes effect with the end of the period. `products`: their prices, which can be changed to.
        Returns the id of the configuration."""
        features = portal_features(products)
        params: Any = {"features": features, "default_return_url": return_url}
        with _failures():
            service = self._api.billing_portal.configurations
            if configuration is not None:
                with _missing():  # it may be one of test mode
                    return service.update(configuration, params).id
            return service.create(params).id

    def portal_features(self, configuration: str) -> dict[str, Any] | None:
        """What customers may do in the portal with a configuration, as `portal_features` says it;
        None if it does not exist, or is not active."""
        expand = {"expand": ["features.subscription_update.products"]}
        with _failures(), _missing():
            found = self._api.billing_portal.configurations.retrieve(
                configuration, cast(Any, expand)
            )
            return dict(found.features.to_dict()) if found.active else None
        return None

    def products(self) -> frozenset[str]:
        """The ids of the account's active products."""
        with _failures():
            found = self._api.products.list({"active": True, "limit": _PAGE})
            return frozenset(each.id for each in found.auto_paging_iter())

    def events_since(self, since: datetime, types: Sequence[str]) -> Iterator[StripeEvent]:
        """What has happened since then. Stripe keeps events for 30 days."""
        params: Any = {
            "created": {"gte": int(since.timestamp())},
            "types": list(types),
            "limit": _PAGE,
        }
        with _failures():
            for each in self._api.events.list(params).auto_paging_iter():
                yield event_of(each.to_dict())

    def endpoints(self) -> list[Endpoint]:
        """Where the account's events are sent."""
        with _failures():
            found = self._api.webhook_endpoints.list({"limit": _PAGE})
            return [
                Endpoint(
                    id=each.id,
                    url=each.url,
                    enabled=each.status == "enabled",
                    types=frozenset(each.enabled_events),
                    api_version=each.api_version,
                    livemode=each.livemode,
                )
                for each in found.auto_paging_iter()
            ]

    def create_webhook(self, url: str, types: Sequence[str]) -> str | None:
        """Returns its secret, which Stripe shows only once; None if an endpoint with this URL
        exists."""
        with _failures():
            found = self._api.webhook_endpoints.list({"limit": _PAGE})
            if any(each.url == url for each in found.auto_paging_iter()):
                return None
            made = self._api.webhook_endpoints.create(
                {
                    "url": url,
                    "enabled_events": cast(Any, list(types)),
                    "api_version": cast(Any, API_VERSION),
                }
            )
            return made.secret

    @contextmanager
    def _unless_deleted(self, customer_id: str) -> Iterator[None]:
        """Leaves the block where Stripe refuses a customer that was deleted. It also refuses the
        customers of another account or mode, but only a deleted one can still be retrieved."""
        try:
            yield
        except stripe.InvalidRequestError as error:
            if not _names_customer(error):
                raise
            if not was_deleted(self._api.customers.retrieve(customer_id)):
                raise

    def _subscriptions(self, customer_id: str) -> list[stripe.Subscription]:
        found = self._api.subscriptions.list(
            {
                "customer": customer_id,
                "status": "all",
                "limit": _PAGE,
                "expand": ["data.default_payment_method", "data.customer"],
            }
        )
        return list(found.auto_paging_iter())

    def _one_offs(self, customer_id: str, created: Any) -> list[Purchase]:
        sessions = self._api.checkout.sessions.list(
            created
            | {
                "customer": customer_id,
                "status": "complete",
                "limit": _PAGE,
                "expand": ["data.line_items"],
            }
        )
        return [
            self._one_off(each)
            for each in sessions.auto_paging_iter()
            if each.mode == "payment" and each.payment_status == "paid"
        ]

    def _fetch_price(self, price_id: str) -> StripePrice:
        return price_of(self._api.prices.retrieve(price_id))

    def _invoice(self, invoice: stripe.Invoice) -> Purchase:
        if invoice.lines.has_more:  # an invoice has its first ten lines
            found = self._api.invoices.line_items.list(str(invoice.id), {"limit": _PAGE})
            lines = tuple(line_of(each) for each in found.auto_paging_iter())
        else:
            lines = tuple(line_of(each) for each in invoice.lines.data)
        parent = invoice.parent.subscription_details if invoice.parent else None
        payments = invoice.payments.data if invoice.payments else []
        intents = [id_of(each.payment.payment_intent) for each in payments if each.status == "paid"]
        paid_at = invoice.status_transitions.paid_at if invoice.status_transitions else None
        return Purchase(
            id=str(invoice.id),
            paid=invoice.amount_paid,
            covered=max(0, invoice.total - invoice.amount_due),
            currency=invoice.currency,
            lines=lines,
            created_at=time_of(invoice.created),
            paid_at=time_of(paid_at or invoice.created),
            tax=sum(each.amount for each in invoice.total_taxes or []),
            discount=sum(each.amount for each in invoice.total_discount_amounts or []),
            number=invoice.number,
            subscription_id=id_of(parent.subscription) if parent else None,
            payment_intents=tuple(each for each in intents if each),
        )

    def _one_off(self, session: stripe.checkout.Session) -> Purchase:
        at = time_of(session.created)
        items = session.line_items.data if session.line_items else []
        if session.line_items and session.line_items.has_more:
            found = self._api.checkout.sessions.line_items.list(session.id, {"limit": _PAGE})
            items = list(found.auto_paging_iter())
        details = session.total_details
        intent = id_of(session.payment_intent)
        return Purchase(
            id=session.id,
            paid=session.amount_total or 0,
            currency=session.currency or "",
            lines=tuple(
                Line(
                    id=item.id,
                    price_id=item.price.id if item.price else None,
                    amount=item.amount_subtotal,
                    quantity=item.quantity or 1,
                    start=at,
                    end=at,
                    description=item.description or "",
                )
                for item in items
            ),
            created_at=at,
            paid_at=at,
            tax=details.amount_tax if details else 0,
            discount=details.amount_discount if details else 0,
            payment_intents=(intent,) if intent else (),
            one_off=True,
        )

    def _charge(self, charge: stripe.Charge) -> Charge:
        disputes: list[Dispute] = []
        if charge.disputed:
            found = self._api.disputes.list({"charge": charge.id, "limit": _PAGE})
            disputes = [
                Dispute(each.id, each.amount, each.status) for each in found.auto_paging_iter()
            ]
        details = charge.payment_method_details
        return Charge(
            id=charge.id,
            payment_intent=id_of(charge.payment_intent),
            amount=charge.amount,
            refunded=charge.amount_refunded,
            disputes=tuple(disputes),
            method=details.type if details else None,
        )


def portal_features(products: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What customers may do in the portal. `products`: their prices, which can be changed to."""
    changes: dict[str, Any] = {
        "enabled": True,
        "default_allowed_updates": ["price", "quantity"],
        "proration_behavior": "always_invoice",
        "products": [
            {"product": product, "prices": list(prices)}
            for product, prices in sorted(products.items())
        ],
    }
    return {
        "customer_update": {"enabled": True, "allowed_updates": ["address", "tax_id"]},
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True},
        "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
        "subscription_update": changes if products else {"enabled": False},
    }


@contextmanager
def _failures() -> Iterator[None]:
    """Raises our errors for those of the SDK."""
    try:
        with charged(stripe.APIConnectionError, stripe.APIError, stripe.RateLimitError):
            yield
    except stripe.CardError as error:
        raise PaymentDeclined(error.user_message) from error
    except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
        if error.http_status == 409:  # another request with the same key, or the object is locked
            raise PaymentsUnavailable(retry_after=_RETRY_AFTER) from error
        told = error.user_message or type(error).__name__
        raise StripeRefused(error.code or "invalid", getattr(error, "param", None), told) from error
    except stripe.StripeError as error:
        kind = type(error).__name__
        if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
            log.error("stripe_key_refused", kind=kind)  # somebody has to change the key
        else:
            log.warning("stripe_unavailable", kind=kind, status=error.http_status)
        raise PaymentsUnavailable(retry_after=_RETRY_AFTER) from error


@contextmanager
def _missing() -> Iterator[None]:
    """Leaves the block where there is no such object."""
    try:
        yield
    except stripe.InvalidRequestError as error:
        if error.code != "resource_missing":
            raise


@contextmanager
def _known_customer() -> Iterator[None]:
    """Leaves the block where Stripe does not know the customer, or no longer."""
    try:
        yield
    except stripe.InvalidRequestError as error:
        if not _names_customer(error):
            raise


def _names_customer(error: stripe.InvalidRequestError) -> bool:
    """Whether it says that there is no such customer."""
    return error.code == "resource_missing" and error.param == "customer"


def _since(since: datetime | None) -> Any:
    return {} if since is None else {"created": {"gte": int(since.timestamp())}}


@contextmanager
def _tolerating(*kinds: type[stripe.StripeError]) -> Iterator[None]:
    """Leaves the block where Stripe refuses, because the object is already in another state."""
    try:
        yield
    except kinds as error:
        if error.http_status == 409:
            raise


def _digest(params: Mapping[str, Any]) -> str:
    """Of parameters that may be others when a request is repeated: the same key with others is
    refused."""
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:12]
