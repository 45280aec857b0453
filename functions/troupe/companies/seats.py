"""The licenses that a company pays for: as many of its licenses with the source `stripe` are active
as its subscription has seats.

Payments write the wanted number into `billing/{companyId}`; here it is applied, in one commit that
needs that document unchanged. So a crash in between leaves two numbers that differ, which the next
sync finds, and of two at once the later one counts. Nobody loses a license for good: those that are
not paid for are suspended, and are active again when they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from troupe.adapters.firestore import Database, Stale, Update, contend
from troupe.companies.licensing import told
from troupe.companies.records import Company, License, LicenseStatus
from troupe.companies.roster import Roster
from troupe.companies.writes import company_path, license_id_of, license_path, licenses_path
from troupe.logs import log
from troupe.notifications.records import NotificationType
from troupe.payments.records import MOST_SEATS, Billing, Price, billing_path
from troupe.plans.writes import PRICES

_PAID = [("source", "==", "stripe")]
_ACTIVE = [*_PAID, ("status", "==", "active")]


class Seating:
    def __init__(self, db: Database) -> None:
        self._db = db

    def in_use(self, company_id: str) -> int:
        """How many of the paid licenses members have, or invitations hold."""
        found = self._db.find(
            licenses_path(company_id),
            where=_ACTIVE,
            limit=MOST_SEATS,
            select=["userId", "heldFor"],
        )
        return sum(bool(each.data.get("userId") or each.data.get("heldFor")) for each in found)

    def follow(self, company_id: str) -> None:
        """Makes the licenses what is paid for; repeatable. Raises Stale."""
        contend(partial(self._follow, company_id))

    def _follow(self, company_id: str) -> None:
        fence, before = self._db.get_all([billing_path(company_id), company_path(company_id)])
        if not fence.exists or not before.exists or before.data.get("deletedAt"):
            return
        billing = Billing.of(fence)
        if billing.closed:  # its licenses go with the company
            return
        found = [
            License.of(each)
            for each in self._db.find(licenses_path(company_id), where=_PAID, limit=2 * MOST_SEATS)
        ]
        changed = _settled(found, billing.seats)
        missing = billing.seats - len(found)
        if not changed and missing <= 0 and billing.seats_applied == billing.seats:
            return
        suspended = sum(each.status is LicenseStatus.SUSPENDED for each in changed)
        owner = [before.data["ownerUid"]] if suspended else []
        uids = {each.user_id for each in changed if each.user_id}.union(owner)
        paths = [license_path(each.id) for each in changed]
        roster = Roster(self._db, company_id, uids, paths)
        # Whoever changes licenses changes the company, too.
        if roster.document(before.path).update_time != before.update_time:
            raise Stale
        for license in changed:
            roster.set_license(license)
            member = roster.find(license.user_id) if license.user_id else None
            if member is not None:
                roster.set_member(told(member, license))
        for license in self._more(roster.company, billing, found, missing, roster.at):
            roster.set_license(license)
        if suspended:
            said = {"count": str(suspended)}
            roster.notify_owner(NotificationType.LICENSES_SUSPENDED, said)
        roster.add(Update(fence.path, {"seatsApplied": billing.seats}, seen=fence))
        roster.commit("followSeats", by_nobody=True)
        log.info("seats_followed", companyId=company_id, seats=billing.seats)

    def _more(
        self,
        company: Company,
        billing: Billing,
        found: Sequence[License],
        count: int,
        at: datetime,
    ) -> list[License]:
        """New licenses, whose ids are numbered: a repeat makes the same ones."""
        if count <= 0:
            return []
        known = {each.id for each in found}
        ids = [license_id_of(company.id, "seat", n) for n in range(len(found) + count)]
        document = self._db.get(f"{PRICES}/{billing.seat_price_id}")
        price = Price.of(document) if document.exists else None
        sold = (
            {
                "price_cents": price.unit_amount,
                "currency": price.currency.upper(),
                "billing_period": "yearly" if price.interval == "year" else "monthly",
            }
            if price
            else {}
        )
        return [
            License(
                id=license_id,
                company_id=company.id,
                type=company.settings.default_license_type,
                source="stripe",
                auto_renew=True,
                valid_from=at,
                created_at=at,
                updated_at=at,
                **sold,
            )
            for license_id in ids
            if license_id not in known
        ][:count]


def _settled(licenses: Sequence[License], seats: int) -> list[License]:
    """Those that change, so that the first `seats` are active. What is in use stays in use: the
    latest assigned are the last of those that are; then come those that were suspended, and the
    free ones."""
    ordered = sorted(licenses, key=_rank)
    after = [*map(_active, ordered[:seats]), *map(_unpaid, ordered[seats:])]
    return [now for was, now in zip(ordered, after, strict=True) if was != now]


def _rank(license: License) -> tuple[int, datetime, str]:
    active = license.status is LicenseStatus.ACTIVE
    if license.user_id:
        place = 0 if active else 2
    else:
        place = 1 if license.held_for else 3 if active else 4
    return place, license.assigned_at or license.created_at, license.id


def _active(license: License) -> License:
    return license.model_copy(update={"status": LicenseStatus.ACTIVE})


def _unpaid(license: License) -> License:
    """A member keeps it, suspended; the invitation that holds it gives none."""
    status = LicenseStatus.SUSPENDED if license.user_id else LicenseStatus.INACTIVE
    return license.model_copy(update={"status": status, "held_for": None})
