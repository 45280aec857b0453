"""Notifications as they are stored, and the inbox that counts the unread ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from troupe.records import Record

INBOXES = "inboxes"
DEVICES = "devices"
COLLECTION = "notifications"  # under each user
MOST_DEVICES = 20  # per user; the oldest is forgotten
# Of the user's document: the preferences by type.
PREFERENCES = "notificationPreferences"


class NotificationType(StrEnum):
    WORK_READY = "work_ready"
    WORK_FAILED = "work_failed"
    PLAN_CHANGED = "plan_changed"  # by an administrator
    PLAN_ENDED = "plan_ended"
    PAYMENT_FAILED = "payment_failed"  # of a subscription's next period
    CHARACTER_TAKEN_DOWN = "character_taken_down"
    COMPANY_JOINED = "company_joined"  # for who invited them
    COMPANY_REMOVED = "company_removed"
    COMPANY_ROLE_CHANGED = "company_role_changed"
    LICENSE_ASSIGNED = "license_assigned"
    LICENSE_REMOVED = "license_removed"
    ROOM_PAUSED = "room_paused"  # for who pays for a room, and cannot
    LICENSES_SUSPENDED = "licenses_suspended"  # for the owner, whose company pays for fewer
    CALL_INVITED = "call_invited"
    CALL_MISSED = "call_missed"  # nobody came: for the host, and for colleagues who were invited
    CALL_RECORDING_READY = "call_recording_ready"
    WEBHOOK_DISABLED = "webhook_disabled"  # its receiver failed for days, or is gone


Platform = Literal["android", "ios", "web"]


class Preference(Record):
    """What a user wants of one type. Without `in_app` there is no notification at all, so none is
    pushed either."""

    in_app: bool = True
    push: bool = True


class Notification(Record):
    """`users/{uid}/notifications/{id}`. The id is made from the cause, so that the cause cannot
    notify twice. `params` fill the sentence that the API shows; `link` is the path in the API of
    what it is about, "" for nothing."""

    id: str
    uid: str
    type: NotificationType
    params: dict[str, str] = Field(default_factory=dict)
    link: str = ""
    company_id: str | None = None
    actor: str | None = None
    created_at: datetime
    read_at: datetime | None = None
    expires_at: datetime


class Inbox(Record):
    """`inboxes/{uid}`: the document that a client listens to. `due_at`: since when notifications
    wait to be pushed; `pushed_at`: when that was last done; `pushed`: the ids of the latest that
    were."""

    id: str
    uid: str = ""
    unread: int = 0
    due_at: datetime | None = None
    pushed_at: datetime | None = None
    pushed: list[str] = Field(default_factory=list)


class Device(Record):
    """`devices/{hash of the token}`: an installation of an app that notifications are pushed to. A
    token belongs to the user who registered it last."""

    id: str
    uid: str
    token: str
    platform: Platform = "web"
    language: str | None = None
    created_at: datetime


def inbox_path(uid: str) -> str:
    return f"{INBOXES}/{uid}"


def notifications_path(uid: str) -> str:
    return f"users/{uid}/{COLLECTION}"


def device_path(device_id: str) -> str:
    return f"{DEVICES}/{device_id}"


def preferences(user: Mapping[str, Any]) -> dict[NotificationType, Preference]:
    """The preferences in the data of `users/{uid}`, of every type."""
    chosen = user.get(PREFERENCES, {})
    return {
        type: Preference.model_validate(chosen.get(type.value, {})) for type in NotificationType
    }


def muted(user: Mapping[str, Any]) -> list[str]:
    """The types that the user wants no notification of."""
    return [type.value for type, each in preferences(user).items() if not each.in_app]
