"""Tabs, as in a bar: one hold for an hour of use in a place, instead of one for each use.

Before each use, the most that it can cost is reserved. What it did cost is counted by an increment
in the commit that stores its result. Closing a tab charges it and deletes its document, so a
commit that comes too late fails as a whole, and is repeated with the next tab.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from troupe.accounts.errors import AccountSuspended
from troupe.accounts.writes import user_path
from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Delete,
    Document,
    Increment,
    Missing,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.jobs import charges
from troupe.jobs.charges import Left, Quote
from troupe.jobs.holding import hold_for
from troupe.jobs.records import Job, JobStatus
from troupe.jobs.shares import is_barred, share_path, unchanged_write
from troupe.jobs.writes import completed_writes, create_writes, read_whole
from troupe.logs import log
from troupe.settings import Prices
from troupe.tabs.records import (
    COLLECTION,
    SHUT,
    Tab,
    TabAccount,
    TabInput,
    account_path,
    cost,
    tab_path,
)
from troupe.tabs.specs import TAB
from troupe.tabs.writes import closing
from troupe.wallet.budgets import Spender
from troupe.wallet.ledger import wallet_path
from troupe.wallet.payers import Payer
from troupe.wallet.records import Meter, Owner, Wallet

OPEN = timedelta(hours=1)
# At most so much is held, and at most half of what there is: the rest stays for other work.
MOST_TOKENS, MOST_SECONDS = 5, 300
_SECOND = 1000  # milliseconds
# For more than this, the tab is read first: only trying would take what is left from others for a
# moment.
_SHORT = 16 * _SECOND
_MOST_LOOKS = 4  # at a tab from which more was taken than there is; a crash may have left it so


@dataclass(frozen=True, slots=True)
class TabOf:
    """Whose tab: `uid` pays, or spends the money of `company_id`. `place`: the path of the document
    that it is used in; `key`: tells the payers of a place apart, and what has another price.
    `token_seconds`: how long a token lasts, and nothing but tokens pays; None: the tab is for
    recognised speech, at its price, and voice seconds pay, too."""

    place: str
    key: str
    uid: str
    company_id: str | None = None
    token_seconds: int | None = None

    @property
    def payer(self) -> Owner:
        return Owner.of(self.uid, self.company_id)

    @property
    def spender(self) -> tuple[str, str | None]:
        return self.uid, self.company_id

    @property
    def path(self) -> str:
        return account_path(self.place, self.key)


@dataclass(frozen=True, slots=True)
class Reserved:
    """So many milliseconds of a tab."""

    tab_id: str
    milliseconds: int

    def use(self, milliseconds: int) -> Write:
        """Uses so many of them, and gives the others back; for the commit of what they were used
        for, which raises Missing if the tab has been closed."""
        rest = self.milliseconds - milliseconds
        fields = {"used": Increment(milliseconds), "left": Increment(rest)}
        return Update(tab_path(self.tab_id), fields)

    def use_some(self, milliseconds: int) -> Write:
        """As `use`, but the others stay reserved."""
        return Update(tab_path(self.tab_id), {"used": Increment(milliseconds)})


class Tabs:
    def __init__(self, db: Database, prices: Prices) -> None:
        self._db = db
        self._speech = {
            Meter.TOKENS: prices.transcribed_seconds_per_token * _SECOND,
            Meter.VOICE_SECONDS: _SECOND,
        }

    def reserve(self, of: TabOf, milliseconds: int) -> Reserved:
        """Reserves time, in the open tab or a new one. A tab with too little left is closed only if
        the payer has enough for a new one.

        Raises NotEnoughTokens, BillingBlocked, AccountSuspended, and for a company that pays the
        PAYER_ERRORS.
        """
        if milliseconds <= _SHORT:
            account = self._db.get(of.path)
            before = TabAccount.of(account) if account.exists else None
            if before is not None and before.tab is not None and before.is_of(*of.spender, now()):
                reserved = self._reserved(before.tab, milliseconds)
                if reserved is not None:
                    return reserved
        looks = 0

        def attempt() -> Reserved:
            nonlocal looks
            looks += 1
            return self._opened(of, milliseconds, wait=looks <= _MOST_LOOKS)

        return contend(attempt, on=wallet_path(of.payer.id))

    def use_and_reserve(self, tab_id: str, used: int, more: int) -> Write | None:
        """Uses time that is reserved, and reserves more of the same tab, for the commit of what it
        is used for; that commit is Stale if the tab has changed. None if the tab is closed, or has
        too little left."""
        document = self._db.get(tab_path(tab_id))
        if not document.exists or Tab.of(document).left < more:
            return None
        fields = {"used": Increment(used), "left": Increment(-more)}
        return Update(document.path, fields, seen=document)

    def give_back(self, reserved: Reserved) -> None:
        """Nothing was used. At most once for what was reserved, by whoever knows that nobody uses
        it: what is given back twice could be used twice. Never raises: at worst, the tab is closed
        a bit earlier."""
        try:
            self._db.commit_once(reserved.use(0))
        except Missing:
            return
        except Exception as error:
            log.warning("tab_not_given_back", tabId=reserved.tab_id, reason=str(error))

    def is_open(self, reserved: Reserved) -> bool:
        return self._db.get(tab_path(reserved.tab_id)).exists

    def close(self, tab_id: str) -> None:
        """Charges what was used. A tab that is closed stays closed."""
        document = self._db.get(tab_path(tab_id))
        if document.exists:
            self._shut(Tab.of(document))
            contend(lambda: self._close(tab_id))

    def close_due(self, limit: int) -> int:
        """Closes tabs that have been open for an hour; returns how many."""
        due = self._db.due(COLLECTION, limit, field="closesAt", select=[])
        for document in due:
            try:
                self.close(document.id)
            except Exception as error:  # one tab must not block the others
                log.error("tab_not_closed", error, tabId=document.id)
        return len(due)

    def _reserved(self, tab_id: str, milliseconds: int) -> Reserved | None:
        """None if the tab is closed, or has not so much left."""
        path = tab_path(tab_id)
        try:
            committed = self._db.commit(Update(path, {"left": Increment(-milliseconds)}))
        except Missing:
            return None
        reserved = Reserved(tab_id, milliseconds)
        if committed.transforms[0][0] >= 0:
            return reserved
        self.give_back(reserved)
        return None

    def _opened(self, of: TabOf, milliseconds: int, *, wait: bool) -> Reserved:
        """Reserves in a new tab, unless somebody else has opened one. Raises Stale. `wait`: for
        those who have just tried to reserve more than there is."""
        at = now()
        spends = Spender.paths(of.company_id, of.uid, at) if of.company_id else []
        paths = [of.path, wallet_path(of.payer.id), user_path(of.uid), share_path(of.uid), *spends]
        account, wallet, user, share, *spender = self._db.get_all(paths)
        before = TabAccount.of(account) if account.exists else None
        document = self._db.get(tab_path(before.tab)) if before and before.tab else None
        tab = Tab.of(document) if document is not None and document.exists else None
        stays = before is not None and before.is_of(*of.spender, at)
        if tab is not None and document is not None and stays and not tab.shut:
            if tab.left >= milliseconds:
                fields = {"left": Increment(-milliseconds)}
                self._db.commit_or_stale(Update(document.path, fields, seen=document))
                return Reserved(tab.id, milliseconds)
            if tab.left < 0 and wait:
                raise Stale
        elif tab is not None:
            self._shut(tab)
            self._close(tab.id)
            raise Stale  # the account has changed
        if not user.exists or is_barred(user.data):
            raise AccountSuspended
        spends_for = Spender(*spender) if spender else None
        if spends_for is not None:
            spends_for.check()
        left = spends_for.left if spends_for else charges.uncapped
        credit = before.credit if before is not None and before.payer == of.payer else {}
        if tab is not None:
            self._check(of, tab, Wallet.of(wallet), left, credit, milliseconds)
            self._shut(tab)
            self._close(tab.id)
            raise Stale
        quote = self._quote(of, Wallet.of(wallet), left, credit, milliseconds)
        payer = spends_for.company if spends_for else user
        job, hold = hold_for(self._job(of, at), quote, wallet, payer.data, spends_for)
        if job.charge is None:  # never: it has a quote
            raise TypeError
        meter = job.charge.meter
        unit, paid = self._units(of)[meter], credit.get(meter, 0)
        tab = Tab(
            id=job.id,
            place=of.place,
            key=of.key,
            meter=meter,
            unit=unit,
            held=job.charge.held,
            credit=paid,
            left=job.charge.held * unit + paid - milliseconds,
            closes_at=at + OPEN,
        )
        given = TabInput(place=of.place, key=of.key, unit=unit, credit=paid)
        job = job.model_copy(update={"input": given.stored()})
        after = TabAccount(
            id=of.key,
            uid=of.uid,
            company_id=of.company_id,
            tab=tab.id,
            closes_at=tab.closes_at,
            credit=credit,
        )
        try:
            self._db.commit(
                *_created(job),
                *hold,
                Create(tab_path(tab.id), tab.stored()),
                _put(account, after),
                unchanged_write(share),
            )
        except (AlreadyExists, Missing):  # somebody else's first one, or no wallet any more
            raise Stale from None
        return Reserved(tab.id, milliseconds)

    def _units(self, of: TabOf) -> dict[Meter, int]:
        """The milliseconds that a unit pays for, by meter."""
        if of.token_seconds is None:
            return self._speech
        return {Meter.TOKENS: of.token_seconds * _SECOND}

    def _check(
        self,
        of: TabOf,
        tab: Tab,
        wallet: Wallet,
        left: Left,
        credit: dict[Meter, int],
        milliseconds: int,
    ) -> None:
        """Raises NotEnoughTokens, CapReached or BillingBlocked if a new tab could not hold
        `milliseconds`, after this one was charged for what was used and is reserved."""
        busy = tab.capacity - max(0, tab.left)
        charge = cost(busy, tab.credit, tab.unit)
        freed = tab.held - charge
        rest = credit | {tab.meter: tab.credit + charge * tab.unit - busy}
        balance = wallet.meter(tab.meter)
        balance = balance.model_copy(
            update={"held": balance.held - tab.held, "used": balance.used + charge}
        )
        name = "tokens" if tab.meter is Meter.TOKENS else "voice_seconds"
        after = wallet.model_copy(update={name: balance})

        def after_left(meter: Meter) -> int | None:
            most = left(meter)
            return most if most is None or meter is not tab.meter else most + freed

        quote = self._quote(of, after, after_left, rest, milliseconds)
        charges.hold(after, quote, None, after_left)

    def _quote(
        self, of: TabOf, wallet: Wallet, left: Left, credit: dict[Meter, int], milliseconds: int
    ) -> Quote:
        """What a new tab holds: at least what `milliseconds` need. Voice seconds, if they pay and
        enough are available; else tokens."""
        units = self._units(of)

        def wanted(meter: Meter, most: int) -> tuple[int, int]:
            """What is needed and what is held of a meter."""
            needed = cost(milliseconds, credit.get(meter, 0), units[meter])
            available, allowed = wallet.meter(meter).available, left(meter)
            spendable = available if allowed is None else min(available, allowed)
            return spendable - needed, max(needed, min(most, spendable // 2))

        _, tokens = wanted(Meter.TOKENS, MOST_TOKENS)
        if Meter.VOICE_SECONDS not in units:
            return Quote(tokens=tokens)
        spare, seconds = wanted(Meter.VOICE_SECONDS, MOST_SECONDS)
        return Quote(tokens=tokens, voice_seconds=seconds if seconds and spare >= 0 else None)

    def _job(self, of: TabOf, at: datetime) -> Job:
        given = TabInput(place=of.place, key=of.key, unit=0, credit=0)
        job = TAB.job(
            id=secrets.token_hex(16),
            uid=of.uid,
            given=given,
            request_hash="",
            at=at,
            subject=of.place,
            payer=Payer(of.payer),
        )
        begun = {"status": JobStatus.IN_PROGRESS, "due_at": None, "started_at": at}
        return job.model_copy(update=begun)

    def _shut(self, tab: Tab) -> None:
        if not tab.shut:
            with suppress(Missing):
                self._db.commit(Update(tab_path(tab.id), {"left": Increment(-SHUT)}))

    def _close(self, tab_id: str) -> None:
        """Raises Stale."""
        document = read_whole(self._db, tab_id)
        job = Job.of(document) if document.exists else None
        if job is None or job.status.ended:  # erased, or closed by another
            self._db.commit(Delete(tab_path(tab_id)))
            return
        charge, writes = closing(self._db, job)
        update, settled = completed_writes(job, TAB, document, charge, now())
        self._db.commit_or_stale(update, *settled, *writes)


def _created(job: Job) -> tuple[Create, Create]:
    """Without `waiting`: a tab takes no place in its user's share of the queue."""
    document, given = create_writes(job)
    fields = {name: value for name, value in document.data.items() if name != "waiting"}
    return Create(document.path, fields), given


def _put(account: Document, after: TabAccount) -> Write:
    if account.exists:
        return Update(account.path, after.stored(), seen=account)
    return Create(account.path, after.stored())
