"""Calls: ids and paths in Firestore, and links of the site."""

from __future__ import annotations

from troupe.calls.records import (
    ACCESS,
    CODES,
    COLLECTION,
    PARTICIPANTS,
    QUALITY,
    RECORDINGS,
    SIGNALS,
    STATES,
)

CODE_LENGTH = 10  # 50 bits


def call_path(call_id: str) -> str:
    return f"{COLLECTION}/{call_id}"


def access_path(call_id: str, uid: str) -> str:
    return f"{accesses_path(call_id)}/{uid}"


def accesses_path(call_id: str) -> str:
    return f"{call_path(call_id)}/{ACCESS}"


def participants_path(call_id: str) -> str:
    return f"{call_path(call_id)}/{PARTICIPANTS}"


def participant_path(call_id: str, participant_id: str) -> str:
    return f"{participants_path(call_id)}/{participant_id}"


def signals_path(call_id: str) -> str:
    return f"{call_path(call_id)}/{SIGNALS}"


def qualities_path(call_id: str) -> str:
    return f"{call_path(call_id)}/{QUALITY}"


def quality_path(call_id: str, participant_id: str) -> str:
    return f"{qualities_path(call_id)}/{participant_id}"


def live_recording_path(call_id: str) -> str:
    """A copy of the recording that is being made, for everybody in the call to listen to."""
    return f"{states_path(call_id)}/recording"


def states_path(call_id: str) -> str:
    return f"{call_path(call_id)}/{STATES}"


def recording_path(recording_id: str) -> str:
    return f"{RECORDINGS}/{recording_id}"


def beats_path(call_id: str) -> str:
    """When every participant was last seen, for the functions alone. The call's room has another
    such document."""
    return f"beats/call-{call_id}"


def code_path(code: str) -> str:
    return f"{CODES}/{code}"


def slugs_path(company_id: str) -> str:
    return f"companies/{company_id}/slugs"


def slug_path(company_id: str, slug: str) -> str:
    return f"{slugs_path(company_id)}/{slug}"


def counters_path(company_id: str) -> str:
    return f"companies/{company_id}/state/calls"


def link_of(code: str, invitation: str = "") -> str:
    """The page of the site in which a call is held. `invitation`: the token of one."""
    query = f"?invitation={invitation}" if invitation else ""
    return f"/call.html{query}#{code}"


def review_link_of(code: str) -> str:
    """The page of the site in which a guest reviews a call."""
    return f"/call.html?review=1#{code}"
