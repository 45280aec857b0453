"""What the operations on features answer."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from troupe.companies.features import Feature, FeatureSource
from troupe.web.schema import Schema


class FeatureView(Schema):
    key: str = Field(description="What operations check, such as `recording`.")
    source: FeatureSource = Field(
        description="Included in the plan, bought as an add-on, or of an active license."
    )
    name: str
    addon_id: str | None

    @classmethod
    def of(cls, feature: Feature) -> Self:
        return cls(
            key=feature.key, source=feature.source, name=feature.name, addon_id=feature.addon_id
        )


class FeatureList(Schema):
    features: list[FeatureView]
