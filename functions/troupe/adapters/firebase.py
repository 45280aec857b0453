"""The Firebase Admin app shared by Auth and the task queue."""

from __future__ import annotations

from functools import cache

import firebase_admin


@cache
def firebase_app(project: str) -> firebase_admin.App:
    """The project's app, with Application Default Credentials."""
    # The SDK's default timeout is two minutes, longer than a request may take. It asks twice.
    options = {"projectId": project, "httpTimeout": 5}
    return firebase_admin.initialize_app(options=options, name=f"troupe-{project}")
