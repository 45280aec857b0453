"""Requests and responses of notifications."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from troupe.notifications.records import (
    Device,
    Notification,
    NotificationType,
    Platform,
    Preference,
)
from troupe.notifications.wording import rendered
from troupe.web.schema import Id, Page, Schema, example

# FCM documents no length; today's tokens have about 160 characters.
PushToken = Annotated[
    str, StringConstraints(min_length=20, max_length=4096, pattern=r"^[\x21-\x7e]+$")
]
LanguageTag = Annotated[
    str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$")
]


class NotificationsQuery(Page):
    unread: bool = Field(False, description="Only those that have not been read.")
    type: NotificationType | None = None


class NotificationPath(Schema):
    notification_id: Id


class DevicePath(Schema):
    device_id: Id


class NotificationView(Schema):
    """`title` and `body` are in your language, or else in English. `params` has the names in them,
    for clients that write their own texts."""

    id: str
    type: NotificationType
    title: str
    body: str
    params: dict[str, str]
    link: str = Field(description="The API path of what it is about; can be empty.")
    company_id: str | None
    actor_id: str | None = Field(description="The user who caused it.")
    created_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, notification: Notification, language: str | None) -> Self:
        words = rendered(notification, language)
        shown = notification.model_dump(exclude={"uid", "actor", "expires_at"})
        return cls(**shown, title=words.title, body=words.body, actor_id=notification.actor)


class NotificationList(Schema):
    notifications: list[NotificationView]


class NotificationData(Schema):
    notification: NotificationView


class UnreadCount(Schema):
    unread: int


class MarkAllRead(Schema):
    model_config = example({"before": "2026-11-27T09:30:00Z"})

    before: datetime | None = Field(
        None, description="Later ones stay unread, such as those that are not on screen yet."
    )


class MarkedRead(Schema):
    marked: int


class PreferenceView(Schema):
    """For one type. `inApp`: whether there is a notification at all. `push`: whether it is also
    sent to your devices."""

    in_app: bool
    push: bool

    @classmethod
    def of(cls, preference: Preference) -> Self:
        return cls(in_app=preference.in_app, push=preference.push)


class PreferenceChange(Schema):
    in_app: bool = True
    push: bool = True


class SetPreferences(Schema):
    model_config = example({"preferences": {"work_ready": {"inApp": True, "push": False}}})

    preferences: dict[NotificationType, PreferenceChange] = Field(max_length=50)

    def changes(self) -> dict[NotificationType, Preference]:
        return {
            type: Preference(in_app=each.in_app, push=each.push)
            for type, each in self.preferences.items()
        }


class PreferencesData(Schema):
    preferences: dict[NotificationType, PreferenceView]

    @classmethod
    def of(cls, found: Mapping[NotificationType, Preference]) -> Self:
        return cls(preferences={type: PreferenceView.of(each) for type, each in found.items()})


class AddDevice(Schema):
    model_config = example(
        {"token": "cXJzdHV2d3h5ejAxMjM0NTY3ODk:APA91bF", "platform": "web", "language": "en"}
    )

    token: PushToken = Field(description="The registration token of Firebase Cloud Messaging.")
    platform: Platform = "web"
    language: LanguageTag | None = Field(
        None,
        description="The language of messages to this device. Defaults to that of your profile.",
    )


class DeviceView(Schema):
    id: str
    platform: Platform
    language: str = Field(description="Empty: the language of your profile.")
    created_at: datetime

    @classmethod
    def of(cls, device: Device) -> Self:
        shown = device.model_dump(exclude={"uid", "token"})
        return cls(**shown | {"language": device.language or ""})


class DeviceData(Schema):
    device: DeviceView
