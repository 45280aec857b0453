"""User administration. Every change is one commit of the account, the subscription, the wallet with
its ledger, and the audit log entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troupe.accounts.administration import AccountChange, AccountDiff, Administration
from troupe.accounts.directory import Directory, UserStatus, status_of
from troupe.accounts.errors import OwnAccount
from troupe.adapters.firestore import Database, Write, contend, now
from troupe.audit.service import entry_writes
from troupe.jobs.shares import check_write
from troupe.plans.records import Subscription, SubscriptionStatus
from troupe.plans.subscriptions import Setting, Subscriptions, SubscriptionStatement

if TYPE_CHECKING:
    from troupe.accounts.deletion import Deletions
    from troupe.accounts.records import UserRecord
    from troupe.admin.changes import UserChange
    from troupe.audit.records import Actor
    from troupe.jobs.admission import Admission
    from troupe.plans.draft import SubscriptionDraft
    from troupe.plans.service import Plans
    from troupe.wallet.records import Wallet

# What setting a status does to the account and to the subscription.
_SUSPENDED: dict[UserStatus | None, bool] = {UserStatus.SUSPENDED: True, UserStatus.ACTIVE: False}
_ENDED_STATUS: dict[UserStatus | None, SubscriptionStatus] = {
    UserStatus.EXPIRED: SubscriptionStatus.EXPIRED,
    UserStatus.CANCELLED: SubscriptionStatus.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class UserDetails:
    """A user with subscription and wallet; `statement` is None if the user is being deleted."""

    user: UserRecord
    statement: SubscriptionStatement | None


class AdminUsers:
    def __init__(
        self,
        db: Database,
        directory: Directory,
        administration: Administration,
        subscriptions: Subscriptions,
        plans: Plans,
        deletions: Deletions,
        admission: Admission,
    ) -> None:
        self._db = db
        self._directory = directory
        self._administration = administration
        self._subscriptions = subscriptions
        self._plans = plans
        self._deletions = deletions
        self._admission = admission

    def get(self, uid: str) -> UserDetails:
        """Raises UserNotFound."""
        user = self._directory.get(uid)
        return UserDetails(user, self._subscriptions.known([uid]).get(uid))

    def update(self, actor: Actor, uid: str, change: UserChange) -> UserDetails:
        """Applies all changes in one commit, or none.

        Status `active` lifts a suspension, or else restarts an ended plan; `suspended` ends all
        access; the others end the plan. Raises whatever `Administration.change` and
        `Subscriptions.set` raise.
        """
        user = self._directory.get(uid)
        account = AccountChange(
            email=change.email, role=change.role, suspended=_SUSPENDED.get(change.status)
        )
        restarts = _restarts_plan(user, change.status)
        setting = Setting(
            plan_id=None if change.plan is None else self._plans.named(change.plan).id,
            status=SubscriptionStatus.ACTIVE if restarts else _ENDED_STATUS.get(change.status),
            started_at=change.started_at,
            expires_at=change.expires_at,
            tokens=change.tokens,
            voice_minutes=change.voice_minutes,
        )
        diffs: list[AccountDiff] = []

        def also(draft: SubscriptionDraft) -> list[Write]:
            diff = self._administration.change(uid, account, actor.uid)
            diffs.append(diff)
            before = _audited_fields(diff.before, draft.before, draft.wallet_before)
            after = _audited_fields(diff.after, draft.after, draft.wallet)
            entry = entry_writes(actor, "adminUpdateUser", f"users/{uid}", before, after)
            return [*diff.writes, *entry, *_ending_writes(diff)]

        self._subscriptions.set(uid, setting, also=also)
        self._after_commit(diffs[-1])  # the one of the attempt that succeeded
        return self.get(uid)

    def toggle_suspension(self, actor: Actor, uid: str) -> UserDetails:
        """Suspends a user, which ends all jobs, or lifts the suspension.

        Raises UserNotFound, OwnAccount, CannotSuspendAdmin.
        """

        tried: dict[str, AccountDiff] = {}  # by the path of the audit entry

        def attempt() -> AccountDiff:
            for document in self._db.get_all(list(tried)):
                if document.exists:  # our own commit, whose response was lost: do not flip it back
                    return tried[document.path]
            diff = self._administration.change(uid, AccountChange(toggle=True), actor.uid)
            before, after = ({"suspended": u.suspended} for u in (diff.before, diff.after))
            (entry,) = entry_writes(actor, "toggleSuspension", f"users/{uid}", before, after)
            tried[entry.path] = diff
            self._db.commit_or_stale(*diff.writes, entry, *_ending_writes(diff))
            return diff

        self._after_commit(contend(attempt))
        return self.get(uid)

    def delete(self, actor: Actor, uid: str) -> None:
        """Deletes an account just as its user could.

        Raises UserNotFound, OwnAccount, OwnsCompany, LastAdmin.
        """
        self._directory.get(uid)
        if uid == actor.uid:
            raise OwnAccount

        def audit_writes(user: UserRecord) -> list[Write]:
            # Personal data is being erased, so the log keeps only the id, role, status and plan.
            before = {"role": user.role, "status": status_of(user), "plan": user.plan}
            return entry_writes(actor, "adminDeleteUser", f"users/{uid}", before, {})

        self._deletions.begin(uid, audit_writes)

    def _after_commit(self, diff: AccountDiff) -> None:
        self._administration.after_commit(diff)
        if diff.suspends:
            self._admission.end_jobs(diff.after.id)


def _ending_writes(diff: AccountDiff) -> list[Write]:
    return [check_write(diff.after.id, now())] if diff.suspends else []


def _restarts_plan(user: UserRecord, status: UserStatus | None) -> bool:
    """Whether `active` restarts an ended plan; lifting a suspension grants no new period."""
    ended = user.subscription is not None and user.plan is None
    return status is UserStatus.ACTIVE and ended and not user.suspended


def _audited_fields(
    user: UserRecord, subscription: Subscription | None, wallet: Wallet
) -> dict[str, Any]:
    """What an update can change, under the field names of the audit log."""
    fields: dict[str, Any] = {
        "email": user.email,
        "role": user.role,
        "suspended": user.suspended,
        "tokens": wallet.tokens.granted - wallet.tokens.used,
        "voiceSeconds": wallet.voice_seconds.granted - wallet.voice_seconds.used,
    }
    if subscription is not None:
        fields |= {
            "plan": subscription.plan.id,
            "nextPlan": subscription.next_plan.id if subscription.next_plan else None,
            "planStatus": subscription.status,
            "startedAt": subscription.started_at,
            "expiresAt": subscription.expires_at,
        }
    return fields
