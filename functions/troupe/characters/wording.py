"""The wording of consents. A changed text gets a new version; consents keep the one they had."""

from __future__ import annotations

VERSION = "1"
STATEMENT = (
    "The speaker in this recording agrees that a synthetic copy of their voice is made from it and "
    "used for the stated purposes, and knows that this consent can be revoked at any time. I am "
    "the speaker, or I am authorised to give this consent for the speaker."
)
