"""The look of the pages."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from tests.fakes.stripe import cards
from tests.fakes.stripe.errors import StripeFailure
from tests.fakes.stripe.world import Object

Form = dict[str, str]
Page = tuple[int, dict[str, str], bytes]

_STYLE = """
:root { color-scheme: light; font: 16px/1.5 system-ui, sans-serif; color: #1a1f36; }
body { margin: 0; background: #f6f8fa; }
main { max-width: 34rem; margin: 3rem auto; padding: 2rem; background: #fff; border-radius: 12px;
  box-shadow: 0 2px 12px #3c426620; }
h1 { margin: 0 0 1rem; font-size: 1.3rem; } h2 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
table { width: 100%; border-collapse: collapse; } td { padding: .4rem 0; vertical-align: top; }
td:last-child { text-align: right; } .total td { border-top: 1px solid #e3e8ee; font-weight: 600; }
label { display: block; margin: 1rem 0; font-weight: 500; }
input, select { box-sizing: border-box; width: 100%; padding: .6rem; font: inherit;
  margin-top: .25rem; border: 1px solid #c1c9d2; border-radius: 6px; }
button { padding: .6rem 1.2rem; font: inherit; font-weight: 600; color: #fff; background: #4f46e5;
  border: 0; border-radius: 6px; cursor: pointer; }
button.quiet { color: #4f46e5; background: #eef0ff; } form { margin: .5rem 0; }
.row { display: flex; gap: .5rem; align-items: center; justify-content: space-between; }
.hint { color: #697386; font-size: .85rem; } .error { color: #b3093c; font-weight: 600; }
.test { position: fixed; top: 0; right: 0; padding: .2rem .8rem; background: #ffde92;
  font-size: .75rem; border-radius: 0 0 0 8px; }
"""


def html(title: str, body: str, status: int = 200) -> Page:
    page = f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>
<style>{_STYLE}</style></head><body><p class="test">Test mode: no money moves</p>
<main><h1>{escape(title)}</h1>{body}</main></body></html>"""
    return status, {}, page.encode()


def go(url: str) -> Page:
    return 303, {"location": url}, b""


def money(amount: int, currency: str) -> str:
    """JPY and its like have no smaller unit."""
    if currency in ("jpy", "krw", "vnd", "clp"):
        return f"{amount:,} {currency.upper()}"
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100:,}.{abs(amount) % 100:02} {currency.upper()}"


def day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%d %B %Y")


def button(label: str, action: str, *, quiet: bool = False, **hidden: object) -> str:
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(str(value))}">'
        for name, value in hidden.items()
    )
    kind = ' class="quiet"' if quiet else ""
    return (
        f'<form method="post">{fields}<button{kind} name="action" value="{action}">'
        f"{escape(label)}</button></form>"
    )


def card_form(label: str, action: str, *, more: str = "") -> str:
    rows = "".join(
        f"<tr><td>{' '.join(number[i : i + 4] for i in range(0, 16, 4))}</td>"
        f"<td>{escape(card.says)}</td></tr>"
        for number, card in cards.CARDS.items()
    )
    return f"""<form method="post">{more}
<label>Card number<input name="card" value="4242 4242 4242 4242" inputmode="numeric"
 autocomplete="off" required></label>
<button name="action" value="{action}">{escape(label)}</button></form>
<h2>Test cards</h2><table class="hint">{rows}</table>"""


def rows(lines: list[Object], total: int, currency: str, label: str = "Total") -> str:
    rows = "".join(
        f"<tr><td>{escape(line['description'])}</td><td>{money(line['amount'], currency)}</td></tr>"
        for line in lines
    )
    last = f'<tr class="total"><td>{label}</td><td>{money(total, currency)}</td></tr>'
    return f"<table>{rows}{last}</table>"


def error(failure: StripeFailure | None) -> str:
    return f'<p class="error" role="alert">{escape(str(failure))}</p>' if failure else ""


def every(price: Object) -> str:
    recurring = price["recurring"]
    if recurring is None:
        return ""
    count = recurring["interval_count"]
    return f" / {recurring['interval']}" if count == 1 else f" / {count} {recurring['interval']}s"
