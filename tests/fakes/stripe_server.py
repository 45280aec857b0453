"""Stripe on a real socket, with its state in memory: see tests/fakes/stripe/.

    with StripeServer() as stripe:
        client = StripeClient(stripe.key, base_addresses={"api": stripe.url})
        ...
        stripe.pay(session.id)
        stripe.advance(days=31)
    assert not stripe.problems

The pages (Checkout, the portal, invoices) are forms without scripts: a test can post what a button
would, as in `requests.post(portal.url, {"action": "confirm"})`. At `/` one plays the bank.

The clock stands still unless it is told to advance. It lives among the fakes, and `local up` starts
it as a module: so it is a process like the other parts of the stack, and nothing of `local` imports
tests.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from tests.fakes.stripe import (
    cards,
    catalogue,
    invoices,
    paying,
    reversals,
    serving,
    states,
    subscription_api,
    webhooks,
)
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.serving import Call, Failure, Front
from tests.fakes.stripe.webhooks import Attempt, Sender
from tests.fakes.stripe.world import DAY, Object, Settings, World

KEY = "sk_test_of_the_fake_server"
SECRET = "whsec_of_the_fake_server"


class StripeServer:
    """`webhook`: where events go, unless endpoints are made by the API. `running`: whether the
    clock runs by itself."""

    def __init__(
        self,
        *,
        port: int = 0,
        webhook: str | None = None,
        secret: str = SECRET,
        running: bool = False,
        settings: Settings | None = None,
    ) -> None:
        self.key = KEY
        self.secret = secret
        self.world = World(running=running, settings=settings or Settings())
        self.sender = Sender(self.world)
        self._front = Front(self.world)
        self._port = port
        if webhook is not None:
            self.listen(webhook)

    def __enter__(self) -> Self:
        self._server, self._thread = serving.serve(self._front, self._port)
        self.sender.start()
        if self.world.running:
            threading.Thread(target=serving.tick, args=(self._front,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._front.stopped.set()
        self.sender.stop()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return self.world.base_url

    @property
    def now(self) -> int:
        return self.world.now

    @property
    def settings(self) -> Settings:
        return self.world.settings

    @property
    def problems(self) -> list[str]:
        """What the fake was asked for and lacks, or answered wrongly: tests assert that it is
        empty."""
        return self.world.problems

    @property
    def calls(self) -> list[Call]:
        """The requests to the API so far."""
        return self._front.calls

    def get(self, key: str) -> Object:
        """The object as it is now."""
        with self.world.lock:
            return self.world.render(self.world.objects[key])

    # -------------------------------------------------------------------------------- the clock

    def advance(self, to: int | datetime | None = None, **by: float) -> None:
        """To a moment, or `days=`, `hours=`, `seconds=` onward."""
        units = {"days": DAY, "hours": 3600, "seconds": 1}
        if isinstance(to, datetime):
            to = int(to.timestamp())
        if to is None:
            to = self.now + int(sum(units[name] * value for name, value in by.items()))
        self.world.advance(to)

    # ----------------------------------------------------------------------- what customers do

    def pay(self, session: str, card: str | None = "4242424242424242", **who: str) -> str:
        """Pays a Checkout session; returns where the browser goes then. Raises `StripeFailure` if
        the card is declined."""
        with self.world.lock:
            return paying.success_url(paying.pay(self.world, session, card, **who))

    def pay_by_bank(self, session: str, *, fails: bool = False) -> None:
        """Pays once by a bank account: the session is complete, and unpaid until `settle_bank`."""
        with self.world.lock:
            paying.pay_by_bank(self.world, session, fails=fails)

    def settle_bank(self, session: str) -> None:
        with self.world.lock:
            paying.settle_bank(self.world, session)

    def change_card(self, customer: str, card: str) -> None:
        """As the portal does: the new card is charged from now on, by subscriptions too."""
        with self.world.lock:
            cards.replace(self.world, customer, card)

    def pay_invoice(self, invoice: str, card: str | None = None) -> bool:
        """As the customer does on the invoice's page."""
        with self.world.lock:
            found = self.world.find("invoice", invoice)
            method = cards.add_method(self.world, card, found["customer"]) if card else None
            return invoices.collect(self.world, found, method, on_session=True)

    # ------------------------------------------------------------------ what banks and staff do

    def _charge(self, key: str) -> Object:
        found = self.world.objects[key]
        if found["object"] == "invoice":
            found = invoices.intent_of(self.world, found)
        if found["object"] == "payment_intent":
            found = self.world.objects[found["latest_charge"]]
        return found

    def refund(self, payment: str, amount: int | None = None) -> Object:
        """`payment`: a charge, a payment intent, or an invoice."""
        with self.world.lock:
            return self.get(reversals.refund(self.world, self._charge(payment), amount)["id"])

    def dispute(self, payment: str, amount: int | None = None) -> Object:
        with self.world.lock:
            return self.get(reversals.dispute(self.world, self._charge(payment), amount)["id"])

    def close_dispute(self, dispute: str, *, won: bool) -> None:
        with self.world.lock:
            reversals.close(self.world, self.world.find("dispute", dispute), won=won)

    def cancel(self, subscription: str, *, at_period_end: bool = False) -> None:
        """As staff do in the dashboard."""
        with self.world.lock:
            found = self.world.find("subscription", subscription)
            if not at_period_end:
                return states.end(self.world, found, "cancellation_requested")
            ends = states.items(found)[0]["current_period_end"]
            with self.world.changing(found, "customer.subscription.updated"):
                subscription_api.schedule_end(self.world, found, ends, at_period_end=True)

    def delete_customer(self, customer: str) -> None:
        """As staff do in the dashboard: subscriptions end at once, and it is for good."""
        with self.world.lock:
            catalogue.delete_customer(self.world, Params({}), customer)

    # ------------------------------------------------------------------------------- failures

    def forget_keys(self) -> None:
        """As after a day: Stripe no longer knows the idempotency keys."""
        with self.world.lock:
            self._front.forget_keys()

    def fail(
        self, path: str, status: int | str = 500, times: int = 1, *, done: bool = False
    ) -> None:
        """The next `times` requests that match `path` ("/v1/refunds", "POST /v1/customers*") get
        `status`, or no answer at all ("timeout", "cut"). `done`: after the work was done."""
        with self.world.lock:
            self._front.failures.append(Failure(path, status, times, done))

    # --------------------------------------------------------------------------------- events

    def listen(self, url: str, events: Iterable[str] = ("*",), **more: Any) -> Object:
        """Sends events to `url`, signed with the server's secret."""
        with self.world.lock:
            more.setdefault("secret", self.secret)
            return webhooks.add_endpoint(self.world, url, list(events), **more)

    @property
    def events(self) -> list[Object]:
        """Oldest first."""
        return self.world.events

    @property
    def pending(self) -> list[Object]:
        """Events that were not sent yet, or not taken."""
        with self.world.lock:
            return [waiting.event for waiting in self.sender.waiting]

    @property
    def attempts(self) -> list[Attempt]:
        return self.sender.attempts

    def hold(self) -> None:
        """Nothing is sent until `release`, but for what `deliver` sends."""
        self.sender.hold()

    def release(self) -> None:
        self.sender.release()

    def drop(self, events: Iterable[Object] | None = None) -> None:
        self.sender.drop(self.pending if events is None else events)

    def deliver(self, events: Iterable[Object] | None = None) -> list[int | None]:
        """Sends events now, in the order given, again if they were sent before; returns the
        receiver's statuses. Without `events`: those that are pending."""
        return self.sender.deliver(self.pending if events is None else events)

    def settle(self, timeout: float = 60) -> None:
        """Waits until the receiver has taken every event."""
        if not self.sender.settle(timeout):
            raise TimeoutError(f"not taken: {[event['type'] for event in self.pending]}")

    def signed(self, event: Object) -> tuple[bytes, dict[str, str]]:
        """The body and headers of an event, for tests that post it themselves."""
        endpoint = {"api_version": None, "_secret": self.secret}
        return self.sender.signed(event, endpoint)


def main() -> None:
    parser = argparse.ArgumentParser(description="A Stripe in memory, for trying purchases.")
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--webhook", help="URL that gets the events")
    parser.add_argument("--secret", default=SECRET, help="with which events are signed")
    chosen = parser.parse_args()
    server = StripeServer(
        port=chosen.port,
        webhook=chosen.webhook,
        secret=chosen.secret,
        running=True,
        settings=Settings(saved_portal=True),
    )
    with server as stripe:
        print(f"Stripe at {stripe.url}, with the key {stripe.key}", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
