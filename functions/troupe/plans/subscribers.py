"""Subscriptions by the id of their owner, a user or a company: who may see them, and what
administrators change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from troupe import access
from troupe.adapters.firestore import Database, Write
from troupe.audit.service import witness
from troupe.errors import CompanyNotFound
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.plans.errors import NotSubscribed, SubscriptionNotFound
from troupe.plans.records import Source, Subscription, SubscriptionStatus
from troupe.plans.subscriptions import Setting, Subscriptions, SubscriptionStatement
from troupe.plans.writes import SUBSCRIPTIONS, subscription_path
from troupe.wallet.errors import OwnerNotFound, WalletNotFound
from troupe.wallet.ledger import wallet_path
from troupe.wallet.records import Owner, OwnerKind, Wallet

if TYPE_CHECKING:
    from troupe.audit.records import Actor
    from troupe.caller import Caller
    from troupe.plans.draft import SubscriptionDraft


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """None: any."""

    status: SubscriptionStatus | None = None
    plan_id: str | None = None
    source: Source | None = None
    owner_kind: OwnerKind | None = None

    def where(self) -> list[tuple[str, str, Any]]:
        given = {
            "status": self.status,
            "plan.id": self.plan_id,
            "source": self.source,
            "ownerKind": self.owner_kind,
        }
        return [(name, "==", value) for name, value in given.items() if value is not None]

    def takes(self, subscription: Subscription) -> bool:
        pairs = (
            (self.status, subscription.status),
            (self.plan_id, subscription.plan.id),
            (self.source, subscription.source),
            (self.owner_kind, subscription.owner_kind),
        )
        return all(wanted in (None, found) for wanted, found in pairs)


class Subscribers:
    def __init__(self, db: Database, subscriptions: Subscriptions) -> None:
        self._db = db
        self._subscriptions = subscriptions

    def page(
        self,
        caller: Caller,
        request: PageRequest,
        chosen: SubscriptionFilter,
        company_id: str | None = None,
    ) -> tuple[list[SubscriptionStatement], PageOf]:
        """The caller's own; with `company_id` that of a company which the caller manages; else, for
        administrators, everybody's, newest first. Raises CompanyNotFound, Forbidden, BadCursor,
        PageTooDeep."""
        if company_id is None and caller.role == "admin":
            return self._everybodys(request, chosen)
        if company_id is not None:
            access.company_admin(company_id, caller, CompanyNotFound)
            owner = Owner.company(company_id)
        else:
            owner = Owner.user(caller.uid)
        statement = self._find(owner.id)
        if statement is None and company_id is not None and not self._exists(owner):
            raise CompanyNotFound
        has = statement.subscription if statement else None
        mine = [statement] if statement and has and chosen.takes(has) else []
        return mine if request.page == 1 else [], PageOf([], len(mine), None)

    def get(self, caller: Caller, subscription_id: str) -> SubscriptionStatement:
        """Raises SubscriptionNotFound, and Forbidden for the members of a company who do not manage
        it."""
        access.payer(subscription_id, caller, SubscriptionNotFound)
        statement = self._find(subscription_id)
        if statement is None:
            raise SubscriptionNotFound
        return statement

    def create(
        self,
        actor: Actor,
        owner_id: str,
        plan_id: str,
        *,
        tokens: int | None = None,
        started_at: datetime | None = None,
        expires_at: datetime | None = None,
    ) -> SubscriptionStatement:
        """Raises OwnerNotFound, and what `Subscriptions.create` raises."""
        with _missing(OwnerNotFound):
            return self._subscriptions.create(
                owner_id,
                plan_id,
                tokens=tokens,
                started_at=started_at,
                expires_at=expires_at,
                witness=witness(actor, "addSubscription", SUBSCRIPTIONS),
            )

    def update(self, actor: Actor, subscription_id: str, setting: Setting) -> SubscriptionStatement:
        """Raises SubscriptionNotFound, and what `Subscriptions.set` raises."""
        writes = witness(actor, "updateSubscription", SUBSCRIPTIONS)

        def also(draft: SubscriptionDraft) -> list[Write]:
            if draft.before is None:  # `set` would begin one
                raise SubscriptionNotFound
            return list(writes(draft.before, draft.after))

        with _missing(SubscriptionNotFound):
            return self._subscriptions.set(subscription_id, setting, also=also)

    def end(self, actor: Actor, subscription_id: str) -> SubscriptionStatement:
        """Raises SubscriptionNotFound, ManagedByStripe."""
        with _missing(SubscriptionNotFound):
            return self._subscriptions.end(
                subscription_id, witness=witness(actor, "deleteSubscription", SUBSCRIPTIONS)
            )

    def _everybodys(
        self, request: PageRequest, chosen: SubscriptionFilter
    ) -> tuple[list[SubscriptionStatement], PageOf]:
        found = newest_first(
            self._db, SUBSCRIPTIONS, request, field="createdAt", where=chosen.where()
        )
        listed = [Subscription.of(document) for document in found.documents]
        wallets = self._db.get_all([wallet_path(each.id) for each in listed])
        return [
            # Of an account that is being erased, the wallet may be gone first.
            SubscriptionStatement(
                has, Wallet.of(wallet) if wallet.exists else Wallet(id=has.id, kind=has.owner_kind)
            )
            for has, wallet in zip(listed, wallets, strict=True)
        ], found

    def _find(self, owner_id: str) -> SubscriptionStatement | None:
        """None if there is none, or its company is being erased."""
        document, wallet = self._db.get_all([subscription_path(owner_id), wallet_path(owner_id)])
        if not document.exists or not wallet.exists:
            return None
        has = Subscription.of(document)
        if has.owner_kind is OwnerKind.COMPANY and not self._exists(has.owner):
            return None
        return SubscriptionStatement(has, Wallet.of(wallet))

    def _exists(self, owner: Owner) -> bool:
        document = self._db.get(owner.path)
        return document.exists and not document.data.get("deletedAt")


@contextmanager
def _missing(error: type[OwnerNotFound] | type[SubscriptionNotFound]) -> Iterator[None]:
    try:
        yield
    except (WalletNotFound, NotSubscribed):
        raise error from None
