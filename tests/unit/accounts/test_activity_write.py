"""Activities as other domains write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from troupe.activities.service import activity_write
from troupe.adapters.firestore import Create


def test_an_activity_says_what_it_was_about() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    write = activity_write("ada", "voice_generation_completed", "Done", at=at, generationId="g1")
    assert isinstance(write, Create)
    assert write.path.startswith("users/ada/activities/")
    assert write.data["category"] == "voice"
    assert write.data["timestamp"] == at
    assert (write.data["generationId"], write.data["scriptId"]) == ("g1", None)


def test_no_two_activities_collide() -> None:
    paths = {activity_write("ada", "voice_x", "m").path for _ in range(50)}
    assert len(paths) == 50


@pytest.mark.parametrize("kind", ["payment_made", "", "voices_x"])
def test_a_type_of_no_category_is_a_mistake(kind: str) -> None:
    with pytest.raises(ValueError, match="Category"):
        activity_write("ada", kind, "m")


def test_an_unknown_id_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="text"):
        activity_write("ada", "voice_x", "m", text="private")
