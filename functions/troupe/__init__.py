"""Troupe: the backend of an AI voice product, as Cloud Functions for Firebase."""

# The only place of the version; openapi.json and CHANGELOG.md repeat it, as a test proves.
__version__ = "0.1.0"
