"""Users in the hands of administrators. Every change is one commit: the account, the subscription,
the wallet with its ledger, and the entry of the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from troupe.accounts.administration import AccountChange, AccountDiff, Administration
from troupe.accounts.deletion import Deletions
from troupe.accounts.directory import Directory, UserFilter, UserStatus, status_of
from troupe.accounts.errors import OwnAccount
from troupe.accounts.records import UserRecord
from troupe.adapters.firestore import AlreadyExists, Database, Stale, Write, contend
from troupe.audit.records import Actor
from troupe.audit.service import entry_writes
from troupe.caller import Role
from troupe.paging import PageOf, PageRequest
from troupe.plans.draft import SubscriptionDraft
from troupe.plans.records import Subscription, SubscriptionStatus
from troupe.plans.service import Plans
from troupe.plans.subscriptions import Setting, Subscriptions, SubscriptionStatement
from troupe.wallet.records import Wallet

# What a status that an administrator sets does to the account, and to the subscription.
_SUSPENDS: dict[UserStatus | None, bool] = {UserStatus.SUSPENDED: True, UserStatus.ACTIVE: False}
_ENDS: dict[UserStatus | None, SubscriptionStatus] = {
    UserStatus.EXPIRED: SubscriptionStatus.EXPIRED,
    UserStatus.CANCELLED: SubscriptionStatus.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class UserChange:
    """None leaves a thing as it is. `plan`: an id or a name; `tokens` and `voice_minutes` are
    balances (granted less used)."""

    email: str | None = None
    plan: str | None = None
    tokens: int | None = None
    voice_minutes: int | None = None
    started_at: datetime | None = None
    expires_at: datetime | None = None
    status: UserStatus | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class UserDetails:
    """A user and what the user has; `standing` is None for one who is just leaving."""

    user: UserRecord
    standing: SubscriptionStatement | None


class AdminUsers:
    def __init__(
        self,
        db: Database,
        directory: Directory,
        administration: Administration,
        subscriptions: Subscriptions,
        plans: Plans,
        deletions: Deletions,
    ) -> None:
        self._db = db
        self._directory = directory
        self._administration = administration
        self._subscriptions = subscriptions
        self._plans = plans
        self._deletions = deletions

    def page(self, request: PageRequest, wanted: UserFilter) -> tuple[list[UserRecord], PageOf]:
        """Newest first."""
        return self._directory.page(request, wanted)

    def search(self, text: str, wanted: UserFilter, limit: int) -> tuple[list[UserRecord], int]:
        """Whose address or name begins like `text`; and how many there are in all."""
        return self._directory.search(text, wanted, limit)

    def get(self, uid: str) -> UserDetails:
        """Raises UserNotFound."""
        user = self._directory.get(uid)
        return UserDetails(user, self._subscriptions.known([uid]).get(uid))

    def update(self, actor: Actor, uid: str, change: UserChange) -> UserDetails:
        """Everything that is given, or nothing of it.

        `active` lifts a suspension, else it begins an ended plan anew; `suspended` ends all
        access; the others end the plan. Raises what `Administration.change` and
        `Subscriptions.set` do.
        """
        user = self._directory.get(uid)
        account = AccountChange(
            email=change.email, role=change.role, suspended=_SUSPENDS.get(change.status)
        )
        revives = _revives(user, change.status)
        setting = Setting(
            plan_id=None if change.plan is None else self._plans.named(change.plan).id,
            status=SubscriptionStatus.ACTIVE if revives else _ENDS.get(change.status),
            started_at=change.started_at,
            expires_at=change.expires_at,
            tokens=change.tokens,
            voice_minutes=change.voice_minutes,
        )
        made: list[AccountDiff] = []

        def also(draft: SubscriptionDraft) -> list[Write]:
            changed = self._administration.change(uid, account, actor.uid)
            made.append(changed)
            before = _facts(changed.before, draft.before, draft.wallet_before)
            after = _facts(changed.after, draft.after, draft.wallet)
            entry = entry_writes(actor, "adminUpdateUser", f"users/{uid}", before, after)
            return [*changed.writes, *entry]

        self._subscriptions.set(uid, setting, also=also)
        self._administration.follow(made[-1])
        return self.get(uid)

    def toggle_suspension(self, actor: Actor, uid: str) -> UserDetails:
        """Raises UserNotFound, OwnAccount, CannotSuspendAdmin."""

        def attempt() -> AccountDiff:
            changed = self._administration.change(uid, AccountChange(toggle=True), actor.uid)
            before, after = ({"suspended": u.suspended} for u in (changed.before, changed.after))
            entry = entry_writes(actor, "toggleSuspension", f"users/{uid}", before, after)
            try:
                self._db.commit(*changed.writes, *entry)
            except AlreadyExists as error:
                raise Stale from error
            return changed

        self._administration.follow(contend(attempt))
        return self.get(uid)

    def delete(self, actor: Actor, uid: str) -> None:
        """The same as when users leave by themselves. Raises UserNotFound, OwnAccount,
        LastAdmin."""
        self._directory.get(uid)
        if uid == actor.uid:
            raise OwnAccount

        def also(user: UserRecord) -> list[Write]:
            # Who it was is being erased; the log keeps the id, and what it meant to us.
            had = {"role": user.role, "status": status_of(user), "plan": user.plan}
            return entry_writes(actor, "adminDeleteUser", f"users/{uid}", had, {})

        self._deletions.begin(uid, also)


def _revives(user: UserRecord, status: UserStatus | None) -> bool:
    """Whoever is let back in is not given a new period with it."""
    ended = user.subscription is not None and user.plan is None
    return status is UserStatus.ACTIVE and ended and not user.suspended


def _facts(user: UserRecord, has: Subscription | None, wallet: Wallet) -> dict[str, Any]:
    """What an update can change, under the names that the audit log knows it by."""
    facts: dict[str, Any] = {
        "email": user.email,
        "role": user.role,
        "suspended": user.suspended,
        "tokens": wallet.tokens.granted - wallet.tokens.used,
        "voiceSeconds": wallet.voice_seconds.granted - wallet.voice_seconds.used,
    }
    if has is not None:
        facts |= {
            "plan": has.plan.id,
            "nextPlan": has.next_plan.id if has.next_plan else None,
            "planStatus": has.status,
            "startedAt": has.started_at,
            "expiresAt": has.expires_at,
        }
    return facts
