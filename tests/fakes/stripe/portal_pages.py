"""The pages of the customer portal."""

from __future__ import annotations

from html import escape
from typing import Any

from tests.fakes.stripe import cards, portal, states, subscription_api
from tests.fakes.stripe.errors import StripeFailure
from tests.fakes.stripe.layout import (
    Form,
    Page,
    button,
    card_form,
    day,
    error,
    every,
    go,
    html,
    money,
    rows,
)
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.world import Object, World


def page(world: World, key: str, form: Form, *, home: bool = False) -> Page:
    session = world.find("billing_portal.session", key)
    failure = None
    if form:
        try:
            done = _act(world, session, form)
            return done if done is not None else _after(session)
        except StripeFailure as refused:
            failure = refused
    flow = session["flow"]
    status = 402 if failure else 200
    back = session["return_url"]
    link = f'<p><a href="{escape(back)}">Back</a></p>' if back else ""
    if flow is None or home:
        return html("Your subscription", error(failure) + _home(world, session) + link, status)
    if flow["type"] == "payment_method_update":
        return html("Update your card", error(failure) + card_form("Save", "card") + link, status)
    wanted = flow[flow["type"]]
    subscription = world.find("subscription", wanted["subscription"])
    if flow["type"] == "subscription_cancel":
        ends = day(states.items(subscription)[0]["current_period_end"])
        text = f"<p>Your subscription stays until {ends}.</p>"
        text += button("Cancel subscription", "cancel", subscription=subscription["id"])
        return html("Cancel your subscription", error(failure) + text + link, status)
    if flow["type"] == "subscription_update":
        return html("Your subscription", error(failure) + _home(world, session) + link, status)
    text = _preview(world, subscription, wanted["items"]) + button("Confirm", "confirm")
    return html("Confirm your changes", error(failure) + text + link, status)


def _after(session: Object) -> Page:
    """Where the customer goes when a flow is done."""
    after = (session["flow"] or {}).get("after_completion", {})
    if after.get("type") == "redirect":
        return go(after["redirect"]["return_url"])
    if after.get("type") == "hosted_confirmation":
        text = (after.get("hosted_confirmation") or {}).get("custom_message") or "All is done."
        return html("Thank you", f"<p>{escape(text)}</p>")
    return go(f"{session['url']}/home")


def _act(world: World, session: Object, form: Form) -> Page | None:
    action = form.get("action")
    configuration = world.objects[session["configuration"]]
    if action == "confirm":
        portal.confirm(world, session)
        return None
    if action == "card":
        cards.replace(world, session["customer"], form.get("card", ""))
        return None
    subscription = world.find("subscription", form.get("subscription", ""))
    if subscription["customer"] != session["customer"]:
        return 404, {}, b"not found"
    if action == "cancel":
        portal.cancel(world, subscription, configuration)
        return None
    if action == "resume":
        portal.resume(world, subscription)
    elif action == "change":
        item = states.items(subscription)[0]["id"]
        wanted = {"id": item, "price": form["price"], "quantity": int(form["quantity"])}
        kind = "subscription_update_confirm"
        change = Params({"subscription": subscription["id"], "items": [Params(wanted)]})
        sent = {"customer": session["customer"], "configuration": configuration["id"]}
        sent |= {"flow_data": Params({"type": kind, kind: change}), "return_url": session["url"]}
        return go(str(portal.create_session(world, Params(sent))["url"]))
    return go(f"{session['url']}/home")


def _home(world: World, session: Object) -> str:
    features = world.objects[session["configuration"]]["features"]
    body = ""
    mine = [s for s in world.all("subscription") if s["customer"] == session["customer"]]
    for found in mine:
        item = states.items(found)[0]
        name = world.objects[item["price"]["product"]]["name"]
        unit = money(item["price"]["unit_amount"] or 0, found["currency"])
        when = day(item["current_period_end"])
        body += f"<h2>{escape(name)} x {item['quantity']}</h2>"
        if found["status"] in states.OVER:
            body += '<p class="hint">It has ended.</p>'
            continue
        verb = "Ends" if found["cancel_at"] else "Renews"
        body += f"<p>{unit}{every(item['price'])}. {verb} on {when} ({found['status']}).</p>"
        if found["cancel_at"]:
            body += button("Don't cancel", "resume", subscription=found["id"])
        elif features["subscription_cancel"]["enabled"]:
            body += button("Cancel", "cancel", quiet=True, subscription=found["id"])
        if features["subscription_update"]["enabled"] and not found["cancel_at"]:
            body += _choices(world, found, features["subscription_update"])
    if features["payment_method_update"]["enabled"]:
        body += "<h2>Card</h2>" + card_form("Update card", "card")
    if features["invoice_history"]["enabled"]:
        rows = "".join(
            f'<tr><td><a href="{escape(i["hosted_invoice_url"])}">{escape(i["number"])}</a>, '
            f"{day(i['created'])}, {i['status']}</td>"
            f"<td>{money(i['total'], i['currency'])}</td></tr>"
            for i in world.all("invoice")
            if i["customer"] == session["customer"] and i["number"]
        )
        body += f"<h2>Invoices</h2><table>{rows}</table>"
    return body or "<p>You have no subscription.</p>"


def _choices(world: World, subscription: Object, update: Object) -> str:
    item = states.items(subscription)[0]
    prices = [world.objects[key] for product in update["products"] for key in product["prices"]]
    chosen = item["price"]["id"]
    options = "".join(
        f'<option value="{price["id"]}"{" selected" if price["id"] == chosen else ""}>'
        f"{escape(world.objects[price['product']]['name'])}, "
        f"{money(price['unit_amount'] or 0, price['currency'])}{every(price)}</option>"
        for price in prices
    )
    return (
        '<form method="post">'
        f'<input type="hidden" name="subscription" value="{subscription["id"]}">'
        f'<label>Plan<br><select name="price">{options}</select></label><label>Quantity'
        f'<input name="quantity" type="number" min="1" value="{item["quantity"]}"></label>'
        '<button class="quiet" name="action" value="change">Change plan</button></form>'
    )


def _preview(world: World, subscription: Object, wanted: list[Any]) -> str:
    details = Params({"items": [Params(item) for item in wanted]})
    details["proration_behavior"] = "always_invoice"
    sent = Params({"subscription": subscription["id"], "subscription_details": details})
    try:
        made = subscription_api.preview(world, sent)
    except StripeFailure:
        return "<p>Nothing is due today.</p>"
    return rows(made["_lines"], made["amount_due"], made["currency"], "Due today")
