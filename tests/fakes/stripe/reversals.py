"""Refunds and disputes."""

from __future__ import annotations

from stripe import params as p

from tests.fakes.stripe.errors import invalid, missing
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.world import DAY, Object, World, created_matches, merge_metadata, route


@route("POST", "/v1/refunds", p.RefundCreateParams)
def create_refund(world: World, sent: Params) -> Object:
    charge = _charge(world, sent.get("charge"), sent.get("payment_intent"))
    metadata = sent["metadata"].plain() if sent.get("metadata") else {}
    return refund(world, charge, sent.get("amount"), sent.get("reason"), metadata)


def _charge(world: World, charge: str | None, intent: str | None) -> Object:
    if charge is not None:
        return world.find("charge", charge, "charge")
    if intent is None:
        text = "One of the following params should be provided for this request: payment_intent "
        raise invalid(f"{text}or charge.", code="parameter_missing")
    found = world.find("payment_intent", intent, "payment_intent")
    if found["status"] != "succeeded":
        raise invalid(
            f"This PaymentIntent ({intent}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    return world.find("charge", found["latest_charge"])


def refund(
    world: World,
    charge: Object,
    amount: int | None = None,
    reason: str | None = None,
    metadata: Object | None = None,
) -> Object:
    left = charge["amount"] - charge["amount_refunded"]
    if charge["disputed"] and not _was_won(world, charge):
        raise invalid(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if not left:
        text = f"Charge {charge['id']} has already been refunded."
        raise invalid(text, code="charge_already_refunded")
    amount = left if amount is None else amount
    if amount < 1:
        raise invalid("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    if amount > left:
        raise invalid(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    made = world.add(
        "refund",
        "re",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        customer=charge["customer"],
        destination_details={
            "card": {
                "reference_status": "pending",
                "type": "refund",
                "reference_type": "acquirer_reference_number",
            },
            "type": "card",
        },
        metadata=metadata or {},
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        reason=reason,
        status="succeeded",
    )
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    world.emit("refund.created", made)
    world.emit("charge.refunded", charge)
    return made


def _was_won(world: World, charge: Object) -> bool:
    found = [d for d in world.all("dispute") if d["charge"] == charge["id"]]
    return bool(found) and all(d["status"] == "won" for d in found)


@route("GET", "/v1/refunds/{id}", p.RefundRetrieveParams)
def get_refund(world: World, sent: Params, key: str) -> Object:
    return world.find("refund", key)


@route("GET", "/v1/refunds", p.RefundListParams)
def list_refunds(world: World, sent: Params) -> Object:
    charge, intent = sent.get("charge"), sent.get("payment_intent")
    created = sent.get("created")
    found = [
        r
        for r in world.all("refund")
        if charge in (None, r["charge"])
        and intent in (None, r["payment_intent"])
        and created_matches(r, created)
    ]
    return world.page(found, sent, "/v1/refunds")


def dispute(
    world: World, charge: Object, amount: int | None = None, reason: str = "fraudulent"
) -> Object:
    """The cardholder complains at the bank, which takes the money back at once."""
    charge["disputed"] = True
    enhanced: Object = {"enhanced_evidence": {}}
    made = world.add(
        "dispute",
        "du",
        amount=amount or charge["amount"],
        charge=charge["id"],
        currency=charge["currency"],
        evidence=enhanced,
        evidence_details={
            "due_by": world.now + 9 * DAY,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        is_charge_refundable=False,
        payment_intent=charge["payment_intent"],
        payment_method_details={
            "card": {
                "brand": "visa",
                "case_type": "chargeback",
                "network": "visa",
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        reason=reason,
        status="needs_response",
    )
    world.emit("charge.dispute.created", made)
    world.emit("charge.dispute.funds_withdrawn", made)
    return made


def close(world: World, found: Object, *, won: bool) -> None:
    found["status"] = "won" if won else "lost"
    world.emit("charge.dispute.closed", found)
    if won:
        world.emit("charge.dispute.funds_reinstated", found)


@route("GET", "/v1/disputes/{id}", p.DisputeRetrieveParams)
def get_dispute(world: World, sent: Params, key: str) -> Object:
    return world.find("dispute", key)


@route("GET", "/v1/disputes", p.DisputeListParams)
def list_disputes(world: World, sent: Params) -> Object:
    charge, intent = sent.get("charge"), sent.get("payment_intent")
    created = sent.get("created")
    found = [
        d
        for d in world.all("dispute")
        if charge in (None, d["charge"])
        and intent in (None, d["payment_intent"])
        and created_matches(d, created)
    ]
    return world.page(found, sent, "/v1/disputes")


@route("POST", "/v1/disputes/{id}", p.DisputeUpdateParams)
def update_dispute(world: World, sent: Params, key: str) -> Object:
    """Stripe's own test evidence decides: `winning_evidence`, or `losing_evidence`."""
    found = world.find("dispute", key)
    merge_metadata(found, sent)
    if "evidence" in sent:
        evidence = sent["evidence"].plain()
        found["evidence"] |= evidence
        found["evidence_details"] |= {"has_evidence": True, "submission_count": 1}
        found["evidence_details"]["submission_method"] = "manual"
        text = evidence.get("uncategorized_text")
        if sent.get("submit", True) and text in ("winning_evidence", "losing_evidence"):
            close(world, found, won=text == "winning_evidence")
            return found
        found["status"] = "under_review"
    world.emit("charge.dispute.updated", found)
    return found


@route("POST", "/v1/disputes/{id}/close", p.DisputeCloseParams)
def close_dispute(world: World, sent: Params, key: str) -> Object:
    found = world.find("dispute", key)
    if found["status"] in ("won", "lost"):
        raise missing("dispute", key)
    close(world, found, won=False)
    return found
