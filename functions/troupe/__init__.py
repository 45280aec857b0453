"""Troupe: the backend of an AI voice product, as Cloud Functions for Firebase."""
