"""How one state of a call becomes another: the one table, and nothing else decides it."""

from __future__ import annotations

from enum import StrEnum

from troupe.calls.errors import (
    CallActive,
    CallEnded,
    CallNotStarted,
    CallStateError,
    NotOpenYet,
)
from troupe.calls.records import Call, CallStatus

PENDING, SCHEDULED = CallStatus.PENDING, CallStatus.SCHEDULED
RINGING, ACTIVE = CallStatus.RINGING, CallStatus.ACTIVE
ENDED, CANCELLED = CallStatus.ENDED, CallStatus.CANCELLED
MISSED, FAILED = CallStatus.MISSED, CallStatus.FAILED


class Action(StrEnum):
    """`wait`: somebody opens a call, or comes into one in which they are alone; `meet`: a second
    person is there. `fail`: it ends, and nothing was ever heard or seen. `expire`: its time is up.
    `plan` and `unplan`: it gets a time, or has none any longer; `change` is about what can change
    only before the start; `erase` deletes the call."""

    PLAN = "plan"
    UNPLAN = "unplan"
    CHANGE = "change"
    START = "start"
    WAIT = "wait"
    MEET = "meet"
    END = "end"
    FAIL = "fail"
    CANCEL = "cancel"
    EXPIRE = "expire"
    ERASE = "erase"


Result = CallStatus | type[CallStateError] | type[NotOpenYet]
_OVER = (ENDED, CANCELLED, MISSED, FAILED)


def _stays() -> dict[CallStatus, Result]:
    return {each: each for each in CallStatus}


def _over(result: type[CallStateError]) -> dict[CallStatus, Result]:
    return dict.fromkeys(_OVER, result)


_BEFORE = {RINGING: CallActive, ACTIVE: CallActive, **_over(CallEnded)}
TABLE: dict[Action, dict[CallStatus, Result]] = {
    Action.PLAN: {PENDING: SCHEDULED, SCHEDULED: SCHEDULED, **_BEFORE},
    Action.UNPLAN: {PENDING: PENDING, SCHEDULED: PENDING, **_BEFORE},
    Action.CHANGE: {PENDING: PENDING, SCHEDULED: SCHEDULED, **_BEFORE},
    Action.START: {
        PENDING: RINGING,
        SCHEDULED: RINGING,
        RINGING: RINGING,
        ACTIVE: ACTIVE,
        **_over(CallEnded),
    },
    Action.WAIT: {
        PENDING: NotOpenYet,
        SCHEDULED: NotOpenYet,
        RINGING: RINGING,
        ACTIVE: ACTIVE,
        **_over(CallEnded),
    },
    Action.MEET: {
        PENDING: NotOpenYet,
        SCHEDULED: NotOpenYet,
        RINGING: ACTIVE,
        ACTIVE: ACTIVE,
        **_over(CallEnded),
    },
    # Repeating it changes nothing. Nobody has come while it rings.
    Action.END: {
        **_stays(),
        PENDING: CallNotStarted,
        SCHEDULED: CallNotStarted,
        RINGING: MISSED,
        ACTIVE: ENDED,
    },
    Action.FAIL: {
        **_stays(),
        PENDING: CallNotStarted,
        SCHEDULED: CallNotStarted,
        RINGING: MISSED,
        ACTIVE: FAILED,
    },
    Action.CANCEL: {
        **_over(CallEnded),
        PENDING: CANCELLED,
        SCHEDULED: CANCELLED,
        CANCELLED: CANCELLED,
        RINGING: CallActive,
        ACTIVE: CallActive,
    },
    Action.EXPIRE: {
        **_stays(),
        PENDING: MISSED,
        SCHEDULED: MISSED,
        RINGING: MISSED,
        ACTIVE: ENDED,
    },
    Action.ERASE: {
        **_stays(),
        PENDING: CallNotStarted,
        SCHEDULED: CallNotStarted,
        RINGING: CallActive,
        ACTIVE: CallActive,
    },
}


def after(call: Call, action: Action) -> CallStatus:
    """The state of the call after an action. Raises CallStateError and NotOpenYet."""
    result = TABLE[action][call.status]
    if isinstance(result, CallStatus):
        return result
    if issubclass(result, NotOpenYet):
        starts = call.scheduled_at.isoformat() if call.scheduled_at else ""
        raise NotOpenYet(details={"startsAt": starts})
    raise result.of(call.status)
