"""The services of the current app, for handlers and for the edge itself."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app

_KEY = "troupe"


def provide(app: Flask, services: object) -> None:
    app.extensions[_KEY] = services


def services() -> Any:
    """Those of the app that serves the current request: a `troupe.app.container.Container`, which
    this module must not import."""
    return current_app.extensions[_KEY]
