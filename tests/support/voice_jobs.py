"""Texts to speak, and what voice jobs leave behind."""

from __future__ import annotations

import io

import av

from tests.support.factories import Troupe
from troupe.adapters.firestore import Database

SHORT = "Good evening, and welcome. The curtain rises in a minute."
LONG = " ".join(f"This is sentence number {n}, and it is spoken in its turn." for n in range(60))


def used_and_held(troupe: Troupe, uid: str) -> tuple[int, int]:
    """The tokens a user has used, and those held by running jobs."""
    balance = troupe.wallet.balance(uid).tokens
    return balance.used, balance.held


def ledger_kinds(db: Database, uid: str) -> list[str]:
    """The kinds of the ledger's entries, oldest first."""
    entries = db.find(f"wallets/{uid}/ledger", order=[("at", False)], limit=100)
    return [entry.data["kind"] for entry in entries]


def decoded_seconds(troupe: Troupe, uid: str, generation_id: str) -> float:
    """The length of a generation's audio, measured by decoding it."""
    _, audio = troupe.generations.audio(uid, generation_id)
    with av.open(io.BytesIO(troupe.files.read(audio.path)), "r") as container:
        frames = list(container.decode(audio=0))
    return sum(frame.samples for frame in frames) / frames[0].sample_rate
