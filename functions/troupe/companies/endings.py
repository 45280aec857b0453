"""What the sweep erases of a deleted company: its members' entries, licenses, invitations, budgets,
counters, exports, calls and webhooks, its plan and its wallet, a few at a time; then everything in
its own document that accounts of payments do not need."""

from __future__ import annotations

from collections.abc import Callable

from troupe.accounts.writes import user_path
from troupe.adapters.firestore import (
    DELETE_FIELD,
    Database,
    Delete,
    Document,
    Missing,
    Update,
    Write,
    now,
)
from troupe.companies.records import COLLECTION
from troupe.companies.writes import (
    company_path,
    invitations_path,
    licenses_path,
    members_path,
)
from troupe.dashboards.days import days_path
from troupe.logs import log
from troupe.plans.lifecycle import erase as erase_plan
from troupe.wallet.budgets import budgets_path
from troupe.wallet.errors import StillHeld
from troupe.wallet.lifecycle import erase as erase_wallet

BATCH = 100  # documents in one commit, and as many of users
STEPS = 20  # of one company in a run
_KEPT = {
    *("name", "nameKey", "orgNumber", "country", "status", "plan", "seats"),
    *("createdAt", "deletedAt"),
}


class Endings:
    def __init__(
        self,
        db: Database,
        close_billing: Callable[[str], bool],
        erase_exports: Callable[[str, int], int],
        erase_calls: Callable[[str, int], int],
        erase_webhooks: Callable[[str, int], int],
    ) -> None:
        """`close_billing`: ends everything that could charge the company; repeatable.
        `erase_exports`: deletes at most as many exports of the company, with their files; returns
        how many, 0 when none are left; `erase_calls` and `erase_webhooks` likewise."""
        self._db = db
        self._close_billing = close_billing
        self._erase_exports = erase_exports
        self._erase_calls = erase_calls
        self._erase_webhooks = erase_webhooks

    def sweep(self, limit: int) -> int:
        """Continues with the companies that are due; returns how many."""
        due = self._db.due(COLLECTION, limit)
        for document in due:
            try:
                for _ in range(STEPS):
                    if self._finish(document):
                        break
            except StillHeld:
                log.info("company_erasure_postponed", companyId=document.id)
            except Exception as error:  # one company must not block the others
                log.error("company_not_erased", error, companyId=document.id)
        return len(due)

    def dismiss(self, company_id: str) -> None:
        """Ends the memberships of a deleted company now, so that it looks deleted to everybody, as
        far as that is quick. The sweep does the rest."""
        try:
            for _ in range(STEPS):
                if not self._erase_members(company_id):
                    return
        except Exception as error:  # the company is deleted all the same
            log.error("members_not_dismissed", error, companyId=company_id)

    def _finish(self, document: Document) -> bool:
        """Whether nothing was left to erase; else erases some of it."""
        company_id = document.id
        if self._erase_members(company_id):
            return False
        for path in (licenses_path, invitations_path, budgets_path, days_path):
            found = self._db.find(path(company_id), limit=BATCH, select=[])
            if found:
                self._db.delete_all([each.path for each in found])
                return False
        if self._erase_exports(company_id, BATCH) or self._erase_calls(company_id, BATCH):
            return False
        if self._erase_webhooks(company_id, BATCH):
            return False
        self._close_billing(company_id)
        # StillHeld while jobs that the company pays for are at work: the next sweep goes on.
        if erase_plan(company_id, 1, database=self._db) or erase_wallet(
            company_id, BATCH, database=self._db
        ):
            return False
        gone = {name: DELETE_FIELD for name in document.data if name not in _KEPT}
        closed = gone | {"slug": "", "ownerUid": "", "memberCount": 0, "updatedAt": now()}
        self._db.commit(Update(company_path(company_id), closed))
        log.info("company_erased", companyId=company_id)
        return True

    def _erase_members(self, company_id: str) -> bool:
        """Whether there were any; erases at most `BATCH`."""
        members = self._db.find(members_path(company_id), limit=BATCH, select=[])
        if not members:
            return False
        users = self._db.get_all([user_path(each.id) for each in members], select=[])
        entry = {f"companies.{company_id}": DELETE_FIELD}
        writes: list[Write] = [Delete(each.path) for each in members]
        writes += [Update(each.path, entry) for each in users if each.exists]
        try:
            self._db.commit(*writes)
        except Missing:  # an account was erased meanwhile, as the next attempt sees
            log.info("company_erasure_postponed", companyId=company_id)
        return True
