"""A client for Troupe: every operation of the API, generated from its OpenAPI document, and by hand
what they all need: signing in, waiting for a job, files, and retries that are safe.

    troupe = Troupe.guest()
    troupe.speak("Good evening.", language="en-US").save("evening.mp3")
"""

from troupe_client.client import Speech, Troupe
from troupe_client.errors import ApiError, JobFailed
from troupe_client.session import Session

__all__ = ["ApiError", "JobFailed", "Session", "Speech", "Troupe"]
