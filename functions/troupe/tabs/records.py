"""Tabs as they are stored: what is used in a place, such as a room, before it is charged."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from troupe.records import Record
from troupe.wallet.records import Meter, Owner

COLLECTION = "tabs"  # also the name of the subcollection with a place's accounts
# Taken from what is `left` of a tab that is being closed: nothing can be reserved any more, else a
# busy tab could never be closed.
SHUT = 10**12


class Tab(Record):
    """`tabs/{id}`: an open tab. Its job, which has the hold, has the same id. The document is
    deleted when the tab is closed, so what comes too late fails as a whole.

    `held`: units of the meter (tokens or voice seconds) on hold. All else is in milliseconds.
    `unit`: the time that one unit pays for. `credit`: time that was paid before and not used.
    `left`: what is neither used nor reserved of held * unit + credit; far below 0 while the tab is
    being closed. `used`: what was used so far. `key`: tells the payers of a place apart."""

    id: str
    place: str
    key: str
    meter: Meter
    unit: int
    held: int
    credit: int
    left: int
    used: int = 0
    closes_at: datetime

    @property
    def capacity(self) -> int:
        return self.held * self.unit + self.credit

    @property
    def shut(self) -> bool:
        """Whether it is being closed."""
        return self.left < -SHUT // 2


class TabInput(Record):
    """The input of a tab's job, which the audit reads when the tab is closed."""

    place: str
    key: str
    unit: int
    credit: int


class TabAccount(Record):
    """`{place}/tabs/{key}`: what lasts from one tab to the next. `uid`: who pays, or who spends the
    money of `company_id`. `tab`: the open one, until `closes_at`. `credit`: by meter, the
    milliseconds that were paid and are left of a started unit."""

    id: str
    uid: str
    company_id: str | None = None
    tab: str | None = None
    closes_at: datetime | None = None
    credit: dict[Meter, int] = Field(default_factory=dict)

    @property
    def payer(self) -> Owner:
        return Owner.of(self.uid, self.company_id)

    def is_of(self, uid: str, company_id: str | None, at: datetime) -> bool:
        """Whether the open tab is of this spender, and stays open beyond that time."""
        same = (self.uid, self.company_id) == (uid, company_id)
        return same and self.closes_at is not None and self.closes_at > at


def tab_path(tab_id: str) -> str:
    return f"{COLLECTION}/{tab_id}"


def account_path(place: str, key: str) -> str:
    return f"{place}/{COLLECTION}/{key}"


def cost(used: int, credit: int, unit: int) -> int:
    """Units of the meter for `used` milliseconds: each started one, beyond the `credit`."""
    return max(0, -((credit - used) // unit))
