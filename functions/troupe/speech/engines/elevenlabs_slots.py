"""Room for clones at ElevenLabs, whose accounts keep a limited number of voices.

ElevenLabs itself records when each voice last spoke, so nothing is stored here. A deleted clone is
made again when its character next speaks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from elevenlabs.core.api_error import ApiError

from troupe.speech.engines.elevenlabs_faults import status_of

if TYPE_CHECKING:
    from elevenlabs.client import ElevenLabs
    from elevenlabs.core.request_options import RequestOptions

_CLONE = re.compile(r"troupe-[0-9a-f]{32}")
_USES = 1000  # the most that one call returns, newest first
_NOT_RECORDED = (401, 403, 404)  # the key may not read the history, or the account keeps none


def clone_name(sha256: str) -> str:
    """The name of the clone of the recording with this hash."""
    return f"troupe-{sha256[:32]}"


def make_room(client: ElevenLabs, options: Callable[[], RequestOptions]) -> bool:
    """Deletes the least recently used clone; voices that are not Troupe's are left alone. Returns
    False if there is no clone. `options`: for each call. Raises ApiError."""
    found = client.voices.search(
        search="troupe-",
        page_size=100,
        sort="created_at_unix",
        sort_direction="asc",
        request_options=options(),
    )
    clones = {
        str(voice.voice_id): voice.created_at_unix or 0
        for voice in found.voices
        if _CLONE.fullmatch(voice.name or "")
    }
    if not clones:
        return False
    used = _last_uses(client, options)
    delete_voice(client, min(clones, key=lambda each: (used.get(each, 0), clones[each])), options)
    return True


def delete_voice(client: ElevenLabs, voice_id: str, options: Callable[[], RequestOptions]) -> None:
    """Deletes a voice, unless it is gone already. Raises ApiError."""
    try:
        client.voices.delete(voice_id, request_options=options())
    except ApiError as error:
        if status_of(error) != "voice_not_found":
            raise


def _last_uses(client: ElevenLabs, options: Callable[[], RequestOptions]) -> dict[str, int]:
    """When each voice last spoke, in seconds since 1970; without those that have not spoken for
    the last thousand texts."""
    try:
        history: Any = client.history.list(page_size=_USES, request_options=options()).history
    except ApiError as error:
        if error.status_code in _NOT_RECORDED:
            return {}
        raise
    used: dict[str, int] = {}
    for use in history:
        used[str(use.voice_id)] = max(use.date_unix, used.get(str(use.voice_id), 0))
    return used
