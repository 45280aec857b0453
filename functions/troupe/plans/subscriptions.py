"""Subscriptions: which plan each user has, and how users and administrators change it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from troupe.adapters.firestore import Database, Document, contend
from troupe.errors import PaymentRequired
from troupe.plans.draft import SubscriptionDraft
from troupe.plans.errors import (
    AlreadySubscribed,
    BadDates,
    BalanceHeld,
    ManagedByStripe,
    NotSubscribed,
    PlanNotFound,
)
from troupe.plans.records import Plan, PlanStatus, Source, Subscription, SubscriptionStatus
from troupe.plans.renewals import Also, Renewals
from troupe.plans.writes import subscription_path
from troupe.records import Witness, no_witness
from troupe.wallet.errors import WalletNotFound
from troupe.wallet.ledger import wallet_path
from troupe.wallet.records import Meter, Wallet
from troupe.wallet.service import Added, WalletService

_A_DAY = timedelta(days=1)  # a local date can be a day ahead of UTC


@dataclass(frozen=True, slots=True)
class SubscriptionStatement:
    """A user's subscription (None before the first one) and wallet."""

    subscription: Subscription | None
    wallet: Wallet


@dataclass(frozen=True, slots=True)
class Setting:
    """An administrator's changes to a subscription; None keeps the value.

    `tokens` and `voice_minutes` are balances (granted minus used). An `expires_at` in the past
    ends the subscription now; `never_expires` removes its end.
    """

    plan_id: str | None = None
    status: SubscriptionStatus | None = None
    started_at: datetime | None = None
    expires_at: datetime | None = None
    never_expires: bool = False
    tokens: int | None = None
    voice_minutes: int | None = None

    @property
    def has_dates(self) -> bool:
        return bool(self.started_at or self.expires_at or self.never_expires)


class Subscriptions:
    def __init__(
        self, db: Database, renewals: Renewals, wallet: WalletService, *, paid: bool
    ) -> None:
        self._db = db
        self._renewals = renewals
        self._wallet = wallet
        self._paid = paid

    def of(self, uid: str) -> SubscriptionStatement:
        """Raises WalletNotFound."""
        return self.of_many([uid])[0]

    def of_many(self, uids: Sequence[str]) -> list[SubscriptionStatement]:
        """Those of existing users, in their order, with one read. Raises WalletNotFound."""
        return [_statement(*pair) for pair in self._read(uids)]

    def known(self, uids: Sequence[str]) -> dict[str, SubscriptionStatement]:
        """The statements of the users who still have a wallet, by uid."""
        pairs = self._read(uids) if uids else []
        return {wallet.id: _statement(has, wallet) for has, wallet in pairs if wallet.exists}

    def subscribe(self, uid: str, plan_id: str) -> SubscriptionStatement:
        """A more expensive plan starts at once, any other when the period ends. The current plan
        changes nothing, except that it cancels a scheduled change. However often this is repeated,
        each period grants once.

        Raises GuestNotAllowed, PlanNotFound (also for an inactive plan), PaymentRequired,
        ManagedByStripe.
        """

        def attempt() -> SubscriptionStatement:
            draft, plan = self._renewals.draft(uid, plan_id)
            draft.require_account()
            has = draft.before if draft.before and draft.before.live else None
            if has and has.at_stripe:
                raise ManagedByStripe
            if has and has.plan.id == plan_id:
                if has.next_plan is not None:
                    draft.follow_with(None)
            elif plan is None or plan.status is not PlanStatus.ACTIVE:
                raise PlanNotFound
            elif self._paid and plan.price_cents:
                raise _payment_required(plan)
            elif has and plan.yearly_cents <= has.plan.yearly_cents:
                if has.next_plan is None or has.next_plan.id != plan_id:
                    draft.follow_with(plan.terms)
            else:
                draft.begin(plan.terms, source=Source.USER, started_at=draft.at)
            self._renewals.commit(draft, taken=plan_id)
            return SubscriptionStatement(draft.after, draft.wallet)

        return contend(attempt)

    def add_minutes(self, uid: str, minutes: int, key: str | None) -> Added:
        """Adds minutes that belong to no plan and never expire; returns seconds.
        Raises GuestNotAllowed, PaymentRequired, WalletNotFound, KeyReused."""
        if self._paid:
            raise PaymentRequired("Buy minutes at checkout.")
        return self._wallet.add(uid, Meter.VOICE_SECONDS, minutes * 60, "minutes", key)

    def create(
        self,
        uid: str,
        plan_id: str,
        *,
        tokens: int | None = None,
        started_at: datetime | None = None,
        expires_at: datetime | None = None,
        witness: Witness = no_witness,
    ) -> SubscriptionStatement:
        """For administrators: starts a plan at once, replacing any other; `tokens` are granted per
        period instead of the plan's.

        Raises GuestNotAllowed, PlanNotFound, AlreadySubscribed, BadDates, WalletNotFound,
        ManagedByStripe.
        """

        def attempt() -> SubscriptionStatement:
            draft, plan = self._renewals.draft(uid, plan_id)
            if plan is None:
                raise PlanNotFound
            if draft.before and draft.before.at_stripe:
                raise ManagedByStripe
            if draft.before and draft.before.live and draft.before.plan.id == plan_id:
                raise AlreadySubscribed
            if expires_at is not None and expires_at <= draft.at:
                raise BadDates
            draft.begin(
                plan.terms,
                source=Source.ADMIN,
                started_at=_start_date(started_at, draft.at) or draft.at,
                expires_at=expires_at,
                tokens=tokens,
            )
            self._renewals.commit(draft, witness, taken=plan_id)
            return SubscriptionStatement(draft.after, draft.wallet)

        return contend(attempt)

    def set(
        self, uid: str, setting: Setting, *, also: Also = lambda draft: ()
    ) -> SubscriptionStatement:
        """For administrators: changes a subscription and its balances in one commit, together with
        the writes of `also`. Naming the user's current plan grants nothing more.

        Raises GuestNotAllowed, PlanNotFound, NotSubscribed, BadDates, BalanceHeld,
        WalletNotFound, ManagedByStripe.
        """
        random_id = secrets.token_hex(8)

        def attempt() -> SubscriptionStatement:
            plan_id = setting.plan_id or self._plan_to_revive(uid, setting)
            draft, plan = self._renewals.draft(uid, plan_id)
            if plan_id is not None and plan is None:
                raise PlanNotFound
            changes_plan = plan_id or setting.status or setting.has_dates
            if draft.before and draft.before.at_stripe and changes_plan:
                raise ManagedByStripe
            _apply(draft, setting, plan)
            _set_balance(draft, Meter.TOKENS, setting.tokens, random_id)
            minutes = setting.voice_minutes
            seconds = None if minutes is None else minutes * 60
            _set_balance(draft, Meter.VOICE_SECONDS, seconds, random_id)
            self._renewals.commit(draft, also=also, taken=plan_id)
            return SubscriptionStatement(draft.after, draft.wallet)

        return contend(attempt)

    def end(self, owner_id: str, *, witness: Witness = no_witness) -> SubscriptionStatement:
        """For administrators: ends it at once; one that has ended stays as it is.

        Raises NotSubscribed, ManagedByStripe, WalletNotFound.
        """

        def attempt() -> SubscriptionStatement:
            draft, _ = self._renewals.draft(owner_id, None)
            if draft.before is None:
                raise NotSubscribed
            if draft.before.at_stripe:
                raise ManagedByStripe
            if draft.before.live:
                draft.end(SubscriptionStatus.CANCELLED)
            self._renewals.commit(draft, witness)
            return SubscriptionStatement(draft.after, draft.wallet)

        return contend(attempt)

    def _read(self, uids: Sequence[str]) -> list[tuple[Document, Document]]:
        paths = [path(uid) for path in (subscription_path, wallet_path) for uid in uids]
        found = self._db.get_all(paths)
        return list(zip(found[: len(uids)], found[len(uids) :], strict=True))

    def _plan_to_revive(self, uid: str, setting: Setting) -> str | None:
        """The user's last plan, if the setting reactivates an ended subscription."""
        if setting.status is not SubscriptionStatus.ACTIVE:
            return None
        has = self.of(uid).subscription
        if has is None:
            raise NotSubscribed
        return None if has.live else has.plan.id


