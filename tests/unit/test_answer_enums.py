"""Enums in responses list exactly the existing values."""

from __future__ import annotations

from typing import Any

import pytest

from troupe.app.domains import job_specs
from troupe.app.openapi import document
from troupe.generations.schemas import VoiceStyle
from troupe.jobs.progress import StepStatus
from troupe.jobs.records import JobStatus
from troupe.speech.catalogue import STYLES


def test_the_steps_are_those_of_the_jobs(schemas: dict[str, Any]) -> None:
    names = {step.name for spec in job_specs().values() for step in spec.steps}
    assert set(schemas["JobKind"]["enum"]) == set(job_specs())
    assert set(schemas["StepName"]["enum"]) == names
    assert set(schemas["CurrentStep"]["enum"]) == {"", *names, "completed"}
    assert set(StepStatus) == {"pending", *JobStatus} - {"queued"}


def test_the_styles_are_those_of_the_catalogue() -> None:
    assert list(VoiceStyle) == [style.id for style in STYLES]


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    found: dict[str, Any] = document()["components"]["schemas"]
    return found


@pytest.mark.parametrize(
    "field",
    [
        "JobView.kind",
        "JobView.status",
        "JobView.currentStep",
        "StepView.stepName",
        "StepView.status",
        "VideoStatus.status",
        "VideoStatus.stage",
        "GenerationView.voiceType",
        "GenerationView.voiceStyle",
        "GenerationView.format",
        "GenerationView.status",
        "GenerationView.timingSource",
        "HistoryItem.voiceType",
        "CharacterView.voiceType",
        "QualityView.verdict",
        "StyleView.id",
        "EntryView.kind",
        "EntryView.meter",
        "NotEnoughTokensDetails.meter",
        "PlanView.status",
        "PlanView.billingPeriod",
        "SubscriptionView.status",
        "ProfileSubscription.status",
        "RoleView.name",
        "AdminUserView.status",
        "ActivityView.category",
        "FaqView.category",
        "ContactView.status",
        "CheckView.state",
    ],
)
def test_fields_with_few_values_are_enumerated(schemas: dict[str, Any], field: str) -> None:
    model, name = field.split(".")
    (schema,) = [
        option
        for option in options(schemas, schemas[model]["properties"][name])
        if option != {"type": "null"} and "const" not in option
    ]
    assert schema["type"] == "string"
    assert len(schema["enum"]) > 1


def options(schemas: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in schema:
        return [schemas[schema["$ref"].rsplit("/", 1)[-1]]]
    return [found for each in schema.get("anyOf", ()) for found in options(schemas, each)] or [
        schema
    ]
