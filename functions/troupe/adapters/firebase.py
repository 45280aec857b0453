"""The Firebase Admin app shared by Auth and the task queue."""

from __future__ import annotations

from functools import cache

import firebase_admin

# Seconds. The SDK's default is two minutes, longer than a request may take; it asks twice.
OPTIONS = {"httpTimeout": 5}


@cache
def firebase_app(project: str) -> firebase_admin.App:
    """The project's app, with Application Default Credentials."""
    options = {"projectId": project, **OPTIONS}
    return firebase_admin.initialize_app(options=options, name=f"troupe-{project}")
