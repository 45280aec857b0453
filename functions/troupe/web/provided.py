"""The services of the app at hand: what handlers ask for, and what the edge itself needs."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app

_KEY = "troupe"


def provide(app: Flask, services: object) -> None:
    app.extensions[_KEY] = services


def services() -> Any:
    """Of the app that serves the present request: a `troupe.app.container.Container`, whose type
    is above this module."""
    return current_app.extensions[_KEY]
