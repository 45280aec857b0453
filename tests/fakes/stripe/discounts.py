"""Coupons, the codes that people type for them, and what they take off an invoice."""

from __future__ import annotations

from fractions import Fraction

from stripe import params as p

from tests.fakes.stripe.amounts import plus_months, rounded
from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.world import Object, World, merge_metadata, route


def add(
    world: World, coupon: Object, subscription: Object, *, code: str | None, session: str | None
) -> None:
    """Gives a subscription the coupon, for as long as it lasts."""
    months = coupon["duration_in_months"]
    made = world.add(
        "discount",
        "di",
        checkout_session=session,
        customer=subscription["customer"],
        end=plus_months(world.now, months) if months else None,
        promotion_code=code,
        source={"type": "coupon", "coupon": coupon["id"]},
        start=world.now,
        subscription=subscription["id"],
    )
    coupon["times_redeemed"] += 1
    if code:
        world.objects[code]["times_redeemed"] += 1
    subscription["discounts"] = [made["id"]]


def of(world: World, subscription: Object) -> Object | None:
    """The discount that is in force now."""
    for key in subscription["discounts"]:
        found = world.objects[key]
        if found["end"] is None or found["end"] > world.now:
            return found
    return None


def coupon_of(world: World, discount: Object) -> Object:
    return world.objects[discount["source"]["coupon"]]


def split(coupon: Object, amounts: list[int]) -> list[int]:
    """What the coupon takes off each amount."""
    if coupon["percent_off"] is not None:
        percent = Fraction(str(coupon["percent_off"]))
        return [rounded(a * percent.numerator, 100 * percent.denominator) for a in amounts]
    total = sum(amounts)
    left = min(coupon["amount_off"], total)
    shares = [rounded(left * a, total) if total else 0 for a in amounts]
    if shares:
        shares[-1] += left - sum(shares)
    return shares


def take_off(world: World, invoice: Object, discount: Object) -> int:
    """Writes the discount into the lines it is for; returns its sum. Prorations have theirs in
    their amounts."""
    lines = [line for line in invoice["_lines"] if line["discountable"]]
    shares = split(coupon_of(world, discount), [line["amount"] for line in lines])
    for line, share in zip(lines, shares, strict=True):
        line["discounts"] = [discount["id"]]
        line["discount_amounts"] = [{"amount": share, "discount": discount["id"]}]
        line["_net"] = Fraction(line["amount"] - share, line["amount"] or 1)
    invoice["discounts"] = [discount["id"]]
    total = sum(shares)
    invoice["total_discount_amounts"] = [{"amount": total, "discount": discount["id"]}]
    return total


def spend(world: World, subscription: Object, invoice: Object) -> None:
    """A coupon for once is gone after the first invoice that it made cheaper."""
    for key in subscription["discounts"]:
        once = coupon_of(world, world.objects[key])["duration"] == "once"
        if once and any(part["amount"] for part in invoice["total_discount_amounts"]):
            subscription["discounts"] = []


def net_share(world: World, subscription: Object) -> Fraction:
    """What is left to pay of a price that is prorated now."""
    discount = of(world, subscription)
    percent = coupon_of(world, discount)["percent_off"] if discount else None
    return 1 - Fraction(str(percent or 0)) / 100


def find(world: World, sent: Params, where: str) -> tuple[Object, str | None]:
    """The coupon of an entry of `discounts`, and its promotion code."""
    if "promotion_code" in sent:
        code = world.find("promotion_code", sent["promotion_code"], f"{where}[promotion_code]")
        return usable(world, code), code["id"]
    return world.find("coupon", sent["coupon"], f"{where}[coupon]"), None


def by_code(world: World, text: str) -> tuple[Object, str]:
    for code in world.all("promotion_code"):
        if code["code"].upper() == text.strip().upper() and code["active"]:
            return usable(world, code), code["id"]
    raise invalid("This code is invalid.", param="promotion_code")


def usable(world: World, code: Object) -> Object:
    limit = code["max_redemptions"]
    late = code["expires_at"] is not None and code["expires_at"] <= world.now
    if not code["active"] or late or (limit is not None and code["times_redeemed"] >= limit):
        raise invalid("This promotion code cannot be redeemed.", param="promotion_code")
    return world.objects[code["promotion"]["coupon"]]


# ------------------------------------------------------------------------------------ operations


@route("POST", "/v1/coupons", p.CouponCreateParams)
def create_coupon(world: World, sent: Params) -> Object:
    percent, amount = sent.get("percent_off"), sent.get("amount_off")
    if (percent is None) == (amount is None):
        text = "You must pass exactly one of `percent_off` or `amount_off`."
        raise invalid(text, code="parameter_missing")
    duration, months = sent.get("duration", "once"), sent.get("duration_in_months")
    if (duration == "repeating") != (months is not None):
        text = "`duration_in_months` goes with `duration=repeating`, and only with it."
        raise invalid(text, param="duration_in_months")
    made = world.add(
        "coupon",
        "co",
        id=sent.get("id") or world.id("x", 8)[2:],
        amount_off=amount,
        currency=sent["currency"] if amount is not None else None,
        duration=duration,
        duration_in_months=months,
        metadata={},
        name=sent.get("name"),
        percent_off=percent,
        times_redeemed=0,
        valid=True,
    )
    merge_metadata(made, sent)
    return made


@route("GET", "/v1/coupons/{id}", p.CouponRetrieveParams)
def get_coupon(world: World, sent: Params, key: str) -> Object:
    return world.find("coupon", key)


@route("GET", "/v1/coupons", p.CouponListParams)
def list_coupons(world: World, sent: Params) -> Object:
    return world.page(world.all("coupon"), sent, "/v1/coupons")


@route("POST", "/v1/promotion_codes", p.PromotionCodeCreateParams)
def create_code(world: World, sent: Params) -> Object:
    promotion = sent["promotion"]
    coupon = world.find("coupon", promotion["coupon"], "promotion[coupon]")
    text = sent.get("code") or world.id("x", 8)[2:].upper()
    if any(c["active"] and c["code"] == text for c in world.all("promotion_code")):
        raise invalid(f"An active promotion code with `code: {text}` already exists.", param="code")
    made = world.add(
        "promotion_code",
        "promo",
        active=sent.get("active", True),
        code=text,
        expires_at=sent.get("expires_at"),
        max_redemptions=sent.get("max_redemptions"),
        metadata={},
        promotion={"type": promotion["type"], "coupon": coupon["id"]},
        restrictions={"first_time_transaction": False},
        times_redeemed=0,
    )
    merge_metadata(made, sent)
    return made


@route("GET", "/v1/promotion_codes", p.PromotionCodeListParams)
def list_codes(world: World, sent: Params) -> Object:
    code, active = sent.get("code"), sent.get("active")
    found = [
        c
        for c in world.all("promotion_code")
        if code in (None, c["code"]) and active in (None, c["active"])
    ]
    return world.page(found, sent, "/v1/promotion_codes")
