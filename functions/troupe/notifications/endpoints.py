"""Notifications over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.notifications import schemas
from troupe.notifications.errors import DeviceNotFound, NotificationNotFound
from troupe.paging import BadCursor, PageTooDeep
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.caller import Caller
    from troupe.notifications.service import Notifications

api = Api("notifications", "Notifications")


@api.get("/api/notifications", data=schemas.NotificationList, errors=(BadCursor, PageTooDeep))
def list_notifications(
    query: schemas.NotificationsQuery, caller: AccountCaller, notifications: Notifications
) -> Reply:
    """Lists your notifications, newest first. They are kept for 90 days."""
    page, found = notifications.page(caller.uid, query, unread=query.unread, type=query.type)
    views = [schemas.NotificationView.of(each, caller.user.language) for each in page]
    meta = query.meta(found.total, found.next_cursor)
    data = schemas.NotificationList(notifications=views)
    return Reply(data, "Notifications fetched successfully", meta=meta)


@api.get("/api/notifications/unread", data=schemas.UnreadCount)
def count_unread_notifications(caller: Caller, notifications: Notifications) -> Reply:
    """Counts your unread notifications. With the Firebase SDK you can listen to `inboxes/{uid}`
    instead: its field `unread` has the same number."""
    return Reply(schemas.UnreadCount(unread=notifications.unread(caller.uid)))


@api.put(
    "/api/notifications/<notificationId>/read",
    data=schemas.NotificationData,
    errors=(NotificationNotFound,),
)
def read_notification(
    path: schemas.NotificationPath, caller: AccountCaller, notifications: Notifications
) -> Reply:
    """Marks a notification as read."""
    found = notifications.read(caller.uid, path.notification_id)
    view = schemas.NotificationView.of(found, caller.user.language)
    return Reply(schemas.NotificationData(notification=view), "Notification marked as read")


@api.put("/api/notifications/read-all", data=schemas.MarkedRead)
def read_all_notifications(
    body: schemas.MarkAllRead, caller: Caller, notifications: Notifications
) -> Reply:
    """Marks all your notifications as read."""
    marked = notifications.read_all(caller.uid, body.before)
    return Reply(schemas.MarkedRead(marked=marked), "Notifications marked as read")


@api.delete("/api/notifications/<notificationId>", errors=(NotificationNotFound,))
def delete_notification(
    path: schemas.NotificationPath, caller: Caller, notifications: Notifications
) -> Reply:
    """Deletes a notification."""
    notifications.delete(caller.uid, path.notification_id)
    return Reply(message="Notification deleted successfully")


@api.get("/api/notifications/preferences", data=schemas.PreferencesData)
def get_notification_preferences(caller: Caller, notifications: Notifications) -> Reply:
    """Returns your preferences for each type of notification."""
    return Reply(schemas.PreferencesData.of(notifications.preferences(caller.uid)))


@api.put("/api/notifications/preferences", data=schemas.PreferencesData)
def set_notification_preferences(
    body: schemas.SetPreferences, caller: Caller, notifications: Notifications
) -> Reply:
    """Changes what you are notified of. Types that you omit stay unchanged. Running jobs follow the
    preferences of the time when they were submitted."""
    chosen = notifications.set_preferences(caller.uid, body.changes())
    return Reply(schemas.PreferencesData.of(chosen), "Preferences updated successfully")


@api.post("/api/notifications/devices", status=201, data=schemas.DeviceData, limit="device")
def add_device(body: schemas.AddDevice, caller: Caller, notifications: Notifications) -> Reply:
    """Registers this device for push messages, which are sent if the server has `PUSH=fcm`. A user
    can have 20 devices; one more replaces the oldest. Register again when Firebase gives the app a
    new token, and when another user signs in."""
    made = notifications.add_device(caller.uid, body.token, body.platform, body.language)
    view = schemas.DeviceView.of(made)
    return Reply(schemas.DeviceData(device=view), "Device registered successfully")


@api.delete("/api/notifications/devices/<deviceId>", auth=Auth.OWNER, errors=(DeviceNotFound,))
def remove_device(path: schemas.DevicePath, caller: Caller, notifications: Notifications) -> Reply:
    """Stops push messages to a device, for example when its user signs out."""
    notifications.remove_device(caller.uid, path.device_id)
    return Reply(message="Device removed successfully")
