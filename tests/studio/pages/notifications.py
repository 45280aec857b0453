"""What has happened meanwhile."""

from __future__ import annotations

from tests.studio.pages.money import answers
from tests.studio.visits import Case, Visit


def _some(visit: Visit) -> None:
    said = [
        ("1", "work_ready", "Your audio is ready", "You can listen to it now.", None),
        ("2", "plan_changed", "Your plan has changed", "You have the plan Matinee.", None),
        ("3", "call_missed", "You missed a call", "Rehearsal did not take place.", "2026-01-02"),
    ]
    links = {"1": "/api/voice/generations/x", "2": "/api/subscriptions/my-subscription", "3": ""}
    notifications = [
        {
            "id": key,
            "type": kind,
            "title": title,
            "body": body,
            "params": {},
            "link": links[key],
            "companyId": None,
            "actorId": None,
            "createdAt": "2026-01-01T10:00:00Z",
            "readAt": read and f"{read}T10:00:00Z",
        }
        for key, kind, title, body, read in said
    ]
    meta = {"currentPage": 1, "limit": 25, "total": 3, "totalPages": 1}
    body = {"success": True, "statusCode": 200, "message": "", "meta": meta}
    body["data"] = {"notifications": notifications}
    visit.page.route("**/api/notifications?*", lambda route: route.fulfill(json=body))
    answers(visit, "**/api/notifications/unread", {"unread": 2})


CASES = [
    Case("/notifications", "empty", who="newcomer"),
    Case("/notifications", "some are new", prepare=_some, title="notifications"),
]
