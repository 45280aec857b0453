"""What the support function answers."""

from __future__ import annotations

from typing import Literal

from troupe.web.schema import Schema


class Check(Schema):
    status: Literal["ok", "down"]
    latency_ms: float


class HealthData(Schema):
    status: Literal["ok", "down"]
    checks: dict[str, Check]


class AssetPath(Schema):
    name: Literal["swagger-ui.css", "swagger-ui-bundle.js", "swagger.svg"]