def _apply(draft: SubscriptionDraft, setting: Setting, plan: Plan | None) -> None:
    """Applies all of a setting but the balances."""
    has = draft.before if draft.before and draft.before.live else None
    start = _start_date(setting.started_at, draft.at)
    over = setting.expires_at is not None and setting.expires_at <= draft.at
    status = SubscriptionStatus.EXPIRED if over else setting.status
    if status is not None and status is not SubscriptionStatus.ACTIVE:
        if draft.before is None:
            raise NotSubscribed
        if over and has:
            draft.set_dates(start, setting.expires_at)
        draft.end(status)
    elif plan is not None and (has is None or has.plan.id != plan.id):
        draft.begin(
            plan.terms,
            source=Source.ADMIN,
            started_at=start or draft.at,
            expires_at=setting.expires_at,
        )
    elif setting.has_dates:
        if has is None:
            raise NotSubscribed
        kept = None if setting.never_expires else has.expires_at
        draft.set_dates(start, setting.expires_at or kept)


def _set_balance(
    draft: SubscriptionDraft, meter: Meter, amount: int | None, random_id: str
) -> None:
    if amount is None:
        return
    try:
        draft.set_balance(meter, amount, f"adjust-{random_id}-{meter}")
    except ValueError:
        held = draft.wallet.meter(meter).held
        raise BalanceHeld(details={"meter": meter, "held": held}) from None


def _start_date(started_at: datetime | None, at: datetime) -> datetime | None:
    if started_at is None:
        return None
    if started_at > at + _A_DAY:
        raise BadDates
    return min(started_at, at)


def _statement(subscription: Document, wallet: Document) -> SubscriptionStatement:
    if not wallet.exists:
        raise WalletNotFound
    has = Subscription.of(subscription) if subscription.exists else None
    return SubscriptionStatement(has, Wallet.of(wallet))


def _payment_required(plan: Plan) -> PaymentRequired:
    details = {"planId": plan.id, "price": plan.price_cents / 100}
    return PaymentRequired("Buy this plan at checkout.", details=details)
