"""Tells people what others have changed of their membership."""

from __future__ import annotations

from collections.abc import Iterator

from troupe.companies.records import Company, Member
from troupe.notifications.records import NotificationType


def notices(
    company: Company, before: Member | None, after: Member | None, actor: str | None
) -> Iterator[tuple[str, NotificationType, dict[str, str]]]:
    """Whom to notify of what about a changed member, with the parameters of the text. Nobody is
    notified of their own actions. `actor`: the user who did it; empty if nobody did; None if the
    member left."""
    said = {"company": company.name}
    if before is None and after is not None and after.invited_by:
        # Not the address: this stays with the inviter when the member has left.
        named = {"name": after.name} if after.name else {}
        yield after.invited_by, NotificationType.COMPANY_JOINED, {**said, **named}
    if before is None or actor in (None, before.id):
        return
    if after is None:
        yield before.id, NotificationType.COMPANY_REMOVED, said
        return
    if after.role != before.role:
        yield before.id, NotificationType.COMPANY_ROLE_CHANGED, {**said, "role": after.role}
    # One that is suspended stays with its member, who has no type meanwhile.
    suspended = (after.license_type is None) != (before.license_type is None)
    if after.license_id != before.license_id or suspended:
        given = NotificationType.LICENSE_ASSIGNED if after.license_type else None
        yield before.id, given or NotificationType.LICENSE_REMOVED, said
