"""The pages that Stripe shows to customers: Checkout and invoices; and the way to all pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from tests.fakes.stripe import cards, dashboard, invoices, paying, portal_pages
from tests.fakes.stripe.errors import StripeFailure
from tests.fakes.stripe.layout import (
    Form,
    Page,
    card_form,
    day,
    error,
    every,
    go,
    html,
    money,
    rows,
)
from tests.fakes.stripe.world import World


def _checkout(world: World, key: str, form: Form) -> Page:
    session = world.find("checkout.session", key)
    failure = None
    if form and session["status"] == "open":
        try:
            number, email = form.get("card"), form.get("email")
            paying.pay(world, key, number or None, email=email, code=form.get("code"))
            return go(paying.success_url(session))
        except StripeFailure as refused:
            failure = refused
    if session["status"] != "open":
        text = "You have already paid." if session["status"] == "complete" else "It has expired."
        back = session["cancel_url"]
        link = f'<p><a href="{escape(back)}">Back</a></p>' if back else ""
        return html("This page is no longer available", f"<p>{text}</p>{link}")
    currency = session["currency"]
    lines = [
        {
            "description": f"{line['description']} x {line['quantity']}{every(line['price'])}",
            "amount": line["amount_subtotal"],
        }
        for line in session["_line_items"]
    ]
    if off := session["total_details"]["amount_discount"]:
        lines.append({"description": "Discount", "amount": -off})
    if tax := session["total_details"]["amount_tax"]:
        lines.append({"description": "Tax", "amount": tax})
    due = session["amount_total"]
    trial = session["_data"]["trial_end"]
    label = "Pay" if session["mode"] == "payment" else "Start trial" if trial else "Subscribe"
    body = rows(lines, due, currency, "Due today")
    if trial:
        body += f'<p class="hint">Free until {day(trial)}.</p>'
    email = (
        ""
        if session["customer"]
        else '<label>Email<input name="email" type="email" value="buyer@example.com"></label>'
    )
    if session["allow_promotion_codes"]:
        email += '<label>Promotion code<input name="code"></label>'
    body += error(failure) + card_form(label, "pay", more=email)
    if session["cancel_url"]:
        body += f'<p><a href="{escape(session["cancel_url"])}">Back</a></p>'
    return html("Checkout", body, 402 if failure else 200)


def _invoice(world: World, key: str, form: Form) -> Page:
    invoice = world.find("invoice", key)
    failure = ""
    if form and invoice["status"] == "open":
        method = cards.add_method(world, form.get("card", ""), invoice["customer"])
        if not invoices.collect(world, invoice, method, on_session=True):
            failure = '<p class="error" role="alert">Your card was declined.</p>'
    body = f"<p>{day(invoice['created'])}, {invoice['status']}</p>"
    body += rows(invoice["_lines"], invoice["total"], invoice["currency"])
    body += f'<p><a href="/i/{key}/pdf">Download as PDF</a></p>{failure}'
    if invoice["status"] == "open":
        body += card_form(f"Pay {money(invoice['amount_due'], invoice['currency'])}", "pay")
    return html(f"Invoice {invoice['number'] or '(draft)'}", body)


def _pdf(world: World, key: str, form: Form) -> Page:
    invoice = world.find("invoice", key)
    texts = [f"Invoice {invoice['number']}", day(invoice["created"])]
    texts += [f"{x['description']}: {money(x['amount'], x['currency'])}" for x in invoice["_lines"]]
    texts.append(f"Total: {money(invoice['total'], invoice['currency'])} ({invoice['status']})")
    name = f'attachment; filename="{invoice["number"]}.pdf"'
    return 200, {"content-type": "application/pdf", "content-disposition": name}, _as_pdf(texts)


def _as_pdf(texts: list[str]) -> bytes:
    """One page, one line for each text."""
    shown = [re.sub(r"([\\()])", r"\\\1", text) for text in texts]
    drawn = "".join(f"({text}) Tj 0 -18 Td " for text in shown).encode("latin-1", "replace")
    stream = b"BT /F1 12 Tf 60 780 Td " + drawn + b"ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
    ]
    made, places = b"%PDF-1.4\n", []
    for number, thing in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj%s endobj\n" % (number, thing)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(made)
    made += b"xref\n0 5\n0000000000 65535 f \n" + table
    return made + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start


def _receipt(world: World, key: str, form: Form) -> Page:
    intent = world.find("payment_intent", key)
    text = f"<p>{money(intent['amount_received'], intent['currency'])}, {intent['status']}</p>"
    return html("Receipt", text)


_PAGES: list[tuple[re.Pattern[str], Callable[[World, str, Form], Page]]] = [
    (re.compile(r"/()"), dashboard.page),
    (re.compile(r"/c/pay/(\w+)"), _checkout),
    (re.compile(r"/p/session/(\w+)"), portal_pages.page),
    (re.compile(r"/p/session/(\w+)/home"), lambda w, k, f: portal_pages.page(w, k, f, home=True)),
    (re.compile(r"/i/(\w+)"), _invoice),
    (re.compile(r"/i/(\w+)/pdf"), _pdf),
    (re.compile(r"/receipts/(\w+)"), _receipt),
]


def answer(world: World, path: str, form: Form) -> Page:
    for pattern, page in _PAGES:
        if found := pattern.fullmatch(path):
            try:
                return page(world, found[1], form)
            except StripeFailure as failure:
                return html("Something went wrong", error(failure), failure.status)
    return html("Not found", "<p>There is no such page.</p>", 404)
