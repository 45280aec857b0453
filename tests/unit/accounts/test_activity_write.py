"""Writing activities."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from troupe.activities.service import activity_write
from troupe.adapters.firestore import Create


def test_an_activity_stores_its_category_and_ids() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    write = activity_write("ada", "voice_generation_completed", "Done", at=at, generationId="g1")
    assert isinstance(write, Create)
    assert write.path.startswith("users/ada/activities/")
    assert write.data["category"] == "voice"
    assert write.data["timestamp"] == at
    assert (write.data["generationId"], write.data["scriptId"]) == ("g1", None)


def test_activity_ids_are_unique() -> None:
    paths = {activity_write("ada", "voice_x", "m").path for _ in range(50)}
    assert len(paths) == 50


@pytest.mark.parametrize("kind", ["payment_made", "", "voices_x"])
def test_a_type_without_a_category_raises(kind: str) -> None:
    with pytest.raises(ValueError, match="Category"):
        activity_write("ada", kind, "m")


def test_an_unknown_id_raises() -> None:
    with pytest.raises(ValueError, match="text"):
        activity_write("ada", "voice_x", "m", text="private")
