"""Ends the memberships of a deleted user, and exports those of any user."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from troupe.accounts.writes import user_path
from troupe.adapters.firestore import DELETE_FIELD, Database, Update, contend
from troupe.companies.licensing import drop, with_license
from troupe.companies.writes import company_path
from troupe.errors import CompanyNotFound
from troupe.exported import Exported
from troupe.wallet.budgets import member_path


def erase(uid: str, limit: int, *, database: Database) -> int:
    """Ends up to `limit` memberships, which the shell of the user's document still names, and frees
    their licenses; returns how many. Owners cannot be deleted."""
    mine = list(database.get(user_path(uid)).data.get("companies", {}))[:limit]
    for company_id in mine:
        contend(partial(_leave, database, uid, company_id))
    return len(mine)


def _leave(database: Database, uid: str, company_id: str) -> None:
    try:
        roster = with_license(database, company_id, uid, missing=CompanyNotFound)
    except CompanyNotFound:  # the company is being erased, too
        entry = {f"companies.{company_id}": DELETE_FIELD}
        database.commit_or_stale(Update(user_path(uid), entry))
        return
    drop(roster, roster.member(uid), uid, "account_deleted")
    roster.commit("deleteAccount")


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """The companies' entries of the user, and the names of the companies."""
    mine = list(database.get(user_path(uid)).data.get("companies", {}))
    yield from database.get_all([member_path(company_id, uid) for company_id in mine])
    yield from database.get_all([company_path(each) for each in mine], select=["name", "slug"])
