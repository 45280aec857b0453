"""One payer's books: the documents as they were read, and what Stripe's picture changes in them.

Nothing is computed from earlier events or from differences between pictures. A purchase counts once
because its document is created in the commit that grants it; everything else follows from the
present state, so it does not matter how often, in which order, or after which losses this runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from troupe.adapters.firestore import Create, Document, Increment, Merge, Update, Write
from troupe.adapters.stripe_records import Bought, Charge, Line, Picture, Purchase
from troupe.dashboards.days import day_writes, of_money
from troupe.logs import log
from troupe.payments.invoices import (
    Begin,
    Catalog,
    Effect,
    Nothing,
    Share,
    TopUp,
    effects,
    in_order,
    rule_of,
)
from troupe.payments.records import (
    ENDED,
    MOST_SEATS,
    REVENUE,
    RUNNING,
    AddonKind,
    BilledItem,
    Billing,
    Group,
    Meters,
    Payment,
    PaymentKind,
    PaymentLine,
    PaymentStatus,
    Period,
    PriceKind,
    added,
    changed,
    payment_path,
    periods_path,
)
from troupe.payments.reversals import owed, reversal, spread, take
from troupe.payments.states import our_status
from troupe.payments.telling import payment_events
from troupe.plans.draft import PaidPeriod, SubscriptionDraft
from troupe.plans.notices import notices
from troupe.plans.records import Source, SubscriptionStatus
from troupe.wallet.ledger import plan_grant_id, wallet_path
from troupe.wallet.records import Meter, OwnerKind

G = TypeVar("G", bound=Group)
# A renewal's invoice is a draft for about an hour before it is charged.
RENEWAL_SLACK = timedelta(hours=2)
UNSETTLED_CHECK = timedelta(hours=6)  # while anything is expected to change
QUIET_CHECK = timedelta(days=7)  # nothing else is due, but an event may be lost
_SOON = timedelta(minutes=10)
MOST_PURCHASES = 20  # in one commit; the rest follow in the next
MOST_PERIODS = 60  # that are looked at, besides those that owe something
_MOST_EVENTS = 20  # that are recognised as repeats without asking Stripe
# Statuses of a subscription that nobody ever paid for.
_NEVER_BEGAN = ("incomplete", "incomplete_expired")


class Books:
    """`draft` is None if there is no wallet (any more): payments are recorded, nothing is
    granted."""

    def __init__(
        self,
        billing: Document,
        draft: SubscriptionDraft | None,
        owner: Document,
        payments: Mapping[str, Document],
        periods: Sequence[Document],
        catalog: Catalog,
        at: datetime,
        *,
        grace: timedelta,
    ) -> None:
        self._document = billing
        self._draft = draft
        self._owner = owner
        self._catalog = catalog
        self._grace = grace
        self.at = at
        self.before = Billing.of(billing)
        self.billing = self.before
        self._seen = dict(payments)
        self._payments = {
            name: Payment.of(document) for name, document in payments.items() if document.exists
        }
        self._old_payments = dict(self._payments)
        self._period_documents = {document.path: document for document in periods}
        self._periods = {each.n: each for each in map(Period.of, periods)}
        self._old_periods = dict(self._periods)
        self._revenue: dict[str, dict[str, int]] = {}
        self._company_days: list[Write] = []
        self._by_plan: dict[str, dict[str, int]] = {}
        self._repeated: Collection[str] = ()
        self.left = 0  # purchases that are for the next commit
        self.granted = 0

    # What Stripe shows

    def follow(self, picture: Picture, repeated: Collection[str] = ()) -> None:
        """Makes the books what the picture says. `repeated`: subscriptions whose trial is not the
        first of their card, and gives nothing."""
        self._repeated = repeated
        open_ = self.billing.open_checkout
        if open_ is not None and open_.expires_at <= self.at:
            self.billing = self.billing.model_copy(update={"open_checkout": None})
        if self._draft is not None and self._draft.guest and picture.purchases:
            log.error("guest_paid", owner=self.billing.id)  # impossible by checkout
            self._draft = None
        subscriptions = {each.id: each for each in picture.subscriptions}
        new = [each for each in picture.purchases if each.payment_id not in self._payments]
        new = in_order(new)
        self.left = max(0, len(new) - MOST_PURCHASES)
        for purchase in new[:MOST_PURCHASES]:
            self._enter(purchase, subscriptions)
        self._reverse(picture.charges)
        prices = self._catalog.prices.values()
        sells = {each.id: path for each in prices if (path := each.sells)}
        self.billing = self.billing.model_copy(update={"sells": sells})
        if not self.left:
            self._status(picture.subscriptions)
            if picture.gone:
                self._lose_customer()
            self._besides(picture.subscriptions)
        if any(each.id in repeated and each.status == "trialing" for each in picture.subscriptions):
            self._ask_soon()  # the trial is ended after the commit

    def note(self, event_id: str) -> None:
        """An event that is applied with this."""
        known = [each for each in self.billing.events if each != event_id]
        events = [*known, event_id][-_MOST_EVENTS:]
        self.billing = self.billing.model_copy(update={"events": events})

    def _lose_customer(self) -> None:
        """The customer was deleted at Stripe, and all that ran with it: the payer can buy again, as
        another customer. What was paid stays, and can still be refunded."""
        was = self.billing
        if was.stripe_customer_id is None:
            return
        log.warning("customer_deleted", owner=was.id, customer=was.stripe_customer_id)
        self._without_customer(former_customers=[*was.former_customers, was.stripe_customer_id])

    def leave_test_mode(self) -> None:
        """The key is a live one now, and the payer was a customer in test mode, where nobody pays:
        their subscription ends, and they can buy as a customer of live mode. Stripe cannot be asked
        about test mode any more."""
        was = self.billing
        log.warning("test_customer_left", owner=was.id, customers=was.customers)
        self._without_customer(
            former_customers=[],
            test_customers=[*was.test_customers, *was.customers],
            subscription_id=None,
            trial_used_at=None,
            due_at=None,
        )
        self._besides(())

    def _without_customer(self, **changes: Any) -> None:
        """All that ran with the customer at Stripe has ended."""
        was = self.billing
        self.billing = was.model_copy(
            update={
                **changes,
                "stripe_customer_id": None,
                "stripe_status": "canceled" if was.live else was.stripe_status,
                "items": [],
                "cancel_at_period_end": False,
                "trial_ends_at": None,
                "past_due_since": None,
                "grace_until": None,
                "open_checkout": None,
            }
        )
        has = self._draft.after if self._draft is not None else None
        if has is not None and has.live and has.source is Source.STRIPE and not was.closed:
            self._close_period()  # Stripe did not even show the subscription any more
            self._wallet.end(SubscriptionStatus.CANCELLED)
            self._day(cancelled=1)

    # Purchases

    def _enter(self, purchase: Purchase, subscriptions: Mapping[str, Bought]) -> None:
        """Records a purchase and grants what it paid for."""
        open_ = self._draft is not None and not self.billing.closed
        periods = sorted(self._periods.values(), key=lambda each: each.n)
        found = effects(purchase, self._catalog, periods, subscriptions)
        for each in found:
            if isinstance(each, Nothing) and each.unknown:
                log.warning("unknown_price", owner=self.billing.id, price=each.line.price_id or "")
        if not open_:
            log.error("payment_after_close", owner=self.billing.id, payment=purchase.payment_id)
        lines: list[PaymentLine] = []
        n: int | None = None
        own: Meters = {}
        draft = self._draft
        running = draft.after.period if open_ and draft and draft.after else None
        bought = subscriptions.get(purchase.subscription_id or "")
        over = bought is not None and bought.status in ENDED
        for effect in found:
            gave, period = self._apply(effect, purchase, running, over) if open_ else ({}, None)
            n = period if n is None else n
            if period is None:
                own = added(own, gave)
            lines.append(_line(effect, self._catalog, gave, period))
        if n is not None:  # a top-up on the invoice of a period is reversed with it
            self._gave(self._periods[n], own)
            own = {}
        self._record(purchase, lines, n, own)
        if self.billing.closed and purchase.paid:
            late = [*self.billing.late, purchase.payment_id]
            self.billing = self.billing.model_copy(update={"late": late})

    def _apply(
        self, effect: Effect, purchase: Purchase, running: int | None, over: bool
    ) -> tuple[Meters, int | None]:
        """What was granted or credited, and the period that it belongs to. `running`: the period
        that ran before the purchase; `over`: its subscription has ended."""
        if isinstance(effect, Begin):
            return self._begin(effect, purchase, over=over)
        if isinstance(effect, Share):
            return self._credit(effect, running) if effect.line.amount < 0 else self._share(effect)
        if isinstance(effect, TopUp):
            draft = self._wallet
            several = len(purchase.lines) > 1
            for meter, amount in effect.gives.items():
                suffix = f"-{effect.line.id}" if several else ""
                entry_id = f"topup-{purchase.payment_id}-{meter}{suffix}"
                draft.add(entry_id, meter, amount, f"add-on {effect.addon.id}", plan=False)
            self.granted += 1
            return effect.gives, None
        return {}, None

    def _begin(self, effect: Begin, purchase: Purchase, *, over: bool) -> tuple[Meters, int | None]:
        draft = self._wallet
        current = self._current()
        has = draft.after
        # An old invoice was paid although its subscription has ended: a plan that the payer was
        # given since, or that costs nothing, goes on.
        late = over and current is None and has is not None and has.live and not has.at_stripe
        if current is not None and not effect.once:
            # A trial that was ended at once is followed by a period with the same start.
            mine = current.subscription_id == purchase.subscription_id
            same = mine and effect.start == current.start and current.plan.id == effect.plan.id
            if same and current.gave and not current.trial:
                # A second invoice for a period that has been paid for: it grants nothing.
                log.warning("period_paid_twice", owner=self.billing.id, payment=purchase.payment_id)
                return {}, current.n
            if effect.start < current.start:  # an older period, paid for late: its minutes are over
                tokens = effect.gives.get(Meter.TOKENS, 0)
                return self._give(current, effect.line, {Meter.TOKENS: tokens}), current.n
        if effect.trial and purchase.subscription_id in self._repeated:
            effect = replace(effect, gives={})
        if not late:
            self._close_period()
        draft.begin(
            effect.plan.terms,
            source=Source.USER if effect.once else Source.STRIPE,
            started_at=self._started(effect),
            expires_at=effect.end if effect.once else None,
            paid=PaidPeriod(effect.start, effect.end, effect.gives),
        )
        n = draft.known.period
        self._periods[n] = Period(
            id=str(n),
            n=n,
            subscription_id=purchase.subscription_id,
            plan=effect.plan.terms,
            quantity=effect.line.quantity,
            start=effect.start,
            end=effect.end,
            trial=effect.trial,
            gave=effect.gives,
        )
        if late and has is not None:
            expired = draft.expire_minutes(only=n)
            self._periods[n] = self._periods[n].after_expiry(expired[n])
            draft.resume(has)
        self.granted += 1
        return effect.gives, n

    def _started(self, effect: Begin) -> datetime:
        """When the first period of this plan began, if it goes on."""
        has = self._wallet.after
        goes_on = has is not None and has.live and has.plan.id == effect.plan.id
        return has.started_at if has is not None and goes_on else effect.start

    def _close_period(self) -> None:
        """Unused minutes expire with the period, also those that went on from an earlier one."""
        draft = self._wallet
        if draft.after is None:
            return
        for n, seconds in draft.expire_minutes().items():
            if n in self._periods:
                self._periods[n] = self._periods[n].after_expiry(seconds)

    def _share(self, effect: Share) -> tuple[Meters, int | None]:
        """Grants a part of a period. One that is over has no minutes any more."""
        has = self._wallet.after
        period = self._periods.get(has.period) if has is not None else None
        if period is None or has is None or not has.live:
            log.warning("share_without_period", owner=self.billing.id, line=effect.line.id)
            return {}, None
        over = effect.line.end <= period.start
        gives = {Meter.TOKENS: effect.gives.get(Meter.TOKENS, 0)} if over else effect.gives
        gave = self._give(period, effect.line, gives)
        if not over:
            self._use_plan(effect)
        return gave, period.n

    def _credit(self, effect: Share, running: int | None) -> tuple[Meters, int | None]:
        """Notes that a part of what a period gave was credited to the customer's balance. It is
        taken back like a refund: what was used of it is owed. Otherwise a payer who has used
        everything could change to a cheaper plan and back again, and get it anew for the same
        money."""
        period = self._periods.get(running) if running is not None else None
        if period is None:
            log.warning("credit_without_period", owner=self.billing.id, line=effect.line.id)
            return {}, None
        more = {meter: -amount for meter, amount in effect.gives.items()}
        credited = added(period.credited, more)
        most = {meter: min(n, period.gave.get(meter, 0)) for meter, n in credited.items()}
        credited = added(most, {})
        self._periods[period.n] = period.model_copy(update={"credited": credited})
        return effect.gives, period.n

    def _use_plan(self, effect: Share) -> None:
        """The rest of the period belongs to the new plan."""
        draft = self._wallet
        draft.mark(plan=effect.plan.terms)
        period = self._periods[draft.known.period]
        fields = {"plan": effect.plan.terms, "quantity": effect.line.quantity}
        self._periods[period.n] = period.model_copy(update=fields)

    def _give(self, period: Period, line: Line, gives: Meters) -> Meters:
        """Grants a line besides the one that began the period."""
        draft = self._wallet
        for meter, amount in gives.items():
            if amount:
                entry_id = f"{plan_grant_id(draft.owner.id, period.n, meter)}-{line.id}"
                draft.add(entry_id, meter, amount, f"plan {period.plan.id}", plan=True)
        self._gave(period, gives)
        self.granted += 1
        return added(gives, {})

    def _gave(self, period: Period, gives: Meters) -> None:
        now = self._periods[period.n]
        self._periods[period.n] = now.model_copy(update={"gave": added(now.gave, gives)})

    def _current(self) -> Period | None:
        """The period that runs, or ran last."""
        has = self._wallet.after
        return self._periods.get(has.period) if has is not None else None

    def _record(
        self, purchase: Purchase, lines: list[PaymentLine], n: int | None, own: Meters
    ) -> None:
        period = self._periods.get(n) if n is not None else None
        payment = Payment(
            id=purchase.payment_id,
            owner_kind=self.billing.owner_kind,
            owner_id=None if self.billing.closed else self.billing.id,
            kind=PaymentKind.TOPUP
            if any(line.addon_id for line in lines)
            else PaymentKind.SUBSCRIPTION,
            number=purchase.number,
            description=next((line.description for line in lines if line.description), ""),
            amount=purchase.paid,
            tax=purchase.tax,
            discount=purchase.discount,
            currency=purchase.currency,
            paid=purchase.paid,
            gave=own,
            payment_intents=list(purchase.payment_intents),
            invoice_id=None if purchase.one_off else purchase.id,
            session_id=purchase.id if purchase.one_off else None,
            period=n,
            lines=lines,
            issued_at=purchase.created_at,
            paid_at=purchase.paid_at,
            period_start=period.start if period else None,
            period_end=period.end if period else None,
            created_at=self.at,
            updated_at=self.at,
        )
        self._payments[payment.id] = payment
        if n is not None:
            period = self._periods[n]
            self._periods[n] = period.model_copy(
                update={
                    "payments": [*period.payments, payment.id],
                    "paid": period.paid + payment.paid,
                    # Later invoices of a period are covered by credits of its own.
                    "covered": period.covered if period.payments else purchase.covered,
                }
            )
        plan_id = next((line.plan_id for line in lines if line.plan_id), None)
        self._count(payment, gross=payment.amount, tax=payment.tax, payments=1)
        if plan_id and payment.amount:
            by_plan = self._by_plan.setdefault(payment.day, {})
            by_plan[plan_id] = by_plan.get(plan_id, 0) + payment.amount

    # Refunds and disputes

    def _reverse(self, charges: Sequence[Charge]) -> None:
        """Applies refunds and disputes, and undoes those that no longer count."""
        by_intent: dict[str, list[Charge]] = {}
        for charge in charges:
            by_intent.setdefault(charge.payment_intent or charge.id, []).append(charge)
        blocked = False
        for payment in list(self._payments.values()):
            if payment.kind is PaymentKind.MANUAL:
                continue
            found_by = [by_intent.get(intent, []) for intent in payment.payment_intents]
            mine = [each for some in found_by for each in some]
            if not mine and payment.payment_intents:
                blocked = blocked or payment.status is PaymentStatus.DISPUTED
                continue  # older than the picture
            found = reversal(payment.paid, mine)
            blocked = blocked or found.open_dispute
            self._count(
                payment,
                refunded=found.refunded - payment.refunded,
                disputed=found.disputed - payment.disputed,
            )
            self._payments[payment.id] = payment.model_copy(
                update={
                    "status": found.status,
                    "refunded": found.refunded,
                    "disputed": found.disputed,
                    "reversed": found.reversed,
                    "dispute_status": found.dispute_status,
                    "charge_ids": [each.id for each in mine],
                    "method": next((each.method for each in mine if each.method), payment.method),
                }
            )
        for n, period in self._periods.items():
            sums = [self._payments[name].reversed for name in period.payments if self._has(name)]
            if len(sums) == len(period.payments):
                self._periods[n] = period.model_copy(update={"cash_reversed": sum(sums)})
        ordered = [self._periods[n] for n in sorted(self._periods)]
        self._periods = {period.n: period for period in spread(ordered)}
        self.settle()
        over = (PaymentStatus.REFUNDED, PaymentStatus.LOST)
        late = [
            name
            for name in self.billing.late
            if not (self._has(name) and self._payments[name].status in over)
        ]
        fields = {"blocked": "dispute" if blocked else None, "late": late}
        self.billing = self.billing.model_copy(update=fields)

    def settle(self) -> None:
        """Takes back, or gives back, the difference of each group, oldest first; notes what is
        owed."""
        if self._draft is None or self.billing.closed:
            return
        for n in sorted(self._periods):
            self._periods[n] = self._take(self._periods[n], f"{self.billing.id}-{n}")
        for name, payment in self._payments.items():
            if payment.period is None:
                self._payments[name] = self._take(payment, name)
        groups: list[Group] = list(self._periods.values())
        groups += [each for each in self._payments.values() if each.period is None]
        self.billing = self.billing.model_copy(update={"owed": owed(groups)})

    def _take(self, group: G, cause: str) -> G:
        draft = self._wallet
        moves = take(group, {meter: draft.available(meter) for meter in Meter})
        if not moves:
            return group
        revision = group.revision + 1
        period = group if isinstance(group, Period) else None
        elsewhere = period.taken_elsewhere if period else 0
        for meter, amount in moves.items():
            elsewhere += draft.reverse(
                f"reverse-{cause}-{revision}-{meter}",
                meter,
                amount,
                f"reversal of {cause}",
                period=period.n if period else None,
                elsewhere=elsewhere,
            )
        fields = {"revision": revision, "reversed_of": added(group.reversed_of, moves)}
        more = {"taken_elsewhere": max(0, elsewhere)} if period else {}
        return group.model_copy(update=fields | more)

    def _has(self, payment_id: str) -> bool:
        return payment_id in self._payments

    # The subscription

    def _status(self, subscriptions: Sequence[Bought]) -> None:
        began = [each for each in subscriptions if each.status not in _NEVER_BEGAN]
        ours = [each for each in began if self._sells_plan(each)]
        live = [each for each in ours if our_status(each.status, failed=False) in _LIVE]
        if len(live) > 1:
            log.error("double_subscription", owner=self.billing.id, count=len(live))
        newest: Callable[[Bought], Any] = lambda each: (each.created_at, each.id)  # noqa: E731
        bought = max(live or ours, key=newest, default=None)
        status = our_status(bought.status, failed=bought.failed) if bought else None
        self._bill(bought)
        draft = self._draft
        if draft is None or draft.after is None or bought is None or self.billing.closed:
            return
        has = draft.after
        period = self._periods.get(has.period)
        mine = has.source is Source.STRIPE and period is not None
        if not mine or period is None:
            return
        if period.subscription_id != bought.id:
            # The newer one has not been paid for. Ours ends if it has ended at Stripe.
            theirs = [each for each in subscriptions if each.id == period.subscription_id]
            if all(each.status in ENDED for each in theirs) and has.live:
                self._close_period()
                draft.end(SubscriptionStatus.CANCELLED)
            return
        if status is SubscriptionStatus.ACTIVE:
            ends = bought.ends_at or (period.end if bought.cancel_at_period_end else None)
            draft.mark(
                status=status, expires_at=ends, grace_over=False, next_plan=None, due_at=None
            )
        elif status is SubscriptionStatus.PAST_DUE:
            if bought.items and bought.items[0].start > period.start:
                self._close_period()  # the period is over, and the next is not paid for
            until = self.billing.grace_until
            over = until is not None and until <= self.at
            draft.mark(status=status, expires_at=None, grace_over=over, next_plan=None, due_at=None)
        elif status is not None and has.live:
            self._close_period()
            draft.end(status)
            self._day(cancelled=1)

    def _sells_plan(self, bought: Bought) -> bool:
        return any(self._catalog.plan(item.price_id) for item in bought.items)

    def _besides(self, subscriptions: Sequence[Bought]) -> None:
        """What a company pays for besides its plan: how many licenses, and which features."""
        if self.billing.owner_kind is not OwnerKind.COMPANY or self.billing.closed:
            return
        seats, price_id, addons = 0, None, set()
        for bought in filter(self._gives, subscriptions):
            for item in bought.items:
                addon = self._catalog.addon(item.price_id)
                if self._catalog.kind(item.price_id) is PriceKind.SEAT:
                    seats, price_id = seats + item.quantity, item.price_id
                elif addon is not None and addon.kind is AddonKind.FEATURE:
                    addons.add(addon.id)
        if seats > MOST_SEATS:
            log.error("too_many_seats", owner=self.billing.id, seats=seats)
        known = self.billing
        self.billing = known.model_copy(
            update={
                "seats": min(seats, MOST_SEATS),
                "seat_price_id": price_id or known.seat_price_id,
                "addons": sorted(addons),
            }
        )
        if self.billing.seats != self.billing.seats_applied:
            self._ask_soon()  # they are applied after the commit

    def _ask_soon(self) -> None:
        """There is work that follows the commit. If it is not done, the next delivery of the event
        would not do it, because the event is noted; another sync, soon, does."""
        soon = self.at + _SOON
        due = min(self.billing.due_at or soon, soon)
        self.billing = self.billing.model_copy(update={"due_at": due})

    def _gives(self, bought: Bought) -> bool:
        """Whether a subscription gives what it is for: also while a failed payment may still be
        made good."""
        if bought.status == "past_due" and bought.id == self.billing.subscription_id:
            until = self.billing.grace_until
            return until is None or until > self.at
        if bought.status == "trialing":
            return bought.id not in self._repeated
        return bought.status in ("active", "past_due")

    def extras(self, subscriptions: Sequence[Bought]) -> frozenset[str]:
        """The subscriptions that sell features, and no plan."""
        kinds = {
            each.id: {self._catalog.kind(item.price_id) for item in each.items}
            for each in subscriptions
        }
        return frozenset(name for name, each in kinds.items() if each == {PriceKind.ADDON})

    def seat_subscription(self, subscriptions: Sequence[Bought]) -> Bought | None:
        """The subscription that is running and sells licenses."""
        for bought in subscriptions:
            kinds = {self._catalog.kind(item.price_id) for item in bought.items}
            if bought.status in RUNNING and PriceKind.SEAT in kinds:
                return bought
        return None

    def _bill(self, bought: Bought | None) -> None:
        now = self.billing
        if bought is None:
            self.billing = now.model_copy(update={"due_at": self._due(None)})
            return
        past_due = bought.status == "past_due"
        since = (now.past_due_since or self.at) if past_due else None
        trial = bought.trial_start or bought.trial_end
        self.billing = now.model_copy(
            update={
                "subscription_id": bought.id,
                "stripe_status": bought.status,
                "items": [
                    BilledItem(
                        item_id=item.id,
                        price_id=item.price_id,
                        quantity=item.quantity,
                        start=item.start,
                        end=item.end,
                    )
                    for item in bought.items
                ],
                "cancel_at_period_end": bought.ends_with_period,
                "trial_ends_at": bought.trial_end if bought.status == "trialing" else None,
                "trial_used_at": now.trial_used_at or (trial and self.at),
                "past_due_since": since,
                "grace_until": since + self._grace if since else None,
            }
        )
        self.billing = self.billing.model_copy(update={"due_at": self._due(bought)})
        if now.subscription_id != bought.id:
            self._day(newSubscriptions=1)

    def _due(self, bought: Bought | None) -> datetime | None:
        """When to ask Stripe again, in case an event is lost."""
        moments: list[datetime] = []
        if self.billing.open_checkout is not None:
            moments.append(self.billing.open_checkout.expires_at)
        if bought is not None and bought.status in ("trialing", "active") and bought.items:
            moments.append(min(item.end for item in bought.items) + RENEWAL_SLACK)
        unsettled = bought is not None and bought.status in ("past_due", "unpaid", "paused")
        if unsettled or self.billing.blocked or self.billing.owed:
            moments.append(self.at + UNSETTLED_CHECK)
        if self.billing.grace_until is not None and self.billing.grace_until > self.at:
            moments.append(self.billing.grace_until)
        if not moments:
            return None if bought is None else self.at + QUIET_CHECK
        # A period that ended, and is not renewed yet, is asked about every few hours.
        return max(min(moments), self.at + _SOON)

    # Revenue

    def _count(self, payment: Payment, **amounts: int) -> None:
        day = self._revenue.setdefault(payment.day, {})
        for name, amount in amounts.items():
            day[name] = day.get(name, 0) + amount
        if self.billing.owner_kind is OwnerKind.COMPANY:
            at = payment.paid_at or payment.issued_at
            counted = of_money(payment.currency, amounts)
            self._company_days += day_writes(self.billing.id, at, member=None, **counted)

    def _day(self, **amounts: int) -> None:
        currency = next(
            (p.currency for n in self._catalog.prices if (p := self._catalog.prices[n])), ""
        )
        if currency:
            day = self._revenue.setdefault(f"{self.at:%Y-%m-%d}-{currency}", {})
            for name, amount in amounts.items():
                day[name] = day.get(name, 0) + amount

    # The commit

    def put(self, payment: Payment) -> None:
        """A payment that was made or changed by hand."""
        self._payments[payment.id] = payment

    def count(self, payment: Payment, **amounts: int) -> None:
        self._count(payment, **amounts)

    def grant(self, payment: Payment) -> None:
        """What a manual payment gives, once."""
        for meter, amount in payment.gave.items():
            entry_id = f"topup-{payment.id}-{meter}"
            self._wallet.add(entry_id, meter, amount, "payment", plan=False)

    @property
    def has_wallet(self) -> bool:
        return self._draft is not None and not self.billing.closed

    def payment(self, payment_id: str) -> Payment | None:
        return self._payments.get(payment_id)

    @property
    def _wallet(self) -> SubscriptionDraft:
        if self._draft is None:
            raise ValueError("there is no wallet")
        return self._draft

    def writes(self) -> list[Write]:
        """All writes, for one commit. The first is the fence."""
        self._name_documents()
        stored = changed(self.before, self.billing) | {"syncedAt": self.at, "updatedAt": self.at}
        writes: list[Write] = [Update(self._document.path, stored, seen=self._document)]
        if self._draft is not None and not self.billing.closed:
            writes += self._draft.writes()
            writes += notices(self._draft)
            writes += self._company_writes()
            if self.billing.blocked != self.before.blocked:
                fields = {"blocked": self.billing.blocked}
                writes.append(Update(wallet_path(self.billing.id), fields))
        for name, payment in self._payments.items():
            writes += self._write(
                self._old_payments.get(name), payment, payment_path(name), self._seen.get(name)
            )
            before = self._old_payments.get(name)
            writes += payment_events(self.billing, self._owner.data, before, payment, self.at)
        for n, period in self._periods.items():
            path = f"{periods_path(self.billing.id)}/{n}"
            seen = self._period_documents.get(path)
            writes += self._write(self._old_periods.get(n), period, path, seen)
        for day in sorted({*self._revenue, *self._by_plan}):
            writes += self._revenue_write(day)
        return writes + self._company_days

    def _name_documents(self) -> None:
        """Names what the next sync has to read, whatever Stripe's picture shows then."""
        latest = sorted(self._periods)[-MOST_PERIODS:]
        unpaid = [n for n, period in self._periods.items() if owed([period])]
        unsettled = [
            name
            for name, payment in self._payments.items()
            if payment.status is PaymentStatus.DISPUTED
            or (payment.period is None and owed([payment]))
        ]
        fields = {"periods": sorted({*latest, *unpaid}), "unsettled": sorted(unsettled)}
        self.billing = self.billing.model_copy(update=fields)

    def _company_writes(self) -> Iterable[Write]:
        """What the document of a company shows of all this. Its plan is written with the
        subscription; a company that was suspended stays so."""
        shown = self._owner.data
        if self.billing.owner_kind is not OwnerKind.COMPANY:
            return []
        wanted: dict[str, Any] = {
            "trialEndsAt": self.billing.trial_ends_at,
            "addons": self.billing.addons,
        }
        if shown.get("status") in _COMPANY_STATUSES:
            wanted["status"] = self._company_status()
        fields = {name: value for name, value in wanted.items() if shown.get(name) != value}
        return [Update(self._owner.path, fields | {"updatedAt": self.at})] if fields else []

    def _company_status(self) -> str:
        has = self._draft.after if self._draft else None
        if has is None or not has.at_stripe:
            return "active"
        if has.status is SubscriptionStatus.PAST_DUE:
            return "past_due"
        return "trial" if self.billing.trial_ends_at else "active"

    def _write(
        self, before: Any, after: Any, path: str, document: Document | None
    ) -> Iterable[Write]:
        if before is None:
            return [Create(path, after.stored())]
        fields = changed(before, after)
        if not fields:
            return []
        if "updatedAt" in after.stored():
            fields["updatedAt"] = self.at
        return [Update(path, fields, seen=document)]

    def _revenue_write(self, day: str) -> Iterable[Write]:
        fields: dict[str, Any] = {
            name: Increment(amount) for name, amount in self._revenue.get(day, {}).items() if amount
        }
        if not fields:
            return []
        plans = {name: Increment(amount) for name, amount in self._by_plan.get(day, {}).items()}
        if plans:
            fields["byPlan"] = plans
        date, _, currency = day.rpartition("-")
        return [Merge(f"{REVENUE}/{day}", {"date": date, "currency": currency, **fields})]


_COMPANY_STATUSES = ("trial", "active", "past_due")
_LIVE = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE, SubscriptionStatus.EXPIRED)


def _line(effect: Effect, catalog: Catalog, gave: Meters, period: int | None) -> PaymentLine:
    line = effect.line
    rule, each = rule_of(effect)
    price = catalog.prices.get(line.price_id or "")
    part = effect if isinstance(effect, Share) else None
    return PaymentLine(
        line_id=line.id,
        price_id=line.price_id,
        plan_id=price.plan_id if price else None,
        addon_id=price.addon_id if price else None,
        description=line.description,
        quantity=line.quantity,
        amount=line.amount,
        seconds=part.seconds if part else None,
        of_seconds=part.of_seconds if part else None,
        gave=gave,
        rule=rule,
        each=each,
        start=line.start,
        end=line.end,
        period=period,
    )
