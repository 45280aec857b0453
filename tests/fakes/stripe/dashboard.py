"""The side of the bank, of staff, and of time: one page."""

from __future__ import annotations

from tests.fakes.stripe import reversals
from tests.fakes.stripe.errors import StripeFailure
from tests.fakes.stripe.layout import Form, Page, button, day, error, go, html, money
from tests.fakes.stripe.world import DAY, World


def page(world: World, key: str, form: Form) -> Page:
    action = form.get("action")
    if action == "advance":
        world.advance(world.now + int(form["days"]) * DAY)
    elif action in ("refund", "dispute"):
        charge = world.find("charge", form["charge"])
        try:
            if action == "refund":
                reversals.refund(world, charge)
            else:
                reversals.dispute(world, charge)
        except StripeFailure as failure:
            return html("Dashboard", error(failure) + '<p><a href="/">Back</a></p>', 400)
    elif action in ("won", "lost"):
        reversals.close(world, world.find("dispute", form["dispute"]), won=action == "won")
    if action:
        return go("/")
    body = f"<p>It is {day(world.now)} here.</p><div class='row'>"
    body += "".join(
        button("1 day later" if d == 1 else f"{d} days later", "advance", quiet=True, days=d)
        for d in (1, 7, 31)
    )
    body += "</div><h2>Payments</h2>"
    for charge in world.all("charge")[:20]:
        text = f"{money(charge['amount'], charge['currency'])}, {charge['status']}"
        text += f", refunded {charge['amount_refunded']}" if charge["amount_refunded"] else ""
        body += f"<div class='row'><span>{text}</span>"
        if charge["paid"] and not charge["refunded"] and not charge["disputed"]:
            body += button("Refund", "refund", quiet=True, charge=charge["id"])
            body += button("Dispute", "dispute", quiet=True, charge=charge["id"])
        body += "</div>"
    for found in world.all("dispute"):
        body += f"<div class='row'><span>Dispute: {found['status']}</span>"
        if found["status"] not in ("won", "lost"):
            body += button("Won", "won", quiet=True, dispute=found["id"])
            body += button("Lost", "lost", quiet=True, dispute=found["id"])
        body += "</div>"
    rows = "".join(
        f"<tr><td>{event['type']}</td><td>{day(event['created'])}</td></tr>"
        for event in reversed(world.events[-30:])
    )
    return html("Dashboard", f"{body}<h2>Events</h2><table class='hint'>{rows}</table>")
