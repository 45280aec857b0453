"""Writing activities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from troupe.activities.service import activity_write
from troupe.adapters.firestore import Merge


def test_an_activity_stores_its_category_and_ids() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    write = activity_write("ada", "voice_generation_completed", "Done", at=at, generationId="g1")
    assert isinstance(write, Merge)
    assert write.path.startswith("users/ada/activities/")
    assert write.data["category"] == "voice"
    assert write.data["timestamp"] == at
    assert (write.data["generationId"], write.data["scriptId"]) == ("g1", None)


def test_an_activity_is_one_document_per_type_subject_and_hour() -> None:
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def path(type: str = "script_x", minutes: int = 0, **ids: str) -> str:
        later = at + timedelta(minutes=minutes)
        return activity_write("ada", type, "m", at=later, **{"scriptId": "s1"} | ids).path

    assert path() == path(minutes=59) == path(jobId="j2")
    assert len({path(), path("script_y"), path(scriptId="s2"), path(minutes=60)}) == 4


@pytest.mark.parametrize("kind", ["payment_made", "", "voices_x"])
def test_a_type_without_a_category_raises(kind: str) -> None:
    with pytest.raises(ValueError, match="Category"):
        activity_write("ada", kind, "m")


def test_an_unknown_id_raises() -> None:
    with pytest.raises(ValueError, match="text"):
        activity_write("ada", "voice_x", "m", text="private")
