"""Tokens: usage, spending, and the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.caller import Scope
from troupe.errors import Forbidden
from troupe.idempotency import KeyReused
from troupe.paging import BadCursor, PageTooDeep
from troupe.wallet import schemas
from troupe.wallet.errors import BillingBlocked, NotEnoughTokens, WalletNotFound
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader

if TYPE_CHECKING:
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller
    from troupe.wallet.service import WalletService

api = Api("tokens", "Tokens")


@api.get(
    "/api/tokens/usage/<userId>",
    scope=Scope.USAGE_READ,
    auth=Auth.SELF,
    data=schemas.TokenUsage,
    errors=(WalletNotFound,),
)
def get_token_usage(
    path: schemas.UserPath, caller: Caller, wallet: WalletService, audit_log: AuditLog
) -> Reply:
    """Returns how many of your tokens are used. Tokens held for running jobs do not count."""
    usage = wallet.usage(path.user_id)
    audit_log.read_user(caller, "getTokenUsage", path.user_id)
    return Reply(
        schemas.TokenUsage(
            used_tokens=usage.used, total_tokens=usage.total, usage_percentage=usage.percentage
        ),
        "Token usage fetched successfully",
    )


@api.post(
    "/api/tokens/consume",
    data=schemas.TokensLeft,
    errors=(NotEnoughTokens, BillingBlocked, KeyReused, WalletNotFound, Forbidden),
)
def consume_tokens(
    body: schemas.ConsumeTokens, header: KeyHeader, caller: Caller, wallet: WalletService
) -> Reply:
    """Spends tokens at once. For uses other than speech and video, which charge automatically."""
    uid = body.user_id or caller.uid
    if uid != caller.uid and caller.role != "admin":
        raise Forbidden("You can only spend your own tokens.")
    left = wallet.consume(uid, body.tokens_to_consume, body.action, header.idempotency_key)
    return Reply(schemas.TokensLeft(remaining_tokens=left), "Tokens consumed successfully")


@api.get(
    "/api/tokens/ledger",
    scope=Scope.USAGE_READ,
    data=schemas.Ledger,
    errors=(BadCursor, PageTooDeep, Forbidden),
)
def get_token_ledger(
    query: schemas.LedgerQuery, caller: Caller, wallet: WalletService, audit_log: AuditLog
) -> Reply:
    """Lists all changes to your balance, newest first."""
    owner = query.owner_id or caller.uid
    if owner != caller.uid and caller.role != "admin":
        raise Forbidden
    audit_log.read_user(caller, "getTokenLedger", owner)
    entries, found = wallet.ledger(owner, query)
    return Reply(
        schemas.Ledger(entries=[schemas.EntryView.of(entry) for entry in entries]),
        "Ledger fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )
