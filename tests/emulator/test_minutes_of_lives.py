"""Random lives of a wallet's minutes, beside a model in which every second has an origin.

Plans are bought and assigned, packs bought, minutes given, used and held; periods end; payments are
refunded, disputed and won back. After each step the wallet must be what the model says, and every
origin has given each second once: it was used, has expired, was taken back, or is left.
`MINUTES_LIVES=300` looks further than the normal run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from stripe import StripeError

from tests.fakes.stripe.errors import StripeFailure
from tests.support.billing import Till
from troupe.adapters.firestore import Update, now
from troupe.audit.records import Actor
from troupe.payments.records import Payment, Period, PriceKind, payment_path, periods_path
from troupe.plans.records import Plan
from troupe.wallet.errors import BillingBlocked
from troupe.wallet.ledger import ledger_path, release_writes, settle_writes
from troupe.wallet.records import Entry, EntryKind, Meter, Owner

# Of the normal run: a won dispute of minutes that were used, a debt that takes minutes of a plan,
# and a refund of a plan that was replaced.
SEEDS = range(int(os.environ.get("MINUTES_LIVES", "0"))) or (8, 14, 19)
STEPS = 20
SECONDS = Meter.VOICE_SECONDS
ADMIN = Actor("admin", "admin")


@dataclass(eq=False)
class Lot:
    """Seconds from one origin. `own` and `elsewhere`: taken back of them, and of others instead."""

    gave: int
    payment: str | None
    left: int = 0
    used: int = 0
    expired: int = 0
    kept: int = 0  # of `own`, when the rest expired
    own: int = 0
    elsewhere: int = 0
    due: int = 0  # to be taken back, by the money

    def target(self) -> int:
        return max(0, self.due - self.expired, self.kept)


class Model:
    """`plan`: what expires, in the order in which it is used; the last is the current period.
    `pool`: what never expires, wherever it came from."""

    def __init__(self) -> None:
        self.plan: list[Lot] = []
        self.lots: list[Lot] = []
        self.pool = self.held = 0
        self.live = False

    @property
    def total(self) -> int:
        return self.pool + sum(lot.left for lot in self.plan)

    def begin(self, lot: Lot) -> None:
        """Those of a plan that is replaced go on."""
        if not self.live:
            self.plan = [each for each in self.plan if each.left]
        lot.left = lot.gave
        self.plan.append(lot)
        self.lots.append(lot)
        self.live = True

    def close(self) -> None:
        """The period is over: what no job holds expires."""
        held = self.held
        for lot in self.plan:
            stays = min(lot.left, held)
            held -= stays
            lot.expired += lot.left - stays
            lot.left, lot.kept = stays, lot.own
        self.plan = [lot for lot in self.plan if lot.left or lot is self.plan[-1]]
        self.live = False

    def add(self, lot: Lot) -> None:
        self.pool += lot.gave
        self.lots.append(lot)

    def use(self, seconds: int) -> None:
        for lot in self.plan:
            part = min(lot.left, seconds)
            lot.left, lot.used, seconds = lot.left - part, lot.used + part, seconds - part
        self.pool -= seconds
        assert self.pool >= 0

    def settle(self) -> None:
        """Until nothing changes, because what one payment gets back may pay what another owes."""
        plans = [lot for lot in self.lots if lot in self.plan]
        for lot in [*plans, *self.lots] * 2:
            more = lot.target() - lot.own - lot.elsewhere
            if more > 0:
                self._take(lot, min(more, self.total - self.held))
            elif more < 0:
                self._give_back(lot, -more)

    def _take(self, lot: Lot, seconds: int) -> None:
        own = min(seconds, lot.left)
        lot.left, lot.own = lot.left - own, lot.own + own
        lot.elsewhere += seconds - own
        pool = min(self.pool, seconds - own)
        self.pool -= pool
        self.use(seconds - own - pool)

    def _give_back(self, lot: Lot, seconds: int) -> None:
        others = min(seconds, lot.elsewhere)
        self.pool, lot.elsewhere = self.pool + others, lot.elsewhere - others
        lot.left, lot.own = lot.left + seconds - others, lot.own - (seconds - others)
        assert lot.own >= 0
        assert lot in self.plan or seconds == others


class Life:
    def __init__(self, till: Till, sold: Plan, given: list[Plan], pack: str, seed: int) -> None:
        self.till, self.sold, self.given, self.pack = till, sold, given, pack
        self.chance = random.Random(seed)
        self.model = Model()
        self.uid = till.user()
        self.hold: tuple[str, int] | None = None
        self.log: list[str] = []
        self.buy_pack()

    def live(self) -> None:
        steps: list[Callable[[], None]] = [
            *[self.buy_plan, self.buy_plan, self.assign, self.assign, self.buy_pack, self.gift],
            *[self.take_gift, self.spend, self.spend, self.spend, self.begin_job, self.end_job],
            *[self.refund, self.refund, self.dispute, self.dispute, self.close_dispute],
            *[self.close_dispute, self.close_dispute, self.end, self.advance],
        ]
        for _ in range(STEPS):
            step = self.chance.choice(steps)
            self.log.append(step.__name__)
            with suppress(StripeError, StripeFailure, BillingBlocked):
                step()
            self.agree()
        self.end_job()
        self.sync()
        self.agree()
        self.once()

    # What happens

    def buy_plan(self) -> None:
        self.sync()  # checkout does, and takes what is owed
        known = {each.id for each in self.till.payments(self.uid)}
        self.till.buy(self.uid, plan_id=self.sold.id, once=True)
        self.till.sync(self.uid)
        if self.model.live:
            self.model.close()
        self.model.begin(self._lot(known))
        self.sync()

    def buy_pack(self) -> None:
        if self.model.lots:
            self.sync()
        known = {each.id for each in self.till.payments(self.uid)}
        self.till.buy(self.uid, addon_id=self.pack)
        self.till.sync(self.uid)
        self.model.add(self._lot(known))
        self.sync()

    def _lot(self, known: set[str]) -> Lot:
        (payment,) = [each for each in self.till.payments(self.uid) if each.id not in known]
        gave = sum(line.gave.get(SECONDS, 0) for line in payment.lines)
        return Lot(gave or payment.gave[SECONDS], payment.id)

    def assign(self) -> None:
        has = self.till.db.get(f"subscriptions/{self.uid}").data
        plan = next(each for each in self.given if each.id != has.get("plan", {}).get("id"))
        self.till.services.subscriptions.create(self.uid, plan.id)
        self.model.begin(Lot(plan.voice_minutes * 60, None))

    def gift(self) -> None:
        known = {each.id for each in self.till.payments(self.uid)}
        minutes = self.chance.randint(1, 20)
        fields = {"amount": 0, "voice_minutes": minutes}
        gift = self.till.services.manual_payments.add(ADMIN, self.uid, fields, None)
        self.till.services.manual_payments.mark_paid(ADMIN, gift.id)
        self.model.add(self._lot(known))
        self.sync()

    def take_gift(self) -> None:
        gifts = [each for each in self.till.payments(self.uid) if each.id.startswith("man_")]
        if gifts:
            gift = self.chance.choice(gifts)
            self.till.services.manual_payments.reverse(ADMIN, gift.id)
            self.sync()

    def spend(self) -> None:
        free = self.model.total - self.model.held
        if free > 0 and not self.till.wallet(self.uid).blocked:
            amount = self.chance.randint(1, free)
            self.till.spend(self.uid, amount, SECONDS)
            self.model.use(amount)

    def begin_job(self) -> None:
        free = self.model.total - self.model.held
        if self.hold is None and free > 0:
            amount = self.chance.randint(1, free)
            self.hold = self.till.hold(self.uid, amount, SECONDS), amount
            self.model.held = amount

    def end_job(self) -> None:
        if self.hold is None:
            return
        (job, held), self.hold = self.hold, None
        charge = self.chance.choice([0, held, held // 2])
        owner, at = Owner.user(self.uid), now()
        self.till.db.commit(
            *settle_writes(owner, job, SECONDS, held, charge, "test", at)
            if charge
            else release_writes(owner, job, SECONDS, held, "test", at)
        )
        self.model.held = 0
        self.model.use(charge)

    def _intent(self) -> str:
        """Of any payment, more often of one whose minutes are still the plan's."""
        paid = [each for each in self.till.payments(self.uid) if each.payment_intents]
        plan = {lot.payment for lot in self.model.plan}
        chosen = [each for each in paid if each.id in plan]
        found = chosen if chosen and self.chance.random() < 0.7 else paid
        return self.chance.choice(found).payment_intents[0]

    def refund(self) -> None:
        self.till.server.refund(self._intent(), self.chance.choice([None, 100, 333]))
        self.sync()

    def dispute(self) -> None:
        self.till.server.dispute(self._intent())
        self.sync()

    def close_dispute(self) -> None:
        customer = self.till.billing(self.uid).stripe_customer_id
        charges = self.till.server.world.all("charge")
        mine = {each["id"] for each in charges if each["customer"] == customer}
        disputes = [
            each
            for each in self.till.server.world.all("dispute")
            if each["charge"] in mine and each["status"] == "needs_response"
        ]
        if disputes:
            chosen = self.chance.choice(disputes)
            self.till.server.close_dispute(chosen["id"], won=self.chance.random() < 0.7)
            self.sync()

    def end(self) -> None:
        if self.model.live:
            self.till.services.subscriptions.end(self.uid)
            self.model.close()

    def advance(self) -> None:
        """The sweep comes by after the end of the period: what was bought once ends, what an
        administrator assigned goes on; minutes that a job held expire."""
        if not self.till.db.get(f"subscriptions/{self.uid}").exists:
            return
        has = self.till.subscription(self.uid)
        past = now() - timedelta(hours=1)
        once = {"expiresAt": past} if has.expires_at else {}
        if has.live or has.due_at:
            path = f"subscriptions/{self.uid}"
            self.till.db.commit(Update(path, {"dueAt": past, **once}))
            self.till.services.renewals.advance(self.uid)
            self.model.close()
            if has.live and not once:
                self.model.begin(Lot(has.plan.voice_minutes * 60, None))

    def sync(self) -> None:
        """Twice: what one payment gets back may pay what another owes."""
        self.till.sync(self.uid)
        self.till.sync(self.uid)
        for payment in self.till.payments(self.uid):
            for lot in self.model.lots:
                if lot.payment == payment.id:
                    lot.due = -(-lot.gave * payment.reversed // payment.paid) if payment.paid else 0
                    lot.due = max(lot.due, payment.credited.get(SECONDS, 0))
        self.model.settle()

    # What must be

    def agree(self) -> None:
        told = f"{self.log}"
        balance = self.till.wallet(self.uid).voice_seconds
        total = balance.granted - balance.used
        assert (total, balance.held) == (self.model.total, self.model.held), told
        document = self.till.db.get(f"subscriptions/{self.uid}")
        if document.exists:
            has = self.till.subscription(self.uid)
            shares = has.minutes.shares(has.period, balance)
            assert [*shares.values()][-1:] == [lot.left for lot in self.model.plan][-1:], told
            assert [each for each in shares.values() if each] == [
                lot.left for lot in self.model.plan if lot.left
            ], told

    def once(self) -> None:
        """By the documents alone: no origin loses more than it gave."""
        db, told = self.till.db, f"{self.log}"
        ledger = [Entry.of(each) for each in db.walk(ledger_path(self.uid))]
        given: dict[int, int] = {}
        gone: dict[int, int] = {}
        for entry in ledger:
            if entry.id.startswith(f"plan-{self.uid}-") and entry.meter is SECONDS:
                n = int(entry.id.removeprefix(f"plan-{self.uid}-").split("-")[0])
                to = gone if entry.kind is EntryKind.EXPIRE else given
                to[n] = to.get(n, 0) + abs(entry.granted)
        for n, seconds in gone.items():
            document = db.get(f"{periods_path(self.uid)}/{n}")
            taken = Period.of(document).reversed_of.get(SECONDS, 0) if document.exists else 0
            assert seconds + taken <= given[n], f"period {n}: {told}"
        for lot in self.model.lots:
            payment = db.get(payment_path(lot.payment)) if lot.payment else None
            group = Payment.of(payment) if payment and payment.exists else None
            if group is not None and group.period is None:
                assert 0 <= group.reversed_of.get(SECONDS, 0) <= lot.gave, told


def test_every_second_has_one_origin_and_goes_once(till: Till) -> None:
    sold, _ = till.plan(voice_minutes=30)
    till.price(1000, "once", kind=PriceKind.PLAN, plan_id=sold.id)
    given = [till.plan(0, voice_minutes=20)[0], till.plan(1500, voice_minutes=12)[0]]
    pack = till.pack(minutes=25, tokens=0).id
    for seed in SEEDS:
        life = Life(till, sold, given, pack, seed)
        try:
            life.live()
            till.clean(life.uid)
        except BaseException:
            print(f"seed {seed}: {life.log}")
            raise
