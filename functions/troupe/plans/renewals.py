"""Reads and commits subscriptions, and moves them from period to period."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from troupe.adapters.firestore import (
    AlreadyExists,
    Database,
    Missing,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.logs import log
from troupe.plans.draft import SubscriptionDraft
from troupe.plans.notices import notices
from troupe.plans.records import Plan, Source, Subscription, SubscriptionStatus
from troupe.plans.writes import SUBSCRIPTIONS, plan_path, subscription_path, taken_write
from troupe.records import Witness, no_witness
from troupe.wallet.errors import WalletNotFound
from troupe.wallet.ledger import user_path, wallet_path
from troupe.wallet.records import OwnerKind, Wallet

# Other writes to commit with a draft, whether or not the draft changes anything.
Also = Callable[[SubscriptionDraft], Sequence[Write]]
# The writes that note, in those of an owner's periods that were paid for, how many of their seconds
# have expired.
Expiry = Callable[[str, Mapping[int, int]], Sequence[Write]]
_RETRY_AFTER_FAILURE = timedelta(hours=1)  # before a failed renewal is tried again


class Renewals:
    """`paid`: plans with a price renew only if they are paid for, or granted by an
    administrator."""

    def __init__(self, db: Database, expiry: Expiry, *, paid: bool) -> None:
        self._db = db
        self._expiry = expiry
        self._paid = paid

    def draft(self, owner_id: str, plan_id: str | None) -> tuple[SubscriptionDraft, Plan | None]:
        """A draft of the owner's current state, and the plan with that id. A due subscription is
        advanced first. Raises WalletNotFound, also while the owner is being deleted; Stale: try
        again."""
        paths = [subscription_path(owner_id), wallet_path(owner_id), user_path(owner_id)]
        paths += [plan_path(plan_id)] if plan_id else []
        subscription, wallet, document, *plans = self._db.get_all(paths)
        if not wallet.exists:
            raise WalletNotFound
        owner = Wallet.of(wallet).owner
        if owner.kind is OwnerKind.COMPANY:
            document = self._db.get(owner.path)
        if not document.exists or document.data.get("deletedAt"):
            raise WalletNotFound
        draft = SubscriptionDraft(subscription, wallet, document, now())
        if draft.before and _is_due(draft.before, draft.at):
            self.advance(owner_id)
            raise Stale
        found = [Plan.of(document) for document in plans if document.exists]
        return draft, found[0] if found else None

    def commit(
        self,
        draft: SubscriptionDraft,
        witness: Witness = no_witness,
        *,
        also: Also = lambda draft: (),
        taken: str | None = None,
    ) -> None:
        """Commits a draft, or raises Stale. `taken`: id of the plan it leads to, which must still
        exist."""
        changes: list[Write] = draft.writes()
        if changes:
            changes += [taken_write(taken, draft.at)] if taken else []
            changes += [*witness(draft.before, draft.after), *notices(draft)]
            changes += self._expired(draft)
        # A write with a precondition has to precede other writes to the same document.
        writes = [*also(draft), *changes]
        if not writes:
            return
        try:
            self._db.commit(*writes)
        except (Missing, AlreadyExists):
            raise Stale from None  # the plan or the user was deleted: read again
        if changes and draft.after is not None:
            log.info(
                "subscription_changed",
                ownerId=draft.owner.id,
                plan=draft.after.plan.id,
                status=draft.after.status,
                period=draft.after.period,
            )

    def advance(self, uid: str) -> None:
        """Moves a due subscription to its next period, or ends it."""
        subscription = self._db.get(subscription_path(uid))
        if not subscription.exists or not _is_due(Subscription.of(subscription), now()):
            return
        has = Subscription.of(subscription)
        next_id = (has.next_plan or has.plan).id
        paths = [wallet_path(uid), has.owner.path, plan_path(next_id)]
        wallet, user, document = self._db.get_all(paths)
        if not wallet.exists:  # the account is gone
            self._db.commit(Update(subscription.path, {"dueAt": None}, seen=subscription))
            return
        draft = SubscriptionDraft(subscription, wallet, user, now())
        plan = Plan.of(document) if document.exists else None
        if not has.live:
            draft.end(has.status)
        elif draft.guest or plan is None or not self._renews(has, plan, draft.at):
            draft.end(SubscriptionStatus.EXPIRED)
        elif has.next_plan is not None:
            draft.expire_minutes()
            draft.begin(plan.terms, source=Source.USER, started_at=has.ends_at)
        else:
            draft.expire_minutes()
            draft.begin(
                plan.terms,
                source=has.source,
                started_at=has.started_at,
                expires_at=has.expires_at,
                tokens=has.tokens,
            )
        self.commit(draft)

    def renew_due(self, limit: int) -> int:
        """Called by the sweep: renews, changes or ends due subscriptions; returns how many."""
        due = self._db.due(SUBSCRIPTIONS, limit, select=[])
        advanced = 0
        for document in due:
            uid = document.id
            try:
                contend(lambda uid=uid: self.advance(uid))  # type: ignore[misc]
                advanced += 1
            except Exception as error:  # one failure must not block the others, now or next time
                log.error("subscription_stumbled", error, uid=uid)
                with suppress(Exception):
                    self._db.commit(Update(document.path, {"dueAt": now() + _RETRY_AFTER_FAILURE}))
        return advanced

    def _expired(self, draft: SubscriptionDraft) -> Sequence[Write]:
        """Minutes that expired are not taken again when what was paid for them is refunded. Noted
        also if none were left: what was taken back of them would have expired, too."""
        has = draft.before
        expired = {
            period: seconds
            for period, seconds in draft.expired.items()
            if has and (period != has.period or has.plan.price_cents)
        }
        return self._expiry(draft.owner.id, expired) if expired else []

    def _renews(self, has: Subscription, plan: Plan, at: datetime) -> bool:
        over = has.expires_at is not None and has.expires_at <= at
        if over and has.next_plan is None:
            return False
        given = has.source is Source.ADMIN and has.next_plan is None
        return given or not (self._paid and plan.price_cents)


def _is_due(subscription: Subscription, at: datetime) -> bool:
    return subscription.due_at is not None and subscription.due_at <= at
