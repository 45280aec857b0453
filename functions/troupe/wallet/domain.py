"""The wallet: tokens, voice seconds, and the ledger."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="wallet",
    endpoints={"plans": ("troupe.wallet.endpoints",)},
    erasers={"wallet": "troupe.wallet.lifecycle:erase"},
    exporters={"wallet": "troupe.wallet.lifecycle:export"},
)
