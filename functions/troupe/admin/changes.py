"""What administrators ask to change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from troupe.accounts.directory import UserStatus
    from troupe.caller import Role


@dataclass(frozen=True, slots=True)
class UserChange:
    """None leaves a field unchanged. `plan` is an id or a name; `tokens` and `voice_minutes` are
    new balances (granted minus used)."""

    email: str | None = None
    plan: str | None = None
    tokens: int | None = None
    voice_minutes: int | None = None
    started_at: datetime | None = None
    expires_at: datetime | None = None
    status: UserStatus | None = None
    role: Role | None = None
