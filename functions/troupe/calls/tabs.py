"""The tabs of a call: its company pays for what is used in it, and its host spends the money."""

from __future__ import annotations

from typing import Literal, get_args

from troupe.accounts.errors import AccountSuspended
from troupe.adapters.firestore import Database, Write
from troupe.calls.errors import CallUnpaid
from troupe.calls.records import Call
from troupe.calls.writes import call_path
from troupe.settings import Prices
from troupe.tabs.records import account_path
from troupe.tabs.service import Reserved, TabOf, Tabs
from troupe.wallet.errors import PAYER_ERRORS, NotEnoughTokens

# Each has a price, and so a tab of its own.
Use = Literal["minutes", "recording"]
USES: tuple[Use, ...] = get_args(Use)

# Why a company cannot pay.
CANNOT_PAY = (NotEnoughTokens, AccountSuspended, *PAYER_ERRORS)


def tab_key(call: Call, use: Use) -> str:
    """Contains who spends the money, because their jobs are deleted with their account."""
    return f"{use}-{call.company_id}-{call.host_uid}"


def reason_of(error: CallUnpaid) -> str:
    """The code of the error that stops the company."""
    return str((error.details or {}).get("code"))


class CallTabs:
    """What is reserved here is counted by `Reserved.use`, in the commit that stores in `used` of
    the call or of its recording, by the id of the tab, how many milliseconds that were. The audit
    compares the two."""

    def __init__(self, db: Database, tabs: Tabs, prices: Prices) -> None:
        self._db = db
        self._tabs = tabs
        self._prices = prices

    def token_seconds(self, call: Call, use: Use) -> int:
        """How long a token lasts; 0 for what is free."""
        if use == "recording":
            return self._prices.recorded_seconds_per_token
        return self._prices.call_seconds_per_token[call.provider]

    def reserve(self, call: Call, use: Use, milliseconds: int) -> Reserved:
        """Reserves time that is not free. Raises CallUnpaid, also for a call whose host has deleted
        their account."""
        if not call.host_uid:
            raise CallUnpaid(details={"code": AccountSuspended.code})
        place, key = call_path(call.id), tab_key(call, use)
        seconds = self.token_seconds(call, use)
        of = TabOf(place, key, call.host_uid, call.company_id, token_seconds=seconds)
        try:
            return self._tabs.reserve(of, milliseconds)
        except CANNOT_PAY as error:
            raise CallUnpaid(details={"code": error.code}) from error

    def use_and_reserve(self, tab_id: str, used: int, more: int) -> Write | None:
        """Uses time that is reserved, and reserves more of the same tab: see Tabs."""
        return self._tabs.use_and_reserve(tab_id, used, more)

    def give_back(self, reserved: Reserved) -> None:
        """Nothing was used. Once for what was reserved, see Tabs. Never raises."""
        self._tabs.give_back(reserved)

    def is_open(self, reserved: Reserved) -> bool:
        return self._tabs.is_open(reserved)

    def close(self, call: Call, use: Use) -> None:
        """Charges what was used, and lets go of the rest that is held."""
        account = self._db.get(account_path(call_path(call.id), tab_key(call, use)))
        if tab_id := account.data.get("tab"):
            self._tabs.close(tab_id)
