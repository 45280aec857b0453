"""A client that was written for a document, on the whole stack."""

from __future__ import annotations

import requests

from tests.conftest import Running
from tests.support.firebase_client import PASSWORD, new_email


def test_a_client_of_a_document_signs_up_speaks_and_listens(stack: Running) -> None:
    base = f"{stack.base_url}/as/raket"
    me = {"email": new_email(), "password": PASSWORD}
    made = requests.post(f"{base}/api/auth/register", json=me | {"name": "Ada"}, timeout=60)
    assert made.json().keys() == {"success", "message", "user_id"}
    signed = requests.post(f"{base}/api/auth/login", json=me, timeout=60).json()
    headers = {"Authorization": f"Bearer {signed['token']}"}
    speech = {"text": "Good evening.", "language": "en-US", "voice_type": "male"}
    spoken = requests.post(
        f"{base}/api/voice/generate", json=speech, headers=headers, timeout=90
    ).json()
    assert (spoken["success"], spoken["tokens_used"], spoken["remaining_tokens"]) == (True, 1, 19)
    # As the client may resolve the address: from its base, or from the site.
    for site in (base, stack.base_url):
        audio = requests.get(site + spoken["audio_url"], timeout=60)
        assert (audio.status_code, audio.headers["Content-Type"]) == (200, "audio/mpeg")
    unknown = requests.get(f"{base}/api/no/such/place", timeout=60)
    assert (unknown.status_code, unknown.json().keys()) == (404, {"success", "message"})
    assert unknown.headers["Content-Security-Policy"].startswith("default-src 'none'")
