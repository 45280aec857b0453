"""Searching everything that a company has."""
