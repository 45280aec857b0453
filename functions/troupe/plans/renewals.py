"""Reading and committing what concerns a subscription, and the turns of its periods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from troupe.plans.records import Plan, Source, Subscription, SubscriptionStatus
from troupe.plans.writes import SUBSCRIPTIONS, plan_path, subscription_path, taken_write
from troupe.records import Witness, no_witness
from troupe.wallet.errors import WalletNotFound
from troupe.wallet.ledger import wallet_path

# Other writes that are committed with a draft, whether or not it changes anything.
Also = Callable[[SubscriptionDraft], Sequence[Write]]
_RETRY_AFTER_FAILURE = timedelta(hours=1)  # until one that could not be turned is tried again


class Renewals:
    """`paid`: plans with a price go on only if they are paid for, or an administrator gave them."""

    def __init__(self, db: Database, *, paid: bool) -> None:
        self._db = db
        self._paid = paid

    def draft(self, uid: str, plan_id: str | None) -> tuple[SubscriptionDraft, Plan | None]:
        """What is to be changed, as it is now, and the plan of that id. A subscription that is
        due is turned first. Raises WalletNotFound; Stale: try again."""
        paths = [subscription_path(uid), wallet_path(uid)]
        paths += [plan_path(plan_id)] if plan_id else []
        subscription, wallet, *plans = self._db.get_all(paths)
        if not wallet.exists:
            raise WalletNotFound
        draft = SubscriptionDraft(subscription, wallet, now())
        if draft.before and _is_due(draft.before, draft.at):
            self.turn(uid)
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
        """All of a draft, or Stale. `taken`: the plan that it leads to, which must be there."""
        changes: list[Write] = draft.writes()
        if changes:
            changes += [taken_write(taken, draft.at)] if taken else []
            changes += witness(draft.before, draft.after)
        # What names the version of a document has to stand before other writes to it.
        writes = [*also(draft), *changes]
        if not writes:
            return
        try:
            self._db.commit(*writes)
        except (Missing, AlreadyExists):
            raise Stale from None  # the plan, or the user, has gone: look once more
        if changes and draft.after is not None:
            log.info(
                "subscription_changed",
                uid=draft.uid,
                plan=draft.after.plan.id,
                status=draft.after.status,
                period=draft.after.period,
            )

    def turn(self, uid: str) -> None:
        """Brings a subscription that is due into its next period, or to its end."""
        subscription = self._db.get(subscription_path(uid))
        if not subscription.exists or not _is_due(Subscription.of(subscription), now()):
            return
        has = Subscription.of(subscription)
        next_id = (has.next_plan or has.plan).id
        wallet, document = self._db.get_all([wallet_path(uid), plan_path(next_id)])
        if not wallet.exists:  # the account is gone
            self._db.commit(Update(subscription.path, {"dueAt": None}, seen=subscription))
            return
        draft = SubscriptionDraft(subscription, wallet, now())
        plan = Plan.of(document) if document.exists else None
        if not has.live:
            draft.end(has.status)
        elif plan is None or not self._goes_on(has, plan, draft.at):
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
        """What the sweep does: renews, changes and ends what is due; returns how many."""
        due = self._db.due(SUBSCRIPTIONS, limit, select=[])
        turned = 0
        for document in due:
            uid = document.id
            try:
                contend(lambda uid=uid: self.turn(uid))  # type: ignore[misc]
                turned += 1
            except Exception as error:  # one must not hold up all others, now or next time
                log.error("subscription_stumbled", error, uid=uid)
                with suppress(Exception):
                    self._db.commit(Update(document.path, {"dueAt": now() + _RETRY_AFTER_FAILURE}))
        return turned

    def _goes_on(self, has: Subscription, plan: Plan, at: datetime) -> bool:
        over = has.expires_at is not None and has.expires_at <= at
        if over and has.next_plan is None:
            return False
        given = has.source is Source.ADMIN and has.next_plan is None
        return given or not (self._paid and plan.price_cents)


def _is_due(subscription: Subscription, at: datetime) -> bool:
    return subscription.due_at is not None and subscription.due_at <= at
