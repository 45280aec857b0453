"""What can go wrong with a notification, as the API reports it."""

from __future__ import annotations

from troupe.errors import NotFound


class NotificationNotFound(NotFound):
    code = "notification_not_found"
    message = "You don't have a notification with this id."


class DeviceNotFound(NotFound):
    code = "device_not_found"
    message = "You haven't registered a device with this id."
