"""One function does all of the billing: it asks Stripe, and updates our documents (the books).

The webhook, verify-payment, the sweep and the operator's resync all call `sync`. A commit needs
`billing/{owner}` unchanged since before Stripe was asked. So if two syncs overlap, the one that
commits later also asked after the earlier commit, and an older picture never overwrites a newer
one. An event only tells which payer to ask about, so it does not matter in which order events
arrive, how often, or whether at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Document,
    Increment,
    Merge,
    Missing,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.adapters.stripe_records import (
    Bought,
    PaymentDeclined,
    PaymentsUnavailable,
    Picture,
    StripeRefused,
)
from troupe.logs import log
from troupe.payments.books import Books
from troupe.payments.reading import Reading
from troupe.payments.records import (
    BILLING,
    EVENTS,
    TRIALS,
    Billing,
    EventRecord,
    EventStatus,
    billing_path,
)

if TYPE_CHECKING:
    from troupe.adapters.stripe import Stripe

# A card payment can be disputed for at most 540 days.
WINDOW = timedelta(days=540)
_MOST_ROUNDS = 50  # of a sync that has more to do than one commit takes
_RETRY_AFTER_FAILURE = timedelta(hours=1)
_RETRY_AFTER = 5  # seconds, for clients


@dataclass(frozen=True, slots=True)
class Synced:
    """The books after a sync. `extras`: the subscriptions that sell features and no plan;
    `seats`: the one that sells licenses."""

    billing: Billing
    picture: Picture
    extras: frozenset[str]
    seats: Bought | None


class BillingSync:
    def __init__(
        self,
        db: Database,
        stripe: Callable[[], Stripe],
        seating: Callable[[str], None],
        *,
        grace: timedelta,
        paid: bool,
    ) -> None:
        """`seating`: makes the licenses of a company what is paid for; repeatable. `paid`: whether
        payments are on."""
        self._db = db
        self._stripe = stripe
        self._seating = seating
        self._grace = grace
        self._paid = paid

    def sync(
        self,
        owner_id: str,
        *,
        event: EventRecord | None = None,
        intents: Iterable[str] = (),
        one_offs: bool = False,
        ask_customer: bool = False,
        everything: bool = False,
        seen: Document | None = None,
    ) -> Synced | None:
        """Returns None if the owner never was a customer. With a live key, a customer of test mode
        ends. Raises PaymentsUnavailable, and Stale if it is contended for too long.

        `event`: to be recorded as done in the same commit; `intents`: payments to look at however
        old they are; `one_offs`: something was bought without an invoice, which would otherwise be
        noticed by its charge, for two calls more; `ask_customer`: the customer may have been
        deleted at Stripe, which is otherwise noticed if there was a subscription; `everything`:
        look at all that was ever paid; `seen`: the billing, as read a moment ago.
        """
        look = _Look(tuple(intents), one_offs or everything, ask_customer or everything, everything)
        read = [] if seen is None else [seen]

        def attempt() -> tuple[bool, Synced | None]:
            document = read.pop() if read else self._db.get(billing_path(owner_id))
            return self._attempt(document, event, look)

        for _ in range(_MOST_ROUNDS):
            again, synced = contend(attempt, on=billing_path(owner_id))
            if not again:
                break
        else:
            raise Stale  # the next sync goes on from here
        if synced is not None and synced.billing.seats_due:
            self._seating(owner_id)
        return synced

    def sync_due(self, limit: int) -> int:
        """Called by the sweep: asks about payers whose state should have changed by now."""
        if not self._paid:
            return 0
        synced = 0
        for document in self._db.due(BILLING, limit, select=[]):
            try:
                self.sync(document.id)
                synced += 1
            except Exception as error:  # one failure must not block the others, now or next time
                log.error("billing_stumbled", error, owner=document.id)
                with suppress(Exception):
                    later = now() + _RETRY_AFTER_FAILURE
                    self._db.commit(Update(document.path, {"dueAt": later}))
        return synced

    def preview(self, owner_id: str) -> list[Write]:
        """What the first commit of a sync of everything would write now; nothing is written."""
        document = self._db.get(billing_path(owner_id))
        billing = Billing.of(document) if document.exists else None
        if billing is None or not billing.customers:
            return []
        computed = self._compute(document, billing, _Look((), True, True, True))
        return [*computed.books.writes(), *computed.trials]

    def _attempt(
        self, document: Document, event: EventRecord | None, look: _Look
    ) -> tuple[bool, Synced | None]:
        """Whether there is more to do, and the books. `document`: the billing, as it was before
        Stripe is asked: it is the fence."""
        billing = Billing.of(document) if document.exists else None
        if billing is None or not billing.customers:
            return False, None
        owner_id = billing.id
        computed = self._compute(document, billing, look)
        books, picture = computed.books, computed.picture
        if event is not None and not books.left:
            books.note(event.id)
        writes: list[Write] = [*books.writes(), *computed.trials]
        if event is not None and not books.left:
            writes.append(event_write(event, EventStatus.DONE))
        try:
            self._db.commit(*writes)
        except (AlreadyExists, Missing) as error:
            # A payment or an entry that somebody else has made meanwhile, or the user is gone.
            raise Stale from error
        if books.granted:
            log.info("payment_granted", owner=owner_id, purchases=books.granted)
        ended = [
            self._end_trial(owner_id, each)
            for each in picture.subscriptions
            if each.id in computed.repeated
        ]
        theirs = picture.subscriptions
        extras, seats = books.extras(theirs), books.seat_subscription(theirs)
        synced = Synced(books.billing, picture, extras, seats)
        return bool(books.left) or any(ended), synced

    def _compute(self, document: Document, billing: Billing, look: _Look) -> _Computed:
        """Asks Stripe, reads what that concerns, and works out what the documents become."""
        at = now()
        if billing.is_test(self._stripe().live):
            books = self.read(document, at, ())
            books.leave_test_mode()
            return _Computed(books, Picture(), [], frozenset())
        since = None if look.everything else at - WINDOW
        picture = self._picture(billing, since, look)
        reading = Reading(self._db, document, lost=look.everything)
        cards = _cards(picture)
        books = reading.books(picture, at, grace=self._grace, also=cards.values())
        if not picture.one_offs and reading.unexplained:
            found = [self._stripe().one_offs(each, since) for each in billing.customers]
            more = tuple(purchase for some in found for purchase in some)
            picture = replace(picture, purchases=(*picture.purchases, *more), one_offs=True)
            books = reading.books(picture, at, grace=self._grace)
        trials, repeated = self._trials(picture, cards, reading, at)
        books.follow(picture, repeated)
        return _Computed(books, picture, trials, repeated)

    def _picture(self, billing: Billing, since: datetime | None, look: _Look) -> Picture:
        """Of all customers that the payer has been: what was paid by one that was deleted can still
        be refunded and disputed."""
        stripe = self._stripe()
        if billing.customers and billing.livemode is not stripe.live:
            log.error("customer_of_another_mode", owner=billing.id, live=billing.livemode)
            raise PaymentsUnavailable(retry_after=_RETRY_AFTER)
        has = billing.stripe_customer_id
        try:
            pictures = [
                stripe.picture(each, since, look.intents, one_offs=look.one_offs)
                for each in billing.customers
            ]
            gone = has is not None and pictures[-1].gone
            shown = {each.id for one in pictures for each in one.subscriptions}
            lost = billing.subscription_id is not None and billing.subscription_id not in shown
            if has is not None and (look.ask_customer or lost) and not gone:
                gone = stripe.customer_gone(has)
        except StripeRefused as error:  # the key is of another account, for example
            log.error("customer_refused", owner=billing.id, code=error.code, reason=str(error))
            raise PaymentsUnavailable(retry_after=_RETRY_AFTER) from error
        return Picture(
            tuple(each for one in pictures for each in one.subscriptions),
            tuple(each for one in pictures for each in one.purchases),
            tuple(each for one in pictures for each in one.charges),
            one_offs=look.one_offs,
            gone=gone,
        )

    def _end_trial(self, owner_id: str, bought: Bought) -> bool:
        """Ends a trial whose card has had one before; returns whether it was running."""
        if bought.status != "trialing":
            return False
        log.warning("trial_repeated", owner=owner_id, subscription=bought.id)
        try:
            self._stripe().end_trial(bought.id)
        except (PaymentDeclined, StripeRefused):  # what follows a trial is not paid
            self._stripe().cancel_now(bought.id)
        return True

    def _trials(
        self, picture: Picture, cards: Mapping[str, str], reading: Reading, at: datetime
    ) -> tuple[list[Write], frozenset[str]]:
        """Notes the cards of trials, as hashes that outlive their accounts. Returns the writes, and
        the subscriptions whose card had a trial with another."""
        writes: dict[str, Write] = {}
        repeated = set()
        for bought in sorted(picture.subscriptions, key=lambda each: each.created_at):
            path = cards.get(bought.id)
            if path is None:
                continue
            found = reading.document(path)
            if found.exists:
                if found.data["subscriptionId"] != bought.id:
                    repeated.add(bought.id)
            elif path in writes:
                repeated.add(bought.id)
            else:
                writes[path] = Create(path, {"subscriptionId": bought.id, "firstAt": at})
        return list(writes.values()), frozenset(repeated)

    def read(self, document: Document, at: datetime, also: Sequence[str]) -> Books:
        """The payer's books without a picture of Stripe, with the payments in `also` (paths)."""
        return Reading(self._db, document).books(Picture(), at, grace=self._grace, also=also)


def event_write(event: EventRecord, status: EventStatus) -> Write:
    """Records what has become of an event."""
    fields = {**event.stored(), "status": status, "error": None, "tries": Increment(1)}
    return Merge(f"{EVENTS}/{event.id}", fields)


@dataclass(frozen=True, slots=True)
class _Look:
    """What a sync looks at besides the usual."""

    intents: tuple[str, ...]
    one_offs: bool
    ask_customer: bool
    everything: bool


@dataclass(frozen=True, slots=True)
class _Computed:
    """`trials`: writes that note cards; `repeated`: subscriptions whose card had a trial before."""

    books: Books
    picture: Picture
    trials: list[Write]
    repeated: frozenset[str]


def _cards(picture: Picture) -> dict[str, str]:
    """The documents of the cards with which trials began, by their subscriptions."""
    return {
        each.id: f"{TRIALS}/{hashlib.sha256(each.card.encode()).hexdigest()}"
        for each in picture.subscriptions
        if each.card and each.trial_end
    }
