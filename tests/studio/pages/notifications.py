"""What has happened meanwhile."""

from __future__ import annotations

from typing import Any

from tests.studio.pages.money import answers
from tests.studio.visits import Case, Visit


def _some(visit: Visit) -> None:
    said: list[tuple[str, str, str, str, str | None]] = [
        ("1", "work_ready", "Your audio is ready", "You can listen to it now.", None),
        ("2", "plan_changed", "Your plan has changed", "You have the plan Matinee.", None),
        ("3", "call_missed", "You missed a call", "Rehearsal did not take place.", "2026-01-02"),
    ]
    links = {"1": "/api/voice/generations/x", "2": "/api/subscriptions/my-subscription", "3": ""}
    notifications: list[dict[str, Any]] = [
        {
            "id": key,
            "type": kind,
            "title": title,
            "body": sentence,
            "params": {},
            "link": links[key],
            "companyId": None,
            "actorId": None,
            "createdAt": "2026-01-01T10:00:00Z",
            "readAt": read and f"{read}T10:00:00Z",
        }
        for key, kind, title, sentence, read in said
    ]
    meta = {"currentPage": 1, "limit": 25, "total": 3, "totalPages": 1}
    data = {"notifications": notifications}
    body = {"success": True, "statusCode": 200, "message": "", "data": data, "meta": meta}
    visit.page.route("**/api/notifications?*", lambda route: route.fulfill(json=body))
    answers(visit, "**/api/notifications/unread", {"unread": 2})


CASES = [
    Case("/notifications", "empty", who="newcomer"),
    Case("/notifications", "some are new", prepare=_some, title="notifications"),
]
