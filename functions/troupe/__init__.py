"""Troupe: the backend of an AI voice product, as Cloud Functions for Firebase."""

# The version is defined here; a test checks that openapi.json and CHANGELOG.md repeat it.
__version__ = "0.1.0"
