"""Refuses texts before they are spoken or stored, if the setting MODERATION says so."""
