"""The states of a call: every action in every state."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.support.factories import moment
from troupe.calls.records import OVER, Call, CallStatus
from troupe.calls.states import TABLE, Action, after
from troupe.errors import TroupeError

# What becomes of a call in the state of the column: another state, or the code of an error.
STATES = ["pending", "scheduled", "ringing", "active", "ended", "cancelled", "missed", "failed"]
OVER_ERRORS = "call_ended call_ended call_ended call_ended"
KEPT = "ended cancelled missed failed"
WANTED = {
    "plan": f"scheduled scheduled call_active call_active {OVER_ERRORS}",
    "unplan": f"pending pending call_active call_active {OVER_ERRORS}",
    "change": f"pending scheduled call_active call_active {OVER_ERRORS}",
    "start": f"ringing ringing ringing active {OVER_ERRORS}",
    "wait": f"not_open_yet not_open_yet ringing active {OVER_ERRORS}",
    "meet": f"not_open_yet not_open_yet active active {OVER_ERRORS}",
    "end": f"call_not_started call_not_started missed ended {KEPT}",
    "fail": f"call_not_started call_not_started missed failed {KEPT}",
    "cancel": "cancelled cancelled call_active call_active call_ended cancelled call_ended "
    "call_ended",
    "expire": f"missed missed missed ended {KEPT}",
    "erase": f"call_not_started call_not_started call_active call_active {KEPT}",
}


def call(status: CallStatus) -> Call:
    at = moment("2026-01-01T00:00:00Z")
    return Call(
        id="c",
        company_id="co",
        host_uid="u",
        creator_uid="u",
        number=1,
        code="A",
        title="T",
        room_id="c",
        status=status,
        scheduled_at=at,
        created_at=at,
        updated_at=at,
    )


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("status", CallStatus)
def test_every_action_in_every_state(status: CallStatus, action: Action) -> None:
    wanted = WANTED[action].split()[STATES.index(status)]
    if wanted in STATES:
        assert after(call(status), action) == wanted
        return
    with pytest.raises(TroupeError) as refused:
        after(call(status), action)
    assert refused.value.code == wanted
    assert refused.value.details is not None


def test_the_table_is_complete_and_nothing_leaves_the_end() -> None:
    assert TABLE.keys() == set(Action) == WANTED.keys()
    for results in TABLE.values():
        assert results.keys() == set(CallStatus)
        assert all(results[each] in (each, *_errors(results)) for each in OVER)


def _errors(results: Mapping[CallStatus, object]) -> list[object]:
    return [each for each in results.values() if isinstance(each, type)]
