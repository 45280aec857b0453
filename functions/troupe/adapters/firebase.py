"""The Firebase Admin app that Auth and the task queue share."""

from __future__ import annotations

from functools import cache

import firebase_admin


@cache
def firebase_app(project: str) -> firebase_admin.App:
    """The app named after the project; credentials are the platform's own (ADC)."""
    # The SDK would wait two minutes for an answer, longer than a request lives.
    options = {"projectId": project, "httpTimeout": 10}
    return firebase_admin.initialize_app(options=options, name=f"troupe-{project}")
